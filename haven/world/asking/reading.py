"""From a question in plain language to a typed query; rules alone, with the world's own words as the vocabulary."""

from __future__ import annotations

import re
from contextlib import suppress

from haven.world.asking.aggregating import aggregated
from haven.world.asking.chunk import Chunk
from haven.world.asking.chunks import chunks
from haven.world.asking.comparing import comparison, distance, same
from haven.world.asking.fields import Fields
from haven.world.asking.gathering import gather
from haven.world.asking.legs import legs
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.negating import asserted
from haven.world.asking.query import Query, Selection, Want
from haven.world.asking.scene import Group, Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.asking.tolerating import is_sure
from haven.world.asking.wanting import wanted
from haven.world.schema import Kind

YES_NO = re.compile(
    r"(?:^|[,:;])\s*(is|are|was(?! ist| sind| war)|were|does|do|did|has|have|can|ist|sind|war|hat|haben|liegt|gibt"
    r"|gehört)\b",
    re.IGNORECASE,
)
DOES = frozenset({"do", "does", "did", "can", "could", "will", "would", "should", "may"})
WITH_WHOM = frozenset({"with", "for", "mit", "für"})
"""At the end of a question they ask for somebody else than it says: `who discovered X with`."""
TOLD_OF = (Want.ABOUT, Want.LIST, Want.ROUTE, Want.DISTANCE, Want.WHERE)
"""What is no answer to how something looks, what it costs, or how long a trip takes."""


def read(text: str, lexicon: Lexicon) -> Query | None:
    """The query, or None where the question is about no place here. Raises NotUnderstood for a part that is unknown."""
    found = chunks(text, lexicon)
    if not _about_places(found):
        return None
    yes_no = YES_NO.search(text) is not None
    found = asserted(found) if yes_no else found
    things = lexicon.gazetteer.things
    if any(chunk.ids and all(things[id].kind is Kind.LORE for id in chunk.ids) for chunk in found):
        return None
    if any(chunk.one_of("why") for chunk in found):
        return None
    read_as = tuple(f"{chunk.text!r} as {chunk.slip}" for chunk in found if chunk.slip)
    try:
        query = _read(found, lexicon, yes_no)
    except NotUnderstood:
        query = _read_around(found, lexicon, yes_no)
        if query is None:
            raise
    if query is None:
        return None
    if query.want in TOLD_OF and any(chunk.one_of("untold") for chunk in found):
        return None
    subject = _narrowed(query.subject, lexicon.fields)
    if _about_people_alone(subject, lexicon.fields):
        return None
    either = query.want is Want.COMPARE and any(chunk.one_of("or") for chunk in found)  # yes is no answer to that
    others = tuple(_narrowed(one, lexicon.fields) for one in query.others)
    settled = {"subject": subject, "others": others, "read_as": read_as, "yes_no": yes_no and not either}
    return query.model_copy(update=settled)


def _read(found: list[Chunk], lexicon: Lexicon, yes_no: bool) -> Query | None:
    if (way := legs(Stream(found, lexicon))) is not None:
        return way
    for whole in (same, _linked, _clusters):
        if (query := whole(Stream(found, lexicon), yes_no)) is not None:
            return query
    with suppress(NotUnderstood):
        if (query := _route(found, lexicon, yes_no)) is not None:
            return query
    return _framed(gather(Stream(found, lexicon), yes_no))


def _read_around(found: list[Chunk], lexicon: Lexicon, yes_no: bool) -> Query | None:
    """The same without the words that nobody knows, where they can't change what is asked."""
    with suppress(NotUnderstood):
        if (query := _route(found, lexicon, yes_no, tolerant=True)) is not None:
            return query
        scene = gather(Stream(found, lexicon), yes_no, tolerant=True)
        query = _framed(scene)
        return query if query is not None and is_sure(query, scene) else None
    return None


def _framed(scene: Scene) -> Query | None:
    for frame in (aggregated, distance, comparison, _selection):
        if (query := frame(scene)) is not None:
            return query
    return None


def _narrowed(one: Selection, fields: Fields) -> Selection:
    """Of the fields that a value may belong to, those that the records have themselves, where they have any."""
    conditions = []
    for condition in one.conditions:
        own = tuple(c for c in condition.concepts if any(fields.fits(c, kind) for kind in one.kinds))
        other = _narrowed(condition.other, fields) if condition.other is not None else None
        conditions.append(condition.model_copy(update={"concepts": own or condition.concepts, "other": other}))
    of = tuple(_narrowed(holder, fields) for holder in one.of)
    near = _narrowed(one.near, fields) if one.near is not None else None
    return one.model_copy(update={"conditions": tuple(conditions), "of": of, "near": near})


def _about_people_alone(one: Selection, fields: Fields) -> bool:
    """Whether something must be so of places that only people can be, as to be a captain."""
    concepts = [concept for condition in one.conditions for concept in condition.concepts if condition.words]
    places = tuple(kind for kind in Kind if kind is not Kind.PERSON)
    people = [concept for concept in concepts if fields.fits(concept, Kind.PERSON)]
    return (
        bool(one.kinds)
        and Kind.PERSON not in one.kinds
        and any(not any(fields.fits(concept, kind) for kind in places) for concept in people)
    )


def _about_places(found: list[Chunk]) -> bool:
    return any(
        chunk.ids
        or chunk.kinds
        or chunk.part("found")
        or chunk.one_of("route", "far", "isolated", "cluster")
        or (chunk.values or chunk.concepts)
        or chunk.part("superlative").strip("?+-")
        for chunk in found
    )


def _route(found: list[Chunk], lexicon: Lexicon, yes_no: bool, *, tolerant: bool = False) -> Query | None:
    """`route from A to B with jumps of 60`: two places, and how far a jump goes or that links are to be used."""
    roles = {role for chunk in found for role in chunk.roles}
    if "or" in roles and any(chunk.part("comparative") or chunk.part("superlative") for chunk in found):
        return None  # `A or B, which is the shorter hop`
    if (
        not roles & {"route", "jump"}
        or ("far" in roles and "jump" not in roles)
        or not any(chunk.ids for chunk in found)
    ):
        return None
    if not roles & {"from", "to", "between"} and sum(bool(chunk.ids) for chunk in found) < 2:
        return None
    scene = gather(Stream(found, lexicon), yes_no, routing=True, tolerant=tolerant)
    ends = [one for one in scene.groups if not one.tied and not one.conditions]
    ends = ends if sum(one.named for one in ends) < 2 else [one for one in ends if one.named]
    if not ends or len(ends) > 2:
        return None
    if len(ends) == 2 and "to" in ends[0].lead and "from" in ends[1].lead:
        ends.reverse()
    start, end = ends[0].frozen() if len(ends) == 2 else Selection(), ends[-1].frozen()
    if len(ends) == 1 and "to" not in ends[0].lead:
        return None
    if any(not (one.named or one.order or one.lead) for one in ends):
        return None  # `which systems can I reach from X`
    number, unit = scene.jump or (None, "")
    by_links = "linked" in roles
    return Query(want=Want.ROUTE, subject=start, others=(end,), number=number, unit=unit, by_links=by_links)


def _linked(stream: Stream, yes_no: bool) -> Query | None:
    """`are A and B linked`."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    if not yes_no or len(places) != 2 or not any(chunk.one_of("linked") for chunk in stream.chunks):
        return None
    if any(chunk.unknown or chunk.kinds for chunk in stream.chunks):
        return None
    one, other = (Selection(ids=chunk.ids, name=chunk.slip or chunk.text) for chunk in places)
    return Query(want=Want.CHECK, subject=one.model_copy(update={"near": other, "linked": True}))


def _clusters(stream: Stream, yes_no: bool) -> Query | None:
    """`clusters within 10`."""
    if not any(chunk.one_of("cluster") for chunk in stream.chunks):
        return None
    number = next((chunk for chunk in stream.chunks if chunk.number is not None), None)
    if any(chunk.ids for chunk in stream.chunks) or any(chunk.unknown for chunk in stream.chunks):
        return None
    return Query(
        want=Want.CLUSTERS,
        subject=Selection(kinds=(Kind.SYSTEM,)),
        number=number.number if number else None,
        unit=number.unit if number else "",
    )


def _selection(scene: Scene) -> Query | None:
    """Which records, and what about them."""
    if scene.comparisons:
        return None  # with what, nobody said
    target = scene.target()
    if target is None:
        one, others = Draft(), []
    else:
        one, others = target.draft(), [other.frozen() for other in target.also if other.named]
    stream = scene.stream
    last = stream.chunks[-1].text.lower() if stream.chunks else ""
    who = "who" in scene.flags or "discovered_by" in scene.asked
    if scene.left(target) or (who and last in WITH_WHOM and "linked" not in scene.flags):
        return None
    if any(chunk.one_of("other") for chunk in stream.chunks):
        one.without += tuple(id for other in scene.groups if other.named and other is not target for id in other.ids)
    _measured_from(stream, one)
    _ordered_by_count(one)
    query = wanted(stream, one, scene.yes_no)
    if query is not None and (_of_something_else(scene, query) or _merely_named(scene, target, query)):
        return None
    if others and query is not None:
        return query.model_copy(update={"others": tuple(others)}) if query.want is Want.VALUE else None
    return query


def _of_something_else(scene: Scene, query: Query) -> bool:
    """`what colour is X` of a planet: a word for anything's colour is no question about its star."""
    if query.want is not Want.VALUE or not scene.generic:
        return False
    fields, things = scene.stream.lexicon.fields, scene.stream.lexicon.gazetteer.things
    kinds = query.subject.kinds or tuple(things[id].kind for id in query.subject.ids)
    concepts = [concept for entry in query.concepts for concept in entry.split("|")]
    stars = all(concept == "star" for concept in concepts) and Kind.SYSTEM not in kinds
    return stars or not any(fields.fits(concept, kind) for concept in concepts for kind in kinds)


def _merely_named(scene: Scene, target: Group | None, query: Query) -> bool:
    """`what happens in X`: nobody asked for all that is known of X."""
    lead = target.lead if target is not None else frozenset()
    does = any(chunk.text.lower() in DOES for chunk in scene.stream.chunks)
    if query.want is Want.LIST:  # `what do the Tarn ...`: those that live somewhere are no list of places
        subject = query.subject
        named = any(chunk.kinds for chunk in scene.stream.chunks) or "where" in scene.flags
        return does and not named and subject.order is None and subject.near is None and not subject.of
    return (
        query.want is Want.ABOUT
        and "about" not in scene.flags
        and (
            does
            or {"discovered", "list"} & scene.flags == {"discovered"}
            or bool(lead & {"of", "with", "by", "to", "from"})
        )
    )


def _measured_from(stream: Stream, one: Draft) -> None:
    """`which system of X is nearest`: X is where it is measured from, unless it is a region."""
    if one.order is None or one.order.concept != "distance" or one.near is not None or len(one.of) != 1:
        return
    things = stream.lexicon.gazetteer.things
    if one.of[0].ids and all(things[id].kind in (Kind.SYSTEM, Kind.PLANET, Kind.MOON) for id in one.of[0].ids):
        one.near, one.of = one.of[0], []


def _ordered_by_count(one: Draft) -> None:
    if one.order is not None and one.order.concept == "?":
        raise NotUnderstood("most" if one.order.descending else "least", "words")
