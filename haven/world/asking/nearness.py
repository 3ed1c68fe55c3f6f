"""Reads what is near what, what is linked, and the words of a way between two places."""

from __future__ import annotations

import re

from haven.world.asking.chunk import Chunk
from haven.world.asking.query import Order
from haven.world.asking.ranking import NEAR_BY, kind_ahead
from haven.world.asking.scene import Scene
from haven.world.asking.stream import Stream

LENGTH = frozenset({"", "pc", "kpc", "ly", "au", "voxels", "units"})
JOURNEY = ("route", "jump", "within", "beyond", "linked", "apart", "by", "with", "count", "after")

FROM_HERE = frozenset({"pc", "ly", "kpc"})
"""Lengths between stars: `systems within 3 pc` are those so near to the middle of the map."""


def within(scene: Scene, chunk: Chunk) -> bool:
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
        around = next((one for one in reversed(scene.groups) if one.anchor is not None), None)
        if around is not None and unit:  # `the nearest systems to X within 3 parsecs`
            around.beyond, around.radius, around.unit, around.limit = low, high or None, unit, None
            return True
        if around is None and unit in FROM_HERE and (last := scene.subject) is not None and last.radius is None:
            last.beyond, last.radius, last.unit = low, high or None, unit  # from the middle of the map
            return True
        stream.at = mark
        return False
    scene.reach = (low, high or None, unit)
    return True


def nearer_than(scene: Scene, chunk: Chunk) -> bool:
    """`is A closer than B`."""
    stream, after = scene.stream, scene.stream.peek()
    if not chunk.one_of("within", "beyond") or not chunk.text.lower().endswith((" than", " als")):
        return False
    near = re.match(r"closer|nearer|näher", chunk.text.lower())
    far = re.match(r"farther|further|weiter", chunk.text.lower())
    if after is None or not after.ids or not (near or far):
        return False
    stream.at += 1
    scene.comparisons.append(Order(concept="distance", descending=bool(far)))
    scene.lead = {"than"}
    return True


def _place_ahead(stream: Stream) -> bool:
    chunk = stream.next
    return chunk is not None and (chunk.one_of("of", "from", "to", "near") or bool(chunk.ids))


def near_by(scene: Scene, chunk: Chunk) -> bool:
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


def journey(scene: Scene, chunk: Chunk) -> bool:
    """`with jumps of 25`, `by the links`, `max 20 ly a jump`: words of a way between two places."""
    if not scene.routing or chunk.ids:
        return False
    best = chunk.part("superlative") and not kind_ahead(scene.stream)
    if chunk.number is not None:
        scene.jump = (chunk.number, chunk.unit if chunk.unit in LENGTH else "")
    elif chunk.one_of("to") or not (chunk.one_of(*JOURNEY) or best):
        return False
    scene.stream.at += 1
    scene.flags.update({"linked"} & set(chunk.roles))
    return True


def linked(scene: Scene, chunk: Chunk) -> bool:
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
