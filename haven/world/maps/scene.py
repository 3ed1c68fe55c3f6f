"""A scene: what a map shows, as plain data in the map's own units; kiosk, web and Discord draw the same one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from haven.errors import BadInput, NotFound
from haven.world import space
from haven.world.atlas import Atlas, Floats, Ints
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Kind, System, parent_of
from haven.world.words import fold

MOST_CLASSES = 7
"""Colours that people can tell apart; the rest is `other`."""
COLOURS = ("region", "star", "economy", "conflict", "lifeform", "galaxy")
"""What dots may be coloured by."""
MARGIN = 0.06
"""Room around what is shown, as a share of its width."""


MOST_LINKS = 2_000
"""More lines than this hide what they link."""
SAMPLE = 2_000
"""Systems that are looked at to choose what colours show."""
FEW = 100
"""Fewer systems are all shown, however far some of them are."""
CROWDED = 0.4
"""The share of the width below which a crowd is shown by itself."""
AROUND = 0.3
"""Room around the middle four fifths of a crowd, as a share of their width."""
FARTHEST = 1e16
"""Units from the middle of the map: ten times as far as anything can be recorded."""
_SPECTRAL = re.compile(r"[OBAFGKMLTY](?=[\dIV ]|$)")


class View(StrEnum):
    """Which two axes are seen: from above (x to the right, y up) or from the side (x to the right, z up)."""

    TOP = "top"
    SIDE = "side"


@dataclass(frozen=True, slots=True)
class Dot:
    """A system at `x`, `y` of the view. `group`: its place in the legend, -1 for none; `weight`: its planets."""

    id: str
    name: str
    x: float
    y: float
    group: int
    weight: float
    rank: int
    """Whose label comes first where there is no room for all: 0 before 1."""
    inside: bool = True
    """False: it only lies around what the map is about."""


@dataclass(frozen=True)
class Scene:
    """`low` and `high` are the corners of what is seen, in `unit`s."""

    title: str
    frame: str
    unit: str
    view: View
    low: tuple[float, float]
    high: tuple[float, float]
    dots: tuple[Dot, ...]
    legend: tuple[str, ...]
    legend_title: str
    links: tuple[tuple[float, float, float, float], ...] = ()
    route: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What a map should show; with nothing named, everything."""

    region: str = ""
    box: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    route: tuple[str, ...] = ()
    """Ids of the stops."""
    around: str = ""
    """The id of the system in the middle."""
    radius: float = 0.0
    frame: str = ""
    colour: str = ""
    view: View = View.TOP
    title: str = ""


def scene(gazetteer: Gazetteer, wish: Wish) -> Scene:
    """The scene of a wish. Raises NotFound for an unknown region and BadInput where nothing has a position."""
    atlas = gazetteer.atlas(wish.frame or _frame(gazetteer, wish))
    if not len(atlas):
        raise BadInput("No system of this world has a position on that map.", "Give some systems coordinates first.")
    rows, title = _rows(gazetteer, atlas, wish)
    flat = atlas.xyz[:, (0, 1)] if wish.view is View.TOP else atlas.xyz[:, (0, 2)]
    with np.errstate(over="ignore"):
        low, high = _bounds(flat[rows], wish, atlas)
        if not float(np.abs([low, high]).max()) < FARTHEST:
            raise BadInput("That lies too far out to be drawn.", "Name a smaller part, or correct the positions.")
    notes = [f"Not shown: {atlas.left_out}."] if atlas.left_out else []
    if not (wish.route or wish.region or wish.box or wish.around) and (crowd := crowded(flat)) is not None:
        low, high = crowd
        beyond = len(atlas) - int(np.all((flat >= low) & (flat <= high), axis=1).sum())
        notes.insert(0, f"{beyond:,} systems lie farther out than this part of the map.")
    seen = np.flatnonzero(np.all((flat >= low) & (flat <= high), axis=1))
    systems = [gazetteer.things[atlas.ids[int(row)]] for row in seen]
    field = wish.colour or telling(systems)
    legend = _legend(systems, field)
    pairs = _linked(atlas, seen)
    if len(pairs) > MOST_LINKS:
        notes.append(f"{len(pairs):,} links are too many to draw.")
        pairs = set()
    dots = _dots(gazetteer, atlas, flat, seen, rows, (field, legend), wish)
    stops = [flat[atlas.rows[id]] for id in wish.route if id in atlas.rows]
    return Scene(
        title=wish.title or title,
        frame=atlas.frame,
        unit=atlas.unit,
        view=wish.view,
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
        dots=tuple(sorted(dots, key=lambda dot: (dot.inside, -dot.rank, dot.id))),
        legend=legend,
        legend_title=field,
        links=tuple(_line(flat[one], flat[two]) for one, two in sorted(pairs)),
        route=tuple((float(stop[0]), float(stop[1])) for stop in stops),
        notes=tuple(notes),
    )


def crowded(flat: Floats) -> tuple[Floats, Floats] | None:
    """The part in which nearly all systems lie, where a few far ones would leave most of the picture empty."""
    if len(flat) < FEW:
        return None
    low, high = np.percentile(flat, 10, axis=0), np.percentile(flat, 90, axis=0)
    spread = high - low
    if not float(spread.max()) > 0:
        return None  # they all lie in one point
    room = np.where(spread > 0, spread, spread.max()) * AROUND
    if float((high - low + 2 * room).max()) > float(np.ptp(flat, axis=0).max()) * CROWDED:
        return None
    return low - room, high + room


def _frame(gazetteer: Gazetteer, wish: Wish) -> str:
    """The frame in which what is named lies; "" for the fullest one."""
    wanted = {*wish.route, *([wish.around] if wish.around else [])}
    names = gazetteer.frames
    if wanted:
        return next((one for one in names if wanted <= set(gazetteer.atlas(one).ids)), "")
    if wish.region:
        inside = {one.id for one in gazetteer.systems if fold(one.region) == fold(wish.region)}
        return max(names, key=lambda one: len(inside & set(gazetteer.atlas(one).ids)), default="")
    return ""


def _rows(gazetteer: Gazetteer, atlas: Atlas, wish: Wish) -> tuple[Ints, str]:
    """The systems that the map is about, and its title."""
    if wish.route:
        found = [atlas.rows[id] for id in wish.route if id in atlas.rows]
        names = [atlas.names[row] for row in found]
        title = f"Route from {names[0]} to {names[-1]}" if names else ""
    elif wish.region:
        regions = {fold(wish.region)}
        inside = [one for one in gazetteer.systems if fold(one.region) in regions]
        found = [atlas.rows[one.id] for one in inside if one.id in atlas.rows]
        title = inside[0].region if inside else ""
        if not found:
            raise NotFound(
                f"No system with a position lies in a region {wish.region!r}.", "Look with: haven world list"
            )
    elif wish.box:
        found = space.in_box(atlas, np.array(wish.box[0]), np.array(wish.box[1]))
        title = "Part of the map"
    elif wish.around:
        near = space.within(atlas, atlas.point(wish.around), wish.radius or _reach(atlas, wish.around))
        found = [atlas.rows[one.id] for one in near]
        title = f"Around {gazetteer.things[wish.around].name}"
    else:
        return np.arange(len(atlas)), "All systems"
    if not found:
        raise BadInput("No system lies there, so there is nothing to draw.", "Name a larger part of the map.")
    return np.array(found, dtype=np.int64), title


def _reach(atlas: Atlas, id: str) -> float:
    """Far enough for a dozen neighbours, where nobody says how far."""
    near = space.nearest(atlas, atlas.point(id), 13)
    return near[-1].distance if near else 1.0


def _bounds(points: Floats, wish: Wish, atlas: Atlas) -> tuple[Floats, Floats]:
    """The corners of what is seen, with a margin; never without width."""
    low, high = points.min(axis=0), points.max(axis=0)
    if wish.box:
        axes = [0, 1] if wish.view is View.TOP else [0, 2]
        corners = np.array(wish.box, dtype=np.float64)[:, axes]
        low, high = corners.min(axis=0), corners.max(axis=0)
    spread = float((high - low).max())
    room = spread * MARGIN or max(float(np.ptp(atlas.xyz, axis=0).max()) * MARGIN, 1.0)
    wide = np.maximum(high - low, spread / 4)  # a row of systems is no thin line
    middle = (low + high) / 2
    return middle - wide / 2 - room, middle + wide / 2 + room


def telling(systems: Sequence[object]) -> str:
    """What colours tell most: the first field with two to seven values; else the first that is filled in at all."""
    some = systems[:: max(1, len(systems) // SAMPLE)]
    counts = {field: {class_of(one, field) for one in some} - {""} for field in COLOURS}
    several = [field for field in COLOURS if 2 <= len(counts[field]) <= MOST_CLASSES]
    return next(iter(several), next((field for field in COLOURS if counts[field]), COLOURS[0]))


def class_of(system: object, field: str) -> str:
    """What colours a system: the value of the field; of a spectral type its letter (`M8 V` is `class M`)."""
    value = str(getattr(system, field, ""))
    spectral = _SPECTRAL.match(value) if field == "star" else None
    return f"class {spectral[0]}" if spectral else value


def _legend(systems: Sequence[object], field: str) -> tuple[str, ...]:
    """The values by how many systems have them; all beyond the seventh are one class."""
    counts = Counter(value for one in systems if (value := class_of(one, field)))
    ranked = [value for value, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
    if len(ranked) > MOST_CLASSES:
        return (*ranked[: MOST_CLASSES - 1], "other")
    return tuple(ranked)


def _dots(
    gazetteer: Gazetteer,
    atlas: Atlas,
    flat: Floats,
    seen: Ints,
    rows: Ints,
    coloured: tuple[str, tuple[str, ...]],
    wish: Wish,
) -> list[Dot]:
    about = set(rows.tolist())
    stops = set(wish.route)
    worlds = Counter(parent_of(planet) for planet in gazetteer.of_kind(Kind.PLANET))
    field, legend = coloured
    places = {value: place for place, value in enumerate(legend)}
    other = places.get("other", -1)
    found = []
    for row in seen.tolist():
        system = gazetteer.things[atlas.ids[row]]
        assert isinstance(system, System)
        value = class_of(system, field)
        planets = worlds[system.id]
        rank = 0 if system.id in stops or system.id == wish.around else 1 + max(0, 9 - planets)
        x, y = float(flat[row][0]), float(flat[row][1])
        group = places.get(value, other) if value else -1
        found.append(Dot(system.id, system.name, x, y, group, float(planets), rank, row in about))
    return found


def _linked(atlas: Atlas, seen: Ints) -> set[tuple[int, int]]:
    """The rows of both ends of each link, once, where both are seen."""
    here = set(seen.tolist())
    pairs = set()
    for id, others in atlas.links.items():
        row = atlas.rows.get(id)
        for other in others:
            end = atlas.rows.get(other)
            if row is not None and end is not None and row in here and end in here:
                pairs.add((min(row, end), max(row, end)))
    return pairs


def _line(one: Floats, two: Floats) -> tuple[float, float, float, float]:
    return float(one[0]), float(one[1]), float(two[0]), float(two[1])
