"""What a text states, as far as rules can tell: when something was founded, by whom, where it lies, how many there are.

English and German. What is not understood is left out: a check that rests on this finds some of the contradictions of a
text, never all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from haven.world.events import events, listed, meant, told
from haven.world.mentions import Mention
from haven.world.numerals import counted, number_of
from haven.world.passages import Sentence, sentences
from haven.world.schema import Kind, Thing
from haven.world.words import fold, word_set, words

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


ONCE = word_set(
    "founded built lit destroyed lost discovered signed born died buried launched opened written ended began"
)
"""Events that happen to a thing once, so that two years contradict one another."""
_NO_MARKS = str.maketrans("⟦⟧", "[]")
_N = r"⟦(\d+)⟧"
_THE = r"(?:the |a |an |der |die |das |dem |den |des |ein |eine )?"
_IS = r"(?:is|was|became|were|ist|war|wurde)"
_OF = rf"(?:of|von|der|des) {_THE}"
_OF_THINGS = word_set("founded built lit signed opened launched written fought began ended")
"""What happens to no person."""
_CAPITAL = re.compile(
    rf"{_N} {_IS} (?:the capital|die Hauptstadt) {_OF}{_N}|(?:capital|Hauptstadt) {_OF}{_N} {_IS} {_N}"
)
_LIES = re.compile(
    rf"{_N} (?:lies|is located|is situated|is found|is|stands|orbits|liegt|steht|befindet sich|ist) "
    rf"(?:in|on|at|around|auf|bei) {_THE}{_N}"
)
_PAINTED = re.compile(rf"{_N} (?:was|is|ist|war) (?:painted )?(?P<color>\w+)\b")
_LONG = re.compile(
    rf"{_N} (?:was|is|ist|war) ([\w -]{{1,60}}?) (?:met(?:re|er)s?|Meter)"
    r" (long|high|wide|deep|across|lang|hoch|breit|tief)"
)
_ENGLISH = {"lang": "long", "hoch": "high", "breit": "wide", "tief": "deep"}
_PEOPLE = re.compile(
    r"(?<![\w-])([\w-]{1,40}(?: [\w-]{1,40}){0,4}?) (?:people|persons|men|women|of them|Menschen|Leute|Personen)"
    r" (?:had |and not [\w-]+ |sind |haben )?(\w+)\b",
    re.IGNORECASE,
)
_BY_PEOPLE = re.compile(
    r"\b(\w+) (?:by|von) ([\w-]{1,40}(?: [\w-]{1,40}){0,3}?) (?:people|persons|men|women|Menschen|Leute)\b"
)
_PRONOUN = re.compile(
    r"\b(?:She|He|It(?! was (?:on |in |at )?⟦\d+⟧ (?:who|that))|They|Er|Sie|Es(?! war ⟦))\b"
    r"|^(?:Her|His|Its|Sein|Seine|Ihr|Ihre) (?=\w+ (?:was|were|war))"
)
_CLEFT = re.compile(r"^(?:It|Es) (?:was|is|war) (?=⟦\d+⟧)|(?<=⟧),? (?:who|that|which|der|die|das) (?=\w)")
_PEOPLE_OF = ("She", "He", "Her", "His", "Er", "Sie", "Sein", "Seine", "Ihr", "Ihre")
_HAVING = word_set("has have with hat haben mit besitzt there gibt home")
_OWNED = word_set("of in orbit circle around von im um kreisen umkreisen belong")
_LESS = word_set(
    "more fewer less another other first second third of over about nearly almost than uber etwa fast weitere"
)


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
            for pattern in (_events, _states, _counted, _people_and_things):
                found += pattern(text, table, sentence)
        found += _crowds(sentence, names or [title])
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
        people = match[0].strip() in _PEOPLE_OF
        fits = [one for one in last if (one.kind is Kind.PERSON) == people]
        if match[0].strip() in ("She", "Her"):  # a ship may be a she
            fits = fits or list(last)
        if not fits:
            return match[0]
        table.append(fits[0])
        return f"⟦{len(table) - 1}⟧" + (" " if match[0].endswith(" ") else "")

    return _CLEFT.sub(" ", re.sub(r"\b(?:the|The) (?=⟦)", "", _PRONOUN.sub(pronoun, text))).strip(), table


def _events(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """What happened to what, when, by whom and where."""
    for one in events(text):
        what = table[one.what]
        by = table[one.by] if one.by >= 0 else None
        if what.kind is Kind.PERSON and one.name in _OF_THINGS:
            if by is None or by.kind is Kind.PERSON:
                continue
            what, by = by, what  # `die Lampe hat Mara entzündet`
        if one.year is not None:
            yield _statement(what, one.name, str(one.year), Value.YEAR, sentence)
            if by is not None and by.kind is Kind.PERSON:
                yield _statement(by, f"act: {one.name} {what.shown}", str(one.year), Value.YEAR, sentence)
        if by is not None:
            yield _statement(what, f"{one.name} by", by.key, Value.NAME, sentence)
        if one.place >= 0:
            yield _statement(what, f"{one.name} at", table[one.place].key, Value.PLACE, sentence)


def _states(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """Where something lies, which colour it has, and how long it is."""
    for match in _CAPITAL.finditer(text):
        town, land = (match[1], match[2]) if match[1] else (match[4], match[3])
        yield _statement(table[int(land)], "capital", table[int(town)].key, Value.NAME, sentence)
    for match in _LIES.finditer(text):
        yield _statement(table[int(match[1])], "place", table[int(match[2])].key, Value.PLACE, sentence)
    for match in _PAINTED.finditer(text):
        if color := color_of(match["color"]):
            yield _statement(table[int(match[1])], "colour", color, Value.WORD, sentence)
    for match in _LONG.finditer(text):
        if (number := number_of(match[2])) is not None:
            how = _ENGLISH.get(match[3], match[3])
            yield _statement(table[int(match[1])], f"metres {how}", str(number), Value.NUMBER, sentence)


def _counted(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """`⟦0⟧ has three planets`, `the sun of ⟦0⟧ is red`: a number or a colour beside its noun, and one name there."""
    pieces_of = re.split(r"[;:]| and | but | und | aber ", text)
    for clause in (one for piece in pieces_of for one in ((piece,) if _one_name(piece) else piece.split(","))):
        marks = [int(mark) for mark in re.findall(_N, clause)]
        pieces = [one.folded for one in words(re.sub(_N, " ", clause))]
        if len(set(marks)) != 1 or set(pieces) & listed("words", "open"):
            continue
        for at, piece in enumerate(pieces):
            noun = meant("counted").get(piece, "")
            before = pieces[at - 1] if at else ""
            if not noun:
                continue
            number = counted(before) if at else None
            told = (
                _has(pieces, at, clause)
                and not set(pieces[max(at - 4, 0) : at - 1]) & _LESS
                and before not in ("a", "an")
            )
            if number is not None and told and (number != 1 or piece in ("planet", "moon", "station", "mond")):
                yield _statement(table[marks[0]], noun, str(number), Value.NUMBER, sentence)
            near = [color for one in pieces[max(at - 2, 0) : at + 5] if (color := color_of(one))]
            system = pieces[at + 1 : at + 2] in (["system"], ["systems"])
            if noun in ("suns", "stars") and len(set(near)) == 1 and not system:
                yield _statement(table[marks[0]], "star", near[0], Value.WORD, sentence)


def _one_name(text: str) -> bool:
    return len(set(re.findall(_N, text))) == 1


def _has(pieces: Sequence[str], at: int, clause: str) -> bool:
    """Whether the name in a clause has what is counted: it `has` them, or they are `of` it or `orbit` it."""
    if not _HAVING.isdisjoint(pieces[:at]):
        return True
    before_name = fold(clause.partition("⟦")[0]).split()
    return not _OWNED.isdisjoint(before_name[-2:]) and pieces[at] in before_name[-4:]


def _people_and_things(text: str, table: Sequence[_Name], sentence: Sentence) -> Iterator[Statement]:
    """Who founded it, who is its captain, whose daughter somebody is."""
    for title, of, who in _titles(text, sentence):
        person = table[who] if who >= 0 else _Name(key_of(sentence.thing.name), sentence.thing.name, Kind.PERSON)
        thing = table[of]
        if event := told("doers").get(title, ""):
            yield _statement(thing, f"{event} by", person.key, Value.NAME, sentence)
        elif title in meant("offices"):
            if thing.kind is not Kind.PERSON and person.kind is Kind.PERSON:
                yield _statement(thing, meant("offices")[title], person.key, Value.NAME, sentence)
        elif relation := meant("relations").get(title, ""):
            yield from _related(person, thing, title, relation, sentence)


def _related(one: _Name, other: _Name, title: str, relation: str, sentence: Sentence) -> Iterator[Statement]:
    """What two people are to one another, said of both; and what that tells of the first."""
    back = {"child": "parent", "parent": "child"}.get(relation, relation)
    yield _statement(one, f"what {one.shown} is to {other.shown}", relation, Value.WORD, sentence)
    yield _statement(other, f"what {other.shown} is to {one.shown}", back, Value.WORD, sentence)
    sex = next((name for name in ("male", "female") if title in listed("sex", name)), "")
    if sex:
        yield _statement(one, "sex", sex, Value.WORD, sentence)
        if relation == "parent":
            yield _statement(other, "father" if sex == "male" else "mother", one.key, Value.NAME, sentence)


def _titles(text: str, sentence: Sentence) -> Iterator[tuple[str, int, int]]:
    """A title with the marks of what it is of and of who has it; -1: the person whose record says so."""
    text = text.translate(_BARE)
    for form, of, who, at in _FORMS:
        for match in form.finditer(text):
            title = fold(match[at])
            yield title, int(match[of]), int(match[who])
    if sentence.thing.kind is Kind.PERSON:
        for match in _TITLE_OF.finditer(text):
            yield fold(match[1]), int(match[2]), -1


_TITLE = "|".join(sorted((word for table in ("doers", "offices", "relations") for word in told(table)), key=len))
_T = rf"((?i:{_TITLE}))"
_HAS_TITLE = re.compile(rf"{_N}(?: {_IS}|,) {_THE}{_T} {_OF}{_N}")
_TITLE_IS = re.compile(rf"\b{_T} {_OF}{_N}(?: {_IS}|,) {_THE}{_N}")
_OWNED_TITLE = re.compile(rf"{_N}(?:['’]s)? {_T}(?: {_IS}|,)? {_N}")
_APPOSED = re.compile(rf"{_N}, {_N}['’]s {_T}\b")
_FORMS = ((_HAS_TITLE, 3, 1, 2), (_TITLE_IS, 2, 3, 1), (_OWNED_TITLE, 1, 3, 2), (_APPOSED, 2, 1, 3))
"""Each with the groups of what it is of, of who has it, and of the title."""
_BARE = str.maketrans("äöüÄÖÜ", "aouAOU")
_TITLE_OF = re.compile(rf"(?:^|, |and |und ){_THE}{_T} {_OF}{_N}")


def _crowds(sentence: Sentence, names: Sequence[_Name]) -> Iterator[Statement]:
    counts = [(match[1], match[2]) for match in _PEOPLE.finditer(sentence.text)]
    counts += [(match[2], match[1]) for match in _BY_PEOPLE.finditer(sentence.text)]
    for many, verb in counts:
        done = meant("people").get(fold(verb), "")
        if done and (number := number_of(_last_number(many))) is not None:
            yield _statement(names[0], f"people who {done}", str(number), Value.NUMBER, sentence)


def color_of(word: str) -> str:
    """The colour that a word names; "" for any other."""
    return meant("colors").get(fold(word), "")


def _statement(subject: _Name, attribute: str, value: str, kind: Value, sentence: Sentence) -> Statement:
    return Statement(subject.key, subject.shown, attribute, value, kind, sentence)


def _last_number(text: str) -> str:
    """The end of a phrase that is a number: `Here one hundred and three` is `one hundred and three`."""
    pieces = text.split()
    while pieces and number_of(" ".join(pieces)) is None:
        pieces = pieces[1:]
    return " ".join(pieces)
