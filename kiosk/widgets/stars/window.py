"""The window that the map is seen through: where it is, how near, and how it flies from one place to another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

NEAREST, FARTHEST = 200.0, 2.0
"""How much nearer than everything one can come, and how much farther one can go."""
GLIDE_S, FLIGHT_S = 0.6, 0.45
"""Seconds that a flick goes on for, and that a flight to a place takes."""


@dataclass(frozen=True)
class Window:
    """`x`, `y` is its middle in the map's units, `dot` the units of one braille dot: two a column, four a row."""

    x: float = 0.0
    y: float = 0.0
    dot: float = 1.0

    def moved(self, columns: float, rows: float) -> Window:
        """As much farther to the right and down, in cells."""
        return replace(self, x=self.x + 2 * columns * self.dot, y=self.y - 4 * rows * self.dot)

    def nearer(self, factor: float, whole: Window, column: float = 0.0, row: float = 0.0) -> Window:
        """So many times nearer; what lies that many cells from the middle stays where it is."""
        dot = min(max(self.dot / factor, whole.dot / NEAREST), whole.dot * FARTHEST)
        there = self.moved(column, row)
        return replace(there, dot=dot).moved(-column, -row)

    def looking_at(self, x: float, y: float, column: float = 0.0, row: float = 0.0) -> Window:
        """With a place so many cells from its middle."""
        return replace(self, x=x, y=y).moved(-column, -row)


def fitting(low: tuple[float, float], high: tuple[float, float], columns: float, rows: float) -> Window:
    """The window of that many cells that holds a box."""
    wide, tall = high[0] - low[0], high[1] - low[1]
    dot = max(wide / max(2 * columns, 1), tall / max(4 * rows, 1), 1e-12)
    return Window((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, dot)


@dataclass(frozen=True)
class Flight:
    """From one window to another, fast at first, from the moment `start` (seconds of the clock) on."""

    origin: Window
    goal: Window
    start: float
    seconds: float

    def at(self, now: float) -> Window:
        part = min(max((now - self.start) / self.seconds, 0.0), 1.0)
        if part == 1.0:
            return self.goal
        part = 1 - (1 - part) ** 3
        one, two = self.origin, self.goal
        dot = math.exp(math.log(one.dot) + (math.log(two.dot) - math.log(one.dot)) * part)
        # Seen from far away a way is short: the place moves with the scale, so that the flight ends where it should.
        way = (one.dot - dot) / (one.dot - two.dot) if abs(one.dot - two.dot) > 1e-9 * one.dot else part
        return Window(one.x + (two.x - one.x) * way, one.y + (two.y - one.y) * way, dot)

    def is_over(self, now: float) -> bool:
        return now >= self.start + self.seconds


def glide(origin: Window, columns_s: float, rows_s: float, now: float) -> Flight:
    """What a flick sets off: it begins at the finger's speed (cells a second) and comes to rest."""
    # The way of 1 - (1 - t)^3 begins with three times its mean speed.
    goal = origin.moved(-columns_s * GLIDE_S / 3, -rows_s * GLIDE_S / 3)
    return Flight(origin, goal, now, GLIDE_S)
