"""Names as they are compared: without case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata

_DROPPED = re.compile(r"['’‘ʼ`´\u0300-\u036f]+")
"""Accents that stand by themselves once a letter is taken apart, and what stands inside of a word."""
_BETWEEN = re.compile(r"[\W_]+")


def fold(name: str) -> str:
    """`Éridu's  Gate` and `eridus gate` are one name; one without any letter or digit stays as it is."""
    plain = _DROPPED.sub("", unicodedata.normalize("NFKD", name)).casefold()
    return _BETWEEN.sub(" ", plain).strip() or name.strip()
