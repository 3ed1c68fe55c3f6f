"""Find the one place that an edit means, and put the new text there without touching any other byte of the file."""

from __future__ import annotations

import bisect
import difflib
import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from haven.errors import EditError

SHOWN_PLACES = 6
SHOWN_LINES = 8
COMPARED_LINES = 20_000
"""In a longer file the nearest lines are not looked for: it would take seconds on a small machine."""
SHORTLIST = 20
"""So many of the likeliest are compared in full; each can take some 30 ms if it is made to."""
WEAVE_PAIRS = 100_000
"""Pairs of lines that are compared to keep what old and new share; the worst of them take some 0.2 s."""
TRIED_LINES = 200_000
"""Lines of the file that are looked at, all tries together, for one forgiving match."""

# One character for one, so that positions stay what they were.
TYPOGRAPHIC = str.maketrans("‘’‚‛′“”„‟″‐‑‒–—―−\u00a0\u2002\u2003\u2009\u202f\u3000", "'''''\"\"\"\"\"-------      ")

Shift = Callable[[str], str]


@dataclass(frozen=True)
class Substitution:
    text: str
    note: str
    """Which forgiving match was used and where; "" for an exact one."""


@dataclass(frozen=True)
class _Place:
    """Where the old text stands: character `start` of line `first` up to `end` of line `last`, counted from 0."""

    first: int
    start: int
    last: int
    end: int
    shift: Shift | None = None


def substitute(text: str, old: str, new: str, *, hint: bool = True) -> Substitution:
    """The text with `old`, which must stand in it exactly once, replaced by `new`; line ends stay those of the file.

    Tried in order, each only if it points to one single place: the exact text; trailing blanks ignored; all lines
    indented more or less by the same amount; typographic quotes, dashes and blanks taken for plain ones.
    Raises EditError: not found (with the nearest lines, if a `hint` is wanted), not unique, already there, nothing to
    change, or too long for a forgiving match.
    """
    old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    if old == new:
        raise EditError("old and new are the same text: the edit changes nothing.")
    open_end = old.endswith("\n") and bool(text) and not text.endswith("\n")
    if open_end:
        text += _line_end(text)
    raw = _lines(text)
    place, note = _find(raw, old, new, hint)
    result = _put(raw, place, old, new, _line_end(text))
    return Substitution(re.sub(r"\r?\n\Z", "", result) if open_end else result, note)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _line_end(text: str) -> str:
    """The one that most lines of the file have."""
    windows = text.count("\r\n")
    return "\r\n" if windows * 2 > text.count("\n") else "\n"


def _plain(line: str) -> str:
    return line[:-2] + "\n" if line.endswith("\r\n") else line


def _find(raw: Sequence[str], old: str, new: str, hint: bool) -> tuple[_Place, str]:
    view = [_plain(line) for line in raw]
    whole = "".join(view)
    rungs: tuple[tuple[str, Callable[[], list[_Place]]], ...] = (
        ("", lambda: _spans(view, whole, old)),
        ("trailing blanks ignored", lambda: _windows(view, old, new, _same_but_trailing)),
        ("indentation adjusted", lambda: _windows(view, old, new, _reindent)),
        (
            "typographic characters taken for plain ones",
            lambda: _spans(view, whole.translate(TYPOGRAPHIC), old.translate(TYPOGRAPHIC)),
        ),
    )
    for name, places in rungs:
        found = places()
        if len(found) > 1:
            raise EditError(_ambiguous(found))
        if found:
            return found[0], f"{name}, line {found[0].first + 1}" if name else ""
    raise EditError(_not_found(view, whole, old, new, hint))


def _spans(view: Sequence[str], whole: str, old: str) -> list[_Place]:
    """Every place of the exact text, overlapping ones included, up to a few."""
    starts: list[int] = []
    at = whole.find(old)
    while at >= 0 and len(starts) <= SHOWN_PLACES:
        starts.append(at)
        at = whole.find(old, at + 1)
    if not starts:
        return []
    offsets = [0]
    for line in view:
        offsets.append(offsets[-1] + len(line))
    return [_span(offsets, start, start + len(old)) for start in starts]


def _span(offsets: Sequence[int], start: int, stop: int) -> _Place:
    first = bisect.bisect_right(offsets, start) - 1
    last = bisect.bisect_left(offsets, stop) - 1
    return _Place(first, start - offsets[first], last, stop - offsets[last])


def _windows(
    view: Sequence[str], old: str, new: str, compare: Callable[[Sequence[str], Sequence[str], str], Shift | None]
) -> list[_Place]:
    """Every run of whole lines that `compare` takes for the old text."""
    wanted = _lines(old)
    sought = [line.strip() for line in wanted]
    if not any(sought):
        return []
    found: list[_Place] = []
    for tried, first in enumerate(_runs([line.strip() for line in view], sought), 1):
        if tried * len(wanted) > TRIED_LINES:
            return []
        shift = compare(view[first : first + len(wanted)], wanted, new)
        if shift is not None:
            last = first + len(wanted) - 1
            end = len(view[last]) - (not old.endswith("\n") and view[last].endswith("\n"))
            found.append(_Place(first, 0, last, end, shift))
            if len(found) > SHOWN_PLACES:
                break
    return found


def _runs(lines: Sequence[str], sought: Sequence[str]) -> Iterator[int]:
    """Where these lines stand one after the other; by text search, which is quick whatever they hold."""
    whole, part = "".join(f"\n{line}" for line in (*lines, "")), "\n" + "\n".join(sought) + "\n"
    number, counted, at = 0, 0, whole.find(part)
    while at >= 0:
        number += whole.count("\n", counted, at)
        counted = at
        yield number
        at = whole.find(part, at + 1)


def _same_but_trailing(there: Sequence[str], wanted: Sequence[str], new: str) -> Shift | None:
    same = all(a.rstrip() == b.rstrip() for a, b in zip(there, wanted, strict=True))
    return str if same else None


def _reindent(there: Sequence[str], wanted: Sequence[str], new: str) -> Shift | None:
    """How to shift the new lines, where all old lines differ from the file's by one and the same indentation."""
    margins = {(_margin(a), _margin(b)) for a, b in zip(there, wanted, strict=True) if a.strip()}
    added = {a.removesuffix(b) if a.endswith(b) else None for a, b in margins}
    if len(added) == 1 and (more := added.pop()):
        if min((_margin(line) for line in _lines(new) if line.strip()), default="") == min(a for a, _ in margins):
            return str  # the new text has the indentation of the file already
        return lambda line: more + line if line.strip() else line
    taken = {b.removesuffix(a) if b.endswith(a) else None for a, b in margins}
    if len(taken) != 1 or not (less := taken.pop()):
        return None
    if not all(line.startswith(less) for line in _lines(new) if line.strip()):
        return None
    return lambda line: line.removeprefix(less)


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _put(raw: Sequence[str], place: _Place, old: str, new: str, end: str) -> str:
    last = raw[place.last]
    stop = len(last) if place.end == len(_plain(last)) else place.end
    head, tail = raw[place.first][: place.start], last[stop:]
    region = [*raw[place.first : place.last], last[:stop]]
    region[0] = region[0][place.start :]
    if any(line.endswith("\n") for line in region):
        end = _line_end("".join(region))
    woven = _weave(region, _lines(old), _lines(new), end, place.shift or str)
    return "".join([*raw[: place.first], head, woven, tail, *raw[place.last + 1 :]])


def _weave(there: Sequence[str], old: Sequence[str], new: Sequence[str], end: str, shift: Shift) -> str:
    """Lines that old and new share stay as the file has them (blanks, line ends, quotes); others come from `new`."""
    head = _shared(zip(old, new, strict=False))
    tail = _shared(zip(reversed(old[head:]), reversed(new[head:]), strict=False))
    old_end, new_end = len(old) - tail, len(new) - tail
    if list(there) == [line.replace("\n", end) for line in old]:
        return "".join(shift(line).replace("\n", end) for line in new)
    if (old_end - head) * (new_end - head) > WEAVE_PAIRS:
        raise EditError("the old text is not exactly what stands there, and too long to be fitted in: make it shorter.")
    matcher = difflib.SequenceMatcher(None, old[head:old_end], new[head:new_end], autojunk=False)
    out = list(there[:head])
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            out += there[head + old_from : head + old_to]
        else:
            out += [shift(line).replace("\n", end) for line in new[head + new_from : head + new_to]]
    return "".join([*out, *there[old_end:]])


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs are equal before the first that is not."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _ambiguous(found: Sequence[_Place]) -> str:
    lines = ", ".join(str(place.first + 1) for place in found[:SHOWN_PLACES])
    more = " and more" if len(found) > SHOWN_PLACES else ""
    return f"the old text stands in more than one place (lines {lines}{more}): add lines around the one that is meant."


def _not_found(view: Sequence[str], whole: str, old: str, new: str, hint: bool) -> str:
    if new.strip() and new in whole:
        line = whole[: whole.index(new)].count("\n") + 1
        return f"the old text is not there, the new text is (line {line}): applied already? Then leave this edit out."
    if not hint:
        return "the old text was not found; copy it from the file as it is now."
    near = _nearest(view, old)
    if not near:
        return "the old text was not found, nor anything like it: copy it from the file as it is now."
    return "the old text was not found; copy it from the file as it is now. The nearest lines are:\n" + near


def _nearest(view: Sequence[str], old: str) -> str:
    """The lines that look most like the old text, numbered, or ""."""
    wanted = [line.strip() for line in old.split("\n")]
    if len(view) > COMPARED_LINES or not any(wanted):
        return ""
    anchor = max(range(min(len(wanted), SHOWN_LINES)), key=lambda index: len(wanted[index]))
    there = [line.strip()[:200] for line in view]
    close = closest(wanted[anchor][:200], there, count=1, cutoff=0.5)
    if not close:
        return ""
    first = max(0, there.index(close[0]) - anchor)
    shown = view[first : first + min(len(wanted), SHOWN_LINES)]
    return "\n".join(f"{number:5}: {line.rstrip()[:200]}" for number, line in enumerate(shown, first + 1))


def closest(text: str, known: Iterable[str], *, count: int, cutoff: float) -> list[str]:
    """Which of the known texts look most like this one; all should be short, at most some 200 characters."""
    matcher = difflib.SequenceMatcher(None, "", text)

    def likeness(other: str) -> float:
        matcher.set_seq1(other)
        return matcher.quick_ratio() if matcher.real_quick_ratio() >= cutoff else 0.0

    shortlist = heapq.nlargest(SHORTLIST, dict.fromkeys(known), key=likeness)
    return difflib.get_close_matches(text, shortlist, n=count, cutoff=cutoff)
