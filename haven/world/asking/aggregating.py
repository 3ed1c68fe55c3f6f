"""Reads what is asked of many records at once: the two closest to each other, an average of distances or of counts."""

from __future__ import annotations

import re

from haven.world.asking.query import Order, Query, Relation, Selection, Want
from haven.world.asking.scene import Scene
from haven.world.asking.stream import NotUnderstood
from haven.world.asking.wanting import HOLDERS, SUMMED
from haven.world.schema import Kind

_PAIR = re.compile(r"(a )?pairs?( of)?|paare?( von)?", re.IGNORECASE)
_MUTUAL = re.compile(
    r"(a )?pairs?( of)?|paare?( von)?|each other|one another|(close )?together|apart|(aus)?einander|\w+einander",
    re.IGNORECASE,
)
"""What is said of two systems as seen from each other."""


def aggregated(scene: Scene) -> Query | None:
    return _pair(scene) or _average_distance(scene) or _average_count(scene)


def _want(scene: Scene) -> Want | None:
    return next((want for flag, want in SUMMED.items() if flag in scene.flags), None)


def _pair(scene: Scene) -> Query | None:
    """`the two systems farthest apart`, `which systems are closest to each other`."""
    chunks = scene.stream.chunks
    one = next((one for one in scene.groups if one.order is not None and one.order.concept == "distance"), None)
    if one is None or one.order is None or one.anchor is not None or scene.comparisons:
        return None
    things = scene.stream.lexicon.gazetteer.things
    around = [other for other in scene.groups if other is not one]
    if any(things[id].kind is not Kind.REGION for other in around for id in other.ids or ("",) if id in things):
        return None
    said = any(_MUTUAL.fullmatch(chunk.text) for chunk in chunks)
    pairs = any(_PAIR.fullmatch(chunk.text) for chunk in chunks)
    two = one.limit == 2 or (bool(one.nth) and any(chunk.number == 2 for chunk in chunks))
    if (
        not (two or pairs or (said and one.limit in (1, None, one.nth)))
        or any(chunk.one_of("here") for chunk in chunks)
        or any(not other.tied for other in around)
        or _want(scene)
    ):
        return None
    if scene.yes_no:
        raise NotUnderstood("closest")  # whether something is so of the two
    if one.nth and not (said or pairs or any(chunk.number == 2 for chunk in chunks)):
        return None  # `the second nearest system`
    many = one.limit if pairs and not one.nth and one.limit != 1 else None  # `the three closest pairs`
    subject = one.frozen().model_copy(update={"order": None, "limit": many, "nth": one.nth})
    return Query(want=Want.PAIR, subject=subject, order=one.order, unit=scene.stream.unit)


def _average_distance(scene: Scene) -> Query | None:
    """`average distance between systems`, `mean distance from X to the others`."""
    want = _want(scene)
    if want is None or "far" not in scene.flags or scene.comparisons:
        return None
    loose = [one for one in scene.groups if not one.tied]
    places, many = [one for one in loose if one.named], [one for one in loose if not one.named]
    if len(places) == 2 and not many and want is not Want.TOTAL:
        return None  # of two places there is but one distance
    if len(places) > 1 or len(many) != 1 or many[0].order is not None:
        raise NotUnderstood("average")
    subject = many[0].frozen().model_copy(update={"limit": None})  # `between two systems`: any two
    if places:
        subject = subject.model_copy(update={"near": places[0].frozen()})
    return Query(want=want, subject=subject, concepts=("distance",), unit=scene.stream.unit)


def _average_count(scene: Scene) -> Query | None:
    """`how many planets does a system have on average`, `average number of moons per planet`."""
    want = _want(scene)
    target = scene.target()
    if want in (None, Want.TOTAL) or not scene.counting or scene.asked or target is None or scene.comparisons:
        return None
    if target.named or not target.kinds or scene.left(target):
        raise NotUnderstood("average")
    one = target.frozen()
    counted = Selection(kinds=one.kinds, conditions=tuple(c for c in one.conditions if c.test is not Relation.HAS))
    turned = [c.other for c in one.conditions if c.test is Relation.HAS and c.other is not None and not c.negated]
    kinds = tuple(HOLDERS[kind] for kind in one.kinds[:1] if kind in HOLDERS)
    holders = [holder for holder in (*one.of, *turned) if holder.kinds and not holder.ids]
    around = tuple(holder for holder in one.of if holder not in holders)
    if len(holders) > 1 or one.order is not None or one.near is not None or not (holders or kinds):
        raise NotUnderstood("average")
    holder = holders[0] if holders else Selection(kinds=kinds)
    if all(thing == Kind.SYSTEM for thing in one.kinds) and Kind.REGION not in holder.kinds:
        raise NotUnderstood("average")
    order = Order(concept="count", descending=True, counted=counted)
    return Query(want=want, subject=holder.model_copy(update={"order": order, "of": (*holder.of, *around)}))
