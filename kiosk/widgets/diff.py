"""A diff to read with a finger: long lines wrapped, any length, only what is seen is drawn."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kiosk.plain import code

MAX_LINES = 20_000
"""Lines shown; a longer diff says so, and is whole on the branch."""
STYLES = (
    ("+++", Style(color="#8fa1d0", bold=True)),
    ("---", Style(color="#8fa1d0", bold=True)),
    ("diff ", Style(color="#7fd1ff", bold=True)),
    ("@@", Style(color="#c8a2ff")),
    ("+", Style(color="#b6f2b0", bgcolor="#12301c")),
    ("-", Style(color="#ffb3b3", bgcolor="#3a1620")),
)
PLAIN = Style(color="#d7e0ff")
WRAPPED = "↪ "


class DiffView(ScrollView, can_focus=True):
    """Show one unified diff."""

    FOCUS_ON_CLICK = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[str] = []
        self._rows: list[tuple[str, Style]] = []

    def show(self, diff: str) -> None:
        lines = code(diff).splitlines() or ["This round changed nothing."]
        left_out = len(lines) - MAX_LINES
        self._lines = lines[:MAX_LINES] + ([f"… {left_out:,} more lines on the branch"] if left_out > 0 else [])
        self._wrap()
        self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        self._wrap()

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        text, style = self._rows[number]
        style = self.rich_style + style
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def _wrap(self) -> None:
        width = max(20, self.scrollable_content_region.width)
        self._rows = []
        for text in self._lines:
            style = next((style for mark, style in STYLES if text.startswith(mark)), PLAIN)
            self._rows.append((text[:width], style))
            room = width - len(WRAPPED)
            self._rows += [(WRAPPED + text[at : at + room], style) for at in range(width, len(text), room)]
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()
