"""Gathers what a question names: records, what must be so of them, which of them come first, and what is asked.

The words are read one after another, but only neighbours bind each other: what says something of records goes to the
nearest ones that it can be said of, whether they stand before or behind it; `tying.py` ties the records together.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from haven.world.asking.chunks import Chunk
from haven.world.asking.conditions import alike, compared, field_condition, having, measured, value_condition
from haven.world.asking.discovering import discovered, in_time, unit_or_year
from haven.world.asking.query import Order
from haven.world.asking.ranking import (
    COMMON_MEASURES,
    NEAR_BY,
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
from haven.world.asking.stream import Draft, Stream
from haven.world.asking.tolerating import GENERIC, may_be_left_out
from haven.world.asking.tying import named, of_kind
from haven.world.schema import Kind

LENGTH = frozenset({"", "pc", "kpc", "ly", "au", "voxels", "units"})
LEADS = frozenset(
    {
        "of",
        "from",
        "to",
        "near",
        "than",
        "and",
        "or",
        "with",
        "between",
        "be",
        "by",
        "genitive",
        "discovered",
        "called",
        "each",
        "whose",
    }
)
JOURNEY = ("route", "jump", "within", "beyond", "linked", "apart", "by", "with", "count", "after")
FLAGS = frozenset(
    {"who", "when", "how", "where", "count", "common", "rare", "different", "average", "sum", "about", "far", "same"}
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
    if not chunk.unit and bare and before is not None and before.one_of("of", "list"):
        stream.at += 1  # `which of the seven`
        return True
    if chunk.unit or chunk.number < 1 or after is None:
        return False
    last = scene.last
    if last is not None and last.order is not None and last.limit == 1 and not (after.kinds and last.kinds):
        last.limit = int(chunk.number)
    elif after.kinds or after.part("superlative") or after.values or after.one_of("isolated"):
        scene.number = int(chunk.number)
    else:
        return False
    stream.at += 1
    return True


# -- near what


def _within(scene: Scene, chunk: Chunk) -> bool:
    """`within 50 units of X`, `between 5 and 20 units from X`, `no more than 3 pc away from X`."""
    stream = scene.stream
    if not chunk.one_of("within", "beyond", "between"):
        return False
    if chunk.one_of("beyond") and (after := stream.peek()) is not None and after.one_of("to"):
        stream.at += 1  # `from A over to B`
        return True
    mark = stream.at
    stream.at += 1
    stream.take("skip")
    number = stream.next
    if number is None or number.number is None or number.unit not in LENGTH:
        stream.at = mark
        return False
    stream.at += 1
    low, high, unit = None, number.number, number.unit
    if chunk.one_of("between"):
        stream.take("and", "to")
        upper = stream.next
        if upper is None or upper.number is None:
            stream.at = mark
            return False
        stream.at += 1
        low, high, unit = number.number, upper.number, upper.unit or unit
    elif chunk.one_of("beyond"):
        low, high = number.number, 0.0
    stream.skip("apart")
    if not _place_ahead(stream):
        stream.at = mark
        return False
    scene.reach = (low, high or None, unit)
    return True


def _place_ahead(stream: Stream) -> bool:
    chunk = stream.next
    return chunk is not None and (chunk.one_of("of", "from", "to", "near") or bool(chunk.ids))


def _near(scene: Scene, chunk: Chunk) -> bool:
    """`near X`, `neighbours of X`, `X's nearest neighbour`."""
    if not chunk.one_of("near"):
        return False
    scene.stream.at += 1
    scene.stream.skip("of", "to", "from")
    nearest = re.search("nearest|closest|nächst", chunk.text.lower())
    if not _place_ahead(scene.stream) and (far := _how_lonely(scene.stream)) is not None:
        scene.ordered_by(Order(concept="spacing", descending=far), ahead=False).limit = 1
        return True
    scene.reach = (None, None, "nearest" if nearest else "near")
    after = scene.stream.next
    if after is not None and after.kinds and not after.ids and not (scene.last is not None and scene.last.genitive):
        scene.reach = None  # `the nearest neighbour system of X`
        scene.pending.order, scene.pending.limit = Order(concept="distance"), 1 if nearest else NEAR_BY
        return True
    if scene.last is not None and scene.last.genitive and not _place_ahead(scene.stream):
        scene.measured_from(scene.last)
    return True


def _how_lonely(stream: Stream) -> bool | None:
    """`whose nearest neighbour is farthest away`: farthest first; None where nothing of the kind is said."""
    stream.skip()
    chunk = stream.next
    said = chunk.part("superlative") if chunk is not None else ""
    if not said.startswith("distance"):
        return None
    stream.at += 1
    return said.endswith("+")


def _journey(scene: Scene, chunk: Chunk) -> bool:
    """`with jumps of 25`, `by the links`, `max 20 ly a jump`: words of a way between two places."""
    if not scene.routing or chunk.ids:
        return False
    if chunk.number is not None:
        scene.jump = (chunk.number, chunk.unit if chunk.unit in LENGTH else "")
    elif not chunk.one_of(*JOURNEY) and (not chunk.part("superlative") or kind_ahead(scene.stream)):
        return False
    scene.stream.at += 1
    scene.flags.update({"linked"} & set(chunk.roles))
    return True


# -- what must be so


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
    if chunk.one_of("before", "after"):
        scene.lead = {"than"}
    return True


CONDITIONS: tuple[Callable[[Stream, Draft], bool], ...] = (
    *(alike, having, measured, in_time, field_condition, value_condition, discovered),
)


def _condition(scene: Scene, chunk: Chunk) -> bool:
    stream = scene.stream
    subject = scene.subject if chunk.text.lower() in ("have", "has", "had", "hat", "haben") else None
    if _rather_a_role(stream, chunk):
        return False
    for step in CONDITIONS:
        mark, scratch = stream.at, scene.scratch()
        if step(stream, scratch) and stream.at > mark:
            if scene.comparing and any(one.other and one.other.ids for one in scratch.conditions):
                break  # `has A a higher gravity than B`: the two are compared
            if scratch.order is not None and scratch.order != scene.scratch().order:
                scene.ordered_by(scratch.order, ahead=False)
            scene.say(scratch, ahead=step is value_condition and kind_ahead(stream), subject=subject)
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
        new.conditions += [one for group in scene.groups for one in group.conditions if "star" in one.concepts]
        scene.groups.append(new)


def _rather_a_role(stream: Stream, chunk: Chunk) -> bool:
    """`average gravity`, `more common`: a word that is a value as well, where its field is not beside it."""
    if not chunk.values or not chunk.one_of("average", "common", "rare", "different", "sum"):
        return False
    beside = {concept for one in (stream.peek(), stream.before()) if one is not None for concept in one.concepts}
    return beside.isdisjoint(value.concept for value in chunk.values)


# -- what is asked


def _asked(scene: Scene, chunk: Chunk) -> bool:
    """A field that no value or number follows is what is asked for, or what `most` before it means."""
    if not chunk.concepts or chunk.one_of("far", "of"):
        return False
    stream = scene.stream
    concept = meant(chunk, stream)
    scene.generic = scene.generic or chunk.text.lower() in GENERIC
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


def _linked(scene: Scene, chunk: Chunk) -> bool:
    """`linked to X`, `X's links`."""
    if not chunk.one_of("linked") or (chunk.concepts and scene.groups == []):
        return False
    stream = scene.stream
    stream.at += 1
    stream.skip("to", "with", "of", "from", "by")
    scene.links = True
    if stream.next is None or not (stream.next.ids or stream.next.kinds or stream.next.part("superlative")):
        scene.linked_with(scene.last)
    return True


def _word(scene: Scene, chunk: Chunk) -> bool:
    """What ties records together, and what says something of the whole question."""
    stream = scene.stream
    roles = set(chunk.roles)
    before = stream.before()
    if roles & {"who", "whose"} and before is not None and before.kinds:
        roles = {"skip"}  # `the planet who has the longest day`
    if roles & {"within", "beyond"}:
        roles |= {"of"}  # `within that region`, `under that star`
    length = chunk.part("length") or chunk.part("unit")
    if length:
        stream.unit = stream.unit or length
    how = (before is not None and before.one_of("how")) or (bool(scene.groups) and scene.groups[-1].bare)
    if how and (adjective := chunk.part("adjective")):
        scene.ask(adjective)
        stream.at += 1
        return True
    if not (roles & (LEADS | FLAGS | {"skip", "except", "here", "route"}) or length):
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
    if "when" in roles and re.search("year|jahr|date", chunk.text.lower()):
        scene.ask("year")
    scene.lead |= roles & LEADS
    return True


def _head(scene: Scene, chunk: Chunk) -> bool:
    return named(scene, chunk) or of_kind(scene, chunk)


STEPS: tuple[Callable[[Scene, Chunk], bool], ...] = (
    *(_journey, ordinal, isolated, sorted_by, superlative, _within, _compared, _without_a_name, _unit, _condition),
    *(_number, _head, _near, _linked, _asked, _word),
)
