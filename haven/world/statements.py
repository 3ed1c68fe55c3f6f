"""What a text states, as far as rules can tell: when something was founded, by whom, where it lies, how many there are.

Only plain sentences are understood. What is not understood is left out: a check that rests on this finds some of the
contradictions of a text, never all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from haven.world.mentions import Mention
from haven.world.passages import Sentence, sentences
from haven.world.schema import Kind, Thing
from haven.world.words import fold, is_stop, plain, word_set, words

Mentioned = Callable[[str], Sequence[Mention]]
"""Finds the names in a text."""
Main = Callable[[str], tuple[str, Kind]]
"""The name and kind of the record with an id."""


class Value(StrEnum):
    """How two values are compared."""

    YEAR = "year"
    NUMBER = "number"
    NAME = "name"
    PLACE = "place"
    WORD = "word"


@dataclass(frozen=True)
class Statement:
    """`subject` and a name as a `value` are folded names of records; `sentence` says it."""

    subject: str
    shown: str
    """The subject as people write it."""
    attribute: str
    value: str
    kind: Value
    sentence: Sentence

    @property
    def year(self) -> int:
        return int(self.value)


_EVENTS = {
    "founded": "founded established settled",
    "built": "built constructed",
    "lit": "lit",
    "destroyed": "destroyed razed annihilated",
    "lost": "lost",
    "discovered": "discovered found charted",
    "signed": "signed",
    "fought": "fought",
    "opened": "opened",
    "launched": "launched",
    "born": "born",
    "died": "died perished",
    "buried": "buried",
    "ended": "ended",
    "began": "began started",
    "killed": "killed murdered slain",
    "written": "written wrote",
    "stolen": "stolen stole",
    "named": "named",
}
_EVENT_OF = {verb: name for name, verbs in _EVENTS.items() for verb in verbs.split()}
_BY_NOUN = {
    "founder": "founded",
    "builder": "built",
    "discoverer": "discovered",
    "author": "written",
    "destroyer": "destroyed",
}
_BY_ITSELF = word_set("died began ended opened")
ONCE = word_set(
    "founded built lit destroyed lost discovered signed born died buried launched opened written ended began"
)
"""Events that happen to a thing once, so that two years contradict one another."""
COLORS = word_set(
    "red orange yellow white blue green purple violet black brown grey gray pink gold golden silver crimson amber"
)
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_NUMBER_OF = {word: at if at <= 20 else 10 * (at - 18) for at, word in enumerate(_NUMBERS.split())}

_NO_MARKS = str.maketrans("⟦⟧", "[]")
_N = r"⟦(\d+)⟧"
_VERB = "|".join(sorted(_EVENT_OF, key=len, reverse=True))
_PASSIVE = re.compile(
    rf"{_N}(?:, [^,.;⟦⟧]{{1,60}},)? (?:was|were|is|has been|had been|got) (?:\w+ )?(?:first )?({_VERB})\b"
)
_ACTIVE = re.compile(
    rf"{_N} (?:himself |herself |had |have |has |first |then |also )?({_VERB})\b(?: (?:the |an? )?{_N})?"
)
_CLEFT = re.compile(rf"[Ii]t was {_N} who ({_VERB}) (?:the )?{_N}(?: and ({_VERB}) it)?")
_THEN = re.compile(
    rf"{_N} (?:(?:was|were) [^⟦⟧.;]*? and (?:was |were )?(?:later |then )?({_VERB})"
    r"|[^⟦⟧.;]*? and (?:later |then )?(died|ended|opened))\b"
)
_BY_TITLE = re.compile(rf"\b({'|'.join(_BY_NOUN)}) of (?:the )?{_N}")
_YEAR = re.compile(r"\b(?:in|since|from|of) (?:the )?(?:year )?(-?\d{1,6})\b(?! (?:years|people|metres|units|ships|%))")
_BY = re.compile(rf"\bby (?:the )?{_N}")
_AT = re.compile(rf"\b(?:at|on|in|aboard|off) (?:the )?{_N}")
_CAPITAL = re.compile(rf"{_N} (?:is|was|became) the capital of (?:the )?{_N}|capital of (?:the )?{_N} (?:is|was) {_N}")
_LIES = re.compile(rf"{_N} (?:lies|is located|is|stands|orbits) (?:in|on|at|around) (?:the )?{_N}")
_HAS = re.compile(rf"{_N} has (?:only |exactly )?([\w-]+) (planets?|moons?|suns?|stars?|stations?|worlds?)\b")
_STAR = re.compile(rf"{_N} has an? ([a-z]+) (?:sun|star)|the (?:sun|star) of (?:the )?{_N} is (?:an? )?([a-z]+)")
_PAINTED = re.compile(rf"{_N} (?:was|is) (?:painted )?([a-z]+)\b")
_LONG = re.compile(rf"{_N} (?:was|is) ([\w -]+?) met(?:re|er)s (long|high|wide|deep|across)")
_HOW_MANY = re.compile(
    r"\b([\w-]+(?: [\w-]+){0,4}?) people (?:had |and not [\w-]+ )?(died|signed|arrived|survived|drowned)\b", re.I
)
_SHE = re.compile(r"\b(?:She|He|It(?! was ⟦\d+⟧ who)|They)\b|^(?:Her|His|Its) (?=\w+ (?:was|were))")


@dataclass(frozen=True)
class _Name:
    key: str
    shown: str
    kind: Kind | None


def statements(thing: Thing, mentioned: Mentioned, main: Main) -> list[Statement]:
    """What the texts of a record state; `it` and `she` stand for the last name that fits, or the record itself."""
    found: list[Statement] = []
    title = _Name(key_of(thing.name), thing.name, thing.kind)
    last: list[_Name] = [title]
    paragraph = 0
    for sentence in sentences(thing):
        if sentence.paragraph != paragraph:
            last, paragraph = [title], sentence.paragraph
        found_names = mentioned(sentence.text)
        names = [_named(one, main) for one in found_names]
        text, table = _with_marks(sentence.text, found_names, names, last)
        if table:
            found += [one for pattern in _PATTERNS for one in pattern(text, table, sentence)]
        found += _counts(sentence, names or [title])
        last = [*names, *last] if names else last
    return found


def key_of(name: str) -> str:
    """The folded name without its article."""
    pieces = fold(name).split()
    return " ".join(pieces[1:] if len(pieces) > 1 and pieces[0] in ("the", "a", "an") else pieces)


def _named(one: Mention, main: Main) -> _Name:
    name, kind = main(one.ids[0])
    return _Name(key_of(name), name, kind)


def _with_marks(
    text: str, mentions: Sequence[Mention], names: Sequence[_Name], last: Sequence[_Name]
) -> tuple[str, list[_Name]]:
    """The sentence with a mark for each name and each pronoun that begins a clause, and what the marks stand for."""
    table = list(names)
    text = text.translate(_NO_MARKS)
    for number, one in reversed(list(enumerate(mentions))):
        text = f"{text[: one.start]}⟦{number}⟧{text[one.end :]}"

    def pronoun(match: re.Match[str]) -> str:
        people = match[0].strip() in ("She", "He", "Her", "His")
        fits = [one for one in last if (one.kind is Kind.PERSON) == people]
        if not fits:
            return match[0]
        table.append(fits[0])
        return f"⟦{len(table) - 1}⟧" + (" " if match[0].endswith(" ") else "")

    return re.sub(r"\b(?:the|The) (?=⟦)", "", _SHE.sub(pronoun, text)), table


def _events(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """What happened to what, when, by whom and where."""
    for match in _PASSIVE.finditer(text):
        clause = _clause(text, match.start(), match.end())
        yield from _event(table[int(match[1])], match[2], clause, table, sentence)
    for match in _THEN.finditer(text):
        verb = match[2] or match[3]
        yield from _event(
            table[int(match[1])], verb, _clause(text, match.end() - len(verb), match.end()), table, sentence
        )
    for match in _CLEFT.finditer(text):
        who, what = table[int(match[1])], table[int(match[3])]
        yield _statement(what, f"{_EVENT_OF[match[2]]} by", who.key, Value.NAME, sentence)
        yield from _event(what, match[4] or match[2], text, table, sentence, by=who)
    for match in _ACTIVE.finditer(text):
        clause = _clause(text, match.start(), match.end())
        if match[3] is not None:
            yield from _event(table[int(match[3])], match[2], clause, table, sentence, by=table[int(match[1])])
        elif _EVENT_OF[match[2]] in _BY_ITSELF:
            yield from _event(table[int(match[1])], match[2], clause, table, sentence)


def _event(
    what: _Name, verb: str, clause: str, table: Sequence[_Name], sentence: Sentence, by: _Name | None = None
) -> Iterator[Statement]:
    name = _EVENT_OF[verb]
    after = _YEAR.findall(clause.partition(verb)[2])
    years = after[:1] or sorted(set(_YEAR.findall(clause)))
    if len(years) == 1:
        yield _statement(what, name, str(int(years[0])), Value.YEAR, sentence)
        if by is not None and by.kind is Kind.PERSON:
            yield _statement(by, f"act: {name} {what.shown}", str(int(years[0])), Value.YEAR, sentence)
    if by is None and (agent := _BY.search(clause)):
        by = table[int(agent[1])]
    if by is not None:
        yield _statement(what, f"{name} by", by.key, Value.NAME, sentence)
    if place := _AT.search(clause):
        yield _statement(what, f"{name} at", table[int(place[1])].key, Value.PLACE, sentence)


def _states(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """What something is, has and belongs to."""
    for match in _BY_TITLE.finditer(text):
        if sentence.thing.kind is Kind.PERSON:
            yield _statement(
                table[int(match[2])], f"{_BY_NOUN[match[1]]} by", key_of(sentence.thing.name), Value.NAME, sentence
            )
    for match in _CAPITAL.finditer(text):
        town, land = (match[1], match[2]) if match[1] else (match[4], match[3])
        yield _statement(table[int(land)], "capital", table[int(town)].key, Value.NAME, sentence)
    for match in _LIES.finditer(text):
        yield _statement(table[int(match[1])], "place", table[int(match[2])].key, Value.PLACE, sentence)
    for match in _HAS.finditer(text):
        if (number := number_of(match[2])) is not None:
            yield _statement(table[int(match[1])], plain(match[3]) + "s", str(number), Value.NUMBER, sentence)
    for match in _STAR.finditer(text):
        subject, color = (match[1], match[2]) if match[1] else (match[3], match[4])
        if color in COLORS:
            yield _statement(table[int(subject)], "star", color, Value.WORD, sentence)
    for match in _PAINTED.finditer(text):
        if match[2] in COLORS:
            yield _statement(table[int(match[1])], "colour", match[2], Value.WORD, sentence)
    for match in _LONG.finditer(text):
        if (number := number_of(match[2])) is not None:
            yield _statement(table[int(match[1])], f"metres {match[3]}", str(number), Value.NUMBER, sentence)


_PATTERNS = (_events, _states)


def _counts(sentence: Sentence, names: Sequence[_Name]) -> Iterator[Statement]:
    for match in _HOW_MANY.finditer(sentence.text):
        if (number := number_of(_last_number(match[1]))) is not None:
            yield _statement(names[0], f"people who {match[2].lower()}", str(number), Value.NUMBER, sentence)


def _statement(subject: _Name, attribute: str, value: str, kind: Value, sentence: Sentence) -> Statement:
    return Statement(subject.key, subject.shown, attribute, value, kind, sentence)


def _clause(text: str, start: int, end: int) -> str:
    """From the last break before to the next one after: what else a long sentence says has its own years."""
    before = max(text.rfind(one, 0, start) for one in (";", ":", " and ", " but "))
    after = min(
        (at for one in (";", ", and ", " but ", " while ") if (at := text.find(one, end)) >= 0), default=len(text)
    )
    return text[max(before, 0) : after]


def _last_number(text: str) -> str:
    """The end of a phrase that is a number: `Here one hundred and three` is `one hundred and three`."""
    pieces = text.split()
    while pieces and number_of(" ".join(pieces)) is None:
        pieces = pieces[1:]
    return " ".join(pieces)


def number_of(text: str) -> int | None:
    """A number in digits or in English words up to the thousands; None where it is none."""
    total = current = 0
    pieces = [one.folded for one in words(text.replace("-", " "))]
    if not pieces:
        return None
    for piece in pieces:
        if piece.isdigit():
            current += int(piece)
        elif piece in _NUMBER_OF:
            current += _NUMBER_OF[piece]
        elif piece == "hundred":
            current = max(current, 1) * 100
        elif piece == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif not is_stop(piece) or piece in ("a", "an"):
            return None
    return total + current if any(not is_stop(one) for one in pieces) else None
