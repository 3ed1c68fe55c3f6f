"""Questions about two or more records: how far apart, which is larger, of which there are more, in the same region?"""

from __future__ import annotations

import re

from haven.world.asking.query import Condition, Order, Query, Relation, Selection, Want
from haven.world.asking.scene import Group, Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.asking.wanting import implied
from haven.world.schema import Kind
from haven.world.words import fold

HAVE = frozenset({"have", "has", "had", "hat", "haben", "hatte", "hatten"})
BESIDE = frozenset({"and", "or", "than"})
FROM = frozenset({"to", "from", "of", "near"})


def distance(scene: Scene) -> Query | None:
    """`how far is A from B`, `how many light years are between A and B`, `how far away is A`."""
    lengths = bool(scene.stream.unit) and any(chunk.part("length") for chunk in scene.stream.chunks)
    pair = lengths and len(scene.named_chunks) == 2 and not scene.asked  # `A to B, parsecs`
    if not ("far" in scene.flags or pair) or scene.comparisons or scene.pending.described:
        return None
    operands = [one for one in scene.groups if not one.tied]
    if len(operands) == 1 and operands[0].named:  # `A to B: how far`
        beside = [
            one for one in operands[0].holders if one.named and (one.lead & BESIDE | one.lead & FROM or not one.lead)
        ]
        operands[0].holders = [one for one in operands[0].holders if one not in beside]
        operands += beside or operands[0].also
    if not operands or len(operands) > 2 or any(one.radius is not None for one in operands):
        return None
    for one, other in (operands, operands[::-1]) if len(operands) == 2 else ():
        if one.order is not None and one.order.concept == "distance" and one.anchor is None and other.named:
            one.anchor = other  # `from X to the nearest station`
    found = [one.frozen() for one in operands]
    if len(operands) == 1 and operands[0].anchor is not None:  # `how far is the nearest station to X`
        found.append(operands[0].anchor.frozen())
    orbit = scene.stream.unit == "au" and not any(chunk.one_of("here") for chunk in scene.stream.chunks)
    around = orbit and _all_bodies(scene, found[0])  # `how many au out is it`
    stars = [one for one in operands if one.kinds == (Kind.SYSTEM,) and not one.described]
    if len(operands) == 2 and len(stars) == 1 and _has_star(scene):  # `from X to its host star`
        found = [one.frozen() for one in operands if one is not stars[0]]
        around = _all_bodies(scene, found[0])
    if len(found) == 1 and ("star" in scene.asked or around):  # `how far is it from its star`
        return Query(want=Want.VALUE, subject=found[0], concepts=("axis",), unit=scene.stream.unit)
    return Query(want=Want.DISTANCE, subject=found[0], others=tuple(found[1:]), unit=scene.stream.unit)


def _has_star(scene: Scene) -> bool:
    return any(chunk.kinds and re.search(r"star|sun|stern|sonne", chunk.text.lower()) for chunk in scene.stream.chunks)


def _all_bodies(scene: Scene, one: Selection) -> bool:
    things = scene.stream.lexicon.gazetteer.things
    kinds = {things[id].kind for id in one.ids} if one.ids else set(one.kinds)
    return bool(kinds) and kinds <= {Kind.PLANET, Kind.MOON}


def same(stream: Stream, yes_no: bool) -> Query | None:
    """`are A and B in the same region`, `do A and B share an economy`, `do A and B have the same biome`."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    if not any(chunk.one_of("same") for chunk in stream.chunks) or len(places) < 2:
        return None
    if not yes_no and any(chunk.one_of("list") for chunk in stream.chunks):
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
    kinds = tuple(kind for chunk in stream.chunks if not chunk.ids for kind in chunk.kinds)
    if kinds and any(chunk.one_of("count") for chunk in stream.chunks):  # `have A and B the same number of planets`
        order = Order(concept="count", descending=True, counted=Selection(kinds=kinds), alike=True)
        return Query(want=Want.COMPARE, subject=found[0], others=tuple(found[1:]), order=order)
    return Query(want=Want.SAME, subject=found[0], others=tuple(found[1:]), concepts=tuple(dict.fromkeys(concepts)))


def alike(stream: Stream, one: Draft) -> bool:
    """`that share an economy with X`, `with the same star as X`."""
    mark = stream.at
    stream.take("with")
    if stream.take("same") is not None:
        stream.skip()
        field = stream.next
        if field is not None and field.concepts:
            stream.at += 1
            stream.skip("with", "than", "of", "to")
            other = stream.next
            if other is not None and other.ids:
                stream.at += 1
                named = Selection(ids=other.ids, name=other.slip or other.text)
                one.conditions.append(Condition(concepts=field.concepts, other=named))
                one.without += other.ids
                return True
    stream.at = mark
    return False


def comparison(scene: Scene) -> Query | None:
    """`is A larger than B`, `which is closer to Y, A or B`, `are there more of these than of those`."""
    named = [one for one in scene.groups if one.named]
    if not scene.comparisons and (order := _set_apart(scene, named)) is not None:
        scene.comparisons.append(order)
    if not scene.comparisons:
        return None
    order = _settled(scene)
    if order is None:
        return None
    if order.concept == "distance":
        return _nearness(order, named)
    if (outnumbering := _outnumbering(scene, order)) is not None:
        return outnumbering
    if len(named) < 2:
        counted = _counts(scene, order)
        subject = scene.subject
        alone = not any(chunk.one_of("than") for chunk in scene.stream.chunks) and order.concept != "count"
        if counted is None and alone and subject is not None and subject.order is None:
            subject.order, subject.limit = order, 1  # `of the planets of X, which is larger`
            scene.comparisons.clear()
        return counted
    first, *rest = [Selection(ids=one.ids, name=one.name) for one in named]
    return Query(want=Want.COMPARE, subject=first, others=tuple(rest), order=order)


def _set_apart(scene: Scene, named: list[Group]) -> Order | None:
    """`which is the largest, A or B`: what is asked for as the most of all is the most of these."""
    if len(named) < 2 or not scene.comparing:
        return None
    ranked = (one for one in scene.groups if one.order is not None)
    return next((one.order for one in ranked if all(not other.lead & {"from", "to"} for other in one.holders)), None)


def _settled(scene: Scene) -> Order | None:
    """What is compared; where `more` was not followed by it, the field or the records that were named."""
    order = scene.comparisons[0]
    if order.concept == "distance" and "star" in scene.asked:
        return order.model_copy(update={"concept": "axis"})  # `which circles closer to its star`
    if order.concept != "?":
        return order
    if "far" in scene.flags:
        return order.model_copy(update={"concept": "distance"})  # `the shorter voyage`
    if scene.asked:
        return order.model_copy(update={"concept": scene.asked[-1]})
    ends = {lead for one in scene.groups if one.named for lead in one.lead} & {"from", "to"}
    if ends == {"from", "to"} and len(scene.groups) > 2 and all(one.named for one in scene.groups):
        return order.model_copy(update={"concept": "distance"})  # `from A, is it shorter to B or to C`
    if {"common", "rare"} & scene.flags or len([one for one in scene.groups if not one.named]) > 1:
        return order.model_copy(update={"concept": "count", "descending": order.descending})
    kinds = next((one for one in scene.groups if one.kinds and not one.named), None)
    if kinds is not None:
        return order.model_copy(update={"concept": "count", "counted": kinds.frozen()})
    return order.model_copy(update={"concept": "count"}) if any(one.conditions for one in scene.groups) else None


def _nearness(order: Order, named: list[Group]) -> Query | None:
    """What is nearer to what."""
    if len(named) > 3 and any(one.lead & {"from", "between"} for one in named[2:]):
        raise NotUnderstood("from")  # of two ways, each with two ends, nobody here says which is shorter
    origin = _origin(named)
    operands = [one for one in named if one is not origin]
    if len(operands) < 2:
        return None
    first, *rest = [Selection(ids=one.ids, name=one.name) for one in operands]
    place = Selection(ids=origin.ids, name=origin.name) if origin is not None else None
    return Query(
        want=Want.COMPARE, subject=first, others=tuple(rest), order=order.model_copy(update={"counted": place})
    )


def _origin(named: list[Group]) -> Group | None:
    """The place that a distance is measured from: the one that `from` leads to, else the one that `to` leads to.

    In `is O closer to A than to B` and `is O closer to A or B` it is O.
    """
    alone = [one for one in named if not one.lead & BESIDE]
    if away := [one for one in alone if "from" in one.lead]:
        return away[0]
    led = [one for one in alone if "to" in one.lead] or [one for one in alone[1:] if one.lead & FROM]
    if not led:
        return None
    at = named.index(led[0])
    behind = named[at + 1] if at + 1 < len(named) else None
    if at == 1 and behind is not None and (behind.lead & {"or"} or behind.lead & FROM):
        return named[0]
    return led[0]


def _outnumbering(scene: Scene, order: Order) -> Query | None:
    """`which systems have more moons than planets`, `how many systems have more planets than X`."""
    loose = [one for one in scene.groups if not one.tied]
    kinds = [one for one in loose if not one.named]
    named = [one for one in loose if one.named]
    if order.concept != "count" or not any(chunk.one_of("than") for chunk in scene.stream.chunks):
        return None
    who = next((one for one in kinds if one is scene.counted or one is scene.wanted), None)
    there = scene.yes_no and who is None and len(kinds) > 1  # `is there a system with more stations than planets`
    if there or (who is None and not scene.yes_no and kinds and kinds[0] is loose[0]):
        who = kinds[0]  # `systems with more moons than X`
    if who is None or (scene.yes_no and not there):
        return None
    rest = [one.frozen() for one in kinds if one is not who]
    sides = [*([order.counted] if order.counted is not None else []), *rest, *(one.frozen() for one in named)]
    if len(sides) != 2 or sides[0].ids or set(who.kinds) & set(sides[0].kinds):
        return None
    test = Relation.MORE if order.descending else Relation.FEWER
    more = Condition(test=test, other=sides[0], than=sides[1])
    subject = who.frozen()
    subject = subject.model_copy(
        update={"conditions": (*subject.conditions, more), "without": (*subject.without, *sides[1].ids)}
    )
    want = Want.EXISTS if there else Want.COUNT if who is scene.counted else Want.LIST
    return Query(want=want, subject=subject)


def _counts(scene: Scene, order: Order) -> Query | None:
    """`more ocean planets than desert planets`, `more systems with this or with that`: how many there are of each."""
    if order.concept != "count" or any(one.named for one in scene.groups if not one.tied):
        return None
    free = [one for one in scene.groups if not one.named and not one.tied]
    counting = all(each.concept == "count" and each.counted is None for each in scene.comparisons)
    if counting and not any(one.kinds or one.holders for one in free):
        for one in free:  # `is gold more common than silver`
            one.kinds = implied(scene.stream, one)
    groups = [one.frozen() for one in free if one.kinds]
    sides = [*(one.counted for one in scene.comparisons if one.counted is not None), *groups]
    kinds = next((side.kinds for side in reversed(sides) if side.kinds), ())
    sides = [side if side.kinds else side.model_copy(update={"kinds": kinds}) for side in dict.fromkeys(sides)]
    holders = next((side.of for side in sides if side.of), ())
    if len(sides) == 2 and sides[0].kinds != sides[1].kinds:  # `does X have more moons than planets`
        sides = [side if side.of else side.model_copy(update={"of": holders}) for side in sides]
    if len(sides) == 1:
        said = [*(one for group in free for one in group.conditions), *sides[0].conditions]
        conditions = list(dict.fromkeys(said))
        sides = [
            Selection(kinds=kinds, of=sides[0].of if sides else (), conditions=(one,)) for one in _apart(conditions)
        ]
    has = any(chunk.text.lower() in HAVE for chunk in scene.stream.chunks)
    asked = scene.wanted is not None and scene.wanted in free and has
    if any(chunk.one_of("than") for chunk in scene.stream.chunks) and (len(sides) > 2 or asked):
        raise NotUnderstood("than")  # what each of them has more of, and how many there are, are two questions
    if len(sides) < 2:
        return None
    count = Order(concept="count", descending=order.descending and "rare" not in scene.flags)
    return Query(want=Want.COMPARE, subject=sides[0], others=tuple(sides[1:]), order=count)


def _apart(conditions: list[Condition]) -> list[Condition]:
    """One condition for each value, however it is written."""
    found: dict[tuple[str, str], Condition] = {}
    for one in conditions:
        for word in one.words or ("",):
            alone = one.model_copy(update={"words": (word,)}) if word else one
            found.setdefault((fold(word), "" if word else str(one)), alone)
    return list(found.values())
