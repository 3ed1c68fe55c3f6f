"""A file of a diff as rows to draw: blocks of lines, each in pieces with the classes of their colours. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from haven.changes.review.aligning import blocks, partners
from haven.changes.review.colouring import Span, coloured, words_changed
from haven.changes.review.diffing import FileDiff, Hunk
from haven.changes.review.unfolding import Wider, folded, unfolded
from haven.quoting import visible

CLASSES = {"comment": "c", "keyword": "k", "string": "s", "number": "u", "name": "n", "builtin": "b"}
"""Of what stands there in the language, by the names of `colouring.KINDS`."""
WORD = "w"
"""The class of words that the line in its place has not."""
LOOKS = {"+": "a", "-": "d", " ": "s", "\\": "e"}
COLOURED = 160
"""Lines of a page that get colours and marked words at once; the other files get them when they are looked at."""
OPEN, MOST = 1_500, 4_000
"""Lines that are open at first, and that are on the page at all; the files after them are a link."""
WIDE, MOST_OF_LINE = 200, 4_000
"""Characters of a line from which it counts for more than one, and those of one that are shown."""
MOST_OF_FILE = 20_000
"""Lines shown of one file; a longer one says so, and is whole on the branch."""
STEPS = (20, 100, 500)
"""Lines around a hunk, one time of asking for more after another."""


class Piece(NamedTuple):
    """Text with its classes; "" for none."""

    text: str
    look: str


class Line(NamedTuple):
    """One line. `look` is a (added), d (removed), s (the same) or e (a note on a missing last newline)."""

    look: str
    old: int | str
    """Its number before the change; "" where it has none."""
    new: int | str
    pieces: Sequence[Piece]


class Rows(NamedTuple):
    """Lines that belong together. Of a change, the removed ones come first."""

    same: bool
    lines: Sequence[Line]


class Drawn(NamedTuple):
    """A hunk; `heading` is safe to show. `more` is what to ask for to see more around it; "" where all is seen."""

    heading: str
    rows: Sequence[Rows]
    more: str = ""


@dataclass(frozen=True)
class Sheet:
    """A file on the page."""

    number: int
    file: FileDiff
    hunks: Sequence[Drawn] = ()
    here: bool = True
    """Whether its lines are on the page; else a link leads to them."""
    open: bool = True
    coloured: bool = False
    left_out: int = 0
    """Lines that are on the branch alone."""


def sheets(files: Sequence[FileDiff]) -> list[Sheet]:
    """All files of a diff, within the bounds of one page."""
    found, lines, left = [], 0, COLOURED
    for number, file in enumerate(files):
        size = sum(1 + len(line.text) // WIDE for hunk in file.hunks for line in hunk.lines)
        lines += size
        if lines > MOST and number:
            found.append(Sheet(number, file, here=False, open=False))
            continue
        left -= size
        found.append(sheet(number, file, colours=left >= 0, open=lines <= OPEN or not number))
    return found


def sheet(
    number: int,
    file: FileDiff,
    *,
    colours: bool = True,
    open: bool = True,
    around: Mapping[int, int] | None = None,
    text: str = "",
) -> Sheet:
    """One file, with more lines `around` its hunks from its `text`. Colours take CPU: a second for 10,000 lines."""
    around, hunks, room = around or {}, [], MOST_OF_FILE
    for one in unfolded(file, text, around) if around else folded(file):
        hunk = one.hunk
        if room > 0:
            kept = hunk if len(hunk.lines) <= room else _cut(hunk, room)
            hunks.append(Drawn(_flat(hunk.heading), list(_rows(file, kept, colours)), _more(one, around)))
        room -= len(hunk.lines)
    return Sheet(number, file, hunks, open=open, coloured=colours, left_out=max(0, -room))


def around_of(asked: str) -> dict[int, int]:
    """What `Drawn.more` says: hunks by number, and how many lines around each; what else is asked is left out."""
    found = {}
    for one in asked.split(",")[:MOST_OF_FILE]:
        number, _, lines = one.partition("-")
        if len(one) < 12 and all(part.isascii() and part.isdecimal() for part in (number, lines)):
            found[int(number)] = min(int(lines), STEPS[-1])
    return found


def _more(one: Wider, around: Mapping[int, int]) -> str:
    most = max(around.get(number, 0) for number in one.of)
    step = next((step for step in STEPS if step > most), 0)
    if not one.is_folded or not step:
        return ""
    wanted = {**around, **dict.fromkeys(one.of, step)}
    return ",".join(f"{number}-{lines}" for number, lines in sorted(wanted.items()))


def _cut(hunk: Hunk, most: int) -> Hunk:
    return Hunk(hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count, hunk.heading, hunk.lines[:most])


def _rows(file: FileDiff, hunk: Hunk, colours: bool) -> Iterator[Rows]:
    texts = [_text(one.text) for one in hunk.lines]
    spans = _spans(file, hunk, texts) if colours else [()] * len(texts)
    others = partners(hunk) if colours else {}

    def line(at: int) -> Line:
        one = hunk.lines[at]
        marks: Sequence[tuple[int, int]] = ()
        if (other := others.get(at)) is not None:
            old, new = (at, other) if one.sign == "-" else (other, at)
            marks = words_changed(texts[old], texts[new])[one.sign == "+"]
        return Line(LOOKS[one.sign], one.old or "", one.new or "", pieces(texts[at], spans[at], marks))

    for block in blocks(hunk):
        numbers = block.old if block.same else [*block.old, *block.new]
        yield Rows(block.same, [line(at) for at in numbers])


def pieces(text: str, spans: Sequence[Span], marks: Sequence[tuple[int, int]]) -> list[Piece]:
    """The text cut where its colours or marks begin and end."""
    if not spans and not marks:
        return [Piece(text, "")]
    cuts = sorted({0, len(text), *(at for one in spans for at in one[:2]), *(at for one in marks for at in one)})
    found: list[Piece] = []
    for begin, end in pairwise(cuts):
        kind = next((CLASSES[name] for left, right, name in spans if left <= begin < right), "")
        look = f"{kind} {WORD}".strip() if any(left <= begin < right for left, right in marks) else kind
        if found and found[-1].look == look:
            found[-1] = Piece(found[-1].text + text[begin:end], look)
        else:
            found.append(Piece(text[begin:end], look))
    return found


def _spans(file: FileDiff, hunk: Hunk, texts: Sequence[str]) -> list[Sequence[Span]]:
    """Its sides are read apart, as each was a text of its own."""
    found: list[Sequence[Span]] = [()] * len(texts)
    for path, signs in ((file.old_path or file.path, " -"), (file.path, " +")):
        numbers = [at for at, one in enumerate(hunk.lines) if one.sign in signs]
        if len(numbers) == sum(one.sign == " " for one in hunk.lines) and signs == " -":
            continue  # it takes nothing away: the other side has all of its lines
        for at, one in zip(numbers, coloured(path, [texts[number] for number in numbers]), strict=True):
            found[at] = one
    return found


def _text(text: str) -> str:
    left_out = len(text) - MOST_OF_LINE
    return _flat(text) if left_out <= 0 else f"{_flat(text[:MOST_OF_LINE])} [... {left_out:,} more characters]"


def _flat(text: str) -> str:
    return visible(text).replace("\n", " ")
