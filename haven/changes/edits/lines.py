"""The lines of a file: how they end, how far they are indented, and how far new lines have to be shifted."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from haven.errors import EditError

Shift = Callable[[str], str]

LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
LINE_END = re.compile(r"\r\n|\n|\r")
LAST_LINE_END = re.compile(r"(?:\r\n|\n|\r)\Z")


def split(text: str) -> list[str]:
    """The lines with their ends, whichever of the three they are."""
    return LINE.findall(text)


def plain(text: str) -> str:
    """The same with \\n for every line end."""
    return LINE_END.sub("\n", text) if "\r" in text else text


def line_end(text: str) -> str:
    """The one that most lines have, or the first of those that are as frequent."""
    found = Counter(LINE_END.findall(text)).most_common(1)
    return found[0][0] if found else "\n"


def join(parts: Iterable[str]) -> str:
    """The parts as one text; raises EditError where two line ends would melt into one, as only odd mixtures do."""
    kept = [part for part in parts if part]
    if any(one.endswith("\r") and other.startswith("\n") for one, other in itertools.pairwise(kept)):
        raise EditError("the line ends of the file are mixed in a way that the edit would blur; mend them first.")
    return "".join(kept)


def margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] if line.strip() else ""


def reindent(there: Sequence[str], wanted: Sequence[str], new: str) -> Shift | None:
    """How to shift the new lines, where all wanted lines differ from the file's by one and the same indentation.

    None where they differ in another way, or where a new line can't be shifted so.
    """
    pairs = {(margin(a), margin(b)) for a, b in zip(there, wanted, strict=True) if a.strip()}
    if all(a == b for a, b in pairs):
        return str
    margins = {margin(line) for line in split(new) if line.strip()}
    for way in (_added, _taken, _converted):
        shift = way(pairs)
        if shift is None:
            continue
        if _as_the_file(margins, {a for a, _ in pairs}, converted=way is _converted):
            return str
        shifted = {old: shift(old) for old in margins}
        if any(result is None for result in shifted.values()):
            return None
        return lambda line: (shifted[margin(line)] or "") + line[len(margin(line)) :] if line.strip() else line
    return None


def _as_the_file(margins: set[str], there: set[str], *, converted: bool) -> bool:
    """Whether the new text has the indentation of the file already, though the old one has another."""
    if converted:
        signs, used = set("".join(there)), set("".join(margins))
        return bool(used) and used <= signs
    return min(margins, key=len, default="") == min(there, key=len)


def _added(pairs: set[tuple[str, str]]) -> Callable[[str], str | None] | None:
    more = {a.removesuffix(b) if a.endswith(b) else None for a, b in pairs}
    first = more.pop()
    return (lambda old: first + old) if first and not more else None


def _taken(pairs: set[tuple[str, str]]) -> Callable[[str], str | None] | None:
    less = {b.removesuffix(a) if b.endswith(a) else None for a, b in pairs}
    first = less.pop()
    if not first or less:
        return None
    return lambda old: old.removeprefix(first) if old.startswith(first) else None


def _converted(pairs: set[tuple[str, str]]) -> Callable[[str], str | None] | None:
    """Tabs for so many blanks each, or the other way round."""
    for tab, blank, tabs_there in (("\t", " ", True), (" ", "\t", False)):
        if any(a.strip(tab) or b.strip(blank) or bool(a) != bool(b) for a, b in pairs):
            continue
        widths = {len(b) / len(a) if tabs_there else len(a) / len(b) for a, b in pairs if a}
        width = widths.pop()
        if widths or width != int(width) or width < 1:
            return None
        if tabs_there:
            return lambda old: None if old.strip(" ") or len(old) % int(width) else "\t" * (len(old) // int(width))
        return lambda old: None if old.strip("\t") else " " * (len(old) * int(width))
    return None
