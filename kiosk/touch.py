"""One finger: tap, hold, drag and flick, and what is none of these. Textual alone knows presses, for a mouse.

A finger that wandered, that rested long on what can be held, or that came with others presses nothing. A tap works
when it is lifted and at once: nothing waits to see whether another one follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.errors import NoWidget
from textual.widget import Widget
from textual.widgets import TextArea

from haven.settings import Kiosk

SLOP = 2.0
"""Rows (or twice as many columns) within which a finger still taps: a terminal tells whole cells; one is a wobble."""
HOLD_S = 0.5
"""A finger that stays so long holds."""
GLIDE_S = 0.35
"""Seconds of further travel, at the finger's last speed, after a flick."""
FLICK = 8.0
"""Rows a second that make a flick."""
BURST_S = 0.02
"""Moves within less time came in one batch: they tell no speed."""
STILL_S = 0.1
"""A finger that rested this long before it lifted did not flick."""
PALM_S = 0.3
"""A second press within this time, while the first is down, is a hand. Later, the first one's lift was lost."""
QUIET_S = 0.4
"""A hand must be away for so long before a finger counts again."""
TWICE_S = 0.25
"""A second tap so soon on the same place was meant for what stood there before."""


class Clock(Protocol):
    """The event loop's time, or that of a test."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer: ...


class Timer(Protocol):
    def cancel(self) -> object: ...


@runtime_checkable
class Holdable(Protocol):
    """What does something of its own where a finger stays on it, if `holds`."""

    holds: bool

    def hold(self) -> None: ...


@dataclass
class Finger:
    """One press, from the touch to the lift."""

    widget: Widget
    x: float
    y: float
    since: float
    wandered: bool = False
    """It moved further than a tap may, even if it came back."""
    held: bool = False
    scroller: Widget | None = None
    """What it drags."""
    start: tuple[float, float] = (0.0, 0.0)
    """Where that was scrolled to."""
    trail: list[tuple[float, float, float]] = field(default_factory=list)
    """Its last moments: time, x, y."""

    def __post_init__(self) -> None:
        self.words = getattr(self.widget, "text", "")

    def means(self, other: Finger) -> bool:
        """Whether both press the same: one widget, or one that was drawn anew meanwhile with the same words."""
        return self.widget is other.widget or (self.words != "" and self.words == other.words)

    def away(self, x: float, y: float) -> float:
        """Rows from where it came down; a cell is twice as high as wide."""
        return max(abs(x - self.x) / 2, abs(y - self.y))

    def speed(self, now: float) -> tuple[float, float]:
        """Columns and rows a second at the end; 0 where it had come to rest, or its moves came late and all at once."""
        (t0, x0, y0), (t1, x1, y1) = self.trail[0], self.trail[-1]
        if t1 - t0 < BURST_S or now - t1 > STILL_S:
            return 0.0, 0.0
        return (x1 - x0) / (t1 - t0), (y1 - y0) / (t1 - t0)


class TouchApp(App[None]):
    """An App for fingers. A widget that follows the finger itself, such as a map, says so by `pans = True`."""

    ALLOW_SELECT = False  # a drag would select text
    AUTO_FOCUS = ""

    def __init__(
        self, driver_class: type[Driver] | None = None, clock: Clock | None = None, wanted: Kiosk | None = None
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.wanted = wanted or Kiosk()
        """The owner's wishes, and what was changed of them on this display."""
        self.clock: Clock = clock or asyncio.get_running_loop()
        self._finger: Finger | None = None
        self._holding: Timer | None = None
        self._quiet_until = 0.0
        self._tapped: tuple[float, Finger] | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.MouseEvent) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.MouseDown) and event.button == 1:
            if self._touch(event):
                await super().on_event(event)
        elif isinstance(event, events.MouseMove):
            if self._finger is not None:
                self._wander(self._finger, event)
                await super().on_event(event)
        elif isinstance(event, events.MouseUp):
            finger, self._finger = self._finger, None
            if finger is None or self._lift(finger):
                self._mouse_down_widget = None  # so that Textual makes no click of it
            await super().on_event(event)
        else:
            await super().on_event(event)

    def _touch(self, event: events.MouseDown) -> bool:
        """Whether the press counts."""
        now = self.clock.time()
        first, self._finger = self._finger, None
        self._let_go()
        if (first is not None and now - first.since < PALM_S) or now < self._quiet_until:
            self._quiet_until = now + QUIET_S
            return False
        try:
            widget, _ = self.get_widget_at(int(event.x), int(event.y))
        except NoWidget:
            return False
        finger = Finger(widget, event.screen_x, event.screen_y, now)
        if self._meant_before(finger):
            return False
        self._finger = finger
        if self._holder(widget) is not None:
            self._holding = self.clock.call_later(HOLD_S, lambda: self.call_later(self._hold, finger))
        return True

    def _meant_before(self, finger: Finger) -> bool:
        """Whether this is the second of two quick taps, and the first one has brought something else here."""
        if self._tapped is None:
            return False
        at, last = self._tapped
        near = last.away(finger.x, finger.y) < SLOP
        return near and finger.since - at < TWICE_S and not finger.means(last)

    def _wander(self, finger: Finger, event: events.MouseMove) -> None:
        x, y = event.screen_x, event.screen_y
        if not finger.wandered and finger.away(x, y) >= SLOP:
            finger.wandered = True
            self._let_go()
            if not finger.held and self.mouse_captured is None:
                self._drag(finger, sideways=abs(x - finger.x) / 2 > abs(y - finger.y))
        if finger.scroller is not None:
            finger.trail = [*finger.trail[-4:], (self.clock.time(), x, y)]
            left, top = finger.start
            finger.scroller.scroll_to(left + finger.x - x, top + finger.y - y, animate=False, immediate=True)

    def _drag(self, finger: Finger, *, sideways: bool) -> None:
        """Take hold of the nearest thing that scrolls that way."""
        for node in finger.widget.ancestors_with_self:
            if isinstance(node, TextArea) or getattr(node, "pans", False) or finger.widget.has_class("-textual-system"):
                return  # it places its cursor, follows the finger itself, or is a scrollbar
            if isinstance(node, Widget) and (node.allow_horizontal_scroll if sideways else node.allow_vertical_scroll):
                finger.scroller, finger.start = node, (node.scroll_x, node.scroll_y)
                finger.trail = [(finger.since, finger.x, finger.y)]
                node.release_anchor()
                self.capture_mouse(node)
                return

    def _lift(self, finger: Finger) -> bool:
        """Whether it was anything but a tap."""
        self._let_go()
        now = self.clock.time()
        if finger.scroller is not None:
            self.capture_mouse(None)
            across, down = finger.speed(now)
            if max(abs(across) / 2, abs(down)) > FLICK:
                x, y = finger.scroller.scroll_x - across * GLIDE_S, finger.scroller.scroll_y - down * GLIDE_S
                finger.scroller.scroll_to(x, y, duration=GLIDE_S, easing="out_cubic")
        tap = not (finger.wandered or finger.held or now < self._quiet_until)
        self._tapped = (now, finger) if tap else None
        return not tap

    def _hold(self, finger: Finger) -> None:
        holder = self._holder(finger.widget)
        if finger is self._finger and holder is not None and not finger.wandered:
            finger.held = True
            holder.hold()

    def _holder(self, widget: Widget) -> Holdable | None:
        nodes = (node for node in widget.ancestors_with_self if isinstance(node, Holdable) and node.holds)
        return next(nodes, None)

    def _let_go(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
