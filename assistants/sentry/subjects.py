"""What of this house a question is about, by closed lists (subjects.toml): a question of the world is none of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from rapidfuzz.distance import OSA

from haven.world.words import Word, fold, is_german, is_stop, plain, words

MOST_CHARS = 300
"""A longer text is more than a question about the machine."""
LONG = 7
"""Letters of a word from which on one wrong letter is a typo; `peat` is no `heat`."""


@dataclass(frozen=True)
class _Subject:
    name: str
    clear: re.Pattern[str]
    words: re.Pattern[str] | None


@dataclass(frozen=True)
class _Lists:
    subjects: tuple[_Subject, ...]
    house: re.Pattern[str]
    sure: re.Pattern[str]
    orders: re.Pattern[str]
    advice: re.Pattern[str]
    known: frozenset[str]
    world: frozenset[str]


def subject_of(question: str, names: Sequence[str] = ()) -> str:
    """What of this house a question asks for; "" where it asks for anything else.

    `names` are those of the world that it speaks of. Every word of it must be one that is asked of a machine; only
    beside a sure word for this machine may others stand, which can't be names.
    """
    lists = _lists()
    if len(question) > MOST_CHARS or lists.advice.search(question) or lists.orders.match(question.lstrip()):
        return ""
    pieces = words(question)
    german = is_german(question)
    strange = [one for one in pieces if not _is_known(one, lists) and not is_stop(one.bare, german)]
    sure = lists.sure.search(question) is not None
    if any(plain(one.bare) in lists.world for one in pieces) or any(_of_the_world(name, lists) for name in names):
        return ""
    if strange and (not sure or any(one.capital and one.start for one in strange)):
        return ""
    return _found(question, lists, here=sure or lists.house.search(question) is not None)


def _found(question: str, lists: _Lists, *, here: bool) -> str:
    """The subject that nothing else can be meant with; else one of those that a word for the house is beside."""
    clear = (one.name for one in lists.subjects if one.clear.search(question))
    beside = (one.name for one in lists.subjects if here and one.words is not None and one.words.search(question))
    return next(clear, "") or next(beside, "")


def _is_known(word: Word, lists: _Lists) -> bool:
    if word.number or is_stop(word.bare) or word.bare in lists.known or plain(word.bare) in lists.known:
        return True
    if len(word.bare) < LONG:
        return False
    return any(OSA.distance(word.bare, one, score_cutoff=1) <= 1 for one in lists.known if len(one) >= LONG - 1)


def _of_the_world(name: str, lists: _Lists) -> bool:
    """Whether a name is meant as one; a record may be called as the machine is, or like a word in small letters."""
    if lists.house.fullmatch(name):
        return False
    return name != name.lower() or not all(_is_known(one, lists) for one in words(name))


@cache
def _lists() -> _Lists:
    table = tomllib.loads(resources.files("assistants.sentry").joinpath("subjects.toml").read_text(encoding="utf-8"))
    said = table["words"]
    return _Lists(
        subjects=tuple(_subject(one) for one in table["subject"]),
        house=_pattern(table["house"]["words"]),
        sure=_pattern(table["house"]["sure"]),
        orders=_pattern(said["orders"]),
        advice=_pattern(said["advice"]),
        known=_forms(said["known"]),
        world=_forms(said["world"]),
    )


def _subject(one: dict[str, Any]) -> _Subject:
    return _Subject(one["name"], _pattern(one["clear"]), _pattern(one["words"]) if "words" in one else None)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{text})", re.IGNORECASE)


def _forms(text: str) -> frozenset[str]:
    folded = [fold(one) for one in text.split()]
    return frozenset(folded) | frozenset(map(plain, folded))
