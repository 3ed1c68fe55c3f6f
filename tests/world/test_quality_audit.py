"""The audit: what it finds, and what it must not take for a fault."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from haven.world.gazetteer import Gazetteer
from haven.world.quality.audit import audit
from haven.world.quality.contradictions import contradictions
from haven.world.quality.duplicates import duplicates
from haven.world.quality.finding import Finding, Oddity
from haven.world.quality.outliers import outliers
from haven.world.schema import Discovery, Found, Lore, Moon, Planet, Point, Region, Station, System, Thing

TODAY = date(2026, 11, 21)
LONG = "The lamp of Oculi was lit in the third year, and nobody who saw it has forgotten the colour of the sky then. "


def system(name: str, **fields: Any) -> System:
    return System.model_validate({"id": f"system-{name.replace(' ', '-')}", "name": name, **fields})


def at(x: float, y: float, z: float, frame: str = "map") -> Point:
    return Point(x=x, y=y, z=z, frame=frame)


def said(found: list[Finding]) -> str:
    return "\n".join(one.text for one in found)


def test_numbers_far_from_their_kind_are_found_and_large_ones_of_many_sizes_are_not() -> None:
    planets: list[Thing] = [
        Planet(id=f"planet-{n}", name=f"P{n}", parent="system-A", measures={"mass": 10 ** (n % 5 - 2) * (1 + n / 50)})
        for n in range(40)
    ]
    odd = Planet(id="planet-odd", name="Odd", parent="system-A", measures={"mass": 1e30, "found_year": 2031})
    old = Planet(id="planet-old", name="Old", parent="system-A", measures={"mass": 1.0, "found_year": 1999})
    found = outliers(Gazetteer([system("A"), *planets, odd, old, old.model_copy(update={"id": "planet-old2"})]), TODAY)
    assert {one.ids for one in found} == {("planet-odd",)} and "mass 1e+30" in said(found) and "2031" in said(found)
    assert outliers(Gazetteer([*planets[:5], odd.model_copy(update={"measures": {"mass": 1e9}})]), TODAY) == []


def test_places_far_off_and_on_a_diagonal_are_found() -> None:
    near = [system(f"N{n}", position=at(n % 7 * 9.5, n * 1.25, n % 3)) for n in range(40)]
    far, flat = system("Far", position=at(90_000, 3, 1)), [system(f"D{n}", position=at(n, n, 0)) for n in (4, 5)]
    found = outliers(Gazetteer([*near, far, *flat]), TODAY)
    assert ("system-Far",) in {one.ids for one in found} and "diagonal" in said(found)
    assert all(one.oddity is Oddity.OUTLIER and one.mend for one in found)


def test_a_world_with_years_of_its_own_has_no_dates_in_the_future() -> None:
    def logs(*when: str) -> Gazetteer:
        return Gazetteer(
            Discovery(id=f"discovery-{n}", name=f"L{n}", found=Found.RUIN, when=one) for n, one in enumerate(when)
        )

    assert "2027-05-01" in said(outliers(logs("2025-01-01", "2024-02-02", "2027-05-01", "long ago"), TODAY))
    assert outliers(logs("3127-05-01", "3130-01-01", "2026-01-01"), TODAY) == []


@pytest.mark.parametrize(
    ("things", "text"),
    [
        ([system("Venture"), system("Vetnure")], "a slip apart"),
        ([system("Sea Glass"), system("Seaglass")], "the same name"),
        ([system("Ash", glyphs="10020193DFA9"), system("Oak", glyphs="30020193DFA9")], "portal address"),
        ([system("Ash", position=at(1, 2.5, 3)), system("Oak", position=at(1, 2.5, 3))], "same position"),
        (
            [Lore(id="lore-1", name="One", text=LONG + "Yes."), Lore(id="lore-2", name="Two", text=LONG)],
            "same 100 char",
        ),
    ],
)
def test_duplicates_are_found_by_name_address_place_and_text(things: list[Thing], text: str) -> None:
    [found] = duplicates(Gazetteer(things))
    assert text in found.text and set(found.ids) == {one.id for one in things} and found.mend


@pytest.mark.parametrize(
    "things",
    [
        [system("Kepler-20"), system("Kepler-21")],
        [Planet(id=f"planet-{x}", name=f"Kepler-20 {x}", parent="system-A") for x in "bc"],
        [Planet(id=f"planet-{x}", name="Meridian", parent=f"system-{x}") for x in "AB"],
        [system("Venture", galaxy="Euclid"), system("Ventura", galaxy="Hilbert")],
        [system("Venture", position=at(1, 2, 3)), system("Ventura", position=at(7, 2, 3))],
        [system("Ash", position=at(1, 2, 3, "galaxy:Euclid")), system("Oak", position=at(1, 2, 3, "galaxy:Euclid"))],
        [system("Ash", glyphs="nonsense"), system("Oak", glyphs="nonsense")],
    ],
)
def test_what_something_tells_apart_is_no_duplicate(things: list[Thing]) -> None:
    assert duplicates(Gazetteer(things)) == []


ROUND = {"galaxy": "Euclid", "region": "Deep"}
DEEP = Region(id="region-1", name="Deep", galaxy="Euclid", glyphs="0193DFA9")


@pytest.mark.parametrize(
    ("things", "text"),
    [
        ([system("A", glyphs="10020193DFA9", position=at(9, 9, 9, "galaxy:Euclid"), **ROUND)], "its position says"),
        ([system("A", position=at(9, 9, 9, "galaxy:Hilbert"), **ROUND)], "its position is in Hilbert"),
        ([system("A", glyphs="100201800FA9", **ROUND)], "lead nowhere"),
        ([DEEP, system("A", glyphs="10020193DFAA", **ROUND)], "those of its region"),
        ([DEEP, system("A", galaxy="Hilbert", region="deep")], "in Hilbert, its region"),
        ([system("A", economy="None"), Station(id="station-1", name="Dock", parent="system-A")], "without a station"),
        ([system("A", lifeform="Gek"), Station(id="station-1", name="D", parent="system-A", race="Korvax")], "Korvax"),
        ([system("A", fauna="None"), Planet(id="planet-1", name="P", parent="system-A", fauna="Rich")], "no fauna"),
        ([system("A", notes="It has three planets."), Planet(id="planet-1", name="P", parent="system-A")], "3 plan"),
        ([system("A"), Planet(id="planet-1", name="P", parent="system-A", notes="It has no moons."),
          Moon(id="moon-1", name="M", parent="planet-1")], "0 moons"),
        ([Planet(id="planet-1", name="P", parent="system-gone")], "not there any more"),
    ],
)  # fmt: skip
def test_contradictions_name_both_sides_and_what_to_do(things: list[Thing], text: str) -> None:
    [found] = contradictions(Gazetteer(things))
    assert text in found.text and found.mend and found.ids


def test_an_audit_of_sound_records_is_silent_and_one_of_a_region_stays_there() -> None:
    sound = [
        DEEP,
        system(
            "A", glyphs="10020193DFA9", lifeform="Gek", notes="Two planets, and another three moons far out.", **ROUND
        ),
        *(Planet(id=f"planet-{n}", name=f"P{n}", parent="system-A", fauna="None") for n in range(2)),
        Station(id="station-1", name="Dock", parent="system-A", race="gek"),
    ]
    assert audit(Gazetteer(sound), today=TODAY) == []
    both = Gazetteer([*sound, system("Ventures", region="Deep"), system("Venture"), system("Grim", glyphs="z")])
    assert len(audit(both, today=TODAY)) == 2
    assert [one.oddity for one in audit(both, region="deep", today=TODAY)] == [Oddity.DUPLICATE]
    assert [one.oddity for one in audit(both, only=[Oddity.CONTRADICTION])] == [Oddity.CONTRADICTION]
