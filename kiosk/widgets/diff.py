"""A diff to read with a finger: long lines wrapped, any length, only what is seen is drawn; a tap points at a line.

Many files are shown as a list of names; a tap on one opens or closes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from haven.changes.review.diffing import FileDiff
from kiosk.plain import code, line

MAX_LINES = 20_000
"""Lines shown; a longer diff says so, and is whole on the branch."""
FEW_FILES = 8
"""So many are shown open, one after the other."""
FILE = Style(color="#7fd1ff", bold=True)
NAME = FILE + Style(bgcolor="#1d274d")
"""Of a file that a tap opens or closes."""
HUNK = Style(color="#c8a2ff")
PLAIN = Style(color="#d7e0ff")
SIGNS = {"+": Style(color="#b6f2b0", bgcolor="#12301c"), "-": Style(color="#ffb3b3", bgcolor="#3a1620")}
POINTED = Style(color="#0b1020", bgcolor="#ffd479")
WRAPPED = "     ↪ "
SAID = {"A": "new", "D": "removed", "R": "moved", "C": "copied"}


class Row(NamedTuple):
    """One line on the screen, and what a tap on it means."""

    text: str
    style: Style
    place: str = ""
    """The place in the new file that it points at (`path:line`)."""
    file: int = -1
    """The number of the file that it opens or closes."""


class DiffView(ScrollView, can_focus=True):
    """Show the files of a diff, with the lines' numbers."""

    FOCUS_ON_CLICK = False

    class Pointed(Message):
        """A line was tapped; `place` is `path:line`, or "" where the same line was tapped again."""

        def __init__(self, place: str) -> None:
            super().__init__()
            self.place = place

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._above: list[Row] = []
        self._files: Sequence[FileDiff] = ()
        self._open: set[int] = set()
        self._rows: list[Row] = []
        self._place = ""

    def show(self, files: Sequence[FileDiff], above: str = "") -> None:
        """`above` is plain text, safe to show, that stands before the files."""
        self._above = [Row(text, PLAIN) for text in above.splitlines()]
        self._files = files
        self._open = set(range(len(files))) if len(files) <= FEW_FILES else set()
        self._place = ""
        self._wrap()
        self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        self._wrap()

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        number = (spot.y if spot else 0) + round(self.scroll_y)
        if spot is None or number >= len(self._rows):
            return
        row = self._rows[number]
        if row.file >= 0:
            self._open ^= {row.file}
            self._wrap()
        elif row.place:
            self._place = "" if row.place == self._place else row.place
            self.refresh()
            self.post_message(self.Pointed(self._place))

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[number]
        pointed = bool(row.place) and row.place == self._place
        style = self.rich_style + (POINTED if pointed else row.style)
        return Strip([Segment(row.text, style)]).adjust_cell_length(width, style)

    def _wrap(self) -> None:
        self._rows = []
        if not self.size.width:
            return  # not laid out yet: drawn now, its lines would move away under a finger
        width = max(20, self.scrollable_content_region.width)
        room = width - len(WRAPPED)
        for row in self._lines():
            self._rows.append(row._replace(text=row.text[:width]))
            rest = range(width, len(row.text), room)
            self._rows += [row._replace(text=WRAPPED + row.text[at : at + room]) for at in rest]
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()

    def _lines(self) -> list[Row]:
        rows = self._above + ([] if self._files else [Row("This round changed nothing.", PLAIN)])
        for number, file in enumerate(self._files):
            opened = number in self._open
            if len(self._files) <= FEW_FILES:
                rows.append(Row(f"── {_named(file)}", FILE))
            else:  # three rows high, for a finger
                name, blank = f"{'▾' if opened else '▸'} {_named(file)}", Row("", NAME, file=number)
                rows += [blank, Row(name, NAME, file=number), blank, Row("", PLAIN)]
            rows += _body(file) if opened else []
        left_out = len(rows) - MAX_LINES
        return rows[:MAX_LINES] + [Row(f"… {left_out:,} more lines on the branch", PLAIN)] * (left_out > 0)


def _named(file: FileDiff) -> str:
    lines = "binary" if file.added is None else f"+{file.added} -{file.removed}"
    what = f", {SAID[file.status]}" if file.status in SAID else ""
    return f"{line(code(file.name), 300)}  {lines}{what}"


def _body(file: FileDiff) -> Iterator[Row]:
    for hunk in file.hunks:
        yield Row(f"      @@ {line(code(hunk.heading), 200)}".rstrip(), HUNK)
        for one in hunk.lines:
            number = one.new or one.old or ""
            place = f"{file.path}:{one.new}" if one.new is not None else ""
            text = code(one.text).replace("\n", " ")
            yield Row(f"{number:>5} {one.sign}{text}", SIGNS.get(one.sign, PLAIN), place)
    if not file.hunks:
        yield Row("      a diff shows nothing of it: binary, moved as it was, or empty", HUNK)
