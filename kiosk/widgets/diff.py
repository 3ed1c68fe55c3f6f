"""A diff to read with a finger: any length, only what is seen is drawn; a tap points at a line.

Side by side where there is room for it. Many files are shown as a list of names; a tap on one opens or closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import WorkType

from haven.changes.review.aligning import Key, partners, stretches
from haven.changes.review.colouring import Span, coloured, words_changed
from haven.changes.review.diffing import FileDiff
from kiosk.themes import style
from kiosk.widgets.diff_rows import FEW_FILES, Laid, Piece, laid_out, shown

WIDE, ROOM = 96, 76
"""Columns from which it is side by side by itself, and with which it may be."""
MOST_COLOURED = 5_000
"""Lines; what comes after them keeps the colours of added and removed alone."""
LOOKS = {
    "": ("ink", "paper"),
    "none": ("quiet", "ground"),
    "@": ("hunk", "paper"),
    "file": ("title", "paper"),
    "name": ("title", "tile"),
    "+": ("added-ink", "added"),
    "-": ("removed-ink", "removed"),
}
INKS = {
    "comment": "quiet",
    "keyword": "voice-5",
    "string": "voice-3",
    "number": "voice-6",
    "name": "voice-1",
    "builtin": "voice-7",
}
MARKED = {"+": "added-word", "-": "removed-word"}
BETWEEN = "│"


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
        self._above: Sequence[str] = ()
        self._files: Sequence[FileDiff] = ()
        self._stretches: list[Key] = []
        self._partners: dict[tuple[int, int], dict[int, int]] = {}
        self._inks: dict[tuple[int, int], list[list[Span]]] = {}
        self._open: set[int] = set()
        self._laid = Laid([], {}, {})
        self._place = ""
        self._wish: bool | None = None
        self._step: tuple[int, float] | None = None
        """The change that was gone to last, and how far was scrolled for it."""

    @property
    def changes(self) -> int:
        """How many there are to step through."""
        return len(self._stretches)

    @property
    def at(self) -> int:
        """The change that was gone to last, from 1; 0 for none."""
        return self._step[0] + 1 if self._step else 0

    @property
    def may_split(self) -> bool:
        return self.size.width >= ROOM

    @property
    def split(self) -> bool:
        """Whether it is side by side: as was wished, where there is room, else where it is wide."""
        return self.may_split and (self.size.width >= WIDE if self._wish is None else self._wish)

    def show(self, files: Sequence[FileDiff], above: str = "") -> None:
        """`above` is plain text, safe to show, that stands before the files."""
        self._above, self._files = above.splitlines(), files
        self._stretches = stretches(files)
        self._partners, self._inks = {}, {}
        self._open = set(range(len(files))) if len(files) <= FEW_FILES else set()
        self._place, self._step = "", None
        self._lay()
        self.scroll_home(animate=False)
        colour: WorkType[None] = partial(self._colour, files)
        self.run_worker(colour, group="colours", exclusive=True, exit_on_error=False)

    def turn(self) -> None:
        """Side by side, or in one column; what is at the top stays there."""
        top = self._line_at(round(self.scroll_y))
        self._wish = not self.split
        self._lay()
        if top is not None:
            self.scroll_to(y=self._laid.lines.get(top, 0), animate=False, immediate=True)

    def jump(self, file: int) -> None:
        """To the beginning of a file, opened."""
        self._open.add(file)
        self._step = None
        self._lay()
        self.scroll_to(y=self._laid.heads.get(file, 0), animate=False, immediate=True)

    def step(self, by: int) -> None:
        """To the next change, or with -1 to the one before: from the last one, or from where a finger scrolled to."""
        if not self._stretches:
            return
        stayed = self._step is not None and self._step[1] == self.scroll_y
        number = self._step[0] + by if self._step and stayed else self._beside(by)
        number = min(max(number, 0), len(self._stretches) - 1)
        key = self._stretches[number]
        if key[0] not in self._open:
            self._open.add(key[0])
            self._lay()
        self.scroll_to(y=max(0, self._laid.lines.get(key, 0) - 2), animate=False, immediate=True)
        self._step = number, self.scroll_y
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._lay()

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        number = (spot.y if spot else 0) + round(self.scroll_y)
        if spot is None or number >= len(self._laid.rows):
            return
        row = self._laid.rows[number]
        if row.file >= 0:
            self._open ^= {row.file}
            self._lay()
        elif place := row.pieces[-1].place:
            self._place = "" if place == self._place else place
            self.refresh()
            self.post_message(self.Pointed(self._place))

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if number >= len(self._laid.rows):
            return Strip.blank(width, style(self.app, "ink", on="paper"))
        pieces = self._laid.rows[number].pieces
        if len(pieces) == 1:
            return self._drawn(pieces[0], width)
        half = (width - 1) // 2
        edge = Strip([Segment(BETWEEN, style(self.app, "edge", on="paper"))])
        return Strip.join([self._drawn(pieces[0], half), edge, self._drawn(pieces[1], width - half - 1)])

    def _drawn(self, piece: Piece, width: int) -> Strip:
        """A piece in its colours: of its line, of its words that differ, and of the language."""
        ink, ground = LOOKS[piece.look]
        base = style(self.app, ink, on=ground, bold=piece.look in {"file", "name"})
        if piece.place and piece.place == self._place:
            base = style(self.app, "ground", on="note", bold=True)
            return Strip([Segment(piece.gutter + piece.text, base)]).adjust_cell_length(width, base)
        parts = self._parts(piece, ink, ground)
        gutter = style(self.app, "note" if self._is_stepped(piece) else "quiet" if not piece.look else ink, on=ground)
        return Strip([Segment(piece.gutter, gutter), *parts]).adjust_cell_length(width, base)

    def _parts(self, piece: Piece, ink: str, ground: str) -> list[Segment]:
        cells = [(ink, ground)] * len(piece.text)
        if piece.key is not None:
            file, hunk, number = piece.key
            for begin, end, name in self._inks.get((file, hunk), {number: []})[number]:
                _paint(cells, begin - piece.start, end - piece.start, (INKS[name], ground))
            for begin, end in self._marks(piece.key, piece.look):
                _paint(cells, begin - piece.start, end - piece.start, (ink, MARKED[piece.look]))
        bold = {MARKED["+"], MARKED["-"]}
        parts, at = [], 0
        for (name, on), run in groupby(cells):
            end = at + len(list(run))
            drawn: Style = style(self.app, name, on=on, bold=on in bold or piece.look in {"file", "name"})
            parts.append(Segment(piece.text[at:end], drawn))
            at = end
        return parts

    def _marks(self, key: Key, look: str) -> tuple[tuple[int, int], ...]:
        """The words that the line in its place has not."""
        if look not in MARKED:
            return ()
        hunk = self._files[key[0]].hunks[key[1]]
        known = self._partners.get(key[:2])
        if known is None:
            known = self._partners[key[:2]] = partners(hunk)
        other = known.get(key[2])
        if other is None:
            return ()
        old, new = (key[2], other) if look == "-" else (other, key[2])
        return words_changed(shown(hunk.lines[old]), shown(hunk.lines[new]))[look == "+"]

    def _is_stepped(self, piece: Piece) -> bool:
        """Whether it is of the change that was gone to."""
        if self._step is None or piece.key is None or piece.look not in MARKED:
            return False
        first = self._stretches[self._step[0]]
        last = self._stretches[self._step[0] + 1] if self._step[0] + 1 < len(self._stretches) else None
        return first <= piece.key and (last is None or piece.key < last)

    def _lay(self) -> None:
        if not self.size.width:
            return  # not laid out yet: drawn now, its lines would move away under a finger
        width = max(20, self.scrollable_content_region.width)
        self._laid = laid_out(self._files, self._open, width, split=self.split, above=self._above)
        self.virtual_size = Size(width, len(self._laid.rows))
        self.refresh()

    async def _colour(self, files: Sequence[FileDiff]) -> None:
        found = await asyncio.to_thread(_coloured, files)
        if files is self._files:
            self._inks = found
            self.refresh()

    def _line_at(self, row: int) -> Key | None:
        keys = (piece.key for one in self._laid.rows[row:] for piece in one.pieces)
        return next((key for key in keys if key is not None), None)

    def _beside(self, by: int) -> int:
        """The number of the next change below what is at the top, or of the last one above it."""
        top = self.scroll_y + 2 if self.scroll_y else -1
        rows = [self._laid.lines.get(key, self._laid.heads.get(key[0], 0)) for key in self._stretches]
        below = next((number for number, row in enumerate(rows) if row > top), len(rows) - 1)
        return below if by > 0 else max(0, sum(row < top for row in rows) - 1)


def _paint(cells: list[tuple[str, str]], begin: int, end: int, value: tuple[str, str]) -> None:
    begin, end = max(0, begin), min(len(cells), end)
    if end > begin:
        cells[begin:end] = [value] * (end - begin)


def _coloured(files: Sequence[FileDiff]) -> dict[tuple[int, int], list[list[Span]]]:
    """The colours of each hunk's lines: its sides are read apart, as each was a text of its own."""
    found: dict[tuple[int, int], list[list[Span]]] = {}
    left = MOST_COLOURED
    for number, file in enumerate(files):
        for at, hunk in enumerate(file.hunks):
            left -= len(hunk.lines)
            if left < 0:
                return found
            spans: list[list[Span]] = [[] for _ in hunk.lines]
            for path, signs in ((file.old_path or file.path, " -"), (file.path, " +")):
                lines = [where for where, one in enumerate(hunk.lines) if one.sign in signs]
                for where, one in zip(lines, coloured(path, [shown(hunk.lines[i]) for i in lines]), strict=True):
                    spans[where] = one
            found[number, at] = spans
    return found
