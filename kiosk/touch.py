"""Drag anywhere to scroll, flick to glide: what Textual lacks for a touchscreen."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from textual import events
from textual.app import App
from textual.errors import NoWidget
from textual.widget import Widget
from textual.widgets import TextArea

SLOP = 2.0
"""Cells a finger may wander before a tap becomes a drag: a terminal tells whole cells, so one is a wobble."""
GLIDE_S = 0.35
"""Seconds of further travel, at the finger's last speed, after a flick."""
FLICK = 8.0
"""Rows a second that make a flick."""
BURST_S = 0.02
"""Moves within less time came in one batch: they tell no speed."""
STILL_S = 0.1
"""A finger that rested this long before it lifted did not flick."""


@dataclass
class Drag:
    """One finger on something that scrolls."""

    scroller: Widget
    start_y: float
    start_scroll: float
    moving: bool = False
    trail: list[tuple[float, float]] = field(default_factory=list)

    def speed(self) -> float:
        """Rows a second at the end; 0 where the finger had come to rest, or its moves came late and all at once."""
        (t0, y0), (t1, y1) = self.trail[0], self.trail[-1]
        return 0.0 if t1 - t0 < BURST_S or monotonic() - t1 > STILL_S else (y1 - y0) / (t1 - t0)


class TouchApp(App[None]):
    """An App for fingers. While one drags, the scroller has the pointer, so that lifting it presses nothing."""

    ALLOW_SELECT = False  # a drag would select text
    AUTO_FOCUS = ""
    _drag: Drag | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.MouseEvent) or event.is_forwarded:
            await super().on_event(event)
            return
        if isinstance(event, events.MouseDown) and event.button == 1:
            self._drag = self._begin(event)
        elif isinstance(event, events.MouseMove) and self._drag is not None:
            self._follow_finger(self._drag, event.screen_y)
        await super().on_event(event)
        if isinstance(event, events.MouseUp) and self._drag is not None:
            drag, self._drag = self._drag, None
            self._lift(drag)

    def _begin(self, event: events.MouseDown) -> Drag | None:
        if self.mouse_captured is not None:
            return None
        try:
            widget, _ = self.get_widget_at(int(event.x), int(event.y))
        except NoWidget:
            return None
        for node in widget.ancestors_with_self:
            if isinstance(node, TextArea) or widget.has_class("-textual-system"):
                return None  # it places its cursor, or is a scrollbar
            if isinstance(node, Widget) and node.allow_vertical_scroll:
                return Drag(node, event.screen_y, node.scroll_y, trail=[(monotonic(), event.screen_y)])
        return None

    def _follow_finger(self, drag: Drag, y: float) -> None:
        moved = y - drag.start_y
        if not drag.moving and abs(moved) >= SLOP:
            drag.moving = True
            drag.scroller.release_anchor()
            self.capture_mouse(drag.scroller)
        if drag.moving:
            drag.trail = [*drag.trail[-4:], (monotonic(), y)]
            drag.scroller.scroll_to(y=drag.start_scroll - moved, animate=False)

    def _lift(self, drag: Drag) -> None:
        if not drag.moving:
            return
        self.capture_mouse(None)
        speed = drag.speed()
        if abs(speed) > FLICK:
            target = drag.scroller.scroll_y - speed * GLIDE_S
            drag.scroller.scroll_to(y=target, duration=GLIDE_S, easing="out_cubic")
