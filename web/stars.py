"""What of the sky a browser gets: where all systems are and what each looks like, as bytes, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from haven.world import space
from haven.world.gazetteer import Gazetteer
from haven.world.maps.scene import MOST_CLASSES, MOST_LINKS
from haven.world.maps.sky import BIOME, DISCOVERER, GRADE, Sky, Trait, default_trait, prepare, sky_of, trait_of
from haven.world.quality.grading import LETTERS
from haven.world.schema import System

FILTERS = {"biome": BIOME, "by": DISCOVERER, "grade": GRADE, "region": "region"}
"""What the map's form calls the traits that it filters by."""
PALE, PLAIN, CLASS = 0, 1, 2
"""Looks: left pale by a filter, of no class; the classes follow, and last all others together."""
SHAPES = ("circle", "square", "diamond", "triangle")
NAMED = {
    **dict.fromkeys(("blue", "class o", "class b"), "blue"),
    **dict.fromkeys(("yellow", "class g"), "yellow"),
    "green": "green",
    **dict.fromkeys(("red", "class m"), "red"),
    "purple": "purple",
    **dict.fromkeys(("orange", "class k"), "orange"),
    **dict.fromkeys(("white", "class f", "class a"), "white"),
}
"""What is called by a colour is drawn in it, and stars by their spectral class."""
HUES = ("blue", "orange", "green", "purple", "yellow", "red", "sky", "white")
MOST_VALUES = 200
"""Of a filter, the commonest first."""


@dataclass(frozen=True)
class Wish:
    """`frame`: which map, "" for the fullest; `colour`: by what, "" for what tells most; `filters`: trait and value."""

    frame: str = ""
    colour: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Class:
    """One entry of the legend."""

    label: str
    count: int
    look: int
    hue: str
    shape: str


@dataclass(frozen=True)
class Line:
    """A system in the list beside the map."""

    system: System
    position: str


@dataclass(frozen=True)
class Stop:
    """One of a route: how long the leg to it is, 0 for the first, and its row on this map, None where it has none."""

    id: str
    name: str
    leg: float
    row: int | None


@dataclass(frozen=True, eq=False)
class Seen:
    """A sky as somebody wishes to see it; `kept` says which systems the filters keep, None where there are none."""

    sky: Sky
    trait: Trait
    kept: npt.NDArray[np.bool_] | None = None

    @property
    def places(self) -> bytes:
        """All x, then all y, as 32-bit floats of the little end, the least important system first."""
        return np.concatenate((self.sky.x, self.sky.y)).astype("<f4").tobytes()

    @property
    def looks(self) -> bytes:
        """One byte a system, in the same order."""
        of = self.trait.of
        found = np.where(of < 0, PLAIN, CLASS + np.minimum(of, MOST_CLASSES)).astype(np.uint8)
        if self.kept is not None:
            found[~self.kept] = PALE
        return found.tobytes()

    @property
    def links(self) -> bytes:
        """Pairs of rows as 32-bit numbers, the shortest links first; only so many as don't hide what they link."""
        return self.sky.links[:MOST_LINKS].astype("<u4").tobytes()

    @cached_property
    def count(self) -> int:
        """How many systems the filters keep."""
        return len(self.sky) if self.kept is None else int(self.kept.sum())

    @property
    def legend(self) -> list[Class]:
        """What the colours and shapes mean: the commonest values, then all others."""
        there = [(value, count) for value, count in zip(self.trait.values, self.trait.counts, strict=True) if count]
        first, others = there[:MOST_CLASSES], sum(count for _, count in there[MOST_CLASSES:])
        hues = _hues([value for value, _ in first])
        places = {value: place for place, value in enumerate(self.trait.values)}
        found = [
            Class(value, count, CLASS + min(places[value], MOST_CLASSES), hues[place], SHAPES[place % len(SHAPES)])
            for place, (value, count) in enumerate(first)
        ]
        if others:
            label = f"{len(there) - MOST_CLASSES} others"
            found.append(Class(label, others, CLASS + MOST_CLASSES, "other", SHAPES[0]))
        if unknown := int((self.trait.of < 0).sum()):
            found.append(Class("not recorded", unknown, PLAIN, "plain", SHAPES[0]))
        return found

    def lines(self, gazetteer: Gazetteer, start: int, count: int) -> list[Line]:
        """Some of those that the filters keep, by name."""
        order = self.sky.order if self.kept is None else self.sky.order[self.kept]
        atlas, found = self.sky.atlas, []
        for row in np.sort(order)[start : start + count].tolist():
            system = gazetteer.things[atlas.ids[row]]
            assert isinstance(system, System)
            found.append(Line(system, ", ".join(f"{axis:.6g}" for axis in atlas.xyz[row].tolist())))
        return found


def seen_of(gazetteer: Gazetteer, wish: Wish) -> Seen | None:
    """What is to be drawn; None: a portion of the work is done, ask again. Raises BadInput for an empty map."""
    frame = wish.frame if wish.frame in gazetteer.frames else ""
    sky = sky_of(gazetteer, frame)
    colour = wish.colour or default_trait(gazetteer, sky)
    if prepare(gazetteer, frame, {colour, *wish.filters}) is not None:
        return None
    kept = None
    for name, value in wish.filters.items():
        having = trait_of(gazetteer, sky, name).having(value)
        kept = having if kept is None else kept & having
    return Seen(sky, trait_of(gazetteer, sky, colour), kept)


def values_of(gazetteer: Gazetteer, sky: Sky) -> dict[str, list[tuple[str, int]]]:
    """For each filter the values that somebody has, with how many; grades are counted only once somebody asks."""
    found = {}
    for key, name in FILTERS.items():
        if name == GRADE and GRADE not in sky.traits:
            found[key] = [(letter, 0) for letter, _ in LETTERS]
            continue
        trait = trait_of(gazetteer, sky, name)
        there = [(value, count) for value, count in zip(trait.values, trait.counts, strict=True) if count]
        found[key] = there[:MOST_VALUES]
    return found


def stops_of(gazetteer: Gazetteer, sky: Sky, ids: tuple[str, ...]) -> list[Stop]:
    """A route's stops, measured on this map."""
    atlas, found = sky.atlas, []
    for before, id in zip(("", *ids), ids, strict=False):
        leg = space.distance(atlas, before, id) if before in atlas.rows and id in atlas.rows else 0.0
        found.append(Stop(id, gazetteer.things[id].name, leg, sky.row(id)))
    return found


def _hues(values: list[str]) -> list[str]:
    """A colour for each, no colour twice: those called by one first."""
    named = [NAMED.get(value.casefold(), "") for value in values]
    wanted = [one if one not in named[:place] else "" for place, one in enumerate(named)]
    left = iter([one for one in HUES if one not in wanted])
    return [one or next(left) for one in wanted]
