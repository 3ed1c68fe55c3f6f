"""Reads which records come first: `largest`, `nearest to X`, `most planets`, `gravity is lowest`, `second coldest`."""

from __future__ import annotations

import re

from haven.world.asking.chunk import Chunk
from haven.world.asking.conditions import value_condition
from haven.world.asking.query import Condition, Order, Selection
from haven.world.asking.scene import Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.schema import Kind

NEAR_BY = 5
"""How many are shown where somebody asks what is near, and not how near."""
ORDINALS = {"sec": 2, "2": 2, "zwei": 2, "th": 3, "3": 3, "dri": 3, "fo": 4, "4": 4, "vier": 4, "fi": 5, "5": 5}
COMMON_MEASURES = frozenset({"size", "mass", "temperature", "year", "age"})
"""`smallest`, `heaviest`, `oldest` are said of any number that stands beside them."""


def superlative(scene: Scene, chunk: Chunk) -> bool:
    """`largest`, `nearest to X`, `most planets`, `gravity is lowest`, `second coldest`."""
    stream = scene.stream
    said, after = chunk.part("superlative"), stream.peek()
    if not said or (after is not None and after.number is not None and chunk.one_of("within", "beyond")):
        return False
    said_now = bool(scene.asked) and scene.asked_at == scene.marks
    stream.at += 1
    concept, descending = said[:-1], said.endswith("+")
    if concept == "year" and _says_nothing_of_time(scene, chunk):
        return True
    order = Order(concept=concept, descending=descending)
    mark = stream.at
    stream.take("skip")
    apart = said_now and not kind_ahead(stream)  # `in which year was the heaviest planet found`
    measured = apart and concept not in scene.asked[-1].split("|")  # `is the pull of gravity the heaviest`
    if concept == "?" or (concept in COMMON_MEASURES and (names_a_number(scene) or measured)):
        order = complement(scene, order, said_now)
    else:
        stream.at = mark
    if concept == "year":
        stream.take("discovered")
    if _of_a_value(stream):
        raise NotUnderstood(chunk.text)
    target = scene.ordered_by(order, ahead=kind_ahead(stream))
    target.limit = target.limit or scene.number or 1
    if scene.nth:
        target.nth = target.limit = scene.nth
    scene.nth = scene.number = None
    if concept == "distance" and not scene.measures_to(kind_ahead(stream) or star_ahead(stream)):
        scene.lead = {"to"} if chunk.text.lower().endswith((" to", " from", " an", " bei", " zu")) else set()
    return True


def _says_nothing_of_time(scene: Scene, chunk: Chunk) -> bool:
    """`how long does a day last`."""
    return chunk.text.lower() == "last" and not kind_ahead(scene.stream) and "discovered" not in scene.flags


def _of_a_value(stream: Stream) -> bool:
    """`the largest ocean` is no largest planet."""
    chunk, after = stream.next, stream.peek()
    if chunk is None or not chunk.values or chunk.ids or chunk.kinds or chunk.concepts or kind_ahead(stream):
        return False
    beside = after.concepts if after is not None else ()
    return not any(value.concept in beside for value in chunk.values)


def names_a_number(scene: Scene) -> bool:
    chunk = scene.stream.next
    return chunk is not None and bool(chunk.concepts) and not chunk.ids and not (chunk.kinds or chunk.part("found"))


def complement(scene: Scene, order: Order, said_now: bool) -> Order:
    """What there is most of: a field or records behind the word, else the field before it, else one said later."""
    stream = scene.stream
    if (behind := stream.peek()) is not None and behind.kinds and stream.take("of"):
        pass  # `most of the moons`
    stream.take("skip")
    chunk = stream.next
    if chunk is not None and not chunk.ids:
        records = chunk.kinds or chunk.part("found") or (chunk.values and kind_ahead(stream))
        if records and (scene.groups or scene.asked or not chunk.concepts or "who" in scene.flags):
            counted = _counted(stream)
            if Kind.PERSON in counted.kinds:
                raise NotUnderstood("people")  # where somebody lives is no field
            return order.model_copy(update={"concept": "count", "counted": counted})
        if chunk.concepts and "place" not in chunk.concepts:
            stream.at += 1
            return order.model_copy(update={"concept": meant(chunk, stream)})
    if said_now:
        concept = scene.asked.pop()
        own = stream.chunks[stream.at - 1].text
        if concept == "year" and re.match(r"long|short|läng|kürz", own.lower()):
            concept = "orbit"  # `whose year is longer`
        return order.model_copy(update={"concept": concept})
    return order


def meant(chunk: Chunk, stream: Stream) -> str:
    """The field; a year that is long or short is one around the star."""
    at = stream.chunks.index(chunk)
    around = " ".join(one.text.lower() for one in stream.chunks[max(0, at - 4) : at + 3] if not one.ids)
    if "year" in chunk.concepts and re.search(r"\b(long|short|last|lang|läng|kürz|kurz|dauer|duration|length)", around):
        return "orbit"
    if chunk.concepts == ("position",) and chunk.one_of("far"):
        return "distance"  # `the greatest distance`
    return "|".join(chunk.concepts)


def _counted(stream: Stream) -> Selection:
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


def kind_ahead(stream: Stream) -> bool:
    """Whether a kind follows with nothing but words that describe it before."""
    ahead = 0
    while (chunk := stream.peek(ahead)) is not None and not chunk.ids:
        if chunk.kinds or chunk.part("found"):
            return True
        if not (chunk.values or chunk.part("superlative") or chunk.one_of("skip", "ordinal") or chunk.number):
            return False
        if chunk.concepts or chunk.one_of("of", "with", "from", "to", "be"):
            return False
        ahead += 1
    return chunk is not None and bool(chunk.values) and bool(chunk.kinds)


def star_ahead(stream: Stream) -> bool:
    """`the nearest other star`: one that is looked for is a system."""
    ahead = 0
    while (chunk := stream.peek(ahead)) is not None and chunk.one_of("skip") and not chunk.ids:
        ahead += 1
    return chunk is not None and "star" in chunk.concepts


def ordinal(scene: Scene, chunk: Chunk) -> bool:
    if not chunk.one_of("ordinal"):
        return False
    scene.nth = next((number for word, number in ORDINALS.items() if chunk.text.lower().startswith(word)), 2)
    scene.stream.at += 1
    after = scene.stream.next
    if after is None or not after.part("superlative"):
        raise NotUnderstood(chunk.text)
    return True


def isolated(scene: Scene, chunk: Chunk) -> bool:
    if not chunk.one_of("isolated"):
        return False
    stream = scene.stream
    stream.at += 1
    plural = stream.next is not None and bool(stream.next.kinds) and stream.next.text.lower().endswith(("s", "e"))
    target = scene.ordered_by(Order(concept="spacing", descending=True), ahead=kind_ahead(stream))
    target.limit = target.limit or scene.number or (NEAR_BY if plural else 1)
    scene.number = None
    return True


def sorted_by(scene: Scene, chunk: Chunk) -> bool:
    """`ordered by mass`: all of them, the most first; so is `top 5 planets by mass`."""
    stream, after = scene.stream, scene.stream.peek()
    by = chunk.one_of("by") and bool(scene.groups) and "discovered" not in scene.lead
    if after is None or not (chunk.one_of("sorted") or (by and set(after.concepts) & scene.numbers)):
        return False
    if not (after.concepts or after.one_of("far")):
        return False
    stream.at += 2
    concept = "distance" if after.one_of("far") else "|".join(after.concepts)
    if (there := scene.ranked()) is not None and there.order is not None:  # `the lightest planet by mass`
        there.order = there.order.model_copy(update={"concept": concept})
        return True
    scene.ordered_by(Order(concept=concept, descending=concept != "distance"), ahead=False)
    scene.lead = set()
    return True
