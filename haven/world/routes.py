"""Routes on an atlas: over recorded links or by jumps of limited length, with A* (Hart, Nilsson and Raphael 1968)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from haven.errors import BadInput
from haven.world.atlas import Atlas
from haven.world.space import Grid, distances

MOST_FOR_GAP = 20_000
"""Among more systems than this the smallest jump that would do is not looked for: it compares all with all."""
TINY = 1e-9

Reach = Callable[[int], Iterable[tuple[int, float]]]
"""From a row: the rows that one step leads to, and how long each step is."""


@dataclass(frozen=True)
class Route:
    """The stops in order, both ends included. `legs` are the lengths between them, in the atlas's unit."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    legs: tuple[float, ...]
    by: Literal["jumps", "links"]

    @property
    def length(self) -> float:
        return math.fsum(self.legs)

    @property
    def longest(self) -> float:
        return max(self.legs, default=0.0)


def by_jumps(atlas: Atlas, start: str, end: str, jump: float) -> Route | None:
    """The route of the fewest jumps, of those the shortest; None where no chain of such jumps leads there.

    Raises BadInput for a system without a position and a jump that is not above 0.
    """
    if jump <= 0:
        raise BadInput("A jump must be longer than 0.", "Say how far one jump goes, as in 60.")
    atlas.point(start), atlas.point(end)
    grid = Grid(atlas.xyz, jump)

    def reach(row: int) -> Iterable[tuple[int, float]]:
        rows = grid.near(atlas.xyz[row])
        away = np.linalg.norm(atlas.xyz[rows] - atlas.xyz[row], axis=1)
        near = (away <= jump + TINY) & (rows != row)
        return zip(rows[near].tolist(), away[near].tolist(), strict=True)

    path = _search(atlas, atlas.rows[start], atlas.rows[end], reach, jump)
    return _route(atlas, path, "jumps") if path else None


def by_links(atlas: Atlas, start: str, end: str) -> Route | None:
    """The shortest route over links as they are recorded, from each system to those it names; None where none is."""
    atlas.point(start), atlas.point(end)

    def reach(row: int) -> Iterable[tuple[int, float]]:
        for id in atlas.links.get(atlas.ids[row], ()):
            if (other := atlas.rows.get(id)) is not None:
                yield other, float(np.linalg.norm(atlas.xyz[other] - atlas.xyz[row]))

    path = _search(atlas, atlas.rows[start], atlas.rows[end], reach, math.inf)
    return _route(atlas, path, "links") if path else None


def _search(atlas: Atlas, start: int, end: int, reach: Reach, jump: float) -> list[int]:
    """A*. A cost is (jumps, length), compared in that order; without a jump range the length alone counts.

    The guess of what is left (straight line, and how many jumps that takes at least) is never too high and obeys the
    triangle rule, so a row is final when it is first taken.
    """
    left = distances(atlas, atlas.xyz[end])
    jumps_left = np.ceil(left / jump - TINY) if math.isfinite(jump) else np.zeros(len(left))
    step = 1 if math.isfinite(jump) else 0
    best: dict[int, tuple[float, float]] = {start: (0.0, 0.0)}
    came: dict[int, int] = {}
    queue = [(float(jumps_left[start]), float(left[start]), start)]
    final: set[int] = set()
    while queue:
        row = heapq.heappop(queue)[2]
        if row == end:
            return _back(came, end)
        if row in final:
            continue
        final.add(row)
        jumps, length = best[row]
        for other, leg in reach(row):
            cost = (jumps + step, length + leg)
            if other not in final and cost < best.get(other, (math.inf, math.inf)):
                best[other], came[other] = cost, row
                heapq.heappush(queue, (cost[0] + float(jumps_left[other]), cost[1] + float(left[other]), other))
    return []


def _back(came: dict[int, int], end: int) -> list[int]:
    path = [end]
    while path[-1] in came:
        path.append(came[path[-1]])
    return path[::-1]


def _route(atlas: Atlas, path: list[int], by: Literal["jumps", "links"]) -> Route:
    legs = [float(np.linalg.norm(atlas.xyz[one] - atlas.xyz[other])) for one, other in pairwise(path)]
    return Route(tuple(atlas.ids[row] for row in path), tuple(atlas.names[row] for row in path), tuple(legs), by)


def smallest_jump(atlas: Atlas, start: str, end: str) -> float | None:
    """The shortest jump range that leads there at all; None where there are too many systems to look.

    Grows a tree from the start, always by the nearest system (Prim): its longest branch when the end joins.
    """
    if len(atlas) > MOST_FOR_GAP:
        return None
    atlas.point(start), atlas.point(end)
    row, goal = atlas.rows[start], atlas.rows[end]
    away = np.full(len(atlas), np.inf)
    outside = np.ones(len(atlas), dtype=bool)
    longest = 0.0
    while row != goal:
        outside[row] = False
        away = np.minimum(away, distances(atlas, atlas.xyz[row]))
        row = int(np.argmin(np.where(outside, away, np.inf)))
        longest = max(longest, float(away[row]))
    return longest
