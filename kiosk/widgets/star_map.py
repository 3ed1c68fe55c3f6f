"""The star map: drag to look around, flick to glide, tap a system to choose it, tap twice to come nearer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.style import Style
from textual import events
from textual.app import App
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from kiosk.themes import style
from kiosk.touch import Clock, Timer, TouchApp
from kiosk.widgets.page import Unmarked
from kiosk.widgets.stars.chart import Chart, Drawn, Pins
from kiosk.widgets.stars.finger import Finger, Tap
from kiosk.widgets.stars.shown import Inset, Shown
from kiosk.widgets.stars.window import FLIGHT_S, NEAREST, Flight, Window, fitting, glide

STEP = 0.3
"""How far an arrow key goes, as a share of what is seen."""
ZOOM, TWICE = 1.6, 2.5
"""How much nearer one + comes, and two quick taps."""
AROUND = 12
"""Systems that are about in sight beside one that is flown to, where they lie evenly."""
FRAME_S = 1 / 60


class StarMap(Unmarked, can_focus=True):
    """Shows what `show` was given; nothing of it is computed anew while one moves."""

    pans = True
    """It follows the finger itself, in both directions."""

    class Chosen(Message):
        """A tap, or Enter, meant this row of the sky; None: nothing is there."""

        def __init__(self, row: int | None) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart: Chart | None = None
        self._pins = Pins()
        self._window = self._whole = Window()
        self._fitted = Size()
        self._drawn: Drawn | None = None
        self._strips: list[Strip] = []
        self._stale = True
        self._finger: Finger | None = None
        self._lifted: Finger | None = None
        self._tap: Tap | None = None
        self._flight: Flight | None = None
        self._next: Timer | None = None
        self._due = 0.0
        """When the next frame of a flight shall be there."""
        self._sought: int | None = None
        """The system that it was told to fly to before it had any size."""
        self._shade = (0, 0)

    @property
    def window(self) -> Window:
        return self._window

    @property
    def drawn(self) -> Drawn | None:
        """The last frame."""
        return self._drawn

    def show(self, shown: Shown, *, anew: bool = False) -> None:
        """Another state of the map; what part is seen stays as it is, unless it is another map (`anew`)."""
        if self._chart is None or anew:
            self._window, self._flight = self._whole, None
        self._chart, self._fitted = Chart(shown), Size()
        self._fit()
        self._redraw()

    def pin(self, pins: Pins) -> None:
        """Mark systems."""
        if pins != self._pins:
            self._pins = pins
            self._redraw(every=False)

    def cover(self, first: int, last: int) -> None:
        """So many columns are covered on the left and on the right; of a narrow map rows, above and below."""
        if self._shade != (first, last):
            self._shade = first, last
            self._redraw(every=False)

    def whole(self) -> None:
        """See all of it, beside what covers the map."""
        goal = self._whole
        if self._chart is not None and any(self._shade):
            sky = self._chart.shown.sky
            goal = fitting(sky.low, sky.high, *self._room())
            goal = goal.looking_at(goal.x, goal.y, *self._middle())
        self._fly(goal)

    def pan(self, right: int, up: int) -> None:
        self._fly(self._goal().moved(right * STEP * self.size.width, -up * STEP * self.size.height))

    def zoom(self, nearer: bool) -> None:
        self._fly(self._goal().nearer(ZOOM if nearer else 1 / ZOOM, self._whole))

    def fly_to(self, row: int, *, closer: bool = True) -> None:
        """Bring a system into the middle of what nothing covers; `closer`: and come near, if one is far away."""
        if self._chart is None:
            return
        if not self.size:
            self._sought = row
            return
        goal = self._goal()
        if closer:
            goal = Window(goal.x, goal.y, min(goal.dot, self._near()))
        self._fly(goal.looking_at(*self._chart.shown.point(row), *self._middle()))

    def fly_over(self, rows: Sequence[int]) -> None:
        """See several systems at once."""
        if self._chart is None or not rows:
            return
        spots = np.array([self._chart.shown.point(row) for row in rows])
        (x0, y0), (x1, y1) = spots.min(axis=0).tolist(), spots.max(axis=0).tolist()
        columns, lines = (max(one - 2 * two, 8) for one, two in zip(self._room(), (9, 2), strict=True))
        goal = fitting((x0, y0), (x1, y1), columns, lines)
        goal = Window(goal.x, goal.y, max(goal.dot, self._near()))
        self._fly(goal.looking_at(goal.x, goal.y, *self._middle()))

    def side_of(self, row: int) -> tuple[float, float]:
        """Where a system is seen: 0 to 1 from the left and from above."""
        if self._chart is None:
            return 0.5, 0.5
        (x, y), window = self._chart.shown.point(row), self._goal()
        columns, rows = (x - window.x) / (2 * window.dot), (window.y - y) / (4 * window.dot)
        return columns / max(self.size.width, 1) + 0.5, rows / max(self.size.height, 1) + 0.5

    @property
    def nearest(self) -> int | None:
        """The system nearest to the middle."""
        return self._chart.nearest(self._goal()) if self._chart is not None else None

    def choose_middle(self) -> None:
        """Choose the system nearest to the middle."""
        self.post_message(self.Chosen(self.nearest))

    def on_resize(self, event: events.Resize) -> None:
        if self.size and self._sought is not None:
            self.call_after_refresh(self.fly_to, self._sought)
            self._sought = None
        self._redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._stale = True

    def on_key(self, event: events.Key) -> None:
        """Arrows look around while the map has the focus; elsewhere up and down move the focus."""
        moves = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}
        if event.key in moves:
            event.stop()
            self.pan(*moves[event.key])
        elif event.key == "enter":
            event.stop()
            self.choose_middle()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        if event.button != 1 or self._chart is None:
            return
        stopped, self._flight = self._flight is not None, None
        self._finger = Finger(event.screen_x, event.screen_y, self._window, stopped)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._finger is None:
            return
        event.stop()
        window = self._finger.move(event.screen_x, event.screen_y, self._clock.time())
        if window is not None and window != self._window:
            self._window = window
            self._redraw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._lifted, self._finger = self._finger, None
        if self._lifted is None:
            return
        event.stop()
        self.release_mouse()
        now = self._clock.time()
        if self._lifted.moving and any(speed := self._lifted.speed(now)):
            self._fly(glide(self._window, *speed, now))

    def on_click(self, event: events.Click) -> None:
        """Comes after the lift, and only where the display takes it for a tap and not for a palm."""
        event.stop()
        finger, self._lifted = self._lifted, None
        if finger is not None and not finger.moving:
            # What a glide was stopped by chooses nothing; it may still be the first of two taps.
            self._tapped(Tap(event.x, event.y, self._clock.time()), chooses=not finger.stopped)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._nearer_at(ZOOM, event.x, event.y)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._nearer_at(1 / ZOOM, event.x, event.y)

    def render_line(self, y: int) -> Strip:
        if self._stale:
            self._draw()
        return (
            self._strips[y]
            if y < len(self._strips)
            else Strip.blank(self.size.width, style(self.app, "quiet", on="paper"))
        )

    def _tapped(self, tap: Tap, *, chooses: bool) -> None:
        if self._chart is None or self._drawn is None:
            return
        if (spot := self._drawn.in_inset(tap.column, tap.row)) is not None:
            self._fly(self._goal().looking_at(*self._chart.inset.place(*spot)))
        elif tap.is_second_of(self._tap):
            self._tap = None
            self._nearer_at(TWICE, tap.column, tap.row)
        else:
            self._tap = tap
            if chooses:
                self.post_message(self.Chosen(self._chart.hit(self._drawn, self._window, tap.column, tap.row)))

    def _nearer_at(self, factor: float, column: float, row: float) -> None:
        spot = column + 0.5 - self.size.width / 2, row + 0.5 - self.size.height / 2
        self._fly(self._goal().nearer(factor, self._whole, *spot))

    def _goal(self) -> Window:
        """Where it is going, or stands."""
        return self._flight.goal if self._flight is not None else self._window

    @property
    def _clock(self) -> Clock:
        app = self.app
        assert isinstance(app, TouchApp)
        return app.clock

    def _fly(self, goal: Window | Flight) -> None:
        """Go there in some steps; at once where nothing is to move on this display."""
        flight = goal if isinstance(goal, Flight) else Flight(self._window, goal, self._clock.time(), FLIGHT_S)
        if self.app.animation_level == "none" or not self.size:
            self._window, self._flight = flight.goal, None
            self._redraw()
            return
        self._flight = flight
        if self._next is None:
            self._go_on()

    def _tick(self) -> None:
        self._next, now = None, self._clock.time()
        if self._flight is None:
            return
        self._window = self._flight.at(now)
        if self._flight.is_over(now):
            self._flight = None
        else:
            self._go_on()
        self._redraw()

    def _go_on(self) -> None:
        """The next frame is due so long after the last one was, not after it came: else they come ever later."""
        now = self._clock.time()
        due = self._due + FRAME_S
        self._due = due if due > now else now + FRAME_S
        self._next = self._clock.call_later(self._due - now, lambda: self.call_later(self._tick))

    def _near(self) -> float:
        """The scale at which a system is looked at closely."""
        systems = len(self._chart.shown.sky) if self._chart is not None else 1
        return self._whole.dot / min(max(math.sqrt(systems / AROUND), 1.0), NEAREST / 2)

    def _room(self) -> tuple[int, int]:
        """Columns and rows that nothing covers."""
        covered = sum(self._shade)
        wide, tall = self.size
        return (wide - covered, tall) if wide > 2 * tall else (wide, tall - covered)

    def _middle(self) -> tuple[float, float]:
        """How far the middle of what nothing covers is from the middle, in cells."""
        off = (self._shade[0] - self._shade[1]) / 2
        return (off, 0.0) if self.size.width > 2 * self.size.height else (0.0, off)

    def _covered(self) -> Region:
        """The cells that something lies over."""
        (first, last), (wide, tall) = self._shade, self.size
        if wide > 2 * tall:
            return Region(0 if first else wide - last, 0, first + last, tall - Inset.ROWS - 2)
        return Region(0, 0 if first else tall - last, wide, first + last)

    def _fit(self) -> None:
        """The window of the whole map, for the size that it has now; who sees the whole goes on to."""
        if self._chart is None or not self.size or self.size == self._fitted:
            return
        sky, was_whole, self._fitted = self._chart.shown.sky, self._window == self._whole, self.size
        self._whole = fitting(sky.low, sky.high, self.size.width, self.size.height)
        if was_whole:
            self._window = self._whole

    def _redraw(self, *, every: bool = True) -> None:
        """Draw anew at the next frame; with `every` False only what differs is sent."""
        if every or self._stale or self._drawn is None:
            self._stale = True
            self.refresh()
            return
        codes, looks = self._drawn.canvas.codes, self._drawn.canvas.looks
        self._draw()
        fresh = self._drawn.canvas
        if fresh.codes.shape != codes.shape:
            self.refresh()
            return
        differs = (fresh.codes != codes) | (fresh.looks != looks)
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            there = np.flatnonzero(differs[row])
            self.refresh(Region(int(there[0]), row, int(there[-1] - there[0]) + 1, 1))

    def _draw(self) -> None:
        self._stale = False
        if self._chart is None or not self.size:
            self._strips = []
            return
        self._fit()
        corner = None
        if self._window.dot < self._whole.dot * 0.99:
            wide, covered = self.size.width > 2 * self.size.height, self._shade[1] > 0
            corner = not (wide and covered), wide or not covered
        self._drawn = self._chart.draw(self._window, *self.size, self._pins, corner, self._covered())
        self._strips = self._drawn.canvas.strips(self.palette(self.app, self._chart.shown.voices))

    @staticmethod
    def palette(app: App[Any], voices: Sequence[int]) -> list[Style]:
        """The styles of this look, by the places that stars/shown.py and stars/chart.py name."""
        inks = ("quiet", "edge", "edge-quiet", "quiet", *(f"voice-{number}" for number in voices))
        found = [style(app, ink, on="paper") for ink in inks]
        found += [style(app, ink, on="paper", bold=bold) for ink, bold in (("ink", False), ("note", True))]
        found += [style(app, "note", on="paper", bold=True), style(app, "edge", on="paper")]
        found.append(style(app, "title", on="paper", bold=True))
        return [*found, style(app, "chosen-ink", on="chosen", bold=True), style(app, "ink", on="tile", bold=True)]
