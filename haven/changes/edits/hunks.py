"""Put the parts of a patch into a file, each in its one place and in their order; or new lines behind a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from haven.changes.edits.formats import Hunk
from haven.changes.edits.lines import LAST_LINE_END, Shift, join, line_end, plain, split
from haven.changes.edits.match import Place, Substitution, ambiguous, fitting
from haven.changes.edits.near import not_found
from haven.errors import EditError

SEARCHED_LINES = 5_000_000
"""Lines of the file times parts of the patch: some seconds on a small machine."""


def patch(text: str, hunks: Sequence[Hunk], *, hint: bool = True) -> Substitution:
    """The text with every hunk applied; added lines get the line end that most lines of the file have.

    Raises EditError for a hunk that fits nowhere behind the one before it, or in several places.
    """
    if not any(sign != " " for hunk in hunks for sign, _ in hunk.lines):
        raise EditError("the patch adds and removes no line: it changes nothing.")
    if any("\r" in line or "\n" in line for hunk in hunks for _, line in hunk.lines):
        raise EditError("a line of the patch holds a line end in its middle: write that edit as a replace.")
    end = line_end(text)
    final = next((hunk.final_newline for hunk in reversed(hunks) if hunk.final_newline is not None), None)
    open_end = bool(text) and LAST_LINE_END.search(text) is None
    raw = split(text + end if open_end else text)
    view = [plain(line) for line in raw]
    if len(hunks) * len(view) > SEARCHED_LINES:
        raise EditError(f"{len(hunks)} parts are too many for a file of {len(view)} lines: make a smaller change.")
    pieces: list[tuple[int, int, str]] = []
    notes: list[str] = []
    cursor = 0
    for hunk in hunks:
        found = _seek(view, hunk, cursor, hint)
        stop = found.first + sum(sign != "+" for sign, _ in found.hunk.lines)
        pieces.append((found.first, stop, _merged(raw, found, end)))
        notes += [f"{found.note}, line {found.first + 1}"] if found.note else []
        cursor = stop if stop > found.first else cursor
    result = _assembled(raw, pieces)
    if open_end if final is None else not final:
        result = LAST_LINE_END.sub("", result)
    if result == text:
        raise EditError("the patch changes nothing: what it adds is what it removes.")
    return Substitution(result, "; ".join(notes))


def _assembled(raw: Sequence[str], pieces: Sequence[tuple[int, int, str]]) -> str:
    out: list[str] = []
    at = 0
    for first, stop, text in sorted(pieces, key=lambda piece: piece[:2]):
        if first < at:
            raise EditError("parts of the patch overlap.")
        out += [*raw[at:first], text]
        at = stop
    return join([*out, *raw[at:]])


@dataclass(frozen=True)
class _Found:
    """A hunk, the line from 0 at which it begins, how to shift its lines, and which forgiving match that took."""

    hunk: Hunk
    first: int
    shift: Shift = str
    note: str = ""


def _merged(raw: Sequence[str], found: _Found, end: str) -> str:
    out: list[str] = []
    at = found.first
    for sign, line in found.hunk.lines:
        if sign == "+":
            out.append(found.shift(line + "\n").replace("\n", end))
        else:
            out += [raw[at]] if sign == " " else []
            at += 1
    return join(out)


def _seek(view: Sequence[str], hunk: Hunk, cursor: int, hint: bool) -> _Found:
    start, certain = _below(view, hunk.anchors, cursor)
    old = "".join(line + "\n" for sign, line in hunk.lines if sign != "+")
    new = "".join(line + "\n" for sign, line in hunk.lines if sign != "-")
    if not old:
        return _Found(hunk, _gap(view, hunk, start))
    if hunk.at_end:
        start = max(start, len(view) - old.count("\n"))
    found, note = _blank(view, old, start) if not old.strip() else fitting(view, old, new, start)
    stated = _stated(view, hunk, old, start) if len(found) > 1 else []
    if not found and (shorter := _without_blank_context(hunk)) != hunk:
        return _seek(view, shorter, cursor, hint)
    if not found:
        behind = " behind the part before it" if cursor else ""
        raise EditError(f"a part of the patch does not fit{behind}: {not_found(view, ''.join(view), old, new, hint)}")
    if len(found) > 1 and not stated and not certain:
        raise EditError(ambiguous(found))
    place = found[0] if len(found) == 1 or not stated else stated[0]
    return _Found(hunk, place.first, place.shift or str, note)


def _stated(view: Sequence[str], hunk: Hunk, old: str, start: int) -> list[Place]:
    """The place at the very line that the patch names, where it fits there to the letter."""
    if hunk.line is None or hunk.line <= start:
        return []
    first = hunk.line - 1
    fits = "".join(view[first : first + old.count("\n")]) == old
    return [Place(first, 0, first + old.count("\n") - 1, 0)] if fits else []


def _without_blank_context(hunk: Hunk) -> Hunk:
    """Without the blank lines at its end that only stand around: some take the end of the file for such a line."""
    lines = list(hunk.lines)
    while lines and lines[-1][0] == " " and not lines[-1][1].strip():
        lines.pop()
    return replace(hunk, lines=tuple(lines)) if any(sign != "+" for sign, _ in lines) else hunk


def _blank(view: Sequence[str], old: str, start: int) -> tuple[list[Place], str]:
    """Where so many blank lines stand together."""
    count = old.count("\n")
    firsts = (number for number in range(start, len(view) - count + 1))
    blank = (first for first in firsts if not "".join(view[first : first + count]).strip())
    return [Place(first, 0, first + count - 1, 0) for first in blank], ""


def _below(view: Sequence[str], anchors: Sequence[str], cursor: int) -> tuple[int, bool]:
    """The line to search from, and whether the anchors say for certain which that is."""
    certain = bool(anchors)
    for anchor in anchors:
        found = [number for number in range(cursor, len(view)) if view[number].strip() == anchor.strip()]
        if not found:
            raise EditError(f"the line after @@, `{anchor[:100]}`, is not there below line {cursor}.")
        certain = certain and len(found) == 1
        cursor = found[0] + 1
    return cursor, certain


def _gap(view: Sequence[str], hunk: Hunk, start: int) -> int:
    """Where lines belong that are added without anything around them."""
    if hunk.line is not None:
        if hunk.line - 1 > len(view):
            raise EditError(f"the patch adds lines at line {hunk.line}, but the file has {len(view)}.")
        return hunk.line - 1
    return start if hunk.anchors and not hunk.at_end else len(view)


def insert(text: str, line: int, new: str) -> str:
    """The text with new lines behind line `line`, 0 for the top; raises EditError where there is no such line."""
    lines = split(text)
    if not 0 <= line <= len(lines):
        raise EditError(f"there is no line {line} to insert behind: the file has {len(lines)} lines.")
    if not new:
        raise EditError("there is nothing to insert.")
    end = line_end(text)
    new = plain(new).replace("\n", end)
    head, tail = "".join(lines[:line]), "".join(lines[line:])
    if head and LAST_LINE_END.search(head) is None:
        return join([head, end, LAST_LINE_END.sub("", new)])
    if text and LAST_LINE_END.search(new) is None:
        new += end
    return join([head, new, tail])
