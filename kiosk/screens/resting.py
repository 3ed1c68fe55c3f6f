"""The time alone, to be read across the room: what a display shows that nobody touches; or nothing."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from haven.store.database import now

LOOK_S = 5.0
"""Seconds between two looks at the clock; something is drawn once a minute."""
GLYPHS = dict(
    zip(
        "0123456789:",
        (
            *("111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001"),
            *("111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111"),
            "000010000010000",
        ),
        strict=True,
    )
)
"""Three columns by five rows each, row by row."""
ROOMY = 80
"""Columns of a screen on which a dot is four cells wide and two high; else it is two by one."""


def drawn(text: str, columns: int) -> str:
    """Digits and colons, in blocks, for a screen of so many columns."""
    wide, high = (4, 2) if columns >= ROOMY else (2, 1)
    rows = []
    for row in range(5):
        dots = "0".join(GLYPHS[one][3 * row : 3 * row + 3] for one in text)
        rows += ["".join(("█" if dot == "1" else " ") * wide for dot in dots)] * high
    return "\n".join(rows)


class Resting(ModalScreen[None]):
    """Goes when the display is woken; it takes no touch itself. With the class `blank` nothing is seen."""

    AUTO_FOCUS = ""
    _shown = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="resting"):
            yield Static("", id="hour", markup=False)
            yield Static("", id="day", markup=False)
            yield Static("Touch to wake", id="wake", markup=False)

    def on_mount(self) -> None:
        self._tick()
        self.set_interval(LOOK_S, self._tick)

    def on_resize(self) -> None:
        self._shown = ""
        self._tick()

    def _tick(self) -> None:
        here = datetime.fromtimestamp(now())
        if self._shown != (hour := f"{here:%H:%M}"):
            self._shown = hour
            self.query_one("#hour", Static).update(drawn(hour, self.app.size.width))
            self.query_one("#day", Static).update(f"{here:%A}, {here.day} {here:%B}")
            # A little aside each minute, so that nothing burns in.
            self.query_one("#resting").styles.offset = here.minute % 5 - 2, here.minute % 3 - 1
