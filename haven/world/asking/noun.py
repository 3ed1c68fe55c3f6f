"""Reads the words for some records: `ocean planets within 50 of Venture`, `the largest moon of X`.

Each step looks at the next chunk and at what was read before, in the order in which people put such words. A step
that takes nothing leaves the chunk to the next; a chunk that no step takes ends the words for these records.
"""

from __future__ import annotations

import re

from haven.world.asking.conditions import alike, before_kind, compared, field_condition, having, value_condition
from haven.world.asking.discovering import discovered, in_time, unit_or_year
from haven.world.asking.nearness import (
    all_but,
    away,
    counted,
    isolated,
    linked,
    near_by,
    nth,
    ordered,
    so_many,
    superlative,
    where_from,
    within,
)
from haven.world.asking.query import Condition, Selection
from haven.world.asking.stream import Draft, Step, Stream
from haven.world.schema import Kind


def _kind(stream: Stream, one: Draft) -> bool:
    """`planets`; after a name, what belongs to it (`Venture's planets`); `planet Meridian` narrows the name."""
    chunk = stream.next
    if chunk is None or not (chunk.kinds or chunk.part("found")):
        return False
    if _rather_a_field(stream, one):
        return False
    if one.ids and _is_a(stream):
        one.conditions.append(Condition(concepts=("kind",), words=tuple(kind.value for kind in chunk.kinds)))
        stream.at += 1
        return True
    if one.ids and not _apposition(stream, one, chunk.kinds):
        one.of, one.ids, one.name = [*one.of, Selection(ids=one.ids, name=one.name)], (), ""
        one.kinds = ()
    elif one.ids:
        stream.at += 1
        return True
    said_again = chunk.part("found") and any(condition.words == (chunk.part("found"),) for condition in one.conditions)
    if one.kinds and chunk.kinds and set(chunk.kinds) <= set(one.kinds) and not _names_next(stream):
        stream.at += 1  # `which systems are trading systems`
        return True
    if one.kinds and not _alongside(stream) and not said_again:
        if Kind.SYSTEM in one.kinds and chunk.kinds == (Kind.REGION,):
            return False
        return _counts_below(stream, one) or (bool(chunk.kinds) and _holder(stream, one))
    stream.at += 1
    if found := chunk.part("found"):
        if one.kinds == (Kind.DISCOVERY,) and any(condition.words == (found,) for condition in one.conditions):
            return True
        one.kinds = (Kind.DISCOVERY,)
        one.conditions.append(Condition(concepts=("found",), words=(found,)))
    else:
        one.kinds = (*one.kinds, *(kind for kind in chunk.kinds if kind not in one.kinds))
    return True


def _star(stream: Stream, one: Draft) -> bool:
    """`the star nearest to X`: a star is a system here."""
    chunk, after = stream.next, stream.peek()
    if chunk is None or "star" not in chunk.concepts or chunk.kinds or one.kinds or one.ids:
        return False
    if after is None or not after.part("superlative").startswith("distance"):
        return False
    stream.at += 1
    one.kinds = (Kind.SYSTEM,)
    return True


def _rather_a_field(stream: Stream, one: Draft) -> bool:
    """`which region is X in` asks for a field where regions have no records; so does `the species of X`."""
    chunk = stream.next
    assert chunk is not None
    if not chunk.concepts:
        return False
    if Kind.SYSTEM in chunk.kinds:  # `how many stars has X`
        return _asked_of_a_name(stream) and stream.lexicon.fields.fits(chunk.concepts[0], Kind.SYSTEM)
    regions = stream.lexicon.gazetteer.of_kind(Kind.REGION)
    return (chunk.kinds == (Kind.REGION,) and not regions) or (bool(chunk.part("found")) and not one.empty)


def _holder(stream: Stream, one: Draft) -> bool:
    """`how many planets does the system nearest to X have`: a second kind is what holds the first."""
    before = stream.chunks[stream.at - 1].text.lower()
    ends = () if before in ("the", "der", "die", "das") else ("with", "without")  # `the planet with the longest day`
    holder = stream.noun(*ends, "and", "or", "be", "discovered", "whose")
    if not holder.empty:
        one.of.append(holder.frozen())
    return not holder.empty


def _is_a(stream: Stream) -> bool:
    """`is Oculi a planet`."""
    at = stream.at - 1
    while at > 0 and stream.chunks[at].values and not stream.chunks[at].ids:
        at -= 1
    return at > 0 and stream.chunks[at].text.lower() in ("a", "an", "ein", "eine", "einen")


def _names_next(stream: Stream) -> bool:
    after = stream.peek()
    return after is not None and bool(after.ids)


def _asked_of_a_name(stream: Stream) -> bool:
    """Whether nothing but small words stands between the next chunk and a name."""
    ahead = 1
    while (after := stream.peek(ahead)) is not None and not after.ids and after.one_of("skip", "with", "be", "of"):
        ahead += 1
    return after is not None and bool(after.ids)


def _apposition(stream: Stream, one: Draft, kinds: tuple[Kind, ...]) -> bool:
    """`Meridian system`: the kind says which record of the name is meant, unless the name is a genitive."""
    if one.genitive or one.conditions:
        return False
    things = stream.lexicon.gazetteer.things
    after = stream.peek()
    plural = stream.chunks[stream.at].text.lower().endswith(("s", "en"))
    fitting = tuple(id for id in one.ids if things[id].kind in kinds)
    if not fitting or plural or (after is not None and after.ids):
        return False
    one.ids = fitting
    return True


def _alongside(stream: Stream) -> bool:
    before = stream.before()
    return before is not None and before.one_of("and", "or")


def _counts_below(stream: Stream, one: Draft) -> bool:
    """`systems ... planets` after `most`: what is counted."""
    if one.order is not None and one.order.concept == "?":
        one.order = one.order.model_copy(update={"concept": "count", "counted": counted(stream)})
        return True
    return False


def _name(stream: Stream, one: Draft) -> bool:
    chunk = stream.next
    if chunk is None or not chunk.ids or (chunk.values and before_kind(stream)):
        return False
    things = stream.lexicon.gazetteer.things
    before = stream.before()
    if one.ids:
        return False
    fitting = tuple(id for id in chunk.ids if things[id].kind in one.kinds)
    if one.kinds and fitting and before is not None and before.kinds and _bare_kind(one):
        one.ids, one.name, one.kinds = fitting, chunk.slip or chunk.text, ()
    elif one.empty or (one.limit is not None and not one.kinds):
        one.ids, one.name, one.genitive = chunk.ids, chunk.slip or chunk.text, chunk.genitive
    elif one.order is not None and one.order.concept == "distance" and one.near is None and not one.kinds:
        return False
    else:
        if any(holder.ids == chunk.ids for holder in one.of):
            return False
        one.of.append(Selection(ids=chunk.ids, name=chunk.slip or chunk.text))
    stream.at += 1
    if chunk.genitive or (stream.next is not None and stream.next.one_of("genitive")):
        one.genitive = True
        stream.take("genitive")
    return True


def _bare_kind(one: Draft) -> bool:
    return not (one.conditions or one.of or one.near or one.order)


def _of(stream: Stream, one: Draft) -> bool:
    """`of`, `in`, `on`, `orbiting`: what holds them. A year or a unit may follow as well."""
    chunk = stream.next
    if chunk is None or not chunk.one_of("of", "from"):
        return False
    if unit_or_year(stream, one):
        return True
    after = stream.peek()
    if after is None or after.one_of("length"):
        stream.at += 1
        return True
    mark = stream.at
    stream.at += 1
    stream.take("skip")
    if one.empty and stream.flags and stream.asked and stream.next is not None and stream.next.ids:
        return True  # `the mass of X`: X is what is asked about
    holder = stream.noun(
        "and", "with", "without", "than", "discovered", "whose", "within", "beyond", "or", "list", "be", "sorted"
    )
    if holder.empty:
        if stream.next is not None and stream.next.one_of("list"):
            return True
        stream.at = mark + 1
        return True
    _held(stream, one, holder)
    return True


def _held(stream: Stream, one: Draft, holder: Draft) -> None:
    """Put what was read after `of` where it belongs."""
    if one.empty and not one.kinds:
        for name in ("kinds", "ids", "name", "near", "order", "limit", "radius", "unit", "genitive"):
            setattr(one, name, getattr(holder, name))
        one.of, one.conditions = holder.of, holder.conditions
    elif holder.conditions and not (holder.kinds or holder.ids or holder.of or holder.order):
        one.conditions += holder.conditions
    else:
        one.of.append(holder.frozen())


def _asked(stream: Stream, one: Draft) -> bool:
    """A field that no value or number follows is what is asked for."""
    chunk = stream.next
    if chunk is None or not chunk.concepts:
        return False
    if one.order is not None and one.order.concept == "?":
        one.order = one.order.model_copy(update={"concept": "|".join(chunk.concepts)})
    else:
        stream.asked.append("|".join(chunk.concepts))
    stream.at += 1
    return True


def _said_before(stream: Stream, one: Draft) -> bool:
    """Words that say nothing here: `are`, `which`, a `have` at the end."""
    chunk = stream.next
    if chunk is None:
        return False
    after = stream.peek()
    if chunk.one_of("skip", "be", "exist", "genitive", "list", "apart", "there") or (
        chunk.one_of("and") and _goes_on(stream, one)
    ):
        stream.at += 1
        return True
    if chunk.one_of("with", "discovered", "where") and (after is None or after.one_of("skip", "be")):
        stream.flags |= set(chunk.roles)
        stream.at += 1
        return True
    if chunk.one_of("called", "each"):
        stream.flags |= {"each"} & set(chunk.roles)
        stream.at += 1
        return True
    for role in ("who", "when", "how", "where", "count", "common", "rare", "different", "average", "sum", "about"):
        if chunk.one_of(role):
            stream.flags.add(role)
            stream.at += 1
            if role == "when" and re.search("year|jahr|date", chunk.text.lower()):
                stream.asked.append("year")
            return True
    before = stream.before()
    asks = before is not None and before.one_of("how")
    if (adjective := chunk.part("adjective")) and (asks or one.bare):
        stream.asked.append(adjective)
        stream.at += 1
        return True
    return False


def _goes_on(stream: Stream, one: Draft) -> bool:
    """After `and`: another condition or kind, and no other record."""
    after = stream.peek()
    if after is None:
        return False
    return not after.ids or bool(after.values) or bool(after.kinds)


STEPS: tuple[Step, ...] = (
    *(all_but, where_from, nth, ordered, superlative, so_many, within, away),
    *(_star, alike, having, compared, in_time, field_condition, value_condition),
    *(_kind, _name, near_by, linked, discovered, _of, isolated, _asked, _said_before),
)
