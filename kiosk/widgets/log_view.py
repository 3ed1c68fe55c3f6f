"""The log to read with a finger: only what is seen is drawn; a tap on a record chooses it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from haven.logbook import Line
from kiosk.plain import line
from kiosk.themes import style

SIGNS = {logging.DEBUG: "debug", logging.INFO: "info ", logging.WARNING: "WARN ", logging.ERROR: "ERROR"}
CLOSED_ROWS, OPEN_ROWS = 3, 40
"""Rows of the screen that a record takes: at least so many, for a finger; at most so many once it was tapped."""


class Row(NamedTuple):
    """One row on the screen."""

    mark: str
    text: str
    number: int


class LogView(ScrollView, can_focus=True):
    """The newest at the end; it follows the end until somebody scrolls away from it."""

    FOCUS_ON_CLICK = False

    class Chosen(Message):
        """A record was tapped; `line` is None where it was tapped again."""

        def __init__(self, line: Line | None) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._rows: list[Row] = []
        self._levels: dict[int, int] = {}
        self._open = 0
        self._nothing = ""
        self._follow = False

    def show(self, lines: Sequence[Line], nothing: str, *, follow: bool) -> None:
        """`nothing` is said where there are none."""
        self._lines, self._nothing, self._follow = lines, nothing, follow
        self._lay()

    def on_resize(self, event: events.Resize) -> None:
        """It may have been given its records before it had any size."""
        self._lay()

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        at = (spot.y if spot else 0) + round(self.scroll_y)
        if spot is None or at >= len(self._rows) or not self._rows[at].number:
            return
        number = self._rows[at].number
        self._open = 0 if number == self._open else number
        self._wrap()
        self.post_message(self.Chosen(next((one for one in self._lines if one.number == self._open), None)))

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[number]
        chosen = self.rich_style if row.number != self._open or not row.number else style(self.app, "ink", "tile")
        mark = chosen + self._look(self._levels.get(row.number, 0))
        return Strip([Segment(row.mark, mark), Segment(row.text, chosen)]).adjust_cell_length(width, chosen)

    def _look(self, level: int) -> Style:
        if level >= logging.ERROR:
            return style(self.app, "wrong", bold=True)
        return style(self.app, "note", bold=True) if level >= logging.WARNING else style(self.app, "quiet")

    def _lay(self) -> None:
        self._wrap()
        if self._follow:
            self.scroll_end(animate=False)

    def _wrap(self) -> None:
        """Three rows a record: when, how bad and whose; its words; the rest of them, or nothing."""
        if not self.size.width:
            return
        width = max(20, self.scrollable_content_region.width)
        self._levels = {one.number: one.level for one in self._lines}
        self._rows = [] if self._lines else [Row("", self._nothing, 0)]
        for one in self._lines:
            self._rows += _rows(one, width, OPEN_ROWS if one.number == self._open else CLOSED_ROWS)
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()


def _rows(one: Line, width: int, most: int) -> list[Row]:
    when = datetime.fromtimestamp(one.at).astimezone()
    sign = SIGNS.get(one.level, "ERROR" if one.level > logging.ERROR else "info ")
    head = Row(f"{sign} ", f"{when:%d %b %H:%M:%S} {line(one.name, 40)}", one.number)
    rows = [head]
    for text in one.text.expandtabs(4).splitlines() or [""]:
        rows += [Row("  ", piece, one.number) for piece in wrap(text, width - 2) or [""]]
        if len(rows) > most:
            break
    if len(rows) > most:
        rows = [*rows[: most - 1], rows[most - 1]._replace(text=f"{rows[most - 1].text[: width - 4]} …")]
    return rows + [Row("", "", one.number)] * (CLOSED_ROWS - len(rows))
