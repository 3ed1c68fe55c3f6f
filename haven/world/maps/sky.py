"""The sky: all systems of a map as numbers, and what each is like; made once for everybody, until the world changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from haven.errors import BadInput
from haven.world.atlas import Atlas, Floats, Ints
from haven.world.gazetteer import Gazetteer
from haven.world.maps.scene import MARGIN, class_of, crowded, telling
from haven.world.quality.grading import LETTERS, grade
from haven.world.schema import Kind, Moon, Planet, System, parent_of
from haven.world.words import fold

BIOME, DISCOVERER, GRADE = "biome", "discovered by", "grade"
TRAITS = ("region", BIOME, "star", "economy", "conflict", "lifeform", DISCOVERER, GRADE, "galaxy")
"""What systems may be coloured by and filtered by."""
PORTION = 4_000
"""Systems that are graded in one go, about a quarter of a second; others ask their questions in between."""
Floats32 = npt.NDArray[np.float32]
T = TypeVar("T")
_kept: WeakKeyDictionary[Gazetteer, tuple[int, dict[Hashable, Any]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Trait:
    """One property of all systems: `of` has a place in `values` for each, or -1; `also` are pairs of system and place.

    Values stand by how many systems have them, grades from the best on. A system with planets of several biomes has the
    commonest of them in `of` and the others in `also`.
    """

    field: str
    values: tuple[str, ...]
    of: npt.NDArray[np.int16]
    also: Ints

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many systems have each value."""
        found = np.bincount(self.of[self.of >= 0], minlength=len(self.values))
        found += np.bincount(self.also[:, 1], minlength=len(self.values))
        return tuple(found.tolist())

    def having(self, value: str) -> npt.NDArray[np.bool_]:
        """Which systems have it; none for a value that nobody has."""
        if value not in self.values:
            return np.zeros(len(self.of), dtype=np.bool_)
        place = self.values.index(value)
        found: npt.NDArray[np.bool_] = self.of == place
        found[self.also[self.also[:, 1] == place, 0]] = True
        return found


@dataclass(frozen=True)
class Portion:
    """So many of all systems are graded so far."""

    done: int
    of: int


@dataclass(frozen=True, eq=False)
class Sky:
    """The systems of one frame, the least important first; `x` and `y` count from `middle`, in the frame's units.

    `weight` is how much is recorded in a system: what stands out most.
    `low` and `high` are the corners, also from `middle`, of the part in which nearly all systems lie.
    """

    atlas: Atlas
    order: Ints
    """The atlas's row of each."""
    middle: Floats
    x: Floats32
    y: Floats32
    weight: Ints
    low: tuple[float, float]
    high: tuple[float, float]
    notes: tuple[str, ...] = ()
    traits: dict[str, Trait] = field(default_factory=dict)
    frames: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def _places(self) -> Ints:
        found = np.empty_like(self.order)
        found[self.order] = np.arange(len(self.order))
        return found

    @cached_property
    def links(self) -> Ints:
        """Pairs of rows, the shortest first."""
        pairs = set()
        for id, others in self.atlas.links.items():
            row = self.row(id)
            for other in others:
                end = self.row(other)
                if row is not None and end is not None and row != end:
                    pairs.add((min(row, end), max(row, end)))
        found = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        one, two = found[:, 0], found[:, 1]
        away = np.hypot(self.x[one] - self.x[two], self.y[one] - self.y[two])
        shortest_first: Ints = found[np.argsort(away, kind="stable")]
        return shortest_first

    def row(self, id: str) -> int | None:
        """Where a system stands; None where it has no position here."""
        there = self.atlas.rows.get(id)
        return None if there is None else int(self._places[there])

    def id(self, row: int) -> str:
        return self.atlas.ids[int(self.order[row])]

    def name(self, row: int) -> str:
        return self.atlas.names[int(self.order[row])]


def sky_of(gazetteer: Gazetteer, frame: str = "") -> Sky:
    """The sky of a frame, of the fullest one where none is named. Raises BadInput where no system has a position."""
    frame = frame or next(iter(gazetteer.frames), "")
    return _once(gazetteer, ("sky", frame), lambda: _sky(gazetteer, frame))


def trait_of(gazetteer: Gazetteer, seen: Sky, name: str) -> Trait:
    """What each system of the sky is like in one respect."""
    if name not in seen.traits:
        seen.traits[name] = _trait(gazetteer, seen, name)
    return seen.traits[name]


def default_trait(gazetteer: Gazetteer, seen: Sky) -> str:
    """What colours tell most."""
    return _once(gazetteer, ("telling", seen.atlas.frame), lambda: telling(_systems(gazetteer, seen)))


def prepare(gazetteer: Gazetteer, frame: str, names: Iterable[str]) -> Portion | None:
    """Do a portion of what these traits need, and tell how far that is; None once there is nothing left to do."""
    seen = sky_of(gazetteer, frame)
    if GRADE not in names or GRADE in seen.traits:
        return None
    letters: list[str] = _once(gazetteer, ("letters", seen.atlas.frame), list)
    for system in _systems(gazetteer, seen, len(letters), len(letters) + PORTION):
        letters.append(grade(system, gazetteer.below(system)).letter)
    return Portion(len(letters), len(seen)) if len(letters) < len(seen) else None


def _once(gazetteer: Gazetteer, what: Hashable, make: Callable[[], T]) -> T:
    """What was made of the gazetteer before, as long as nothing was added to it."""
    version, made = _kept.get(gazetteer, (-1, {}))
    if version != gazetteer.version:
        made = {}
        _kept[gazetteer] = gazetteer.version, made
    if what not in made:
        made[what] = make()
    found: T = made[what]
    return found


def _sky(gazetteer: Gazetteer, frame: str) -> Sky:
    atlas = gazetteer.atlas(frame)
    if not len(atlas):
        raise BadInput("No system of this world has a position on that map.", "Give some systems coordinates first.")
    flat = atlas.xyz[:, :2]
    absent = ((len(atlas.unplaced), "without a position"), (atlas.elsewhere, "on another map"))
    why = ", ".join(f"{count:,} {where}" for count, where in absent if count)
    notes = [f"{sum(count for count, _ in absent):,} not shown: {why}"] if why else []
    low, high = flat.min(axis=0), flat.max(axis=0)
    if (crowd := crowded(flat)) is not None:
        low, high = crowd
        beyond = len(atlas) - int(np.all((flat >= low) & (flat <= high), axis=1).sum())
        notes.insert(0, f"{beyond:,} farther out than what Fit shows")
    room = float((high - low).max()) * MARGIN or 1.0
    middle = (low + high) / 2
    weights = _weights(gazetteer)
    heavy = np.array([weights[id] for id in atlas.ids], dtype=np.int64)
    order = np.lexsort((-np.arange(len(atlas)), heavy))
    near = (flat - middle)[order].astype(np.float32)
    return Sky(
        atlas=atlas,
        order=order,
        middle=middle,
        x=np.ascontiguousarray(near[:, 0]),
        y=np.ascontiguousarray(near[:, 1]),
        weight=heavy[order],
        low=_corner(low - middle - room),
        high=_corner(high - middle + room),
        notes=tuple(notes),
        frames=tuple(gazetteer.frames),
    )


def _corner(point: Floats) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _weights(gazetteer: Gazetteer) -> Counter[str]:
    """How many planets, moons, stations and discoveries each system has."""
    found: Counter[str] = Counter()
    for thing in gazetteer.of_kind(Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY):
        top = parent_of(thing)
        for _ in range(3):  # a discovery may lie on a moon of a planet of a system
            above = gazetteer.things.get(top)
            if above is None or isinstance(above, System):
                break
            top = parent_of(above)
        found[top] += 1
    return found


def _systems(gazetteer: Gazetteer, seen: Sky, start: int = 0, end: int | None = None) -> list[System]:
    found = (gazetteer.things[seen.id(row)] for row in range(start, min(end or len(seen), len(seen))))
    return [one for one in found if isinstance(one, System)]


def _trait(gazetteer: Gazetteer, seen: Sky, name: str) -> Trait:
    if name == GRADE:
        while prepare(gazetteer, seen.atlas.frame, (GRADE,)):
            pass
        letters: list[str] = _once(gazetteer, ("letters", seen.atlas.frame), list)
        return _ranked(name, [[letter] for letter in letters], tuple(letter for letter, _ in LETTERS))
    if name == BIOME:
        return _ranked(name, _biomes(gazetteer, seen))
    field = "discovered_by" if name == DISCOVERER else name
    return _ranked(name, [[value] if (value := class_of(one, field)) else [] for one in _systems(gazetteer, seen)])


def _biomes(gazetteer: Gazetteer, seen: Sky) -> list[list[str]]:
    """Of each system the biomes of its planets and moons, the commonest first."""
    of: dict[str, list[str]] = defaultdict(list)
    for thing in gazetteer.of_kind(Kind.PLANET, Kind.MOON):
        if isinstance(thing, (Planet, Moon)) and thing.biome:
            above = gazetteer.things.get(thing.parent)
            of[thing.parent if not isinstance(above, Planet) else above.parent].append(thing.biome)
    return [list(dict(Counter(of.get(seen.id(row), ())).most_common())) for row in range(len(seen))]


def _ranked(name: str, found: Sequence[Sequence[str]], values: tuple[str, ...] = ()) -> Trait:
    """Spellings that differ in case, accents and signs are one value, called as most write it."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for several in found:
        for one in several:
            spellings[fold(one)][one] += 1
    by_count = sorted(spellings, key=lambda one: (-spellings[one].total(), one))
    folded = [fold(one) for one in values] or by_count
    places = {one: place for place, one in enumerate(folded[: np.iinfo(np.int16).max])}
    several_places = [[places[key] for one in several if (key := fold(one)) in places] for several in found]
    also = [(row, place) for row, some in enumerate(several_places) for place in dict.fromkeys(some[1:])]
    return Trait(
        field=name,
        values=values or tuple(spellings[one].most_common(1)[0][0] for one in places),
        of=np.array([some[0] if some else -1 for some in several_places], dtype=np.int16),
        also=np.array(also, dtype=np.int64).reshape(-1, 2),
    )
