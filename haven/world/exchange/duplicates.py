"""What is there already: systems by portal glyphs, else by name and frame; what belongs to one by its name there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from haven.world.schema import Discovery, Kind, Person, Region, System, Thing, parent_of
from haven.world.words import fold

PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)

SECONDS = 19
"""Characters of a moment up to its seconds."""


class Known:
    """An index over the world and over what has been read so far."""

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self._by_id: dict[str, Thing] = {}
        self._by_key: dict[tuple[Any, ...], list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._filled = False
        if things:
            self.fill(things)

    def __bool__(self) -> bool:
        """Whether it was filled: an empty world is known as well."""
        return self._filled

    def fill(self, things: Iterable[Thing]) -> None:
        """Know all of these."""
        self._filled = True
        for thing in things:
            self.add(thing)

    def clear(self) -> None:
        """Know nothing any more."""
        self._filled = False
        for index in (self._by_id, self._by_key, self._by_name):
            index.clear()

    def add(self, thing: Thing) -> None:
        """From now on it is there."""
        self._by_id[thing.id] = thing
        for key in _keys(thing):
            self._by_key.setdefault(key, []).append(thing.id)
        for name in {fold(name) for name in (thing.name, *thing.aliases)}:
            self._by_name.setdefault(name, []).append(thing.id)

    def get(self, id: str) -> Thing | None:
        return self._by_id.get(id)

    def twin(self, thing: Thing) -> Thing | None:
        """The record that this one is, by its id, its glyphs or its name."""
        if thing.id in self._by_id:
            return self._by_id[thing.id]
        for key in _keys(thing):
            for id in self._by_key.get(key, ()):
                other = self._by_id[id]
                if _may_be_one(thing, other):
                    return other
        return None

    def namesake(self, thing: Thing) -> bool:
        """Whether another system has its name and is a different one all the same."""
        return isinstance(thing, System) and bool(self._by_key.get(("system", fold(thing.name))))

    def named(self, name: str, *kinds: Kind) -> list[Thing]:
        """Those of this name or alias; the ones whose name it is, where there are any."""
        folded = fold(name)
        found = [self._by_id[id] for id in self._by_name.get(folded, ())]
        found = [one for one in found if not kinds or one.kind in kinds]
        return [one for one in found if fold(one.name) == folded] or found


def _keys(thing: Thing) -> list[tuple[Any, ...]]:
    name = fold(thing.name)
    if isinstance(thing, System):
        address = _address(thing)
        return [*([("glyphs", address)] if address else []), ("system", name)]
    if isinstance(thing, Discovery):
        where = fold(thing.place) or parent_of(thing)
        return [("discovery", where, thing.found, name, " ".join(thing.text.split()))]
    if isinstance(thing, Person):
        return [("person", fold(name)) for name in (thing.name, *thing.aliases)]
    if isinstance(thing, Region):
        return [("region", name, fold(thing.galaxy))]
    return [(thing.kind.value, parent_of(thing), name)] if parent_of(thing) else [(thing.kind.value, name)]


def _address(system: System) -> str:
    """The eleven digits that all of its planets share."""
    digits = re.sub(r"[\s-]", "", system.glyphs).upper()
    return digits[1:] if len(digits) == 12 else ""


def _may_be_one(one: Thing, other: Thing) -> bool:
    """Whether nothing tells two records of one key apart: what is not recorded does not."""
    pairs: list[tuple[str, str]] = []
    if isinstance(one, Discovery):
        pairs = [(parent_of(one), parent_of(other))]
        if isinstance(other, Discovery):  # the same find made twice is two; sources differ in zone and fractions
            pairs.append((one.when[:SECONDS], other.when[:SECONDS]))
    elif isinstance(one, System) and isinstance(other, System):
        addresses = _address(one), _address(other)
        pairs = [(fold(one.galaxy), fold(other.galaxy)), (fold(one.reality), fold(other.reality)), addresses]
        if one.position and other.position and (not addresses[0] or addresses[0] != addresses[1]):
            pairs.append((one.position.frame, other.position.frame))
    return all(not left or not right or left == right for left, right in pairs)
