"""A text without the characters that no one sees, so that a secret with some of them inside is still found whole."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

# Every character of category Cf (soft hyphen, joiners, marks of direction, tags, the byte order mark), and those of
# other categories that Unicode calls default ignorable (fillers, variation selectors).
_UNSEEN = (
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_ANY = re.compile(_UNSEEN)
# Between two characters that a secret may hold: those that belong to an emoji stay, they are in every second chat.
_INSIDE = re.compile(rf"(?s)(?<=.)(?<![^\x00-\x7f\w]){_UNSEEN}(?=.)(?![^\x00-\x7f\w])")


def seen(text: str) -> str:
    """The text without what is not seen."""
    return text if text.isascii() else _ANY.sub("", text)


class View:
    """A text without what hides inside its words, and where each stretch of that stands in the text itself."""

    def __init__(self, text: str) -> None:
        gaps = [match.span() for match in _INSIDE.finditer(text)]
        begins = [0, *(end for _, end in gaps)]
        ends = [*(start for start, _ in gaps), len(text)]
        pieces = [text[start:end] for start, end in zip(begins, ends, strict=True)]
        self.text = "".join(pieces)
        self._begins = begins
        self._starts = [0, *accumulate(map(len, pieces))][:-1]
        """Where each piece begins in the text itself, and in what is seen of it."""

    @classmethod
    def of(cls, text: str) -> View | None:
        """None where nothing is hidden inside the text, as in nearly every one."""
        return None if text.isascii() or not _INSIDE.search(text) else cls(text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of what is seen, as a stretch of the text with all that is unseen inside it."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        piece = bisect_right(self._starts, at) - 1
        return self._begins[piece] + at - self._starts[piece]
