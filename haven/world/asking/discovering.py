"""Reads who, how and when something was discovered: `discovered by X`, `found by transit`, `before 1990`."""

from __future__ import annotations

from haven.world.asking.chunk import Chunk
from haven.world.asking.conditions import sign_of
from haven.world.asking.fields import COUNTED
from haven.world.asking.query import Condition, Order, Relation, Selection
from haven.world.asking.stream import Draft, Stream

NUMBERS = COUNTED | {"sell_percent", "buy_percent", "mystery", "confidence", "gravity", "day", "year", "magnitude"}
"""Concepts that records are sorted by; by others they are grouped."""
CALENDAR = range(1_000, 3_000)
"""A bare number like this beside `discovered` is a year."""
YEARS = range(-9999, 10_000)


def discovered(stream: Stream, one: Draft) -> bool:
    """`discovered by X`, `found by transit`, `discovered in 2016`, `first discovered before 1990`."""
    chunk = stream.next
    if chunk is None or not (chunk.one_of("discovered") or (chunk.one_of("by") and not one.empty)):
        return False
    after = stream.peek()
    if chunk.one_of("discovered"):
        stream.flags.add("discovered")
        stream.at += 1
        if after is not None and not after.one_of("by"):
            unit_or_year(stream, one)
            return True
        if after is None:
            return True
    return _by(stream, one)


def _by(stream: Stream, one: Draft) -> bool:
    if stream.take("by") is None:
        return False
    stream.take("skip")
    who = stream.next
    if who is None:
        stream.flags.add("who")  # `X found by?`
        return True
    if who.ids:
        stream.at += 1
        one.of.append(Selection(ids=who.ids, name=who.slip or who.text))
        return True
    if who.values:
        known = [value for value in who.values if value.concept in ("method", "discovered_by")] or list(who.values)
        stream.at += 1
        one.conditions.append(
            Condition(
                concepts=tuple(dict.fromkeys(value.concept for value in known)),
                words=tuple(dict.fromkeys(value.text for value in known)),
                exact=all(value.exact for value in known),
            )
        )
        after = stream.next
        if after is not None and "method" in after.concepts:
            stream.at += 1
        return True
    if who.kinds and not who.concepts and "discovered" not in stream.flags:
        stream.flags.add("each")  # `planets per system`
        return True
    if who.concepts and one.kinds and "discovered" not in stream.flags:
        if one.order is None and set(who.concepts) & NUMBERS:
            stream.at += 1
            one.order = Order(concept="|".join(who.concepts), descending=True)
            return True
        stream.flags.add("grouped")
        return True
    if who.one_of("who", "list") or who.concepts or who.part("superlative"):
        return True
    raise stream.not_understood()


def in_time(stream: Stream, one: Draft) -> bool:
    """`before 1990`, `since 2016`."""
    chunk = stream.next
    found = any(other.one_of("discovered") for other in stream.chunks)
    if found and chunk is not None and chunk.number is not None and not chunk.unit and chunk.number in CALENDAR:
        stream.at += 1  # `wurden 1995 entdeckt`
        one.conditions.append(Condition(concepts=("year",), number=chunk.number))
        return True
    return chunk is not None and chunk.one_of("before", "after", "since", "until") and unit_or_year(stream, one)


def unit_or_year(stream: Stream, one: Draft) -> bool:
    """`in parsecs` says the unit of the answer; `in 2016`, `before 1990`, `between 2000 and 2010` a year."""
    chunk, after = stream.next, stream.peek()
    if chunk is None or after is None:
        return False
    number = stream.peek(2)
    counted = number is not None and number.number is not None  # `in year 30`
    if chunk.one_of("of") and not counted and (unit := after.part("length") or after.part("unit")):
        stream.unit = unit
        stream.at += 2
        return True
    place = 1
    while (step := stream.peek(place)) is not None and (step.one_of("skip") or "year" in step.concepts):
        place += 1
    number = stream.peek(place)
    signs = ("of", "before", "after", "since", "until", "between", "from")
    if number is None or number.number is None or number.unit or not chunk.one_of(*signs):
        return False
    if int(number.number) not in YEARS or not _is_year(number, stream):
        return False
    stream.at += place
    test = (
        Relation.IS
        if chunk.one_of("of", "from") and not chunk.one_of("between", "before", "after", "since", "until")
        else sign_of(chunk)
    )
    upper = None
    stream.at += 1
    if test is Relation.BETWEEN or (
        test is Relation.IS and stream.next is not None and stream.next.one_of("to", "until")
    ):
        stream.take("and", "to", "until")
        upper = stream.next.number if stream.next is not None else None
        if upper is None:
            return False
        stream.at += 1
        test = Relation.BETWEEN
    if stream.take("more"):
        test = Relation.AT_LEAST
    following = stream.peek()
    joined = stream.next is not None and stream.next.one_of("and", "or") and following is not None
    if joined and following is not None and test is Relation.IS and following.number == number.number + 1:
        stream.at += 2  # `in 2014 and 2015`
        test, upper = Relation.BETWEEN, following.number
    one.conditions.append(Condition(concepts=("year",), test=test, number=number.number, upper=upper))
    return True


def _is_year(number: Chunk, stream: Stream) -> bool:
    """Whole, and of four digits or named a year; where discoveries are dated in the hundreds, three or less do."""
    assert number.number is not None
    if number.number != int(number.number):
        return False
    return (
        abs(number.number) >= 1000
        or "discovered" in stream.flags
        or any("year" in chunk.concepts for chunk in stream.chunks)
    )
