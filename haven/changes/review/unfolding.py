"""More lines around the hunks of a diff, from the file as it is after the change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from haven.changes.review.diffing import FileDiff, Hunk, Line

WHOLE = "AD"
"""Status of files of which a diff shows every line."""


class Wider(NamedTuple):
    """A hunk as it is shown. `of`: the hunks of the diff that it is made of, by number from 0."""

    hunk: Hunk
    of: tuple[int, ...]
    is_folded: bool
    """Whether there may be lines beside it that are not shown."""


class _Span(NamedTuple):
    """Lines of the file after the change, from 0; `end` is the one after the last."""

    begin: int
    end: int
    of: tuple[int, ...] = ()


def folded(file: FileDiff) -> list[Wider]:
    """The hunks as they stand in the diff."""
    more = file.status not in WHOLE and not file.binary
    return [Wider(hunk, (number,), more) for number, hunk in enumerate(file.hunks)]


def unfolded(file: FileDiff, text: str, around: Mapping[int, int]) -> list[Wider]:
    """With so many lines more before and after each hunk, by its number; those that meet become one.

    `text` is the file after the change; where it does not fit the diff, the hunks stay as they are.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if file.status in WHOLE or file.binary or not all(_fits(hunk, lines) for hunk in file.hunks):
        return folded(file)
    spans: list[_Span] = []
    for number, hunk in enumerate(file.hunks):
        own, room = _span(hunk), max(0, around.get(number, 0))
        begin, end = max(0, own.begin - room), min(len(lines), own.end + room)
        of: tuple[int, ...] = (number,)
        while spans and begin <= spans[-1].end:
            last = spans.pop()
            begin, end, of = min(last.begin, begin), max(last.end, end), (*last.of, *of)
        spans.append(_Span(begin, end, of))
    return [Wider(_filled(file, lines, one), one.of, one.begin > 0 or one.end < len(lines)) for one in spans]


def _filled(file: FileDiff, lines: Sequence[str], span: _Span) -> Hunk:
    """The hunks of a span as one, with the lines between and around them."""
    shown: list[Line] = []
    at, shift = span.begin, 0
    for number in span.of:
        hunk, own = file.hunks[number], _span(file.hunks[number])
        shift = _old_begin(hunk) - own.begin
        shown += [*_same(lines, at, own.begin, shift), *hunk.lines]
        at, shift = own.end, _old_begin(hunk) + hunk.old_count - own.end
    shown += _same(lines, at, span.end, shift)
    first, old = file.hunks[span.of[0]], sum(one.old is not None for one in shown)
    heading = first.heading if span.begin == _span(first).begin else ""
    old_start = _old_begin(first) - (_span(first).begin - span.begin)
    return Hunk(old_start + (old > 0), old, span.begin + 1, span.end - span.begin, heading, tuple(shown))


def _same(lines: Sequence[str], begin: int, end: int, shift: int) -> list[Line]:
    """Lines that the change leaves alone."""
    return [Line(" ", lines[at], at + shift + 1, at + 1) for at in range(begin, end)]


def _span(hunk: Hunk) -> _Span:
    """A hunk without lines names the one before it."""
    begin = hunk.new_start - (hunk.new_count > 0)
    return _Span(begin, begin + hunk.new_count)


def _old_begin(hunk: Hunk) -> int:
    return hunk.old_start - (hunk.old_count > 0)


def _fits(hunk: Hunk, lines: Sequence[str]) -> bool:
    """Whether its lines stand in the file where it says."""
    there = [line for line in hunk.lines if line.new is not None]
    return all(line.new is not None and line.new <= len(lines) and lines[line.new - 1] == line.text for line in there)
