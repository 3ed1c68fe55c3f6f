"""A name that several records bear: the question is answered for each of them, and asked back where that differs.

What the wording says decides first: a moon is asked of a planet, an economy of a system, and only a record that fits
the question at all is meant by it. Every question goes through here, whatever it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from haven.world.asking.answer import Answer, row
from haven.world.asking.fields import Fields
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.query import Part, Query, Selection, Want
from haven.world.asking.stream import NotUnderstood
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Kind, Thing
from haven.world.which import MOST_NAMED, in_order, told_apart, which

P = TypeVar("P", bound=Part)
MOST_READ = 6
"""Records that an answer is computed for; more of one name are asked back at once."""
MOST_TOLD = 200
"""Characters of an answer that is told beside the question back."""
ANYWHERE = frozenset({"position", "links", "region", "galaxy", "glyphs", "kind", "distance", "count", "spacing", "?"})
"""What may be asked of any record: where it lies, and how many it has."""
HOLD: dict[Kind, tuple[Kind, ...]] = {
    Kind.PLANET: (Kind.SYSTEM, Kind.REGION, Kind.PERSON),
    Kind.MOON: (Kind.PLANET, Kind.SYSTEM, Kind.REGION, Kind.PERSON),
    Kind.STATION: (Kind.SYSTEM, Kind.REGION, Kind.PERSON),
    Kind.SYSTEM: (Kind.REGION, Kind.PERSON, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY),
}
"""What such records belong to; a system is also asked for by what lies in it."""


def each_read(query: Query, lexicon: Lexicon, answer: Callable[[Query], Answer]) -> Answer:
    """The answer where all records of a name give the same, or only one fits; else the question which is meant.

    Raises NotUnderstood where none of them can be asked this.
    """
    named = next((one for one in _selections(query) if len(one.ids) > 1), None)
    if named is None:
        return answer(query)
    gazetteer = lexicon.gazetteer
    every = in_order(gazetteer.things[id] for id in named.ids if id in gazetteer.things)
    if (between := _between(query, every)) is not None:
        return each_read(between, lexicon, answer)
    things = _fitting(query, named, every, lexicon)
    if len(things) > MOST_READ:
        return _asked_back(query, named, things, [""] * len(things), gazetteer)
    told, puzzle = list[tuple[Thing, Answer]](), None
    for thing in things:
        one = Selection(ids=(thing.id,), name=thing.name)
        try:
            told.append((thing, each_read(_with(query, named.ids, one), lexicon, answer)))
        except NotUnderstood as unknown:
            puzzle = unknown
    if not told:
        assert puzzle is not None
        raise puzzle
    beside = _is_beside(query, named.ids)  # then there being none is an answer, too
    known = [(thing, one) for thing, one in told if one.recorded or (beside and one.measured)]
    if not known:
        return told[0][1]
    first, best = known[0]
    if all(_same(query, best, one) for _, one in known):
        others = len(things) < len(every) or not all(_same(query, best, one) for _, one in told)
        alone = len(known) < len(every) and others
        return replace(best, text=f"{best.text} ({_meant(first, gazetteer)})") if alone else best
    return _asked_back(query, named, [thing for thing, _ in known], [one.text for _, one in known], gazetteer)


def _between(query: Query, things: list[Thing]) -> Query | None:
    """`from Meridian to Meridian`: where each record of the name is spoken of once, they are these."""
    ids = {thing.id for thing in things}
    spoken = [one for one in (query.subject, *query.others) if set(one.ids) >= ids]
    if len(spoken) < 2 or len(spoken) != len(things):
        return None
    left = iter(things)
    subject, *others = [
        one.model_copy(update={"ids": (next(left).id,)}) if set(one.ids) >= ids else one
        for one in (query.subject, *query.others)
    ]
    return query.model_copy(update={"subject": subject, "others": tuple(others)})


def _asked_back(query: Query, named: Selection, things: list[Thing], told: list[str], gazetteer: Gazetteer) -> Answer:
    """Which there are, and what the answer would be of each where that is short."""
    name = next((thing.name for thing in things), named.name)
    text = which(name, things, gazetteer.name_above)
    if any(told) and all(len(one) <= MOST_TOLD and not one.startswith("Which ") for one in told):
        apart = told_apart(things, gazetteer.name_above)
        text += "".join(f"\n- {one[:1].upper()}{one[1:]}: {answer}" for one, answer in zip(apart, told, strict=True))
    return Answer(text, choices=tuple(map(row, things[:MOST_NAMED])), query=str(query))


def _meant(thing: Thing, gazetteer: Gazetteer) -> str:
    return f"{thing.name}: {told_apart([thing], gazetteer.name_above)[0]}."


def _same(query: Query, one: Answer, other: Answer) -> bool:
    """Whether two answers tell the same: the same words, distance, field of the same record, or place."""
    if one.text == other.text:
        return True
    if "distance" in one.data and "distance" in other.data:
        return abs(one.data["distance"] - other.data["distance"]) < 1e-9
    ids = [{each.id for each in answer.rows} for answer in (one, other)]
    if query.want is Want.WHERE:  # the planet lies in that very system
        return any(each.kind is Kind.SYSTEM and each.id in ids[0] & ids[1] for each in one.rows)
    return query.want is Want.VALUE and bool(ids[0]) and ids[0] == ids[1]


def _fitting(query: Query, named: Selection, things: list[Thing], lexicon: Lexicon) -> list[Thing]:
    """Those of a name that can be asked this at all; all of them where none can."""
    concepts, kinds = _asked_of(query, named.ids)
    fitting = [thing for thing in things if _fits(thing, concepts, kinds, lexicon.fields)]
    return fitting or things


def _fits(thing: Thing, concepts: set[str], kinds: set[Kind], fields: Fields) -> bool:
    telling = concepts - ANYWHERE
    holds = all(thing.kind in HOLD.get(kind, tuple(Kind)) for kind in kinds)
    return holds and (not telling or any(fields.fits(concept, thing.kind) for concept in telling))


def _is_beside(query: Query, ids: tuple[str, ...]) -> bool:
    """Whether others are measured from these records or compared with them."""
    return any(
        (one.near is not None and one.near.ids == ids)
        or any(condition.other is not None and condition.other.ids == ids for condition in one.conditions)
        for one in _selections(query)
    )


def _asked_of(query: Query, ids: tuple[str, ...]) -> tuple[set[str], set[Kind]]:
    """The fields that are asked of the records of a name, and the kinds that are to belong to them."""
    concepts, kinds = set[str](), set[Kind]()
    for one in (query.subject, *query.others):
        if one.ids == ids:
            concepts |= {name for entry in query.concepts for name in entry.split("|")}
            concepts |= set(query.order.concept.split("|")) if query.order else set()
    for one in _selections(query):
        if one.ids == ids:
            concepts |= {name for condition in one.conditions for name in condition.concepts}
        kinds |= {kind for holder in one.of if holder.ids == ids for kind in one.kinds}
        for condition in one.conditions:
            if condition.other is not None and condition.other.ids == ids:
                concepts |= set(condition.concepts)
    return concepts, kinds


def _selections(part: Part) -> Iterator[Selection]:
    if isinstance(part, Selection):
        yield part
    for name in type(part).model_fields:
        value = getattr(part, name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Part):
                yield from _selections(inner)


def _with(part: P, ids: tuple[str, ...], one: Selection) -> P:
    """The same with that record wherever the name stands."""
    changed: dict[str, object] = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            changed[name] = _with(value, ids, one)
        elif isinstance(value, tuple) and any(isinstance(inner, Part) for inner in value):
            changed[name] = tuple(_with(inner, ids, one) for inner in value)
    if isinstance(part, Selection) and part.ids == ids:
        changed |= {"ids": one.ids, "name": one.name}
    return part.model_copy(update=changed)
