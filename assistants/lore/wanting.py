"""What a question wants besides its words: a time to come, an end, who it is today, which one by its number."""

from __future__ import annotations

import re

from assistants.lore.question import Question
from haven.world.passages import Sentence

TO_COME = re.compile(r"\b(?:will|shall|going to|wird|werden)\b", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:until|till) (?:when|what|which)\b|\bbis (?:wann|zu welche)", re.IGNORECASE)
_HAS_BEEN = re.compile(r"\b(?:has|have|had|did|was|were|hat|haben|war|wurden?)\b", re.IGNORECASE)
_TODAY = re.compile(
    r"\b(?:now|nowadays|today|currently|at present|these days|heute|heutzutage|jetzt|derzeit)\b", re.IGNORECASE
)
_LASTS = re.compile(r"\b(?:since|still|now|today|seit|noch|heute|jetzt)\b", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?:was|were|had|until|till|kept|held|led|came|gave|\w{2,}ed|war|waren|wurden?|bis)\b", re.IGNORECASE
)
_NTH = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_LABELS = "number|article|chapter|clause|rule|paragraph|verse|artikel|kapitel|nummer"
_WHICH = re.compile(
    rf"\b(?:which|what|welche[rsn]?) (?:one )?(?:of (?:the |these )?(?:\w+ )?)?(?:{_LABELS})s?\b(?! of\b| \d)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    rf"\b(?:{_LABELS}) (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?! of\b)"
    rf"|\bthe (?:{_NTH})(?= (?:is|was|has|one)\b)|\b(?:{_NTH}) (?:{_LABELS})\b|^\w+:",
    re.IGNORECASE,
)
"""What tells one of several by its number: `article five`, `the ninth`."""


def is_to_come(question: Question) -> bool:
    """Whether a time is asked for that has not been yet."""
    return TO_COME.search(question.text) is not None


def is_of_an_end(question: Question) -> bool:
    """Whether it is asked until when something was."""
    return _UNTIL.search(question.text) is not None


def is_of_the_past(question: Question) -> bool:
    """Whether it is asked what was or has been."""
    return _HAS_BEEN.search(question.text) is not None


def is_of_today(question: Question) -> bool:
    """Whether it is asked how it is now."""
    return _TODAY.search(question.text) is not None


def lasts(sentence: Sentence) -> bool:
    """Whether it tells of what is so still, and not of what was at some time."""
    return _LASTS.search(sentence.text) is not None or _OVER.search(sentence.text) is None


def is_of_a_number(question: Question) -> bool:
    """Whether it is asked which one of several that go by numbers."""
    return asks_for_a_number(question.text)


def asks_for_a_number(text: str) -> bool:
    return _WHICH.search(text) is not None


def says_a_number(sentence: Sentence) -> bool:
    return _LABEL.search(sentence.text) is not None
