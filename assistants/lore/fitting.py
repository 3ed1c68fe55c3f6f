"""Whether a sentence can hold what a question wants: a person, a time, a place, a reason, a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from assistants.lore.question import Asks, Question
from haven.world.passages import Sentence
from haven.world.schema import Kind
from haven.world.words import Word, is_stop, mean_the_same, stands_at, word_set

NUMBERS = word_set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
    " dozen half quarter third twice none no single pair"
    " zwei drei vier funf sechs sieben acht neun zehn elf zwolf zwanzig dreissig hundert tausend"
)
_TIME = re.compile(
    r"-?\b\d{1,6}\b(?!\s*(?:met(?:re|er)s?|km|units?|people|ships?|%|percent|pc|ly|parsecs?|light[- ]years?|times))"
    r"|\b(?:years?|century|era|age|season|spring|summer|autumn|winter|morning|night|day|month|decade|jahr)\b"
    r"|\b(?:before|after|during|until|since|while|when|as soon as|vor|nach|seit)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|so that|in order to|due to|owing to|thanks to|for fear|as a result|reason|caused?|therefore"
    r"|which is why|that is why|so as to|hence|out of|weil|denn|damit|wegen)\b|[,—–;:]\s*(?:for|as|so)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|on|at|near|under|below|beneath|inside|behind|between|above|aboard|over|off|beyond|around|from|to|into"
    r"|across|past|through|within|auf|im|am|bei|unter)\s+(?:the\s+|an?\s+|its\s+|their\s+|her\s+|his\s+)?"
    r"(?!year|\d)[\w'’]+",
    re.IGNORECASE,
)
_PEOPLE = word_set("he she they man woman boy girl child children people crew miner miners families family")
_COUNTED = re.compile(r"\b(?:how many|wie ?viele|number of)\s+(?:of\s+)?(?:the\s+)?([^\W\d_]+)", re.IGNORECASE)
_NOT_COUNTS = word_set("year jahr article chapter verse")
"""After these a number is a name."""
NEAR = 4
"""Words between a number and what it counts, at most."""


def fits(question: Question, sentence: Sentence) -> bool:
    """Whether the sentence holds what the question wants to know, and not only what it speaks of."""
    test = _TESTS.get(question.asks)
    return test is None or test(question, sentence)


def _somebody(question: Question, sentence: Sentence) -> bool:
    """A name that the question does not hold, or a word for people; or the record is a person's."""
    if sentence.thing.kind is Kind.PERSON and not any(sentence.thing.id in term.ids for term in question.names):
        return True
    taken: set[int] = set()
    for at in range(len(sentence.words)):
        for spelling in (one for term in question.names for one in term.spellings):
            if stands_at(spelling, sentence.words, at):
                taken |= set(range(at, at + len(spelling)))
    return any(
        word.folded in _PEOPLE or (word.capital and not is_stop(word.bare))
        for at, word in enumerate(sentence.words)
        if at not in taken and not _said(question, word)
    )


def _said(question: Question, word: Word) -> bool:
    return any(mean_the_same(word.bare, term.spellings[0][0]) for term in question.words)


def _some_time(question: Question, sentence: Sentence) -> bool:
    return bool(_TIME.search(sentence.text))


def _some_place(question: Question, sentence: Sentence) -> bool:
    return bool(_PLACE.search(sentence.text))


def _some_reason(question: Question, sentence: Sentence) -> bool:
    return bool(_REASON.search(sentence.text))


def _some_number(question: Question, sentence: Sentence) -> bool:
    return bool(_numbers(sentence))


def _count(question: Question, sentence: Sentence) -> bool:
    """A number, and where the sentence names what is counted, close to it."""
    numbers = _numbers(sentence)
    asked = _COUNTED.search(question.text)
    if not numbers or asked is None:
        return bool(numbers)
    places = [at for at, word in enumerate(sentence.words) if mean_the_same(word.bare, asked[1].casefold())]
    return not places or any(abs(at - number) <= NEAR for at in places for number in numbers)


def _numbers(sentence: Sentence) -> list[int]:
    """The places of its numbers, without years and the like."""
    return [
        at
        for at, word in enumerate(sentence.words)
        if (word.number or word.folded in NUMBERS) and not _NOT_COUNTS & set(sentence.folded[max(at - 2, 0) : at])
    ]


_TESTS: Mapping[Asks, Callable[[Question, Sentence], bool]] = {
    Asks.WHO: _somebody,
    Asks.WHEN: _some_time,
    Asks.WHERE: _some_place,
    Asks.WHY: _some_reason,
    Asks.COUNT: _count,
    Asks.MEASURE: _some_number,
}
