"""Keys on the screen that a finger hits: the keyboard and the PIN pad.

One widget for all keys of a block: a widget each would have a queue each, and quick taps would come out of order.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

Row = Sequence[tuple[str, str]]
"""Label and key of each."""

LETTERS = ("1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm,.?")
SIGNS = ("!@#$%^&*()", '-_=+/\\|:;"', "[]{}<>~`€£", "àéèöüäßñç°")
CONTROLS: Row = (
    *(("⇧ shift", "shift"), ("!#é", "signs"), ("space", " ")),
    *(("⌫", "backspace"), ("hide", "hide"), ("⏎", "enter")),
)
DIGITS: Sequence[Row] = (
    *(tuple((digit, digit) for digit in row) for row in ("123", "456", "789")),
    (("⌫", "backspace"), ("0", "0"), ("OK", "enter")),
)
REPEAT_AFTER_S, REPEAT_EVERY_S = 0.4, 0.08
CAP = Style(color="#d7e0ff", bgcolor="#26315f")
DOWN = Style(color="#0b1020", bgcolor="#7fd1ff")
GAP = Style(bgcolor="#0b1020")


class Keys(Widget):
    """Rows of equal height; a key works when the finger comes down. Never takes the focus."""

    class Typed(Message):
        """A character, `backspace`, `enter` or `hide`."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, rows: Sequence[Row], row_height: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = rows
        self._row_height = row_height
        self._down: Region | None = None
        self._repeat: Timer | None = None
        self.styles.height = row_height * len(rows)

    def targets(self) -> list[tuple[Region, str, str]]:
        """Where each key is, its label, and what it stands for."""
        found = []
        for number, row in enumerate(self._keys):
            edges = [self.size.width * index // len(row) for index in range(len(row) + 1)]
            for (label, key), left, right in zip(row, edges, edges[1:], strict=False):
                found.append((Region(left, number * self._row_height, right - left, self._row_height), label, key))
        return found

    def render_line(self, y: int) -> Strip:
        segments = []
        for region, label, _ in self.targets():
            if not region.y <= y < region.bottom:
                continue
            words = label if y - region.y == (self._row_height - 1) // 2 else ""
            left = max(0, region.width - 1 - cell_len(words)) // 2
            text = " " * left + words + " " * (region.width - 1 - left - cell_len(words))
            segments += [Segment(text, DOWN if region == self._down else CAP), Segment("│", GAP)]
        return Strip(segments)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        for region, _, key in self.targets():
            if region.contains(int(event.x), int(event.y)):
                self._down = region
                self.capture_mouse()  # so that the lift is seen here wherever it happens
                if key == "backspace":
                    self._repeat = self.set_timer(REPEAT_AFTER_S, self._hold)
                self.press(key)
                self.refresh()

    def on_mouse_up(self) -> None:
        self._down = None
        if self._repeat is not None:
            self._repeat.stop()
            self._repeat = None
        self.release_mouse()
        self.refresh()

    def press(self, key: str) -> None:
        self.post_message(self.Typed(key))

    def _hold(self) -> None:
        self._repeat = self.set_interval(REPEAT_EVERY_S, lambda: self.press("backspace"))


class Keyboard(Keys):
    """Letters, capitals and signs."""

    def __init__(self) -> None:
        super().__init__((), 2)
        self._signs = False
        self._shift = False
        self._lay()
        self.styles.height = 2 * len(self._keys)

    def press(self, key: str) -> None:
        if key == "shift":
            self._shift = not self._shift
        elif key == "signs":
            self._signs, self._shift = not self._signs, False
        else:
            super().press(key)
            self._shift = False
        self._lay()

    def _lay(self) -> None:
        rows = [row.upper() if self._shift and row != SIGNS[-1] else row for row in (SIGNS if self._signs else LETTERS)]
        self._keys = (*(tuple((character, character) for character in row) for row in rows), CONTROLS)


class PinKeys(Keys):
    """Digits, each as large as a tile."""

    def __init__(self) -> None:
        super().__init__(DIGITS, 3)
