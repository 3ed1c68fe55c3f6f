"""What was said before in a conversation, as far as it may go along with the next question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haven.ai.task import Turn

EARLIER_CHARS = 12_000
"""Of what was said before, the newest part that goes along."""


@dataclass(frozen=True)
class Before:
    """One question and its answer; `stays` where it may not leave this house later either."""

    question: str
    answer: str
    stays: bool

    @property
    def turns(self) -> tuple[Turn, Turn]:
        return Turn("user", self.question), Turn("assistant", self.answer)


def earlier(said: Sequence[Before], *, stays: bool) -> tuple[Turn, ...]:
    """The turns that go along with the next question, the oldest first; `stays`: that one is kept in this house."""
    turns: list[Turn] = []
    left = EARLIER_CHARS
    for one in reversed(said):
        left -= len(one.question) + len(one.answer)
        if left < 0:
            break
        if stays or not one.stays:
            turns[:0] = one.turns
    return tuple(turns)
