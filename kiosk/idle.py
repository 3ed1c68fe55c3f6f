"""A display that nobody touches: dimmed, then the time alone, then dark; and what wakes it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from haven.settings import Kiosk
from kiosk.touch import Clock, Timer

EARLY_S = 0.001
"""By so much a timer may come too early, as clocks are rounded."""
DEAF_S = 1.0
"""After the waking tap: whoever wakes a dark screen doesn't see what lies below the finger."""


class Step(IntEnum):
    AWAKE = 0
    DIM = 1
    CLOCK = 2
    BLANK = 3


LIGHT = {Step.AWAKE: 100, Step.DIM: 25, Step.CLOCK: 25, Step.BLANK: 0}
"""Percent."""


class Idle:
    """Counts from the last touch. `show` is called with each step, on the app's own loop by its `call_later`.

    Only the wall panel, `panel`, has a light to turn; any other display shows the time and no more.
    """

    def __init__(self, clock: Clock, wanted: Kiosk, show: Callable[[Step], object], *, panel: bool) -> None:
        self._clock = clock
        self._show = show
        self._panel = panel
        self.last = clock.time()
        """When somebody was here."""
        self._deaf_until = 0.0
        self._timer: Timer | None = None
        self.step = Step.AWAKE
        self.wants(wanted)

    def wants(self, wanted: Kiosk) -> None:
        """Take other times."""
        after = {Step.DIM: wanted.dim_after_s, Step.CLOCK: wanted.clock_after_s, Step.BLANK: wanted.blank_after_s}
        self._after = {step: s for step, s in after.items() if s and (self._panel or step is Step.CLOCK)}
        self._arm()

    def touched(self, *, tap: bool = True) -> bool:
        """A finger came, or a key; whether it may press something, or has only woken the display."""
        now = self._clock.time()
        if self.step is not Step.AWAKE:
            self.wake()
            return False
        self.last = now
        return not tap or now >= self._deaf_until

    def wake(self) -> bool:
        """Somebody is here, or should be; whether it was not awake."""
        slept = self.step is not Step.AWAKE
        self.last = self._clock.time()
        if slept:
            self._deaf_until = self.last + DEAF_S
            self._turn(Step.AWAKE)
            self._arm()
        return slept

    def session_s(self, last: float) -> float | None:
        """Seconds until a session ends that was last touched then, 0 where it has; None where that is never."""
        ends = [after for step, after in self._after.items() if step >= Step.CLOCK]
        return max(0.0, last + min(ends) - self._clock.time()) if ends else None

    def goes_on(self, last: float) -> None:
        """It is the session of another display, which was last touched then."""
        self.last = last
        self._arm()

    def stop(self) -> None:
        """The display ends."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        """Look again when the next step is due; touches until then only move what is found."""
        self.stop()
        due = [self.last + after for step, after in self._after.items() if step > self.step]
        if due:
            self._timer = self._clock.call_later(max(0.0, min(due) - self._clock.time()), self._look)

    def _look(self) -> None:
        since = self._clock.time() - self.last + EARLY_S
        step = max((step for step, after in self._after.items() if since >= after), default=Step.AWAKE)
        if step > self.step:
            self._turn(step)
        self._arm()

    def _turn(self, step: Step) -> None:
        self.step = step
        self._show(step)
