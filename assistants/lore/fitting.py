"""Whether a sentence can hold what a question wants: a person, a time, a place, a reason, a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from assistants.lore.question import Asks, Question
from haven.world.mentions import Mention
from haven.world.passages import Sentence
from haven.world.schema import Kind, kind_of
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
    r"(?!(?:year|the|an?)\b|\d)[\w'’]+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\b(?:why|that|how|whether|what|after|before|until|till)\b", re.IGNORECASE)
_MEASURED = re.compile(
    r"\b(?:how|wie) (long|far|old|tall|big|large|deep|high|heavy|wide|often|thick|lange?|alt|hoch|weit|tief|schwer)\b",
    re.IGNORECASE,
)
_TIMES = "hour hours day days month months year years minute minutes week weeks century centuries jahre tage"
_LENGTHS = "metre metres meter meters km kilometre kilometres kilometer kilometers mile miles long across units"
_UNITS: Mapping[str, frozenset[str]] = {
    **{name: word_set(f"{_TIMES} {_LENGTHS}") for name in ("long", "lang", "lange")},
    **{name: word_set(f"{_LENGTHS} unit ly pc parsec parsecs light away") for name in ("far", "weit")},
    **{name: word_set(f"{_TIMES} aged old age born") for name in ("old", "alt")},
    **{
        name: word_set(f"{_LENGTHS} tall high deep wide thick")
        for name in ("tall", "deep", "high", "wide", "thick", "big")
    },
    **{name: word_set(f"{_LENGTHS} hoch tief") for name in ("hoch", "tief", "large")},
    **{name: word_set("kg ton tons tonne tonnes kilo kilos") for name in ("heavy", "schwer")},
    "often": word_set(f"{_TIMES} every times once twice"),
}
_PLACES = frozenset({Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.REGION})
_PASSIVE = word_set("was were is are be been being got")
_SOMEBODY = word_set("he she they")
_PEOPLE = word_set("man woman boy girl child children people crew miner miners families family")
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
    if not _right_way_round(question, sentence):
        return False
    if sentence.thing.kind is Kind.PERSON and not any(sentence.thing.id in term.ids for term in question.names):
        return True
    taken: set[int] = set()
    for at in range(len(sentence.words)):
        for spelling in (one for term in question.names for one in term.spellings):
            if stands_at(spelling, sentence.words, at):
                taken |= set(range(at, at + len(spelling)))
    first = min(taken, default=len(sentence.words))  # `she` after the name means that name
    return any(
        word.folded in _PEOPLE or (word.folded in _SOMEBODY and at < first) or (word.capital and not is_stop(word.bare))
        for at, word in enumerate(sentence.words)
        if at not in taken and not _said(question, word)
    )


def all_places(question: Question, sentence: Sentence, mentions: Sequence[Mention]) -> bool:
    """Whether the sentence holds nobody because all of its names are those of places."""
    inside = [one for one in mentions if all(kind_of(id) in _PLACES for id in one.ids)]
    if sentence.thing.kind is Kind.PERSON or not inside:
        return False
    rest = sentence.text
    for one in reversed(inside):
        rest = f"{rest[: one.start]}{' ' * (one.end - one.start)}{rest[one.end :]}"
    return not _somebody(question, replace(sentence, text=rest))


def _right_way_round(question: Question, sentence: Sentence) -> bool:
    """Whether the one asked for did it to the name, and not the name to somebody: `Oculi destroyed the fleet`."""
    if not question.names or not question.words:
        return True
    verb = question.words[0].spellings[0][0]
    places = [at for at, word in enumerate(sentence.words) if mean_the_same(word.bare, verb)]
    return not places or any(_may_act(question, sentence, at) for at in places)


def _may_act(question: Question, sentence: Sentence, at: int) -> bool:
    """Whether at this verb (or at `builder of`) another than the question's name may be the one who acts."""
    names = [one for term in question.names for one in term.spellings]
    after = sentence.folded[at + 1 : at + 3]
    if after[:1] == ("of",):
        start = at + (3 if after[1:] == ("the",) else 2)
        return any(stands_at(name, sentence.words, start) for name in names)
    for back in range(max(at - 2, 0), at + 1):
        between = sentence.folded[back:at]
        ends = any(back >= len(name) and stands_at(name, sentence.words, back - len(name)) for name in names)
        if (
            ends
            and _PASSIVE.isdisjoint(between)
            and "," not in sentence.text[sentence.words[back - 1].end : sentence.words[at].start]
        ):
            return False
    return True


def _said(question: Question, word: Word) -> bool:
    return any(mean_the_same(word.bare, term.spellings[0][0]) for term in question.words)


def _some_time(question: Question, sentence: Sentence) -> bool:
    """A time, and not that of another clause: `asked in the year 30 why he had signed` doesn't say when he signed."""
    said = [word.start for word in sentence.words if _said(question, word)]
    times = [match.start() for match in _TIME.finditer(sentence.text)]
    if not said:
        return bool(times)
    spans = (sentence.text[min(at, time) : max(at, time)] for at in said for time in times)
    return any(_CLAUSE.search(span) is None for span in spans)


def _some_place(question: Question, sentence: Sentence) -> bool:
    of_a_place = sentence.thing.kind in _PLACES and not any(sentence.thing.id in term.ids for term in question.names)
    return of_a_place or bool(_PLACE.search(sentence.text))


def _some_reason(question: Question, sentence: Sentence) -> bool:
    return bool(_REASON.search(sentence.text))


def _measure(question: Question, sentence: Sentence) -> bool:
    """A number, and beside it a unit of what is measured."""
    asked = _MEASURED.search(question.text)
    units = _UNITS.get(asked[1].casefold() if asked else "", frozenset())
    near = {one.folded for at in _numbers(sentence) for one in sentence.words[max(at - 3, 0) : at + 4]}
    return bool(near) if not units else bool(units & near)


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
    Asks.MEASURE: _measure,
}
