"""Whether a sentence can hold what a question wants: a person, a time, a place, a reason, a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from assistants.lore.paraphrase import likeness
from assistants.lore.question import Asks, Question
from assistants.lore.wanting import (
    TO_COME,
    is_of_a_number,
    is_of_an_end,
    is_of_the_past,
    is_of_today,
    is_to_come,
    lasts,
    says_a_number,
)
from haven.world.mentions import Mention
from haven.world.passages import Sentence
from haven.world.schema import Kind, kind_of
from haven.world.words import Word, is_stop, plain, stands_at, word_set

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
_WILL = re.compile(r"^(?:\w+ ){1,3}(?:will|shall)\b(?! (?:you|i|we)\b)|^(?:until|till) when will\b", re.IGNORECASE)
"""What has not been yet is told by no sentence of what was."""
_ENDING = re.compile(
    r"\b(?:until|till|up to|end(?:s|ed)?|ceased?|stopped|closed|abandoned|bis|endete|from (?:the year )?-?\d+ to)\b",
    re.IGNORECASE,
)
_OF_WHOM_NOT = re.compile(
    r"^[^,;:]*(?:\b(?:not|never|neither|no longer|nicht|nie|niemals|kein\w*)\b|n['’]t\b)", re.IGNORECASE
)
_DENIES = re.compile(
    r"\b(?:not|never|no|none|nobody|neither|nor|without|except|refused|nicht|nie\w*|kein\w*|ohne)\b|n['’]t\b",
    re.IGNORECASE,
)
_LIVES = re.compile(r"\b(?:live|lives|living|inhabit\w*|resid\w+|dwell\w*|leben|wohn\w+)\b", re.IGNORECASE)
_LIVED = re.compile(
    r"\b(?:liv(?:e|es|ed|ing)|inhabit\w*|population|resid\w+|dwell\w*|home to|households?|settlers|families"
    r"|lebte?n?|wohn\w+)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|so that|in order to|due to|owing to|thanks to|for fear|as a result|reason|caused?|therefore"
    r"|saying that|arguing that|said that|to (?:find|see|learn|avoid|prevent|stop|help|get|make|save|keep)\b"
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
    r"\b(?:how|wie) (long|far|old|tall|big|large|deep|high|heavy|wide|often|thick|fast|much|strong|close|near|lange?"
    r"|alt|hoch|weit|tief|schwer|schnell|oft|nah|nahe|viel|gro(?:ss|ß))\b",
    re.IGNORECASE,
)
_TIMES = "hour hours day days month months year years minute minutes week weeks century centuries generation"
_TIMES += " generations decade decades winter summer season night nights jahre tage stunden wochen monate"
_LENGTHS = "metre metres meter meters km kilometre kilometres kilometer kilometers mile miles long across units"
_UNITS: Mapping[str, frozenset[str]] = {
    **{name: word_set(f"{_TIMES} {_LENGTHS}") for name in ("long", "lang", "lange")},
    **{name: word_set(f"{_LENGTHS} unit ly pc parsec parsecs light away") for name in ("far", "weit")},
    **{name: word_set("aged old age born alter geboren") for name in ("old", "alt")},
    **{
        name: word_set(f"{_LENGTHS} tall high deep wide thick")
        for name in ("tall", "deep", "high", "wide", "thick", "big")
    },
    **{name: word_set(f"{_LENGTHS} hoch tief") for name in ("hoch", "tief", "large")},
    **{name: word_set("kg ton tons tonne tonnes kilo kilos") for name in ("heavy", "schwer")},
    **{name: word_set("every times once twice each") for name in ("often", "oft")},
    **{name: word_set("knots speed per kmh mph fast slow slowly quick quickly") for name in ("fast", "schnell")},
    **{name: word_set(f"{_LENGTHS} unit ly pc parsecs closer nearer") for name in ("close", "near", "nah", "nahe")},
    **{name: word_set("strong strength power force") for name in ("strong", "stark")},
}
_TURN = re.compile(
    r"\b(?:every|each) (?:\w+ )?"
    r"(?:day|night|week|month|year|hour|minute|second|winter|summer|spring|autumn|time|generation)s?\b"
    r"|\b(?:once|twice|\w+ times) (?:an?|in|every|each|per)\b"
    r"|\b(?:never|always|daily|weekly|monthly|yearly|hourly|nightly)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"\bhow much (?:is|are|was|were|does|do|did|for)\b|\b(?:cost|price|kostet|preis)\b", re.IGNORECASE)
_WEIGHS = re.compile(r"\bweigh\b", re.IGNORECASE)
_TURNS = re.compile(r"\b(?:never|once|twice|thrice|\w+ times|zweimal|dreimal)\b", re.IGNORECASE)
_SHARE = word_set("third quarter half fifth sixth seventh eighth tenth twentieth hundredth part parts percent all none")
_PLACES = frozenset({Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.REGION})
_THINGS = frozenset({Kind.LORE, Kind.DISCOVERY})
_PASSIVE = word_set("was were is are be been being got")
_SOMEBODY = word_set("he she they")
_PEOPLE = word_set(
    "man woman men women boy girl child children people crew miner miners families family settlers founders passengers"
    " sleepers survivors sailors farmers soldiers volunteers pilgrims dead aboard"
)
_WHICH = re.compile(r"\b(?:which|welche[rsn]?) ([^\W\d_]+)", re.IGNORECASE)
_KIN = word_set(
    "brother sister mother father son daughter wife husband uncle aunt cousin parents bruder schwester mutter vater"
)
_NAMED = word_set("named called christened dubbed baptised")
_COUNTED = re.compile(r"\b(?:how many|wie ?viele|number of)\s+(?:of\s+)?(?:the\s+)?([^\W\d_]+)", re.IGNORECASE)
_NOT_COUNTS = word_set("year jahr article chapter verse")
"""After these a number is a name."""
_ORIGIN = re.compile(
    r"\b(?:com(?:e|es|ing)|came|kommt|kommen|stamm\w*) (?:\w+ )?(?:from|aus|her)\b|\bwoher\b|\borigin", re.I
)
_ORIGIN_TOLD = re.compile(r"\b(?:from|out of|aus|origin\w*|native|born)\b", re.IGNORECASE)
_DATING = word_set("after before until till nach vor")
_SOME = frozenset({Asks.WHO, Asks.WHAT, Asks.COUNT, Asks.NAME, Asks.WHERE})
"""What is asked for is one of several: of whom it is not so, only a sentence says that says so."""
NEAR, FAR, WITHIN = 4, 8, 10
"""Words at most between a number and what it counts, a name and what bears it, a verb and who did it."""


def fits(question: Question, sentence: Sentence) -> bool:
    """Whether the sentence holds what the question wants to know, and not only what it speaks of."""
    test = _TESTS.get(question.asks)
    if _OF_WHOM_NOT.search(question.text) and question.asks in _SOME and not _is_denied(question, sentence):
        return False
    if _WILL.search(question.text) and question.asks is not Asks.ABOUT and not TO_COME.search(sentence.text):
        return False
    if question.asks is Asks.WHO and is_of_today(question) and not lasts(sentence):
        return False
    if is_of_a_number(question) and not says_a_number(sentence):
        return False
    return (test is None or test(question, sentence)) and not _is_only_mentioned(question, sentence)


def _is_denied(question: Question, sentence: Sentence) -> bool:
    """Whether the sentence says that what is asked of is not so: `they did not sign`, `nobody signed`."""
    denied = [at for at, word in enumerate(sentence.words) if _DENIES.search(word.text)]
    said = [at for at, word in enumerate(sentence.words) if _said(question, word)]
    return any(abs(at - one) <= NEAR for at in denied for one in said)


def _is_only_mentioned(question: Question, sentence: Sentence) -> bool:
    """Whether what is asked after is only said to be there: `she lost a brother`, `they kept a brewery`."""
    which = _WHICH.search(question.text)
    kin = [word for term in question.words for word in term.spellings[0] if word in _KIN]
    asked = [*kin, *([which[1].casefold()] if which else [])]
    places = [at for at, word in enumerate(sentence.words) for one in asked if likeness(word, one)]
    told = [at for at in places if sentence.folded[at + 1 : at + 2] and sentence.folded[at + 1] in _NAMED]
    return bool(places) and not told and all(_is_some(sentence, at) for at in places)


def _is_some(sentence: Sentence, at: int) -> bool:
    return not {"a", "an", "no", "any"}.isdisjoint(sentence.folded[max(at - 1, 0) : at])


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
        (word.folded in _PEOPLE and word.folded != "people")
        or (word.folded in _SOMEBODY and at < first)
        or (word.capital and not is_stop(word.bare))
        for at, word in enumerate(sentence.words)
        if at not in taken and not _said(question, word)
    )


def all_places(question: Question, sentence: Sentence, mentions: Sequence[Mention]) -> bool:
    """Whether the sentence holds nobody because all its names are those of places, or of things that do nothing."""
    kinds = _PLACES | _THINGS if question.asks is Asks.WHO and not question.acts else _PLACES
    inside = [one for one in mentions if all(kind_of(id) in kinds for id in one.ids)]
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
    verb = question.acts or question.words[0].spellings[0][0]
    places = [at for at, word in enumerate(sentence.words) if likeness(word, verb)]
    return not places or any(
        _may_act(question, sentence, at) and not (question.acts and _without_agent(sentence, at)) for at in places
    )


def _without_agent(sentence: Sentence, at: int) -> bool:
    """Whether a passive verb leaves open who did it: `she was built at the yard and painted grey`."""
    said = sentence.folded
    if said[at] == plain(said[at]):
        return False
    before = said[max(at - WITHIN, 0) : at]
    passive = not _PASSIVE.isdisjoint(said[max(at - 3, 0) : at])
    passive |= said[at - 1 : at] == ("and",) and not _PASSIVE.isdisjoint(before) and _SOMEBODY.isdisjoint(before[-3:])
    return passive and not {"by", "von", "vom"} & set(said[at + 1 : at + 1 + WITHIN])


def _may_act(question: Question, sentence: Sentence, at: int) -> bool:
    """Whether at this verb (or at `builder of`) another than the question's name may be the one who acts."""
    names = [one for term in question.names for one in term.spellings]
    said = sentence.folded
    after = said[at + 1 : at + 3]
    named = any(stands_at(name, sentence.words, at + 1) for name in names)
    another = said[at] not in _NAMED or (at + 1 < len(said) and sentence.words[at + 1].capital)
    if question.acts in _NAMED and another and not named:
        return False
    if after[:1] == ("of",):
        start = at + (3 if after[1:] == ("the",) else 2)
        return any(stands_at(name, sentence.words, start) for name in names)
    for back in range(max(at - 2, 0), at + 1):
        between = said[back:at]
        ends = any(back >= len(name) and stands_at(name, sentence.words, back - len(name)) for name in names)
        gap = sentence.text[sentence.words[back - 1].end : sentence.words[at].start] if back else ""
        if ends and _PASSIVE.isdisjoint(between) and not {"with", "under"} & set(between) and not set(",;") & set(gap):
            return False
    return True


def _said(question: Question, word: Word) -> bool:
    return any(likeness(word, term.spellings[0][0]) for term in question.words)


def _some_time(question: Question, sentence: Sentence) -> bool:
    """A time, and not that of another clause: `asked in the year 30 why he had signed` doesn't say when he signed."""
    if is_to_come(question) and not TO_COME.search(sentence.text):
        return False
    if is_of_an_end(question) and not _ENDING.search(sentence.text):
        return False
    said = _done(question, sentence)
    times = [match.start() for match in _TIME.finditer(sentence.text)]
    if not said:
        return bool(times)
    spans = (sentence.text[min(at, time) : max(at, time)] for at in said for time in times)
    return any(_CLAUSE.search(span) is None for span in spans)


def _done(question: Question, sentence: Sentence) -> list[int]:
    """Where the words of the question stand, but in a clause that dates another: `two years after she was lost`."""
    words_ = sentence.words
    return [
        one.start
        for at, one in enumerate(words_)
        if _said(question, one) and _DATING.isdisjoint(sentence.folded[max(at - 3, 0) : at])
    ]


def _some_place(question: Question, sentence: Sentence) -> bool:
    if question.main and not _done(question, sentence) and any(_said(question, one) for one in sentence.words):
        return False
    if _ORIGIN.search(question.text) and not _ORIGIN_TOLD.search(sentence.text):
        return False
    of_a_place = sentence.thing.kind in _PLACES and not any(sentence.thing.id in term.ids for term in question.names)
    return of_a_place or bool(_PLACE.search(sentence.text))


def _some_reason(question: Question, sentence: Sentence) -> bool:
    return bool(_REASON.search(sentence.text))


def _measure(question: Question, sentence: Sentence) -> bool:
    """A number, and beside it a unit of what is measured."""
    asked = _MEASURED.search(question.text)
    how = asked[1].casefold() if asked else ""
    if how in ("often", "oft"):
        return bool(_TURN.search(sentence.text) or (is_of_the_past(question) and _TURNS.search(sentence.text)))
    if _PRICE.search(question.text):
        prices = [at for at, word in enumerate(sentence.words) if likeness(word, "price")]
        numbers = [at for at in _numbers(sentence) if sentence.folded[at] != "no"]
        return any(abs(at - number) <= NEAR for at in prices for number in numbers)
    units = _UNITS.get("heavy" if _WEIGHS.search(question.text) else how, frozenset())
    near = {one.folded for at in _numbers(sentence) for one in sentence.words[max(at - 3, 0) : at + 4]}
    if how in ("much", "viel"):
        return bool(near) or not _SHARE.isdisjoint(sentence.folded)
    return bool(near) if not units else bool(units & near)


def _count(question: Question, sentence: Sentence) -> bool:
    """A number of what is counted: beside it, or standing alone where something else of the question does."""
    asked = _COUNTED.search(question.text)
    numbers = [at for at in _numbers(sentence) if sentence.folded[at] not in _SHARE]
    if asked is None:
        return bool(numbers)
    if _LIVES.search(question.text) and not _LIVED.search(sentence.text):
        return False  # how many came is not how many live there
    counted = "people" if is_stop(asked[1].casefold()) else asked[1].casefold()
    if counted in ("times", "mal"):
        return bool(_TURNS.search(sentence.text))
    numbers = [at for at in numbers if sentence.folded[at] != "no" or _counts_it(sentence, at + 1, counted)]
    people = counted in _PEOPLE or plain(counted) in ("person", "human", "menschen", "leute")
    places = {
        at for at, word in enumerate(sentence.words) if likeness(word, counted) or (people and word.folded in _PEOPLE)
    }
    others = places | {at for at, word in enumerate(sentence.words) if _said(question, word)}
    return any(
        _of_what(sentence, number) & places
        or (_stands_alone(sentence, number) and any(abs(at - number) <= NEAR for at in others))
        for number in numbers
    )


def _of_what(sentence: Sentence, number: int) -> set[int]:
    """The places behind a number in which what it counts may stand: up to the next break."""
    found = set[int]()
    for at in range(number + 1, min(number + 1 + NEAR, len(sentence.words))):
        gap = sentence.text[sentence.words[at - 1].end : sentence.words[at].start]
        if gap.strip(" -") or (found and is_stop(sentence.folded[at]) and sentence.folded[at] != "of"):
            break
        found.add(at)
    return found


def _counts_it(sentence: Sentence, at: int, counted: str) -> bool:
    return at < len(sentence.words) and bool(likeness(sentence.words[at], counted))


def _stands_alone(sentence: Sentence, number: int) -> bool:
    """Whether no thing is counted by it there: `she had eleven, led by Ash`."""
    last = number
    while last + 1 < len(sentence.words) and (
        sentence.folded[last + 1] in NUMBERS
        or (sentence.folded[last + 1] == "and" and not NUMBERS.isdisjoint(sentence.folded[last + 2 : last + 3]))
    ):
        last += 1
    if last + 1 == len(sentence.words):
        return True
    gap = sentence.text[sentence.words[last].end : sentence.words[last + 1].start]
    return bool(gap.strip(" -")) or is_stop(sentence.folded[last + 1])


def _name(question: Question, sentence: Sentence) -> bool:
    """A name that the question does not hold, not far from what is to be named."""
    spelt = {piece for term in question.names for one in term.spellings for piece in one}
    names = [
        at
        for at, word in enumerate(sentence.words)
        if at and word.capital and word.bare not in spelt and not is_stop(word.bare) and not _said(question, word)
    ]
    near = [at for at, word in enumerate(sentence.words) if _said(question, word)]
    if not near:
        own = [at for at, word in enumerate(sentence.words) if word.bare in spelt]
        called = [at for at, word in enumerate(sentence.words) if word.folded in _NAMED]
        near = [at for at in called if any(abs(at - one) <= NEAR for one in own)]
    return any(abs(at - one) <= FAR for at in names for one in near)


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
    Asks.NAME: _name,
}
