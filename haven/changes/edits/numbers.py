"""Take off the line numbers that a text was copied with: `12 | text`, `12<tab>text` or `12→text` on every line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from haven.changes.edits.lines import split

STYLES = (
    re.compile(r" *(\d{1,7}) \|(?: |(?=\n|\Z))"),
    re.compile(r" *(\d{1,7})\t"),
    re.compile(r" *(\d{1,7})→"),
)


@dataclass(frozen=True)
class Unnumbered:
    """Both texts without their numbers, and the number of the first old line."""

    old: str
    new: str
    line: int


def unnumbered(old: str, new: str) -> Unnumbered | None:
    """None where not every old line has the number after the one before, or only some lines of `new` have one."""
    for style in STYLES:
        found = [style.match(line) for line in split(old)]
        numbers = [int(each[1]) for each in found if each]
        if not found or len(numbers) < len(found) or numbers != [numbers[0] + at for at in range(len(numbers))]:
            continue
        news = split(new)
        marked = sum(style.match(line) is not None for line in news)
        if marked not in (0, len(news)):
            return None
        return Unnumbered(_bare(style, old), _bare(style, new) if marked else new, numbers[0])
    return None


def _bare(style: re.Pattern[str], text: str) -> str:
    return "".join(style.sub("", line, count=1) for line in split(text))
