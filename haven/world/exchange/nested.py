"""Systems with what belongs to them nested inside, as every No Man's Sky source ends up: records in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from haven.world.exchange import defects
from haven.world.exchange.fields import field_of, point
from haven.world.exchange.records import Raw, Records
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.schema import Kind

MOON_ALONE = Note(Defect.OTHER, "a moon whose planet nobody names is kept as a planet", True)
STATIONS = ("space_station", "space_stations", "stations")


More = Iterable[tuple[Kind, Raw, str]]
"""Records that stand alone: the kind, the fields, and where they come from, in words."""


def read_systems(
    source: str, systems: Sequence[Raw], discoveries: Sequence[Raw] = (), more: More = ()
) -> Iterator[Reading]:
    """Systems, their planets, moons, stations and discoveries; `discoveries` are those that name their place in words.

    Then the records that stand alone, the entries that prose became, the people who are named, and what was left out.
    """
    records = Records(source, _people([*systems, *discoveries]))
    marks = defects.placeholders([None if _has_glyphs(raw) else point(_axes(raw)) for raw in systems])
    for raw, mark in zip(systems, marks, strict=True):
        where = f"{source}: {str(raw.get('name') or raw.get('system_name') or '?')[:120]}"
        made = records.system(raw, where, mark)
        yield _checked(made, raw)
        yield from _inside(records, raw, made, where)
    for count, raw in enumerate(discoveries, 1):
        yield records.discovery(raw, "", f"{source}: discovery {raw.get('id', count)}")
    for kind, raw, where in more:
        yield records.other(kind, raw, where)
    yield from records.extra
    yield from records.people()
    yield from records.left_out()


def _inside(records: Records, raw: Raw, system: Reading, where: str) -> Iterator[Reading]:
    """What belongs to a system; refused with it where it is refused."""
    for planet in _list(raw.get("planets")):
        yield from _planet(records, planet, system, where)
    for moon in _list(raw.get("moons")):
        yield _moon_alone(records, moon, system, where)
    for key in STATIONS:
        for station in _list(raw.get(key)):
            yield _child(records, Kind.STATION, station, system, where)
    yield from _discoveries(records, raw, system, where)


def _planet(records: Records, raw: Any, system: Reading, where: str) -> Iterator[Reading]:
    if isinstance(raw, Mapping) and raw.get("is_moon") in (1, True, "1", "true"):
        yield _moon_alone(records, raw, system, where)
        return
    planet = _child(records, Kind.PLANET, raw, system, where)
    yield planet
    if isinstance(raw, Mapping):
        yield from _discoveries(records, raw, planet, where)
        for moon in _list(raw.get("moons")):
            made = _child(records, Kind.MOON, moon, planet, where)
            yield made
            if isinstance(moon, Mapping):
                yield from _discoveries(records, moon, made, where)


def _discoveries(records: Records, raw: Raw, place: Reading, where: str) -> Iterator[Reading]:
    for one in _list(raw.get("discoveries")):
        if not isinstance(one, Mapping):
            yield Reading(where, str(one)[:60], refused="this discovery is no object")
        else:
            parent = place.thing.id if place.thing else ""
            yield records.discovery({"location_name": place.name, **one}, parent, f"{where}, a discovery")


def _moon_alone(records: Records, raw: Any, system: Reading, where: str) -> Reading:
    made = _child(records, Kind.PLANET, raw, system, where)
    if made.thing is None:
        return made
    kept = made.thing.model_copy(update={"properties": {**made.thing.properties, "moon": "yes"}})
    return replace(made, thing=kept, notes=(*made.notes, MOON_ALONE))


def _child(records: Records, kind: Kind, raw: Any, parent: Reading, where: str) -> Reading:
    name = (
        raw if isinstance(raw, str) else raw.get("name") or raw.get("planet_name") if isinstance(raw, Mapping) else ""
    )
    where = f"{where}, {kind.value} {str(name)[:120]}"
    if parent.thing is None:
        return Reading(where, str(name)[:120], refused=f"what it belongs to, {parent.name!r}, is refused")
    if not isinstance(raw, (str, Mapping)):
        return Reading(where, str(raw)[:60], refused="it is neither a name nor an object")
    if kind is Kind.STATION:
        return records.station(raw, parent.thing.id, where)
    return records.body(kind, raw, parent.thing.id, where)


def _checked(system: Reading, raw: Raw) -> Reading:
    """With a note where glyphs and voxels of one system contradict each other: then the glyphs count."""
    position = getattr(system.thing, "position", None)
    voxels = point({axis: raw.get(f"voxel_{axis}") for axis in "xyz"})
    if position is None or voxels is None or position.frame == "map" or voxels == (position.x, position.y, position.z):
        return system
    said = f"its voxels {voxels} are not {(position.x, position.y, position.z)}, as its glyphs say: the glyphs count"
    return replace(system, notes=(*system.notes, Note(Defect.OTHER, said)))


def _list(value: Any) -> list[Any]:
    """One thing is a list of one; a text is a list of names."""
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value]


def _people(raws: Sequence[Any]) -> Iterator[Any]:
    """Every discoverer, also where the name was typed as prose."""
    for raw in raws:
        for key, value in raw.items():
            if field_of(str(key)[:200]) == "discovered_by":
                yield value
            elif key == "attributes" and isinstance(value, str):
                yield defects.prose_fields(value[:20_000])[0].get("discovered_by", "")
            elif key in ("planets", "moons", "discoveries") and isinstance(value, list):
                yield from _people([one for one in value if isinstance(one, Mapping)])


def _axes(raw: Raw) -> Raw:
    return {field_of(str(key)[:200]): value for key, value in raw.items() if len(str(key)) < 20}


def _has_glyphs(raw: Raw) -> bool:
    return any(field_of(str(key)[:200]) == "glyphs" and value for key, value in raw.items())
