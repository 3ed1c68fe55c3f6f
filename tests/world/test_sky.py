"""The sky: every system of a map as numbers, what each is like, and that it is made once until the world changes."""

from __future__ import annotations

import numpy as np
import pytest

from haven.errors import BadInput, NotFound
from haven.world.gazetteer import Gazetteer
from haven.world.maps.about import about
from haven.world.maps.sky import BIOME, DISCOVERER, GRADE, PORTION, Portion, Sky, prepare, sky_of, trait_of
from haven.world.schema import Planet, Point, System
from tests.world.star_map import THINGS


def having(gazetteer: Gazetteer, seen: Sky, name: str, value: str) -> set[str]:
    return {seen.name(int(row)) for row in np.flatnonzero(trait_of(gazetteer, seen, name).having(value))}


def test_traits_say_who_has_what_and_the_important_come_last() -> None:
    gazetteer = Gazetteer(THINGS)
    seen = sky_of(gazetteer)
    assert {seen.name(row) for row in range(len(seen))} >= {"Halden", "Brook", "Cairn", "Dorn"}
    assert seen.name(len(seen) - 1) == "Halden", "most is recorded there"
    assert having(gazetteer, seen, BIOME, "Ocean") == {"Halden", "Cairn"}
    assert having(gazetteer, seen, BIOME, "Desert") == {"Halden"}, "also where another biome is commoner"
    assert having(gazetteer, seen, DISCOVERER, "Bo Lind") == {"Brook"}
    assert having(gazetteer, seen, "region", "Nowhere") == set()
    grades = trait_of(gazetteer, seen, GRADE)
    assert grades.values == ("S", "A", "B", "C") and sum(grades.counts) == len(seen)
    ends = {frozenset((seen.name(int(one)), seen.name(int(two)))) for one, two in seen.links}
    assert ends == {frozenset(("Halden", "Brook")), frozenset(("Halden", "Dorn")), frozenset(("Dorn", "Cairn"))}
    assert seen.notes[0] == "2 not shown: 1 without a position, 1 on another map" and seen.row("system-eyre") is None


def test_it_is_made_once_and_anew_when_something_was_written() -> None:
    gazetteer = Gazetteer(THINGS)
    seen = sky_of(gazetteer)
    assert sky_of(gazetteer) is seen and trait_of(gazetteer, seen, BIOME) is trait_of(gazetteer, seen, BIOME)
    gazetteer.update([Planet(id="planet-new", name="New", parent="system-brook", biome="Lush")])
    again = sky_of(gazetteer)
    assert again is not seen and having(gazetteer, again, BIOME, "Lush") == {"Brook"}
    assert sky_of(gazetteer, "sun").name(0) == "Mercy"


def test_a_large_world_is_graded_in_portions_and_one_spelling_is_shown_of_several() -> None:
    count = PORTION + 5
    gazetteer = Gazetteer(
        System(
            id=f"system-{n}", name=f"S{n}", position=Point(x=n, y=n % 7, z=0), discovered_by=("Ana", "ana")[n % 3 == 0]
        )
        for n in range(count)
    )
    assert prepare(gazetteer, "", {"region"}) is None
    assert prepare(gazetteer, "", {GRADE}) == Portion(PORTION, count), "so far"
    assert prepare(gazetteer, "", {GRADE}) is None
    seen = sky_of(gazetteer)
    assert trait_of(gazetteer, seen, GRADE).counts == (0, 0, 0, count)
    assert trait_of(gazetteer, seen, DISCOVERER).values == ("Ana",)


def test_the_card_tells_what_is_recorded_and_measures_on_one_map() -> None:
    gazetteer = Gazetteer(THINGS)
    halden = about(gazetteer, "The Hub", "system-brook")
    facts = dict(halden.facts)
    assert (halden.name, halden.frame, facts["Region"], facts["Economy"]) == ("Halden", "map", "Inner Reach", "Trading")
    assert facts["Worlds"].startswith("2 planets") and halden.distance == "10 units from Brook"
    assert about(gazetteer, "Brine").id == "system-halden", "a planet's card is its system's"
    assert about(gazetteer, "system-mercy", "system-brook").distance == "", "two maps can't be compared"
    assert about(gazetteer, "Eyre").frame == ""
    with pytest.raises(NotFound):
        about(gazetteer, "Nowhere at all")


def test_a_world_without_positions_is_no_map() -> None:
    with pytest.raises(BadInput, match="has a position"):
        sky_of(Gazetteer([System(id="system-x", name="X")]))
