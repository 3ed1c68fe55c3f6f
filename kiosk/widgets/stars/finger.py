"""One finger on the map: whether it drags, how fast it was at the end, and whether a tap was the second of two."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot

from kiosk.widgets.stars.window import Window

SLOP = 2.0
"""Columns that a finger may wander in a tap; a row is two."""
BURST_S, STILL_S = 0.02, 0.1
"""Moves within less time came in one batch and tell no speed; a finger that rested so long did not flick."""
FLICK = 12.0
"""Columns a second that make a flick."""
TWICE_S, TWICE_FAR = 0.45, 4.0
"""Two taps within so many seconds and columns are one double tap."""


@dataclass
class Finger:
    """Where it came down (cells), and what the window was then."""

    column: float
    row: float
    window: Window
    stopped: bool = False
    """It came down to end a flight, and means nothing more."""
    moving: bool = False
    trail: list[tuple[float, float, float]] = field(default_factory=list)

    def move(self, column: float, row: float, now: float) -> Window | None:
        """The window that keeps the same place below the finger; None while it may be a tap."""
        across, down = column - self.column, row - self.row
        self.moving = self.moving or hypot(across, 2 * down) >= SLOP
        if not self.moving:
            return None
        self.trail = [*self.trail[-4:], (now, column, row)]
        return self.window.moved(-across, -down)

    def speed(self, now: float) -> tuple[float, float]:
        """Columns and rows a second when it was lifted; (0, 0) where it had come to rest."""
        if not self.trail or now - self.trail[-1][0] > STILL_S:
            return 0.0, 0.0
        (start, x0, y0), (end, x1, y1) = self.trail[0], self.trail[-1]
        if end - start < BURST_S:
            return 0.0, 0.0
        across, down = (x1 - x0) / (end - start), (y1 - y0) / (end - start)
        return (across, down) if hypot(across, 2 * down) >= FLICK else (0.0, 0.0)


@dataclass(frozen=True)
class Tap:
    """Where and when a finger tapped."""

    column: float
    row: float
    at: float

    def is_second_of(self, other: Tap | None) -> bool:
        if other is None or self.at - other.at > TWICE_S:
            return False
        return hypot(self.column - other.column, 2 * (self.row - other.row)) <= TWICE_FAR
