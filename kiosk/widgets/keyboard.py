"""Keys on the screen that a finger hits: the keyboard, numbers and the PIN pad.

One widget for all keys of a block: a widget each would have a queue each, and quick taps would come out of order.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import cast

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from kiosk.plain import line
from kiosk.themes import style
from kiosk.touch import Timer, TouchApp
from kiosk.widgets.layouts import LETTERS, NUMBERS, SHIFTS, SHORT, Cap, Row, letters, pin

REPEAT_AFTER_S, REPEAT_EVERY_S = 0.4, 0.08
REPEATING = {"backspace", "left", "right", " "}
ROOMY = 8
"""Columns of a key that is a target by itself; narrower ones, on a screen on end, are three rows high, not two."""
SUGGESTIONS = 4
WIPE = "\b"
"""Each in what is typed takes one character back; so a name replaces what was typed of it."""


class Keys(Widget):
    """Rows of equal height; a key works when the finger comes down. Never takes the focus."""

    pans = True

    class Typed(Message):
        """Characters, or one of `backspace`, `left`, `right`, `enter` and `hide`."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, rows: Sequence[Row], row_height: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = rows
        self._row_height = row_height
        self._down: Region | None = None
        self._repeat: Timer | None = None
        self.styles.height = row_height * len(rows)

    def targets(self) -> list[tuple[Region, str, str]]:
        """Where each key is, its label, and what it stands for."""
        found = []
        for number, row in enumerate(self._rows):
            whole, passed, left = sum(cap.width for cap in row), 0, 0
            for cap in row:
                passed += cap.width
                right = self.size.width * passed // whole
                region = Region(left, number * self._row_height, right - left, self._row_height)
                found.append((region, self._label(cap, region.width), cap.key))
                left = right
        return found

    def render_line(self, y: int) -> Strip:
        cap, down, gap = (
            style(self.app, "ink", "cap"),
            style(self.app, "ground", "title"),
            style(self.app, "ground", "ground"),
        )
        segments = []
        for region, label, _ in self.targets():
            if not region.y <= y < region.bottom:
                continue
            look = down if region == self._down else cap
            width = region.width - 1
            if y == region.bottom - 1:  # a thin line below, so that rows are told apart
                segments.append(Segment("▁" * width, look + style(self.app, "ground")))
            else:
                words = label if y - region.y == (self._row_height - 1) // 2 else ""
                left = max(0, width - cell_len(words)) // 2
                right = width - left - cell_len(words)
                segments += [Segment(" " * left, look), Segment(words, look), Segment(" " * right, look)]
            segments.append(Segment("│", gap))
        return Strip(segments or [Segment(" " * self.size.width, gap)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        for region, _, key in self.targets():
            if region.contains(int(event.x), int(event.y)):
                self._down = region
                self.capture_mouse()  # so that the lift is seen here wherever it happens
                if key in REPEATING:
                    self._later(REPEAT_AFTER_S, key)
                self.press(key)
                self.refresh()

    def on_mouse_up(self) -> None:
        self._down = None
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
        self.release_mouse()
        self.refresh()

    def press(self, key: str) -> None:
        self.post_message(self.Typed(key))

    def _label(self, cap: Cap, width: int) -> str:
        return cap.label if cell_len(cap.label) < width else SHORT.get(cap.label, cap.label[: max(1, width - 1)])

    def _later(self, seconds: float, key: str) -> None:
        clock = cast(TouchApp, self.app).clock
        self._repeat = clock.call_later(seconds, lambda: self.call_later(self._again, key))

    def _again(self, key: str) -> None:
        if self._repeat is not None:
            self.press(key)
            self._later(REPEAT_EVERY_S, key)


class Keyboard(Keys):
    """Letters, capitals and signs; above them, names of the world that begin like what is typed, if it `suggests`.

    Its height stays the same whether there are any, so that no key moves away below a finger.
    """

    class Turned(Message):
        """Another layout was chosen."""

        def __init__(self, layout: str) -> None:
            super().__init__()
            self.layout = layout

    def __init__(self, *, suggests: bool = True) -> None:
        super().__init__((), 2)
        self._suggests = suggests
        self._offered: Row = ()
        self._layout = "en"
        self._signs = False
        self._shift = 0

    def on_mount(self) -> None:
        self.speak(cast(TouchApp, self.app).wanted.keyboard)

    def on_resize(self) -> None:
        self._lay()

    def on_show(self) -> None:
        """The field above it has less room now: what is typed stays in sight."""
        self.call_after_refresh(self._reveal)

    def on_hide(self) -> None:
        """What was offered went with what was typed then, perhaps by another person."""
        self.suggest("", ())

    def speak(self, layout: str) -> None:
        """Use the layout of a language."""
        self._layout = layout
        self._lay()

    def suggest(self, typed: str, names: Sequence[str]) -> None:
        """Offer names in the place of the end of the text, which is `typed`."""
        offered = tuple(Cap(line(name, 40), WIPE * len(typed) + name + " ") for name in names[:SUGGESTIONS])
        if self._suggests and offered != self._offered:
            self._offered = offered
            self._lay()

    def press(self, key: str) -> None:
        if key == "shift":
            self._shift = (self._shift + 1) % len(SHIFTS)
        elif key == "signs":
            self._signs, self._shift = not self._signs, 0
        elif key == "layout":
            circle = list(LETTERS)
            self.post_message(self.Turned(circle[(circle.index(self._layout) + 1) % len(circle)]))
        else:
            super().press(key)
            if self._shift == 1 and key not in REPEATING:
                self._shift = 0
        self._lay()

    def _reveal(self) -> None:
        if self.screen.focused is not None:
            self.screen.focused.scroll_visible(animate=False, force=True)

    def _lay(self) -> None:
        rows = letters(self._layout, signs=self._signs, shift=self._shift)
        self._row_height = 2 if (self.size.width or self.app.size.width) // 11 >= ROOMY else 3
        self._rows = (self._offered, *rows) if self._suggests else rows
        self.styles.height = self._row_height * len(self._rows)
        self.refresh()


class NumberKeys(Keys):
    """For a field that takes a number."""

    def __init__(self) -> None:
        super().__init__(NUMBERS, 3)


class PinKeys(Keys):
    """Digits, each as large as a tile; `shuffled`, they stand elsewhere each time."""

    def __init__(self, *, shuffled: bool = False) -> None:
        digits = list("1234567890")
        if shuffled:
            secrets.SystemRandom().shuffle(digits)
        super().__init__(pin("".join(digits)), 3)
