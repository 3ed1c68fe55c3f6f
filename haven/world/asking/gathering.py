"""Gathers what a question names: records, what must be so of them, which of them come first, and what is asked.

The words are read one after another, but only neighbours bind each other: what says something of records goes to the
nearest ones that it can be said of, whether they stand before or behind it; `tying.py` ties the records together.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from haven.world.asking import deeds
from haven.world.asking.chunk import Chunk
from haven.world.asking.comparing import HAVE, alike
from haven.world.asking.conditions import compared, field_condition, having, measured, value_condition
from haven.world.asking.discovering import discovered, in_time, unit_or_year
from haven.world.asking.nearness import LENGTH, journey, linked, near_by, nearer_than, within
from haven.world.asking.negating import left_out
from haven.world.asking.query import Order
from haven.world.asking.ranking import (
    COMMON_MEASURES,
    complement,
    isolated,
    kind_ahead,
    meant,
    names_a_number,
    ordinal,
    sorted_by,
    superlative,
)
from haven.world.asking.scene import Group, Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.asking.tolerating import GENERIC, may_be_left_out
from haven.world.asking.tying import named, of_kind
from haven.world.schema import Kind

LEADS = frozenset(
    {"of", "from", "to", "near", "than", "and", "or", "with", "between", "be", "by", "genitive", "discovered", "called"}
    | {"each", "whose"}
)
FLAGS = frozenset(
    {
        "who",
        "when",
        "how",
        "where",
        "count",
        "common",
        "rare",
        "different",
        "average",
        "median",
        "sum",
        "about",
        "far",
        "same",
    }
    | {"linked", "each", "list", "there", "exist", "with", "discovered", "apart", "than", "or"}
)


def gather(stream: Stream, yes_no: bool, *, routing: bool = False, tolerant: bool = False) -> Scene:
    """Raises NotUnderstood for words that mean nothing here, or that nothing can be made of."""
    scene = Scene(stream, yes_no, routing=routing, tolerant=tolerant)
    while (chunk := stream.next) is not None:
        if tolerant and chunk.unknown and may_be_left_out(scene):
            stream.at += 1
            continue
        if chunk.unknown or not any(step(scene, chunk) for step in STEPS):
            raise stream.not_understood()
    scene.close()
    return scene


def _number(scene: Scene, chunk: Chunk) -> bool:
    """`the 5 nearest`, `three planets`; `20 units around X`."""
    stream, after = scene.stream, scene.stream.peek()
    if chunk.number is None:
        return False
    if after is not None and after.one_of("from", "near", "of") and chunk.unit in LENGTH and chunk.unit:
        stream.at += 1
        scene.reach = (None, chunk.number, chunk.unit)
        return True
    before = stream.before()
    bare = after is None or after.one_of("be", "with", "to", "of")
    partly = before is not None and before.text.lower().endswith(" of") and stream.chunks[stream.at - 1] is not before
    if partly or (not chunk.unit and bare and before is not None and before.one_of("of", "list")):
        stream.at += 1  # `which of the seven`
        return True
    if chunk.unit or chunk.number < 1 or after is None:
        return False
    last = scene.last
    if after.one_of("near"):  # `the closest two neighbours of X`
        scene.pending.limit = int(chunk.number)
    elif last is not None and last.order is not None and last.limit == 1 and not (after.kinds and last.kinds):
        last.limit = int(chunk.number)
    elif after.kinds or after.part("superlative") or after.values or after.one_of("isolated"):
        scene.number = int(chunk.number)
    else:
        return False
    stream.at += 1
    return True


def _compared(scene: Scene, chunk: Chunk) -> bool:
    """`larger than 2 Earth radii` is a condition; `is A larger than B` a comparison of the two."""
    said, stream = chunk.part("comparative"), scene.stream
    if chunk.one_of("before", "after") and "discovered" in scene.flags | scene.lead and len(scene.named_chunks) > 1:
        said = "year-" if chunk.one_of("before") else "year+"
    if not said:
        return False
    if chunk.part("comparative"):
        mark, scratch = stream.at, scene.scratch()
        if compared(stream, scratch):
            by_number = scratch.conditions[-1].number is not None
            if by_number or not scene.comparing:
                scene.say(scratch)
                return True
            stream.at = mark
    said_now = bool(scene.asked) and scene.asked_at == scene.marks
    stream.at += 1
    order = Order(concept=said[:-1], descending=said.endswith("+"))
    stream.take("skip")
    measured = said_now and said[:-1] not in scene.asked[-1].split("|")  # `is the pull of gravity the heavier`
    if said[:-1] == "?" or (said[:-1] in COMMON_MEASURES and (names_a_number(scene) or measured)):
        order = complement(scene, order, said_now)
    scene.comparisons.append(order)
    scene.lead = {"to"} if chunk.text.lower().endswith((" to", " from", " an", " bei")) else set()
    if chunk.one_of("before", "after") or re.match("out|dwarf", chunk.text.lower()):
        scene.lead = {"than"}
    return True


CONDITIONS: tuple[Callable[[Stream, Draft], bool], ...] = (
    *(alike, having, measured, in_time, field_condition, value_condition, discovered),
)


def _condition(scene: Scene, chunk: Chunk) -> bool:
    stream = scene.stream
    subject = scene.subject if chunk.text.lower() in HAVE else None
    if _rather_a_role(stream, chunk):
        return False
    after = stream.peek()
    definite = after is not None and after.text.lower() in ("the", "der", "die", "das")
    asks_first = chunk.text.lower() in HAVE and (
        (bool(scene.asked) and (definite or not scene.groups)) or (scene.counting and definite)
    )
    compared_by = scene.comparing and after is not None and after.kinds  # `A and B, whose discovery came first`
    asks_first = asks_first or (chunk.one_of("whose") and bool(not scene.groups or compared_by))
    for step in CONDITIONS:
        if step is having and asks_first:
            continue  # `which economy has the system that ...`
        mark, scratch = stream.at, scene.scratch()
        if step is having and chunk.one_of("not") and scene.subject is not None:
            scratch.kinds = scene.subject.kinds  # `which systems of X are not trading systems`
        if step(stream, scratch) and stream.at > mark:
            if scene.comparing and any(one.other and one.other.ids for one in scratch.conditions):
                break  # `has A a higher gravity than B`: the two are compared
            if scratch.order is not None and scratch.order != scene.scratch().order:
                scene.ordered_by(scratch.order, ahead=False)
            scene.say(scratch, ahead=step is value_condition and kind_ahead(stream), subject=subject)
            if not scene.measures_to(kind_ahead(stream)):
                scene.lead = {"discovered"} if step is discovered else set()
            if step is value_condition:
                _its_star(scene)
            return True
        stream.at = mark
    stream.at = mark
    return False


def _its_star(scene: Scene) -> None:
    """`the closest blue star to X`: a star that is looked for is a system."""
    chunk, order = scene.stream.chunks[scene.stream.at - 1], scene.pending.order
    if "star" in chunk.concepts and not chunk.kinds and order is not None and order.concept == "distance":
        new, scene.pending = scene.pending, Group()
        new.kinds = (Kind.SYSTEM,)
        for group in scene.groups:
            said = [one for one in group.conditions if "star" in one.concepts]
            new.conditions += said
            if group.named:  # what was said of it is said of the star
                group.conditions = [one for one in group.conditions if one not in said]
        scene.groups.append(new)


def _rather_a_role(stream: Stream, chunk: Chunk) -> bool:
    """`average gravity`, `more common`: a word that is a value as well, where its field is not beside it."""
    if not chunk.values or not chunk.one_of("average", "median", "common", "rare", "different", "sum"):
        return False
    beside = {concept for one in (stream.peek(), stream.before()) if one is not None for concept in one.concepts}
    return beside.isdisjoint(value.concept for value in chunk.values)


def _asked(scene: Scene, chunk: Chunk) -> bool:
    """A field that no value or number follows is what is asked for, or what `most` before it means."""
    before = scene.stream.chunks[scene.stream.at - 1].text.lower() if scene.stream.at else ""
    once = before in ("an", "one", "its") and scene.stream.peek() is None  # `how long does X take for an orbit`
    if not chunk.concepts or chunk.one_of("far") or (chunk.one_of("of") and not once):
        return False
    if scene.stream.at == 0 and chunk.text.lower() in ("sort", "rank", "order"):
        scene.stream.at += 1
        return True
    if deeds.asks_otherwise(scene, chunk):
        raise NotUnderstood(chunk.text)
    stream = scene.stream
    concept = meant(chunk, stream)
    if chunk.text.lower() in GENERIC:
        scene.generic = not any(set(entry.split("|")) & set(chunk.concepts) for entry in scene.asked)
    elif any(set(entry.split("|")) & set(chunk.concepts) for entry in scene.asked):
        scene.generic = False  # `what colour is the star of X`
    stream.at += 1
    if (waiting := scene.waiting) is not None:
        waiting.order = Order(concept=concept, descending=waiting.order.descending if waiting.order else True)
    elif scene.comparisons and scene.comparisons[-1].concept == "?":
        scene.comparisons[-1] = scene.comparisons[-1].model_copy(update={"concept": concept})
    else:
        scene.ask(concept)
    return True


def _without_a_name(scene: Scene, chunk: Chunk) -> bool:
    """`without the Sun`: that one is left out."""
    stream = scene.stream
    ahead = 1
    while (after := stream.peek(ahead)) is not None and after.one_of("skip") and not after.ids:
        ahead += 1
    if not chunk.one_of("without", "not") or after is None or not after.ids:
        return False
    stream.at += ahead
    scene.lead = {"except"}
    return True


def _unit(scene: Scene, chunk: Chunk) -> bool:
    """`in parsecs`, `in 2016`."""
    scratch = Draft()
    if not unit_or_year(scene.stream, scratch):
        return False
    scene.say(scratch)
    return True


def _word(scene: Scene, chunk: Chunk) -> bool:
    """What ties records together, and what says something of the whole question."""
    stream = scene.stream
    roles = set(chunk.roles)
    before = stream.before()
    if roles & {"who", "whose"} and before is not None and before.kinds:
        roles = {"skip"}  # `the planet who has the longest day`
    after = stream.peek()
    if "until" in roles and after is not None and after.ids:
        roles = {"to"}  # `from A until B`
    if roles & {"within", "beyond"}:
        roles |= {"of"}  # `within that region`, `under that star`
    length = chunk.part("length") or chunk.part("unit")
    if length:
        stream.unit = stream.unit or length
    how = (before is not None and before.one_of("how")) or (bool(scene.groups) and scene.groups[-1].bare)
    if how and (adjective := chunk.part("adjective")) and _field_ahead(stream):
        stream.at += 1  # `how rich is the fauna`
        return True
    if how and adjective:
        scene.ask(adjective)
        stream.at += 1
        return True
    if not (roles & (LEADS | FLAGS | {"skip", "except", "here", "route", "untold"}) or length):
        return False
    stream.at += 1
    if "except" in roles:
        scene.lead = {"except"}
        return True
    if "here" in roles:
        scene.lead = set()
    after = stream.next
    if "count" in roles and after is not None and after.part("length"):
        roles = {"far"}
    if "about" in roles and scene.groups:
        roles = {"of"}  # `the planets about that star`
    scene.flags.update(roles & FLAGS)
    if "of" in roles and re.search("discover|found|entdeckt", chunk.text.lower()):
        scene.flags.add("discovered")
    scene.counting = scene.counting or "count" in roles
    if "when" in roles and re.search("year|jahr|date", chunk.text.lower()) and not deeds.is_asked(scene):
        scene.ask("year")
    scene.lead |= roles & LEADS
    return True


def _field_ahead(stream: Stream) -> bool:
    ahead = 1
    while (after := stream.peek(ahead)) is not None and after.one_of("be", "skip") and not after.ids:
        ahead += 1
    return (
        after is not None
        and bool(after.concepts)
        and not after.ids
        and not after.one_of("of")
        and after.concepts != ("star",)
    )


def _left_out(scene: Scene, chunk: Chunk) -> bool:
    return left_out(scene, chunk, gather)


def _head(scene: Scene, chunk: Chunk) -> bool:
    return named(scene, chunk) or of_kind(scene, chunk)


STEPS: tuple[Callable[[Scene, Chunk], bool], ...] = (
    *(
        journey,
        ordinal,
        isolated,
        sorted_by,
        superlative,
        within,
        nearer_than,
        _compared,
        _without_a_name,
        _left_out,
        _unit,
        _condition,
    ),
    *(_number, _head, near_by, linked, _asked, _word),
)
