"""Hostile records, each by its name: unsound ones, references that lead nowhere, names that seem to be others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from haven.errors import BadInput, NotFound
from haven.world.exchange.loading import Options
from haven.world.fields import made
from haven.world.gazetteer import Gazetteer
from haven.world.maps.picture import Format, picture
from haven.world.maps.scene import Wish
from haven.world.names import Names
from haven.world.schema import THING, Kind, Lore, Moon, Planet, Point, System, Thing
from haven.world.search import Search
from tests.world.a_world import OLGA, system
from tests.world.hostile.acts import Act, Acts, Place, importer, into, refused

ACTS: Acts = {}
act = into(ACTS)


# Records that are none.
UNSOUND: dict[str, dict[str, Any]] = {
    "a typed name of 1 MB": {"name": "A" * 1_000_000},
    "ten thousand aliases": {"name": "A", "aliases": [f"a{n}" for n in range(10_000)]},
    "ten thousand fields": {"name": "A", "properties": {f"a{n}": "x" for n in range(10_000)}},
    "a text of 1 MB": {"name": "A", "notes": "x" * 1_000_000},
    "a measure that is NaN": {"name": "A", "measures": {"mass": float("nan")}},
    "a measure without end": {"name": "A", "measures": {"mass": float("inf")}},
    "a place that is no number": {"name": "A", "position": {"x": float("nan"), "y": 0, "z": 0}},
    "a place without end": {"name": "A", "position": {"x": 1e400, "y": 0, "z": 0}},
    "a place farther than far": {"name": "A", "position": {"x": 1e300, "y": 0, "z": 0}},
    "a measure larger than large": {"name": "A", "measures": {"mass": -1e300}},
    "a record with a field more": {"name": "A", "is_admin": True},
    "a record of a list": {"name": ["A"]},
    "a record of hidden letters": {"name": "\u200b\u2060\ufeff"},
}


def _unsound(fields: dict[str, Any]) -> Act:
    async def work(place: Place) -> None:
        with pytest.raises(ValueError, match="validation error"):
            THING.validate_python({"kind": "system", **fields})
        export = {"format": "haven-world", "version": 1, "things": [{"kind": "system", **fields}]}
        file = place.folder / "a.json"
        file.write_text(json.dumps(export))
        with pytest.raises(BadInput):
            await importer(place).bring_in(file, OLGA, Options(strict=True))
        assert len(await place.world.things()) == 4

    return work


ACTS |= {name: _unsound(fields) for name, fields in UNSOUND.items()}


# References that lead nowhere, or round in a circle.
def _unrelated(says: str, *things: Callable[[dict[str, str]], Thing]) -> Act:
    async def work(place: Place) -> None:
        await refused(place.world.put([one(place.there) for one in things], OLGA, "test"), says, BadInput)
        assert len(await place.world.things()) == 4

    return work


ACTS |= {
    "a planet in itself": _unrelated(
        "can't belong to a planet", lambda ids: Planet(id=ids["Meridian"], name="Meridian", parent=ids["Meridian"])
    ),
    "a planet around its own moon": _unrelated(
        "can't belong to a moon", lambda ids: Planet(id=ids["Meridian"], name="M", parent=ids["Little Meridian"])
    ),
    "two new records in each other": _unrelated(
        "can't belong to a moon",
        lambda ids: Planet(id="new-1", name="A", parent="new-2"),
        lambda ids: Moon(id="new-2", name="B", parent="new-1"),
    ),
    "a parent that is nowhere": _unrelated("not there", lambda ids: Planet(name="Lost", parent="system-0")),
    "a new parent that never comes": _unrelated("not among", lambda ids: Planet(name="Lost", parent="new-9")),
    "a link to nowhere": _unrelated("not there", lambda ids: System(name="A", links=("system-0",))),
    "a link of a system to a planet": _unrelated(
        "can't lead to a planet", lambda ids: System(name="A", links=(ids["Meridian"],))
    ),
    "an id that leaves the table": _unrelated("can't be the id", lambda ids: System(id="system-' or '1'='1", name="A")),
    "an id that is a way out": _unrelated("can't be the id", lambda ids: System(id="system-../../x", name="A")),
    "an id of another kind": _unrelated("can't be the id", lambda ids: System(id=ids["Meridian"], name="A")),
    "one id twice": _unrelated(
        "same id", lambda ids: System(id="system-a", name="A"), lambda ids: System(id="system-a", name="B")
    ),
}


# Names that seem to be others.
def _twin(name: str) -> Act:
    async def work(place: Place) -> None:
        await refused(place.world.put([system(name)], OLGA, "test"), "two systems of one name", BadInput)
        assert [one.id for one in await place.world.named(name, Kind.SYSTEM)] == [place.there["Venture"]]
        assert (await place.world.one(name, Kind.SYSTEM)).thing.name == "Venture"

    return work


ACTS |= {
    "a twin with a Cyrillic letter": _twin("V\u0435nture"),
    "a twin with a Greek letter": _twin("Vent\u03c5re"),
    "a twin with letters of no width": _twin("Ven\u200bture"),
    "a twin in wide letters": _twin("Ｖｅｎｔｕｒｅ"),
    "a twin in mathematical letters": _twin("𝐕𝐞𝐧𝐭𝐮𝐫𝐞"),
    "a twin with a direction": _twin("\u202dVenture\u202c"),
    "a twin with half a character": _twin("Venture\udcff"),
    "a twin in capitals and accents": _twin("VÉNTÜRE"),
}


@act("a hundred systems in one point, and a hundred on a line")
async def _one_point(place: Place) -> None:
    for name, step in (("Same", 0), ("Line", 1)):
        stars = [System(id=f"system-{n}", name=name, position=Point(x=step * n, y=0, z=0)) for n in range(100)]
        stars.append(System(id="system-far", name="Far", position=Point(x=0, y=1e6, z=0)))
        assert picture(Gazetteer(stars), Wish(), format=Format.SVG).startswith(b"<svg"), "nothing is divided by zero"


@act("a name that is asked for with half a character")
async def _half(place: Place) -> None:
    for text in ("\ud800", "\udcff\udfff", "Xanadu\ud800"):
        assert await place.world.named(text) == []
        for work in (place.world.one(text), place.world.get(text), place.world.history(text)):
            await refused(work, None, (NotFound, BadInput))


@act("a table with the program of another hand in its cells")
async def _typed(place: Place) -> None:
    for kind, values in (
        (Kind.SYSTEM, {"name": "A", "position": "nan, 1e400, x"}),
        (Kind.SYSTEM, {"name": "A", "__class__": "x"}),
        (Kind.DISCOVERY, {"name": "A", "found": "'; drop table thing"}),
        (Kind.STATION, {"name": "A", "parent": place.there["Venture"], "sell_percent": "1e400"}),
    ):
        with pytest.raises(BadInput):
            made(kind, values)


@act("a word a hundred thousand times in lore that is searched")
async def _again(place: Place) -> None:
    names = ("a " * 240 + "b", *("a " * n + "b" for n in range(2, 59)))
    things: list[Thing] = [
        Lore(name="Again", text=("a a-a " * 17_000)[:100_000], aliases=names),
        System(name="Far", position=Point(x=1, y=2, z=3), notes="a " * 50_000),
    ]
    await place.world.put(things, OLGA, "test")
    search = Search(place.database, place.folder / "search.db", Names(place.database), None)
    try:
        found = await search.find("a")  # minutes, where the excerpt is looked for in all of it
        assert {one.name for one in found} >= {"Again", "Far"} and all(len(one.excerpt) < 600 for one in found)
        await search.names.mentions("a " * 2_000, loose=True)
    finally:
        await search.close()
