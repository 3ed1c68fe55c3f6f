"""What somebody takes back while they write: `the system Zedd, no, I mean Zorro` speaks of Zorro."""

from __future__ import annotations

import re

_PAUSE = r"[,.!:]{0,3}\s{0,3}"
_SIGH = r"(?:(?:no|nope|nein|oops|sorry|wait|hm+|ach|äh|but|and)\b[,.!:]{0,3}\s{0,3}){0,4}"
_MARK = re.compile(
    rf"[\s,;(.…–—-]{{0,6}}\b{_SIGH}(?:i mean(?:t)?|or rather|scratch that|ich mein(?:e|te)|besser gesagt)\b{_PAUSE}"
    r"|\s{0,3}(?:[,;(…–—]|\.\.+| -)\s{0,3}(?:no|nope|nein|oops)\b[,.!:]{0,3}\s{1,3}"
    rf"(?:wait|sorry|actually|rather|make (?:that|it)|warte|doch)\b{_PAUSE}"
    r"|,\s*(?:no|nein),\s+(?=(?:in|to|of|on|zu|im)\s+(?-i:[^\W_a-z]))",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"(?:(?:in|to|of|on|at|by|near|from|for|im|von|bei|zu)\s+)?(?:the\s+)?(?P<name>[^\W_a-z][\w'’-]*(?:\s[^\W_a-z][\w'’-]*)*)"
)
_EARLIER = re.compile(r"\b(?:[^\W_a-z][\w'’-]*\s)*[^\W_a-z][\w'’-]*$")
_FIRST = re.compile(
    r"(?:Please|Bitte|Set|Add|Record|Log|Enter|Change|Rename|Put|Note|Submit|System|Planet|Moon|Station)\s+"
)
"""What may stand before a name with a capital of its own, where a sentence begins."""
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»")
_TAKEN_BACK = ", sorry, "
"""What stands where no name is corrected: the field that was said last is taken back by it."""
MOST = 8
"""Corrections of one text."""
MOST_CHARS = 2_000
"""Characters of a text in which they are looked for."""
MOST_NAME = 120
"""Characters of a name."""


def corrected(text: str) -> str:
    """The text with the later name where one was corrected; other corrections are marked as what takes a field back."""
    for _ in range(MOST):
        mark = _mark(text)
        if mark is None:
            break
        before, after = text[: mark.start()], text[mark.end() :]
        after = after.replace(")", "", 1) if "(" in mark[0] else after
        text = _named(before, after) or f"{before}{_TAKEN_BACK}{after}"
    return text


def is_corrected(text: str) -> bool:
    """Whether something in it is taken back."""
    return _mark(text) is not None or _TAKEN_BACK in text


def _mark(text: str) -> re.Match[str] | None:
    """The first correction of whoever writes: what stands in quotation marks is somebody else's, word for word."""
    quoted = [one.span() for one in _QUOTED.finditer(text, 0, MOST_CHARS)]
    marks = _MARK.finditer(text, 0, MOST_CHARS)
    return next((one for one in marks if not any(first < one.start() < end for first, end in quoted)), None)


def _named(before: str, after: str) -> str:
    """With the name behind the correction instead of the one before it; "" where either is none."""
    later, earlier = _LATER.match(after), _EARLIER.search(before[-MOST_NAME:])
    if later is None or earlier is None:
        return ""
    name = earlier[0]
    while first := _FIRST.match(name):
        name = name[first.end() :]
    return f"{before.removesuffix(name)}{later['name']}{after[later.end() :]}"
