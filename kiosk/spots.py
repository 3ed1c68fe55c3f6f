"""Where people stood whose displays went away: they come back there while their session would have lasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from kiosk.touch import Clock, Timer


@dataclass(frozen=True)
class Spot:
    """A place, what its pane needs to show the same again, and when somebody last touched that display."""

    place: str
    standing: Mapping[str, str] = field(default_factory=dict, repr=False)
    touched: float = 0.0


class Spots:
    """One for all displays, in memory alone; a spot is one person's, at one face, of one user of the system."""

    def __init__(self) -> None:
        self._kept: dict[object, tuple[Spot, Timer | None]] = {}

    def keep(self, whose: object, spot: Spot, seconds: float | None, clock: Clock) -> None:
        """For so many seconds at most (None: a session that no silence ends), or until it is taken or forgotten."""
        self.forget(whose)
        if seconds is None or seconds > 0:
            over = clock.call_later(seconds, partial(self.forget, whose)) if seconds is not None else None
            self._kept[whose] = spot, over

    def take(self, whose: object) -> Spot | None:
        """Where they stood: for the first display that comes back."""
        spot = self._kept.get(whose, (None, None))[0]
        self.forget(whose)
        return spot

    def forget(self, whose: object) -> None:
        _, over = self._kept.pop(whose, (None, None))
        if over is not None:
            over.cancel()
