"""Reads what is near what, and which come first: `within 50 of X`, `second largest`, `nearest to X`, `most moons`."""

from __future__ import annotations

import re

from haven.world.asking.conditions import before_kind, value_condition
from haven.world.asking.discovering import unit_or_year
from haven.world.asking.query import Condition, Order, Relation, Selection
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.schema import Kind

NEAR_BY = 5
"""How many are shown where somebody asks what is near, and not how near."""

LENGTH = frozenset({"", "pc", "kpc", "ly", "au", "voxels", "units"})


ORDINALS = {"sec": 2, "2": 2, "zwei": 2, "th": 3, "3": 3, "dri": 3, "fo": 4, "4": 4, "fi": 5, "5": 5}


def superlative(stream: Stream, one: Draft) -> bool:
    """`largest`, `nearest to X`, `most planets`, `highest gravity`, `the three coldest`."""
    chunk = stream.next
    said = chunk.part("superlative") if chunk else ""
    if not said or (one.order is not None and one.order.concept != "?"):
        return False
    if _of_another_kind(stream, one, said):
        holder = stream.noun("with", "without", "and", "or", "be", "discovered", "whose")
        one.of.append(holder.frozen())
        return True
    stream.at += 1
    concept, descending = said[:-1], said.endswith("+")
    one.order = Order(concept=concept, descending=descending)
    one.limit = one.limit or 1
    if concept == "distance":
        _anchor(stream, one)
    stream.take("skip")
    if concept == "?":
        _most(stream, one)
    elif concept == "year":
        stream.take("discovered")
    return True


def _of_another_kind(stream: Stream, one: Draft, said: str) -> bool:
    """`how many planets does the nearest system have`: what is nearest holds what is counted."""
    after = stream.peek()
    return bool(one.kinds) and said[:-1] != "?" and after is not None and bool(set(after.kinds) - set(one.kinds))


def long_year(stream: Stream) -> str:
    """A year that is longer or shorter is one around the star; "" for any other."""
    chunk, before = stream.next, stream.before()
    if chunk is None or "year" not in chunk.concepts or before is None:
        return ""
    return "orbit" if re.match(r"long|short|läng|kürz", before.text.lower()) else ""


def _most(stream: Stream, one: Draft) -> bool:
    """What there is most of: a field (`highest gravity`), or records (`most planets`)."""
    chunk = stream.next
    assert one.order is not None
    if chunk is None:
        return False
    records = chunk.kinds or chunk.part("found") or (chunk.values and before_kind(stream))
    if records and (one.kinds or one.ids or not chunk.concepts):
        one.order = one.order.model_copy(update={"concept": "count", "counted": counted(stream)})
        return True
    if chunk.concepts:
        concept = long_year(stream) or "|".join(chunk.concepts)
        stream.at += 1
        one.order = one.order.model_copy(update={"concept": concept})
        stream.flags.add("ordered by a field")
    return True


def _anchor(stream: Stream, one: Draft) -> bool:
    """What `nearest` is measured from."""
    mark = stream.at
    led = stream.chunks[mark - 1].text.lower().endswith((" to", " from", " an", " bei"))
    stream.take("discovered")
    leads = stream.take("to", "from", "of", "than", "near") is not None or led
    after = stream.next
    if leads and after is not None and (after.ids or after.one_of("skip") or after.kinds or after.part("superlative")):
        near = stream.noun("and", "or", "with", "without", "than", "discovered", "whose", "be", "except").frozen()
        if near != Selection():
            one.near = near
            return True
    stream.at = mark
    return False


def where_from(stream: Stream, one: Draft) -> bool:
    """`the nearest ocean planet ... to Venture`."""
    chunk = stream.next
    if chunk is None or one.order is None or one.order.concept != "distance" or one.near is not None:
        return False
    return chunk.one_of("to", "from", "of", "near") and not unit_or_year(stream, one) and _anchor(stream, one)


def within(stream: Stream, one: Draft) -> bool:
    """`within 50 units of Venture`, `closer than 3 pc to the Sun`, `more than 10 ly from X`."""
    if _ring(stream, one):
        return True
    chunk, number = stream.next, stream.peek()
    if chunk is None or not chunk.one_of("within", "beyond") or number is None or number.number is None:
        return False
    place = stream.peek(2)
    while place is not None and place.one_of("skip", "apart") and not place.one_of("of", "from", "to"):
        stream.at += 1
        place = stream.peek(2)
    if (
        place is None
        or not place.one_of("of", "from", "to", "near")
        or (place.one_of("of") and number.unit not in LENGTH)
    ):
        return False
    start = stream.at
    stream.at += 2
    stream.at += 1
    near = stream.noun("and", "or", "with", "without", "discovered", "whose", "within", "beyond")
    if near.empty:
        stream.at = start
        return False
    one.near, one.unit = near.frozen(), number.unit
    if chunk.one_of("beyond"):
        one.beyond = number.number
    else:
        one.radius = number.number
    return True


def _ring(stream: Stream, one: Draft) -> bool:
    """`between 5 and 20 units from Venture`."""
    low, high, place = stream.peek(), stream.peek(3), stream.peek(4)
    if stream.next is None or not stream.next.one_of("between") or low is None or high is None or place is None:
        return False
    if low.number is None or high.number is None or not place.one_of("of", "from", "to"):
        return False
    stream.at += 5
    one.near = stream.noun("and", "or", "with", "without", "discovered", "whose").frozen()
    one.beyond, one.radius, one.unit = low.number, high.number, high.unit or low.unit
    return True


def away(stream: Stream, one: Draft) -> bool:
    """`planets 10 pc from X`, `systems 20 units around X`."""
    number, place = stream.next, stream.peek()
    if number is None or number.number is None or place is None or not (one.kinds or one.conditions):
        return False
    if not (place.one_of("from", "near") or (place.one_of("of") and number.unit in LENGTH and number.unit)):
        return False
    stream.at += 2
    one.near, one.radius, one.unit = stream.noun("and", "or", "with").frozen(), number.number, number.unit
    return True


def near_by(stream: Stream, one: Draft) -> bool:
    chunk = stream.next
    if chunk is None or not chunk.one_of("near"):
        return False
    stream.at += 1
    stream.take("of")
    stream.take("to")
    near = stream.noun("and", "or", "with", "without", "discovered", "whose")
    if near.empty:
        if not one.ids:
            return True
        near = Draft(ids=one.ids, name=one.name)
        one.ids, one.name = (), ""
    if one.order is not None and one.order.concept != "distance":
        raise NotUnderstood(chunk.text)  # `the safest near X`: how near, nobody says
    one.near, one.order = near.frozen(), Order(concept="distance")
    one.kinds = one.kinds or (Kind.SYSTEM,)
    one.limit = one.limit or (1 if "nearest" in chunk.text.lower() or "closest" in chunk.text.lower() else NEAR_BY)
    return True


def linked(stream: Stream, one: Draft) -> bool:
    """`linked to X`, `connected with X`."""
    chunk = stream.next
    if chunk is None or not chunk.one_of("linked"):
        return False
    stream.at += 1
    stream.skip("to", "with", "of", "from", "by")
    near = stream.noun("and", "or")
    if near.empty:
        if one.ids:
            near = Draft(ids=one.ids, name=one.name)
            one.ids, one.name = (), ""
        elif one.of:
            near = Draft(ids=one.of[-1].ids, name=one.of[-1].name)
            one.of = one.of[:-1]
        elif one.kinds:
            one.conditions.append(Condition(concepts=("links",), test=Relation.RECORDED))
            return True
        else:
            stream.flags.add("linked")
            return True
    one.near, one.linked = near.frozen(), True
    one.kinds = one.kinds or (Kind.SYSTEM,)
    return True


def all_but(stream: Stream, one: Draft) -> bool:
    """`apart from the Sun`."""
    if stream.take("except") is None:
        return False
    stream.skip("of")
    while (chunk := stream.next) is not None and (chunk.ids or chunk.one_of("and", "skip")):
        one.without += chunk.ids
        stream.at += 1
    return True


def nth(stream: Stream, one: Draft) -> bool:
    """`second largest`, `third nearest`."""
    chunk, after = stream.next, stream.peek()
    if chunk is None or not chunk.one_of("ordinal") or after is None or not after.part("superlative"):
        return False
    stream.at += 1
    place = next((number for word, number in ORDINALS.items() if chunk.text.lower().startswith(word)), 2)
    one.nth = one.limit = place
    return True


def ordered(stream: Stream, one: Draft) -> bool:
    """`ordered by mass`: all of them, the most first."""
    chunk, after = stream.next, stream.peek()
    if chunk is None or not chunk.one_of("sorted") or after is None or not (after.concepts or after.one_of("far")):
        return False
    stream.at += 2
    if after.one_of("far"):
        one.order = Order(concept="distance")
        _anchor(stream, one)
    else:
        one.order = Order(concept="|".join(after.concepts), descending=True)
    return True


def isolated(stream: Stream, one: Draft) -> bool:
    chunk = stream.next
    if chunk is None or not chunk.one_of("isolated"):
        return False
    stream.at += 1
    plural = stream.next is not None and bool(stream.next.kinds) and stream.next.text.lower().endswith(("s", "e"))
    one.order, one.limit = Order(concept="spacing", descending=True), one.limit or (NEAR_BY if plural else 1)
    if not one.kinds and not (stream.next is not None and stream.next.kinds):
        one.kinds = (Kind.SYSTEM,)
    return True


def so_many(stream: Stream, one: Draft) -> bool:
    """`the 5 nearest`, `three planets`."""
    number, after = stream.next, stream.peek()
    if number is None or number.number is None or number.unit or after is None:
        return False
    if (after.kinds and not one.kinds) or after.part("superlative") or (one.order and after.kinds):
        one.limit = max(1, int(number.number))
        stream.at += 1
        return True
    if one.order is not None and one.limit == 1 and not one.kinds:
        one.limit = max(1, int(number.number))
        stream.at += 1
        return True
    return False


def counted(stream: Stream) -> Selection:
    """A kind with what stands before it, as in `ocean planets`."""
    one = Draft()
    while (chunk := stream.next) is not None and (chunk.kinds or chunk.part("found") or chunk.values):
        if chunk.values and value_condition(stream, one):
            continue
        if one.kinds or not (chunk.kinds or chunk.part("found")):
            break
        stream.at += 1
        one.kinds = (Kind.DISCOVERY,) if chunk.part("found") else chunk.kinds
        if found := chunk.part("found"):
            one.conditions.append(Condition(concepts=("found",), words=(found,)))
    return one.frozen()
