"""How far it is: distances, neighbours and routes, in map units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from atlas.systems import Atlas, System


def between(a: System, b: System) -> float:
    """The straight way from one system to another."""
    return math.hypot(a.x - b.x, a.y - b.y)


def nearest(atlas: Atlas, start: System, count: int = 3) -> list[tuple[System, float]]:
    """The nearest other systems with their distances, nearest first; equal distances in the order of names."""
    others = [(system, between(start, system)) for system in atlas.systems if system.id != start.id]
    return sorted(others, key=lambda found: (found[1], found[0].name))[: max(count, 0)]


def within(atlas: Atlas, start: System, reach: float) -> tuple[System, ...]:
    """The other systems that one jump of that reach gets to."""
    return tuple(system for system in atlas.systems if system.id != start.id and between(start, system) <= reach)


def length(stops: Sequence[System]) -> float:
    """The length of a route through the stops in their order."""
    return sum(between(a, b) for a, b in zip(stops, stops[1:]))


def route(atlas: Atlas, start: System, goal: System, reach: float) -> list[System] | None:
    """The shortest way in jumps of at most that reach, or None where there is none (Dijkstra)."""
    best = {start.id: 0.0}
    before: dict[str, System] = {}
    waiting = {start.id: start}
    while waiting:
        here = min(waiting.values(), key=lambda system: best[system.id])
        del waiting[here.id]
        if here.id == goal.id:
            return _trace(before, start, goal)
        for system in within(atlas, here, reach):
            way = best[here.id] + between(here, system)
            if way < best.get(system.id, math.inf):
                best[system.id] = way
                before[system.id] = here
                waiting[system.id] = system
    return None


def _trace(before: dict[str, System], start: System, goal: System) -> list[System]:
    stops = [goal]
    while stops[-1].id != start.id:
        stops.append(before[stops[-1].id])
    return stops[::-1]
