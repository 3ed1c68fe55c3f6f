"""Whether what a model says stands in what it was given: every number and every name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from haven.world.words import fold

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![\w'])[A-ZÄÖÜ][\w'’-]*(?:[ -][A-ZÄÖÜ][\w'’-]*)*")
_SENTENCE = re.compile(r"(?:^|[.!?:]\s+|\n\s*[-*•]?\s*)$")
SMALL = frozenset(str(number) for number in range(11))
"""Numbers that a sentence may count by itself ("two of them")."""


def ungrounded(text: str, *grounds: str) -> list[str]:
    """The numbers and names of `text` that stand in none of the grounds, in order."""
    numbers = {_plain(number) for ground in grounds for number in _NUMBER.findall(ground)}
    known = {word for ground in grounds for word in fold(ground).split()}
    strange = [found for found in _NUMBER.findall(text) if _plain(found) not in numbers | SMALL]
    return list(dict.fromkeys(strange + _names(text, known)))


def _names(text: str, known: set[str]) -> list[str]:
    """Capitalised words; the first word of a sentence is one only where others follow it at once."""
    strange = []
    for match in _NAME.finditer(text):
        words: Sequence[str] = match[0].split()
        if _SENTENCE.search(text[: match.start()]):
            words = words[1:]
        if any(not set(fold(word.removesuffix("'s").removesuffix("’s")).split()) <= known for word in words):
            strange.append(match[0])
    return strange


def _plain(number: str) -> str:
    """Without separators of thousands; a decimal comma is a point."""
    number = re.sub(r"[.,](?=\d{3}(?:\D|$))(?=.*[.,]|\d{3}$)", "", number) if number.count(",") else number
    return number.replace(",", ".").rstrip("0").rstrip(".") if "." in number or "," in number else number
