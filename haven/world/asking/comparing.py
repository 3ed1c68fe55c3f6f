"""Reads questions about two or more named records: how far apart, which is larger, in the same region?"""

from __future__ import annotations

from itertools import pairwise

from haven.world.asking.chunks import Chunk
from haven.world.asking.conditions import value_condition
from haven.world.asking.nearness import long_year
from haven.world.asking.query import Order, Query, Selection, Want
from haven.world.asking.stream import Draft, Stream

BETWEEN = ("from", "to", "and", "between", "than", "or", "of")


def distance(stream: Stream, yes_no: bool) -> Query | None:
    """`how far is A from B`, `how many light years are between A and B`, `how far away is A`."""
    roles = {role for chunk in stream.chunks for role in chunk.roles}
    counted = [place for place, chunk in enumerate(stream.chunks) if chunk.one_of("count")]
    in_units = any(place + 1 < len(stream.chunks) and stream.chunks[place + 1].part("length") for place in counted)
    if ("far" not in roles and not in_units) or "sorted" in roles:
        return None
    pairs = pairwise(chunk for chunk in stream.chunks if not chunk.one_of("skip"))
    if any(one.one_of("without", "with") and other.one_of("far") for one, other in pairs):
        # `systems without a distance`
        return None
    if any(chunk.part("comparative") or chunk.number is not None or chunk.one_of("within") for chunk in stream.chunks):
        return None
    operands: list[Selection] = []
    unit = ""
    while (chunk := stream.next) is not None:
        if length := chunk.part("length"):
            unit = length
            stream.at += 1
        elif (
            chunk.one_of("far", "count", "apart", "skip", "be", "genitive", "list", "where", "exist", *BETWEEN)
            and not chunk.ids
        ):
            stream.at += 1
        elif chunk.unknown:
            raise stream.not_understood()
        else:
            before = stream.at
            stops = ("of", "be") if chunk.ids else ()
            one = stream.noun("from", "to", "and", "apart", "than", "far", "or", *stops)
            if stream.at == before:
                stream.at += 1
            elif not one.empty:
                operands.append(one.frozen())
    if not operands:
        return None
    if len(operands) > 2:
        return None
    wanted = unit or stream.unit
    return Query(want=Want.DISTANCE, subject=operands[0], others=tuple(operands[1:]), unit=wanted)


def same(stream: Stream, yes_no: bool) -> Query | None:
    """`are A and B in the same region`, `do A and B share an economy`, `do A and B have the same biome`."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    if not any(chunk.one_of("same") for chunk in stream.chunks) or len(places) < 2 or not yes_no:
        return None
    concepts: list[str] = []
    for chunk in stream.chunks:
        if chunk.unknown:
            stream.at = stream.chunks.index(chunk)
            raise stream.not_understood()
        concepts += chunk.concepts
        concepts += [kind.value for kind in chunk.kinds]
    if not concepts:
        return None
    found = [Selection(ids=chunk.ids, name=chunk.slip or chunk.text) for chunk in places]
    return Query(want=Want.SAME, subject=found[0], others=tuple(found[1:]), concepts=tuple(dict.fromkeys(concepts)))


def comparison(stream: Stream, yes_no: bool) -> Query | None:
    """`is A larger than B`, `which is closer to Y, A or B`, `does A have more planets than B`."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    says = [chunk for chunk in stream.chunks if _says(chunk, stream) or chunk.one_of("near")]
    either = any(chunk.one_of("or") for chunk in stream.chunks) or (
        any(chunk.text.lower() in ("which of", "which one", "which ones") for chunk in stream.chunks)
    )
    if not says or len(places) < 2 or not (yes_no or either):
        return None
    if any(chunk.number is not None for chunk in stream.chunks) or any(
        chunk.one_of("exist") for chunk in stream.chunks[:1]
    ):
        return None
    if stream.chunks[0].one_of("with") and stream.chunks[0].text.lower().startswith(("is there", "are there", "gibt")):
        return None
    order, anchor, each_to, operands = None, Selection(), False, list[Selection]()
    while (chunk := stream.next) is not None:
        said = _says(chunk, stream)
        if said and order is None:
            stream.at += 1
            order, anchor = _order(stream, said)
        elif chunk.one_of("than", "or", "and", "genitive") and not chunk.ids:
            stream.at += 1
            if chunk.one_of("than") and stream.take("to", "from"):
                each_to = True
        elif chunk.ids:
            operands.append(Selection(ids=chunk.ids, name=chunk.slip or chunk.text))
            stream.at += 1
        elif chunk.unknown:
            raise stream.not_understood()
        elif (
            chunk.part("superlative")
            or (chunk.kinds and order is not None and operands)
            or (order is None and chunk.one_of("near"))
        ):
            return None
        else:
            if order is not None and order.concept == "?" and chunk.concepts:
                order = order.model_copy(update={"concept": "|".join(chunk.concepts)})
            stream.at += 1
    if order is None or order.concept == "?":
        return None
    if order.concept == "distance":
        return _nearness(order, anchor, operands, each_to)
    if len(operands) < 2:
        return None
    return Query(want=Want.COMPARE, subject=operands[0], others=tuple(operands[1:]), order=order)


def _says(chunk: Chunk, stream: Stream) -> str:
    """The comparison that a chunk makes, as `size+`; `before` and `after` make one where something was discovered."""
    said = chunk.part("comparative") or chunk.part("superlative")
    if not said and chunk.one_of("before", "after") and any(one.one_of("discovered") for one in stream.chunks):
        return "year-" if chunk.one_of("before") else "year+"
    return said


def _order(stream: Stream, said: str) -> tuple[Order, Selection]:
    """What is compared, and for nearness from where."""
    order = Order(concept=said[:-1], descending=said.endswith("+"))
    stream.take("skip")
    if said[:-1] == "?":
        counted = Draft()
        while (chunk := stream.next) is not None and (chunk.kinds or chunk.values or chunk.concepts):
            if chunk.kinds and not chunk.ids:
                counted.kinds = (*counted.kinds, *chunk.kinds)
                stream.at += 1
            elif chunk.concepts and not counted.kinds:
                concept = long_year(stream) or "|".join(chunk.concepts)
                stream.at += 1
                return order.model_copy(update={"concept": concept}), Selection()
            elif not value_condition(stream, counted):
                break
        if counted.kinds:
            order = order.model_copy(update={"concept": "count", "counted": counted.frozen()})
        return order, Selection()
    if said[:-1] == "distance":
        led = stream.chunks[stream.at - 1].text.lower().endswith((" to", " from", " an", " bei"))
        led = stream.take("to", "from", "of") is not None or led
        stream.skip()
        chunk = stream.next
        if led and chunk is not None and chunk.ids:
            stream.at += 1
            return order, Selection(ids=chunk.ids, name=chunk.slip or chunk.text)
    return order, Selection()


def _nearness(order: Order, anchor: Selection, operands: list[Selection], each_to: bool) -> Query | None:
    """`is X closer to Y than Z`: X and Z seen from Y; `than to Z`: Y and Z seen from X."""
    if each_to and len(operands) == 2:
        origin, one, other = operands[0], anchor, operands[1]
        return Query(
            want=Want.COMPARE, subject=one, others=(other,), order=order.model_copy(update={"counted": origin})
        )
    if len(operands) < 2:
        return None
    if anchor == Selection():  # from the middle of the map
        return Query(want=Want.COMPARE, subject=operands[0], others=tuple(operands[1:]), order=order)
    return Query(
        want=Want.COMPARE,
        subject=operands[0],
        others=tuple(operands[1:]),
        order=order.model_copy(update={"counted": anchor}),
    )
