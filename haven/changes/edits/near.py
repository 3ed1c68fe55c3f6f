"""What an edit that does not fit may have meant: the nearest lines of the file, the nearest names."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Sequence

SHOWN_LINES = 8
COMPARED_LINES = 20_000
"""In a longer file the nearest lines are not looked for: it would take seconds on a small machine."""
TELLING = 8
"""A shorter new text stands in many files by chance, so that it does not tell that the edit was applied before."""
SHORTLIST = 20
"""So many of the likeliest are compared in full; each can take some 30 ms if it is made to."""


def not_found(view: Sequence[str], whole: str, old: str, new: str, hint: bool) -> str:
    """The sentences for an old text that is not in the file; with the nearest lines if a `hint` is wanted."""
    if len(new.strip()) >= TELLING and new in whole:
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
