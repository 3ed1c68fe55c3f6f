"""Values as numbers that can be compared: units of measures, words that have an order, and how they are written."""

from __future__ import annotations

from haven.world.asking.fields import Field, Fields, Value
from haven.world.asking.phrases import phrases
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Kind, Thing

# Jupiter's and Earth's equatorial radii and the Sun's nominal radius: IAU 2015 resolution B3; masses: its GM values.
RADII = {"jupiter": 71_492.0, "earth": 6_378.1, "sun": 695_700.0, "km": 1.0}
MASSES = {"jupiter": 317.83, "earth": 1.0, "sun": 332_946.0}
TIMES = {"days": 1.0, "hours": 1 / 24, "years": 365.25, "gyr": 365.25e9}
GAUGES = {"size": RADII, "radius": RADII, "mass": MASSES, "orbit": TIMES, "day": TIMES, "age": TIMES}
KELVIN = {"k", "kelvin"}
SPOKEN = {
    "jupiter": "Jupiter",
    "earth": "Earth",
    "sun": "Sun",
    "k": "K",
    "kelvin": "K",
    "gyr": "billion years",
    "percent": "%",
}
LONG = {
    ("size", "jupiter"): "Jupiter radii",
    ("size", "earth"): "Earth radii",
    ("size", "sun"): "solar radii",
    ("mass", "jupiter"): "Jupiter masses",
    ("mass", "earth"): "Earth masses",
    ("mass", "sun"): "solar masses",
}


def alternatives(concept: str) -> list[str]:
    return concept.split("|")


def in_unit(value: float, concept: str, given: str, wanted: str) -> float | None:
    """A measure in another unit; None where the two have nothing in common."""
    if given == wanted or not wanted or not given or {given, wanted} <= KELVIN:
        return value
    if given == "c" and wanted in KELVIN:
        return value + 273.15
    gauge = GAUGES.get(concept, {})
    if given in gauge and wanted in gauge:
        return value * gauge[given] / gauge[wanted]
    return None


def rank(words: tuple[Value, ...], concept: str) -> float | None:
    """A number for what stands in a field: itself, or its place on the concept's scale; None where it has neither."""
    word = words[0]
    place = word if isinstance(word, float) else phrases().rank(word, concept)
    return None if place is None else float(place)


def shown(field: Field, found: tuple[Value, ...], concept: str = "") -> str:
    """Values as people write them, with the unit."""
    return ", ".join(_one(field, value, concept) for value in found)


def _one(field: Field, value: Value, concept: str) -> str:
    if isinstance(value, str):
        return value
    if concept == "year" or "year" in field.label.split():
        return f"{value:.0f}"
    number = f"{value:.10g}"
    unit = LONG.get((gauge_of(field, concept), field.unit)) or SPOKEN.get(field.unit, field.unit)
    return f"{number} {unit}".strip() if field.key not in ("sell_percent", "buy_percent") else f"{number} %"


def gauge_of(field: Field, concept: str) -> str:
    """Which kind of measure it is: a radius is a size, whatever it was asked for as."""
    last = field.label.split()[-1] if field.label else ""
    return {"radius": "size", "mass": "mass"}.get(last, concept)


def carriers(thing: Thing, concept: str, fields: Fields, gazetteer: Gazetteer) -> list[Thing]:
    """The records that may hold a concept for this one: itself, else what it belongs to, else what belongs to it.

    Materials of a system are also those of its planets and moons: that is where people go to get them.
    """
    of_its_star = concept == "star" and thing.kind in (Kind.PLANET, Kind.MOON)
    if fields.fits(concept, thing.kind) and not of_its_star:
        if concept == "materials" and thing.kind in (Kind.SYSTEM, Kind.PLANET):
            return [thing, *gazetteer.below(thing, Kind.PLANET, Kind.MOON)]
        return [thing]
    if concept == "materials" and thing.kind is Kind.STATION:
        return []  # what lies in its system is not what it sells
    if above := [one for one in gazetteer.above(thing) if fields.fits(concept, one.kind)]:
        return above[:1]
    if thing.kind is Kind.PERSON:
        return []  # what a person discovered says nothing of the person
    bodies = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
    return [one for one in gazetteer.below(thing, *bodies) if fields.fits(concept, one.kind)]
