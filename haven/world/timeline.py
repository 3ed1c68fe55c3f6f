"""A draft against canon: where they say different things, and where events come in an order that can't be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from haven.world.numerals import number_of
from haven.world.passages import Sentence
from haven.world.schema import Discovery, Kind, Lore, Person, System, Thing
from haven.world.statements import ONCE, Main, Mentioned, Statement, Value, color_of, key_of, statements
from haven.world.words import words

Within = Callable[[str, str], bool]
"""Whether the first place (a folded name) lies in the second one."""
_ORDER = (("born", "died"), ("founded", "destroyed"), ("built", "lost"), ("built", "destroyed"), ("began", "ended"))
"""What can't be the other way round."""
ACT = "act: "
MANY = ("signed by", "fought by")
"""What several people do, each of whom may be named alone."""
MOST = 50
"""Clashes that are told of one draft."""


@dataclass(frozen=True)
class Clash:
    """`said` by the draft and `known` from canon can't both be so; `why` in one sentence."""

    why: str
    said: Statement
    known: Statement


@dataclass(frozen=True)
class Check:
    """`understood`: how many statements of the draft rules could read, and how many of them canon speaks of as well."""

    clashes: tuple[Clash, ...]
    understood: int
    compared: int


def check(draft: Thing, canon: Sequence[Thing], mentioned: Mentioned, main: Main, within: Within) -> Check:
    """Compare what a draft states with what canon does. It blocks for milliseconds a record: for a thread."""
    said = statements(draft, mentioned, main)
    known = [one for thing in canon if thing.id != draft.id for one in stated(thing, mentioned, main)]
    by_subject: dict[str, list[Statement]] = defaultdict(list)
    for one in known:
        by_subject[one.subject].append(one)
    clashes: dict[tuple[str, str, str], Clash] = {}
    compared = 0
    for one in said:
        alike = [other for other in by_subject[one.subject] if other.attribute == one.attribute]
        compared += bool(alike)
        for clash in (*_differing(one, alike, within), *_out_of_order(one, [*by_subject[one.subject], *said])):
            clashes.setdefault((one.subject, one.attribute, clash.known.attribute), clash)
    return Check(tuple(clashes.values())[:MOST], len(said), compared)


def stated(thing: Thing, mentioned: Mentioned, main: Main) -> list[Statement]:
    """What a record states: its sentences, and its fields as if they were sentences."""
    return [*_fields(thing), *statements(thing, mentioned, main)]


def _fields(thing: Thing) -> Iterator[Statement]:
    """A field's sentence is put together here: it is cited as a field, never as a quotation."""

    def of(attribute: str, value: str, kind: Value, shown: str) -> Statement:
        sentence = Sentence(thing, f"{attribute}: {shown}", 0, -1)
        return Statement(key_of(thing.name), thing.name, attribute, value, kind, sentence)

    if thing.discovered_by:
        yield of("discovered by", key_of(thing.discovered_by), Value.NAME, thing.discovered_by)
    if isinstance(thing, Discovery) and (year := thing.when[:4]).isdigit():
        yield of("discovered", str(int(year)), Value.YEAR, thing.when)
    if isinstance(thing, System):
        if colors := [color for one in words(thing.star) if (color := color_of(one.text))]:
            yield of("star", colors[0], Value.WORD, thing.star)
        if thing.region:
            yield of("place", key_of(thing.region), Value.PLACE, thing.region)
    if isinstance(thing, Person):
        for event in ("born", "died"):
            if (number := number_of(thing.properties.get(event, ""))) is not None:
                yield of(event, str(number), Value.YEAR, thing.properties[event])


def _differing(one: Statement, known: Sequence[Statement], within: Within) -> Iterator[Clash]:
    """Where canon has nothing that agrees and something that does not: several answers may be true together."""
    if any(_agree(one, other, within) for other in known):
        return
    for other in known:
        if _comparable(one, other):
            yield Clash(f"{one.shown}, {_title(one)}: the draft says {_value(one)}, canon {_value(other)}.", one, other)
            return


def _comparable(one: Statement, other: Statement) -> bool:
    if one.kind is not other.kind or one.attribute.startswith(ACT) or one.attribute in MANY:
        return False
    event = one.attribute.removesuffix(" by").removesuffix(" at")
    return one.kind is not Value.YEAR or event in ONCE or event == "fought"


def _agree(one: Statement, other: Statement, within: Within) -> bool:
    if one.value == other.value:
        return True
    if one.kind is Value.PLACE:
        return within(one.value, other.value) or within(other.value, one.value)
    if one.kind is Value.NAME:
        return set(one.value.split()) <= set(other.value.split()) or set(other.value.split()) <= set(one.value.split())
    return False


def _out_of_order(one: Statement, others: Sequence[Statement]) -> Iterator[Clash]:
    """A death before a birth, an end before its beginning, an act of somebody who was dead or not yet born."""
    if one.kind is not Value.YEAR:
        return
    for other in others:
        if other.kind is not Value.YEAR or other.subject != one.subject or other is one:
            continue
        for first, second in _pairs(one, other):
            if first.year > second.year:
                when = f"{_title(first)} in {first.year}, {_title(second)} already in {second.year}"
                yield Clash(f"{one.shown} can't have it so: {when}.", one, other)


def _pairs(one: Statement, other: Statement) -> Iterator[tuple[Statement, Statement]]:
    """The two as what must be earlier and what must be later, where that is so."""
    for a, b in ((one, other), (other, one)):
        if (a.attribute, b.attribute) in _ORDER:
            yield a, b
        if a.attribute.startswith(ACT) and b.attribute == "died":
            yield a, b
        if a.attribute == "born" and b.attribute.startswith(ACT):
            yield a, b


def _title(one: Statement) -> str:
    return one.attribute.removeprefix(ACT)


def _value(one: Statement) -> str:
    return one.value if one.kind in (Value.YEAR, Value.NUMBER, Value.WORD) else one.value.title()


def chronology(things: Sequence[Thing], mentioned: Mentioned, main: Main) -> list[Statement]:
    """The dated events that these records state, by year."""
    dated = [one for thing in things for one in stated(thing, mentioned, main) if one.kind is Value.YEAR]
    own = [one for one in dated if not one.attribute.startswith(ACT)]
    return sorted(own, key=lambda one: (one.year, one.shown, one.attribute))


def places(things: Mapping[str, Thing]) -> Within:
    """Which place lies in which, by parents and regions; `things` by id."""
    above: dict[str, set[str]] = defaultdict(set)
    for thing in things.values():
        parent = things.get(getattr(thing, "parent", ""))
        for name in (thing.name, *thing.aliases):
            if parent is not None:
                above[key_of(name)].add(key_of(parent.name))
            if thing.kind is Kind.SYSTEM and isinstance(thing, System) and thing.region:
                above[key_of(name)].add(key_of(thing.region))

    def within(one: str, other: str) -> bool:
        seen, open_ = {one}, [one]
        while open_:
            for up in above[open_.pop()]:
                if up == other:
                    return True
                if up not in seen:
                    seen.add(up)
                    open_.append(up)
        return False

    return within


def is_canon(thing: Thing) -> bool:
    """Whether a draft is held against it: canon lore, and the records of the world themselves."""
    return thing.canon if isinstance(thing, Lore) else True
