"""What can be asked of a record: its fields, properties and measures under the concepts that people name them by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from haven.world.asking.phrases import phrases
from haven.world.schema import Kind, Record, Thing
from haven.world.words import fold

SCHEMA: tuple[str, ...] = (
    *("economy", "economy_level", "conflict", "lifeform", "sentinels", "flora", "fauna", "materials", "base"),
    *("biome", "weather", "size", "star", "region", "galaxy", "reality", "glyphs", "discovered_by", "aliases", "race"),
    *("sell_percent", "buy_percent", "found", "place", "condition", "period", "significance", "mystery", "confidence"),
    *("tags", "notes", "source", "coordinates", "when", "canon", "photo"),
)
"""Fields of the schema that can be asked for; the rest is structure."""
PROSE = frozenset({"notes", "source", "coordinates", "when", "glyphs", "photo", "aliases", "canon"})
"""Fields whose values are no closed list."""
LABELS = {"discovered_by": "discoverer", "found": "kind of discovery", "sell_percent": "sell price", "when": "date"}
LABELS |= {"buy_percent": "buy price", "economy_level": "economy level", "period": "time period"}
COUNTED = frozenset(
    {"size", "radius", "mass", "density", "temperature", "orbit", "axis", "eccentricity", "inclination", "age"}
)
"""Concepts of numbers: a property that speaks of one (`mass is`) is a remark about it."""
MEASURES, PROPERTIES = "measures.", "properties."
Value = str | float


@dataclass(frozen=True)
class Field:
    """`key` is where it stands in a record; `unit` is what a measure's key says after the concept."""

    key: str
    label: str
    unit: str = ""


class Fields:
    """The fields of one world: those of the schema and what its records have in properties and measures."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._by_concept: dict[str, list[Field]] = defaultdict(list)
        self._kinds: dict[str, set[Kind]] = defaultdict(set)
        self.own_words: dict[tuple[str, ...], str] = {}
        """What properties and measures of this world are called, where phrases.toml does not know them."""
        for key in SCHEMA:
            self._by_concept[key].append(Field(key, LABELS.get(key, key)))
        self._by_concept["year"].append(Field("when", "date"))
        self.take(things)

    def take(self, things: Iterable[Thing]) -> None:
        """Learn the properties and measures of more records."""
        self._sorted: dict[str, list[Field]] = {}
        self._fits: dict[tuple[str, Kind], bool] = {}
        fresh: set[str] = set()
        for thing in things:
            keys = [*(PROPERTIES + key for key in thing.properties), *(MEASURES + key for key in thing.measures)]
            fresh |= {key for key in keys if key not in self._kinds}
            for key in keys:
                self._kinds[key].add(thing.kind)
        for key in sorted(fresh):
            for concept in _concepts(key):
                self._by_concept[concept].append(_extra(key))
            self.own_words |= dict(_own(key))

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset(self._by_concept)

    def of(self, concept: str) -> list[Field]:
        """The fields that a concept may stand in; measures before words of the schema."""
        if concept not in self._sorted:
            found = self._by_concept.get(concept, [])
            self._sorted[concept] = sorted(
                found, key=lambda field: (not field.key.startswith(MEASURES), field.key.startswith(PROPERTIES))
            )
        return self._sorted[concept]

    def fits(self, concept: str, kind: Kind) -> bool:
        """Whether records of the kind may have a value for the concept."""
        if (concept, kind) not in self._fits:
            found = self._by_concept.get(concept, ())
            self._fits[concept, kind] = any(self._has(field.key, kind) for field in found)
        return self._fits[concept, kind]

    def _has(self, key: str, kind: Kind) -> bool:
        return kind in self._kinds[key] if "." in key else key in _model_fields(kind)

    def read(self, thing: Thing, concept: str) -> tuple[Field, tuple[Value, ...]] | None:
        """The first field of the concept that is filled in, and its values; None where none is."""
        for field in self.of(concept):
            if found := values(thing, field.key, concept):
                return field, found
        return None


def values(thing: Thing, key: str, concept: str = "") -> tuple[Value, ...]:
    """What stands in a field: none, one or several. The year of a date where the concept is the year."""
    if key.startswith(MEASURES):
        measure = thing.measures.get(key[len(MEASURES) :])
        return () if measure is None else (measure,)
    if key.startswith(PROPERTIES):
        text = thing.properties.get(key[len(PROPERTIES) :], "")
        return (_number(text),) if text else ()
    found = getattr(thing, key, None)
    if concept == "year" and key == "when" and isinstance(found, str):
        year = re.match(r"-?\d{1,6}", found)
        return (float(year[0]),) if year else ()
    if found is None or found == "" or (key == "mystery" and found == 0):
        return ()
    if isinstance(found, tuple):
        return found
    if isinstance(found, bool):
        return ("yes" if found else "no",)
    return (float(found),) if isinstance(found, (int, float)) else (str(found),)


def _number(text: str) -> Value:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


@cache
def closed_fields(kind: Kind) -> tuple[str, ...]:
    """The fields of a kind that hold words of a list rather than prose or numbers."""
    numbers = {"sell_percent", "buy_percent", "mystery", "confidence"}
    return tuple(key for key in SCHEMA if key in _model_fields(kind) and key not in PROSE | numbers)


def concept_of(key: str) -> str:
    """A field of the schema is its own concept; a property goes by the first concept that it belongs to."""
    return _concepts(key)[0] if key.startswith(PROPERTIES) else key


@cache
def _model_fields(kind: Kind) -> frozenset[str]:
    model = next(
        one for one in _models(Record) if one.model_fields.get("kind") and one.model_fields["kind"].default is kind
    )
    return frozenset(model.model_fields)


def _models(model: type[Record]) -> Iterable[type[Record]]:
    for one in model.__subclasses__():
        yield one
        yield from _models(one)


def of_key(key: str) -> Field:
    """The field of a key, as `economy` or `measures.period_days`."""
    return _extra(key) if "." in key else Field(key, LABELS.get(key, key))


@cache
def _extra(key: str) -> Field:
    name = key.partition(".")[2]
    pieces = fold(name.replace("_", " ")).split()
    units = set(phrases().units.values()) | {"kelvin", "pc", "ly", "au", "deg", "km"}
    tail = pieces[-1] if len(pieces) > 1 and pieces[-1] in units and key.startswith(MEASURES) else ""
    return Field(key, " ".join(pieces[:-1] if tail else pieces), tail)


@cache
def _concepts(key: str) -> tuple[str, ...]:
    """The concepts that name this property or measure; its own words where none does."""
    pieces = _extra(key).label.split()
    found = [concept for concept, keys in phrases().keys.items() if set(keys) & set(pieces)]
    if key.startswith(PROPERTIES):
        found = [concept for concept in found if concept not in COUNTED]
    return (*found, _extra(key).label)


@cache
def _own(key: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    label = _extra(key).label
    return ((tuple(label.split()), label),) if label else ()
