"""A record in words: where it is, and everything that is recorded of it."""

from __future__ import annotations

from collections import Counter

from haven.errors import BadInput
from haven.world.asking.fields import MEASURES, PROPERTIES, SCHEMA, of_key, values
from haven.world.asking.measuring import shown
from haven.world.asking.said import asked_label
from haven.world.atlas import positions
from haven.world.gazetteer import Gazetteer
from haven.world.glyphs import Glyphs
from haven.world.schema import Discovery, Kind, System, Thing, noun

NOT_SHOWN = frozenset({"photo", "canon"})
MOST_ALIASES = 8


def where(thing: Thing, gazetteer: Gazetteer, *, links: bool = False) -> tuple[str, Thing, bool]:
    """Where something is: its place, region, galaxy, coordinates and glyphs; with the record that says so."""
    system = gazetteer.system_of(thing)
    if links:
        return _links(thing, system, gazetteer)
    parts = []
    above = [one for one in gazetteer.above(thing) if one.kind is not Kind.REGION]
    if above:
        parts.append("in " + ", ".join(f"the {one.kind.value} {one.name}" for one in above))
    if isinstance(thing, Discovery):
        parts += [f"at {place}" for place in (thing.coordinates, thing.place) if place]
    carrier: Thing = thing
    if system is not None:
        carrier = system
        parts += [f"region {system.region}"] if system.region else []
        parts += [f"galaxy {system.galaxy}"] if system.galaxy else []
        for point in positions(system):
            parts.append(f"at x {point.x:g}, y {point.y:g}, z {point.z:g} ({point.unit}, map {point.frame!r})")
        if not positions(system):
            parts.append("no position recorded")
        parts += [f"glyphs {_dashed(system.glyphs)}"] if system.glyphs else []
    else:
        parts += [f"{label} {value}" for label in ("galaxy", "glyphs") if (value := getattr(thing, label, ""))]
    if not parts or parts == ["no position recorded"]:
        return f"Where {thing.name} lies is not recorded.", carrier, False
    return f"{thing.name}: {'; '.join(parts)}.", carrier, True


def _links(thing: Thing, system: System | None, gazetteer: Gazetteer) -> tuple[str, Thing, bool]:
    linked = [gazetteer.things[id].name for id in system.links if id in gazetteer.things] if system else []
    if not linked:
        return f"No links of {thing.name} are recorded.", thing, False
    assert system is not None
    return f"Links of {system.name}: {', '.join(linked)}.", system, True


def _dashed(glyphs: str) -> str:
    try:
        return Glyphs.parse(glyphs).dashed
    except BadInput:
        return glyphs


def about(thing: Thing, gazetteer: Gazetteer) -> str:
    """Everything that is recorded of a place, field by field."""
    kind = noun(thing.kind, 1)
    text, _, known = where(thing, gazetteer)
    parts = [f"{thing.name} is a {kind}.", *([text] if known and thing.kind is not Kind.PERSON else [])]
    facts = []
    keys = [*SCHEMA, *(MEASURES + key for key in thing.measures), *(PROPERTIES + key for key in thing.properties)]
    skipped = {*NOT_SHOWN, "notes", "source", "region", "galaxy", "glyphs"}
    for key in keys:
        if key not in skipped and (found := values(thing, key)):
            facts.append(f"{label(key)} {shown(of_key(key), found[:MOST_ALIASES])}")
    if facts:
        listed = "; ".join(facts)
        parts.append(f"{listed[:1].upper()}{listed[1:]}.")
    counts = Counter(one.kind for one in gazetteer.below(thing))
    if counts:
        listed = ", ".join(f"{count:,} {noun(kind, count)}" for kind, count in counts.items())
        parts.append(f"It has {listed}.")
    if thing.notes:
        parts.append(f"Notes: {thing.notes[:400]}")
    return " ".join(parts)


def label(key: str) -> str:
    return asked_label(key, of_key(key)).lower() if "." not in key else of_key(key).label
