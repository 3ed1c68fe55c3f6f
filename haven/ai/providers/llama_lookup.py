"""Draft by lookup: a reply that copies its prompt is guessed from there, and the guess is checked in one step."""

from __future__ import annotations

from collections.abc import Sequence

MATCH = 3
"""Tokens at the end that must stand earlier in the same order."""
MOST = 6
"""Tokens of a guess."""


def guess(tokens: Sequence[int], remaining: int) -> list[int]:
    """What followed the last tokens when they came before; [] where they are new."""
    most = min(MOST, remaining - 1)
    if most < 1 or len(tokens) <= MATCH:
        return []
    tail = list(tokens[-MATCH:])
    for place in range(len(tokens) - MATCH - 1, -1, -1):
        if tokens[place] == tail[0] and list(tokens[place : place + MATCH]) == tail:
            return list(tokens[place + MATCH : place + MATCH + most])
    return []
