"""Find the one place that an edit means, and put the new text there without touching any other byte of the file."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from haven.changes.edits.lines import LAST_LINE_END, Shift, join, line_end, plain, reindent, split
from haven.changes.edits.near import not_found
from haven.changes.edits.numbers import unnumbered
from haven.changes.edits.weave import weave
from haven.errors import EditError

SHOWN_PLACES = 6
TRIED_LINES = 200_000
"""Lines of the file that are looked at, all tries together, for one forgiving match."""
PAIRED_LINES = 400_000
"""Lines that may be looked at, all pieces together, where lines were left out; each piece can take five looks."""

# One character for one, so that positions stay what they were.
TYPOGRAPHIC = str.maketrans("‘’‚‛′“”„‟″‐‑‒–—―−\u00a0\u2002\u2003\u2009\u202f\u3000", "'''''\"\"\"\"\"-------      ")
TOKEN = re.compile(r"\w+|[^\w\s]")
LEFT_OUT = re.compile(r"\s*(?:(?:#|//|/\*|<!--|\{/\*|--|;|%)\s*(?:\.{3}|…).*|\.{3}|…)\s*\Z")
"""A line that stands for lines left out: dots alone, or a comment that begins with dots."""

Key = Callable[[str], str]


def _without_spacing(line: str) -> str:
    return " ".join(TOKEN.findall(line.translate(TYPOGRAPHIC)))


TRAILING, INDENTATION = "trailing blanks ignored", "indentation adjusted"
PLAIN_SIGNS, SPACING = "typographic characters taken for plain ones", "spacing inside lines ignored"
WHOLE_LINES: dict[str, Key] = {
    "": lambda line: line.removesuffix("\n"),
    TRAILING: str.rstrip,
    INDENTATION: str.strip,
    PLAIN_SIGNS: lambda line: line.translate(TYPOGRAPHIC).strip(),
    SPACING: _without_spacing,
}
"""The rungs for whole lines: what is compared of each line; beyond it only one indentation of them all may differ."""


@dataclass(frozen=True)
class Substitution:
    text: str
    note: str
    """Which forgiving match was used and where; "" for an exact one."""


@dataclass(frozen=True)
class Place:
    """Where the old text stands: character `start` of line `first` up to `end` of line `last`, counted from 0."""

    first: int
    start: int
    last: int
    end: int
    shift: Shift | None = None


def substitute(text: str, old: str, new: str, *, every: bool = False, hint: bool = True) -> Substitution:
    """The text with `old`, which must stand in it exactly once, replaced by `new`; line ends stay those of the file.

    Tried in order, each only if it points to one single place: the exact text; then whole lines with trailing blanks
    ignored; all indented more or less by the same amount; typographic quotes, dashes and blanks taken for plain ones;
    blanks between words and signs ignored; blank lines at both ends ignored; lines left out (`...`) in old and new
    alike; line numbers taken off that are those of the file. With `every` only the exact text counts, in all its
    places. Raises EditError: not found (with the nearest lines, if a `hint` is wanted), not unique, already there,
    nothing to change, or too long for a forgiving match.
    """
    old, new = plain(old), plain(new)
    if old == new:
        raise EditError("old and new are the same text: the edit changes nothing.")
    open_end = old.endswith("\n") and bool(text) and LAST_LINE_END.search(text) is None
    if open_end:
        text += line_end(text)
    raw = split(text)
    view = [plain(line) for line in raw]
    whole = "".join(view)
    if every and old in whole:
        done = Substitution(_all(raw, view, whole, old, new), "")
    else:
        done = _one(raw, view, whole, old, new, hint)
    return Substitution(LAST_LINE_END.sub("", done.text), done.note) if open_end else done


def _all(raw: Sequence[str], view: Sequence[str], whole: str, old: str, new: str) -> str:
    """Every place, from the first on and never overlapping."""
    text = "".join(raw)
    shown, held = _offsets(view), _offsets(raw)

    def in_file(position: int) -> int:
        line = max(0, bisect.bisect_right(shown, position) - 1)
        return held[line] + position - shown[line]

    written = new.replace("\n", line_end(text))
    out, done, at = [], 0, whole.find(old)
    while at >= 0:
        out += [text[done : in_file(at)], written]
        done, at = in_file(at + len(old)), whole.find(old, at + len(old))
    return join([*out, text[done:]])


def _offsets(lines: Sequence[str]) -> list[int]:
    return [0, *itertools.accumulate(len(line) for line in lines)]


def _one(raw: Sequence[str], view: Sequence[str], whole: str, old: str, new: str, hint: bool) -> Substitution:
    place, name = _single(view, whole, old, new)
    if place:
        return Substitution(_put(raw, place, old, new), f"{name}, line {place.first + 1}" if name else "")
    ways = (_between_blank_lines, _paired, _numbered)
    done = next(filter(None, (way(raw, view, old, new) for way in ways)), None)
    if done:
        return done
    raise EditError(not_found(view, whole, old, new, hint))


def _single(view: Sequence[str], whole: str, old: str, new: str) -> tuple[Place | None, str]:
    """The place on the first rung that holds; with the name of the rung."""
    rungs: tuple[tuple[str, Callable[[], list[Place]]], ...] = (
        ("", lambda: _spans(view, whole, old)),
        *((name, lambda name=name: windows(view, old, new, WHOLE_LINES[name])) for name in (TRAILING, INDENTATION)),
        (PLAIN_SIGNS, lambda: _spans(view, whole.translate(TYPOGRAPHIC), old.translate(TYPOGRAPHIC))),
        *((name, lambda name=name: windows(view, old, new, WHOLE_LINES[name])) for name in (PLAIN_SIGNS, SPACING)),
    )
    for name, places in rungs:
        found = places()
        if len(found) > 1:
            raise EditError(ambiguous(found))
        if found and not name:
            _not_yet(view, whole, found[0], old, new)
            _one_reading(view[found[0].first], found[0].start, old, new)
        if found:
            return found[0], name
    return None, ""


def _one_reading(line: str, start: int, old: str, new: str) -> None:
    """Refuse a whole line that lacks some of its indentation where it is unclear how far new lines are to stand."""
    head, first = line[:start], old.partition("\n")[0]
    if (
        not head
        or head.strip()
        or not first.strip()
        or first.strip() != old.strip()
        or first != line[start:].rstrip("\n")
    ):
        return
    shift = reindent([line], [first], new)
    if shift and "".join(map(shift, split(new))) != head + new:
        raise EditError("the old text lacks the indentation of its line: copy the line from its very beginning.")


def _not_yet(view: Sequence[str], whole: str, place: Place, old: str, new: str) -> None:
    """Refuse where the new text holds the old one and stands there already: the edit has been applied before."""
    start = sum(len(line) for line in view[: place.first]) + place.start
    at = new.find(old)
    while at >= 0:
        if whole.startswith(new, start - at) and start >= at:
            raise EditError(f"the new text stands there already (line {place.first + 1}): leave this edit out.")
        at = new.find(old, at + 1)


def _between_blank_lines(raw: Sequence[str], view: Sequence[str], old: str, new: str) -> Substitution | None:
    """Whole lines only: that a text begins behind a line end says that it does not begin within a line."""
    short_old, short_new = _without_blank_ends(old, new)
    if short_old == old:
        return None
    found, name = fitting(view, short_old, short_new)
    if len(found) > 1:
        raise EditError(ambiguous(found))
    if not found:
        return None
    if short_old == short_new:
        raise EditError("but for blank lines that are not in the file, old and new are the same text.")
    note = ", ".join(filter(None, ["blank lines at the ends ignored", name]))
    return Substitution(_put(raw, found[0], short_old, short_new), f"{note}, line {found[0].first + 1}")


def _without_blank_ends(old: str, new: str) -> tuple[str, str]:
    """Both without the blank lines that the old text begins and ends with."""
    olds, news = split(old), split(new)
    if not old.strip():
        return old, new
    for index in (0, -1):
        while not olds[index].strip():
            del olds[index]
            if news and not news[index].strip():
                del news[index]
    return "".join(olds), "".join(news)


def _paired(raw: Sequence[str], view: Sequence[str], old: str, new: str) -> Substitution | None:
    """Old and new with the same lines left out (`...`): each piece between them must have its one place, in order."""
    olds, news = _pieces(old), _pieces(new)
    if len(olds) < 2 or len(olds) != len(news) or len(olds) * len(view) > PAIRED_LINES:
        return None
    if any(new_piece and not old_piece.strip() for old_piece, new_piece in zip(olds, news, strict=True)):
        return None
    found: list[tuple[Place, str, str]] = []
    cursor = 0
    for old_piece, new_piece in zip(olds, news, strict=True):
        if old_piece:
            places, _ = fitting(view, old_piece, new_piece, cursor)
            if len(places) > 1:
                raise EditError(ambiguous(places))
            if not places:
                return None
            found.append((places[0], old_piece, new_piece))
            cursor = places[0].last + 1
    text, lines = "".join(raw), list(raw)
    for place, old_piece, new_piece in reversed(found):
        text = _put(lines, place, old_piece, new_piece)
        lines = split(text)
    return Substitution(text, f"lines left out were paired, line {found[0][0].first + 1}") if found else None


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for line in split(text):
        if LEFT_OUT.match(line):
            pieces.append("")
        else:
            pieces[-1] += line
    return pieces


def _numbered(raw: Sequence[str], view: Sequence[str], old: str, new: str) -> Substitution | None:
    """Copied with the numbers of its lines: they must be those of the one place where the text stands."""
    bare = unnumbered(old, new)
    if bare is None:
        return None
    found, _ = fitting(view, bare.old, bare.new)
    if len(found) > 1:
        raise EditError(ambiguous(found))
    if not found:
        return None
    if found[0].first + 1 != bare.line or bare.old == bare.new:
        raise EditError("the old text has line numbers that are not those of the file: copy it again without them.")
    return Substitution(_put(raw, found[0], bare.old, bare.new), f"line numbers left out, line {bare.line}")


def fitting(view: Sequence[str], old: str, new: str, start: int = 0) -> tuple[list[Place], str]:
    """Every run of whole lines from line `start` on, on the first rung with any, and the name of that rung."""
    for name, key in WHOLE_LINES.items():
        if found := windows(view, old, new, key, start):
            return found, name
    return [], ""


def _spans(view: Sequence[str], whole: str, old: str) -> list[Place]:
    """Every place of the exact text, overlapping ones included, up to a few."""
    starts: list[int] = []
    at = whole.find(old)
    while at >= 0 and len(starts) <= SHOWN_PLACES:
        starts.append(at)
        at = whole.find(old, at + 1)
    offsets = _offsets(view) if starts else []
    return [_span(offsets, start, start + len(old)) for start in starts]


def _span(offsets: Sequence[int], start: int, stop: int) -> Place:
    first = bisect.bisect_right(offsets, start) - 1
    last = bisect.bisect_left(offsets, stop) - 1
    return Place(first, start - offsets[first], last, stop - offsets[last])


def windows(view: Sequence[str], old: str, new: str, key: Key, start: int = 0) -> list[Place]:
    """Every run of whole lines that are the old ones but for what `key` leaves away and for one indentation."""
    wanted = split(old)
    sought = [key(line) for line in wanted]
    if not any(line.strip() for line in wanted):
        return []
    found: list[Place] = []
    for tried, number in enumerate(_runs([key(line) for line in view[start:]], sought), 1):
        if tried * len(wanted) > TRIED_LINES:
            return []
        first, last = start + number, start + number + len(wanted) - 1
        shift = reindent(view[first : last + 1], wanted, new)
        if shift is not None:
            end = len(view[last]) - (not old.endswith("\n") and view[last].endswith("\n"))
            found.append(Place(first, 0, last, end, shift))
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


def _put(raw: Sequence[str], place: Place, old: str, new: str) -> str:
    last = raw[place.last]
    stop = len(last) if place.end == len(plain(last)) else place.end
    head, tail = raw[place.first][: place.start], last[stop:]
    region = [*raw[place.first : place.last], last[:stop]]
    region[0] = region[0][place.start :]
    end = line_end("".join(region if any(LAST_LINE_END.search(line) for line in region) else raw))
    woven = weave(region, split(old), split(new), end, place.shift or str)
    return join([*raw[: place.first], head, woven, tail, *raw[place.last + 1 :]])


def ambiguous(found: Sequence[Place]) -> str:
    """The sentence for a text that stands in several places."""
    lines = ", ".join(str(place.first + 1) for place in found[:SHOWN_PLACES])
    more = " and more" if len(found) > SHOWN_PLACES else ""
    return f"the old text stands in more than one place (lines {lines}{more}): add lines around the one that is meant."
