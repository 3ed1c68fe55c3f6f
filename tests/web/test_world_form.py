"""The form of a record: what nobody touches stays as it is, to the last digit and for every kind."""

from __future__ import annotations

import pytest

from haven.world.fields import edited
from haven.world.schema import Discovery, Found, Kind, Lore, Person, Planet, Point, Region, Station, System, Thing
from tests.world.star_map import THINGS
from web.record_form import changes_of, form_of

ODD: tuple[Thing, ...] = (
    System(
        id="system-1",
        name='Ast"er <b>',
        position=Point(x=1 / 3, y=-1e-7, z=2e14, frame="galaxy:Hesperius Dimension", unit="voxels"),
        aliases=("one, two", "three; four"),
        notes="first\n\n  second line\nlast",
        properties={"colour": "teal; or so", "a: b": "c"},
        measures={"radius_jupiter": 0.1 + 0.2, "count": 3.0},
    ),
    Discovery(id="discovery-1", name="Ribs", found=Found.FOSSIL, mystery=4, confidence=0.35, text="Old: very old"),
    Lore(id="lore-1", name="The War", text="\u00c9meraude\n\tindented", canon=True, tags=("war",), links=("system-1",)),
    Station(id="station-1", name="Gate", parent="system-1", sell_percent=80.25),
    Planet(id="planet-1", name="Aqua", parent="system-1", materials=("salt",)),
    Person(id="person-1", name="Ana"),
    Region(id="region-1", name="Reach"),
)


def sent(thing: Thing) -> dict[str, str]:
    """What a browser sends of the form that nobody touched: its own line ends, and no box that is not ticked."""
    fields = form_of(thing.kind, thing, {})
    return {one.key: one.value.replace("\n", "\r\n") for one in fields if one.look != "tick" or one.value}


@pytest.mark.parametrize("thing", [*ODD, *THINGS], ids=lambda one: one.id)
def test_a_form_that_nobody_touched_changes_nothing(thing: Thing) -> None:
    assert changes_of(thing.kind, thing, sent(thing)) == {}


def test_what_was_touched_changes_alone() -> None:
    [system, discovery, lore, *_] = ODD
    typed = sent(system) | {"of.position": "4, 5, 6", "of.aliases": "one, two\r\nfive", "of.notes": ""}
    after = edited(system, changes_of(Kind.SYSTEM, system, typed))
    assert isinstance(after, System) and after.position == Point(x=4, y=5, z=6)
    assert (after.aliases, after.notes, after.measures) == (("one, two", "five"), "", system.measures)
    moved = edited(
        system, changes_of(Kind.SYSTEM, system, {"of.position": "4, 5, 6, galaxy:Hesperius Dimension, voxels"})
    )
    assert isinstance(moved, System)
    assert moved.position == Point(x=4, y=5, z=6, frame="galaxy:Hesperius Dimension", unit="voxels")
    unticked = {name: value for name, value in sent(lore).items() if name != "of.canon"}
    now = edited(lore, changes_of(Kind.LORE, lore, unticked))
    assert isinstance(now, Lore) and not now.canon and now.text == "\u00c9meraude\n\tindented"
    rated = edited(discovery, changes_of(Kind.DISCOVERY, discovery, sent(discovery) | {"of.confidence": "0.4"}))
    assert isinstance(rated, Discovery) and (rated.confidence, rated.mystery) == (0.4, 4)
