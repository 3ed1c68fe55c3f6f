"""A diff laid out in rows of a given width, in one column or side by side; pure, and without its colours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import chop_cells

from haven.changes.review.aligning import Key, beside
from haven.changes.review.diffing import SAID, FileDiff, Hunk, Line
from kiosk.plain import code, line

MAX_LINES = 20_000
"""Lines shown; a longer diff says so, and is whole on the branch."""
FEW_FILES = 8
"""So many are shown open, one after the other."""
NOTHING = "This round changed nothing."
BINARY = "a diff shows nothing of it: binary, moved as it was, or empty"


class Piece(NamedTuple):
    """What stands on one row of a column. `look` is + or - or @, `file`, `name` (a file that a tap opens) or ""."""

    gutter: str
    text: str
    look: str = ""
    key: Key | None = None
    start: int = 0
    """How far into its line the text begins."""
    place: str = ""
    """The place in the new file that a tap on it points at (`path:line`)."""


class Row(NamedTuple):
    """One row of the screen: a piece, or one for each side."""

    pieces: tuple[Piece, ...]
    file: int = -1
    """The number of the file that a tap opens or closes."""


class Laid(NamedTuple):
    """The rows, and in which of them each file's name and each line stands first."""

    rows: list[Row]
    heads: dict[int, int]
    lines: dict[Key, int]


def shown(one: Line) -> str:
    """Its text as it is drawn."""
    return code(one.text).replace("\n", " ")


def named(file: FileDiff) -> str:
    """A file in a line: its name, how many lines, and what became of it."""
    what = f", {SAID[file.status]}" if file.status in SAID else ""
    return f"{line(code(file.name), 300)}  {counted(file)}{what}"


def counted(file: FileDiff) -> str:
    return "binary" if file.added is None else f"+{file.added} -{file.removed}"


def laid_out(
    files: Sequence[FileDiff], opened: Collection[int], width: int, *, split: bool = False, above: Sequence[str] = ()
) -> Laid:
    """`above` stands before the files; `split` is side by side, but for files that have one side only."""
    laid = Laid([Row((Piece("", text),)) for text in above], {}, {})
    laid.rows.extend([] if files else [Row((Piece("", NOTHING),))])
    for number, file in enumerate(files):
        laid.heads[number] = len(laid.rows)
        laid.rows.extend(_head(number, file, number in opened, few=len(files) <= FEW_FILES))
        if number in opened:
            for row in _body(number, file, width, split=split and file.status not in {"A", "D"}):
                for piece in row.pieces:
                    if piece.key is not None:
                        laid.lines.setdefault(piece.key, len(laid.rows))
                laid.rows.append(row)
    if (left_out := len(laid.rows) - MAX_LINES) > 0:
        laid.rows[MAX_LINES:] = [Row((Piece("", f"… {left_out:,} more lines on the branch"),))]
    return laid


def _head(number: int, file: FileDiff, opened: bool, *, few: bool) -> Iterator[Row]:
    if few:
        yield Row((Piece("", f"── {named(file)}", "file"),))
        return
    blank = Row((Piece("", "", "name"),), number)
    yield blank  # three rows high, for a finger
    yield Row((Piece("", f"{'▾' if opened else '▸'} {named(file)}", "name"),), number)
    yield blank
    yield Row((Piece("", ""),))


def _body(number: int, file: FileDiff, width: int, *, split: bool) -> Iterator[Row]:
    for at, hunk in enumerate(file.hunks):
        yield Row((Piece("", f"      @@ {line(code(hunk.heading), 200)}".rstrip(), "@"),))
        draw = _sides if split else _column
        yield from draw((number, at), file.path, hunk, width)
    if not file.hunks:
        yield Row((Piece("", f"      {BINARY}", "@"),))


def _column(where: tuple[int, int], path: str, hunk: Hunk, width: int) -> Iterator[Row]:
    for number, one in enumerate(hunk.lines):
        gutter = f"{one.new or one.old or '':>5} {one.sign}"
        for piece in _pieces((*where, number), path, one, gutter, width):
            yield Row((piece,))


def _sides(where: tuple[int, int], path: str, hunk: Hunk, width: int) -> Iterator[Row]:
    """Removed lines on the left, added ones on the right, what is as before on both."""
    half = (width - 1) // 2
    for old, new in beside(hunk):
        columns = []
        for number, side in ((old, 0), (new, 1)):
            one = hunk.lines[number] if number is not None else None
            gutter = f"{(one.new if side else one.old) or '':>4} {one.sign}" if one else ""
            pieces = _pieces((*where, number or 0), path, one, gutter, half) if one else iter(())
            columns.append([piece._replace(place=piece.place if side else "") for piece in pieces])
        for left, right in zip_longest(*columns, fillvalue=Piece("", "", "none")):
            yield Row((left, right))


def _pieces(key: Key, path: str, one: Line, gutter: str, width: int) -> Iterator[Piece]:
    text = shown(one)
    room = max(8, width - len(gutter))
    if text.isascii():
        parts = [text[at : at + room] for at in range(0, len(text), room)] or [""]
    else:
        parts = chop_cells(text, room) or [""]
    place = f"{path}:{one.new}" if one.new is not None else ""
    look = one.sign if one.sign in "+-" else ""
    start = 0
    for number, part in enumerate(parts):
        yield Piece("↪ ".rjust(len(gutter)) if number else gutter, part, look, key, start, place)
        start += len(part)
