"""From a question in plain language to a typed query; rules alone, with the world's own words as the vocabulary."""

from __future__ import annotations

import re
from contextlib import suppress

from haven.world.asking.chunks import Chunk, chunks
from haven.world.asking.comparing import comparison, distance, same
from haven.world.asking.fields import Fields
from haven.world.asking.gathering import gather
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.query import Order, Query, Selection, Want
from haven.world.asking.scene import Scene
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.asking.tolerating import is_sure
from haven.world.schema import Kind

YES_NO = re.compile(
    r"(?:^|[,:;]|\b(?:and|but|so))\s*(is|are|was(?! ist| sind| war)|were|does|do|did|has|have|can|isn.?t|doesn.?t"
    r"|aren.?t|ist|sind|war|hat|haben|liegt|gibt|gehört)\b",
    re.IGNORECASE,
)
TELLING = (
    *("not", "without", "than", "same", "within", "beyond", "between"),
    *("ordinal", "except", "whose", "until", "since", "before", "after"),
)
"""Words that change what is asked: where nothing was understood with one, the question was not."""
LOOSE = frozenset({"tags", "condition", "significance", "period", "place"})
"""Fields whose words are everyday words: they say which records are meant only beside a kind."""
UNCOUNTED = frozenset({"lifeform", "race", "flora", "fauna", "sentinels", "economy", "weather", "biome", "conflict"})
"""Fields that say of what kind something is, never how many there are."""
BELONGING = (Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY)


def read(text: str, lexicon: Lexicon) -> Query | None:
    """The query, or None where the question is about no place here. Raises NotUnderstood for a part that is unknown."""
    found = chunks(text, lexicon)
    if not _about_places(found):
        return None
    yes_no = YES_NO.search(text) is not None
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
    subject = _narrowed(query.subject, lexicon.fields)
    return query.model_copy(update={"subject": subject, "read_as": read_as, "yes_no": yes_no})


def _read(found: list[Chunk], lexicon: Lexicon, yes_no: bool) -> Query | None:
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
    for frame in (distance, comparison, _selection):
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
    if not roles & {"route", "jump"} or "far" in roles or not any(chunk.ids for chunk in found):
        return None
    if not roles & {"from", "to", "between"}:
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
    target = scene.target()
    if target is None:
        one, others = Draft(), []
    else:
        one, others = target.draft(), [other.frozen() for other in target.also if other.named]
    if scene.left(target):
        return None
    stream = scene.stream
    _measured_from(stream, one)
    _ordered_by_count(one)
    query = _wanted(stream, one, scene.yes_no)
    if others and query is not None:
        return query.model_copy(update={"others": tuple(others)}) if query.want is Want.VALUE else None
    return query


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


def _wanted(stream: Stream, one: Draft, yes_no: bool) -> Query | None:
    """What is asked about the selection, by the words around it."""
    flags, asked = stream.flags, tuple(dict.fromkeys(stream.asked))
    opening = {role for chunk in stream.chunks[:3] for role in chunk.roles}
    if "count" in flags and len(asked) > 1:
        asked = tuple(entry for entry in asked if entry != "day")  # `how many days does it take to orbit`
    if "count" in flags and one.ids and {name for entry in asked for name in entry.split("|")} & UNCOUNTED:
        return None  # how many people live somewhere, or how many trees, nobody counted
    if len(asked) > 1 and {"orbit", "axis", "eccentricity"} & {one for entry in asked for one in entry.split("|")}:
        asked = tuple(entry for entry in asked if entry != "star")  # `to go around its star`
    if len(asked) > 1 and any("star" in entry.split("|") for entry in asked):
        asked = tuple(entry for entry in asked if "star" not in entry.split("|"))
        things = stream.lexicon.gazetteer.things
        if one.bare and all(things[id].kind is not Kind.SYSTEM for id in one.ids):
            one = Draft(kinds=(Kind.SYSTEM,), of=[one.frozen()])
    one = _not_the_finder(stream, one)
    if flags & {"who", "when", "how"}:
        asked = _about_discovery(stream, one, asked)
        if not asked:
            return None
    if one.kinds == (Kind.REGION,) and one.of and not one.conditions and not asked and not one.order:
        asked, one.kinds = ("region",), ()
        one = _unwrapped(one)
    if one.kinds == (Kind.PERSON,) and "discovered" in flags and (one.of or one.ids):
        asked = ("discovered_by",)
        one = _unwrapped(one)
    if one.order is not None and one.order.concept == "count" and asked and not one.kinds and not one.ids:
        return Query(want=Want.GROUP, subject=one.order.counted or Selection(), concepts=asked, order=_by_count(one))
    if {"common", "rare", "different", "grouped"} & flags and asked:
        order = Order(concept="count", descending="rare" not in flags)
        return Query(want=Want.GROUP, subject=_grouped(stream, one, asked).frozen(), concepts=asked, order=order)
    return _plainly(stream, one, asked, yes_no, opening)


def _not_the_finder(stream: Stream, one: Draft) -> Draft:
    """`when did P discover X` is about X."""
    if not (
        _all_people(stream, one)
        and stream.flags & {"discovered"}
        and stream.flags & {"when", "where", "how"}
        and len(one.of) == 1
    ):
        return one
    return _unwrapped(Draft(of=one.of)) if one.of[0].ids else one


def _by_count(one: Draft) -> Order:
    assert one.order is not None
    return Order(concept="count", descending=one.order.descending)


def _grouped(stream: Stream, one: Draft, asked: tuple[str, ...]) -> Draft:
    """Of which kind the values are counted, where nobody named one."""
    if not one.kinds:
        fields = stream.lexicon.fields
        named = [concept for entry in asked for concept in entry.split("|")]
        fitting = [kind for kind in Kind if any(fields.fits(concept, kind) for concept in named)]
        one.kinds = tuple(fitting[:1]) or (Kind.SYSTEM,)
        if one.bare and one.ids:
            one.of, one.ids, one.name = [Selection(ids=one.ids, name=one.name)], (), ""
    return one


def _about_discovery(stream: Stream, one: Draft, asked: tuple[str, ...]) -> tuple[str, ...]:
    """`who`, `when` and `how` ask for a field where something was discovered; of anything else nobody here knows."""
    flags = stream.flags
    if "discovered" in flags or any(chunk.one_of("discovered") for chunk in stream.chunks):
        for role, concept in (("who", "discovered_by"), ("when", "year"), ("how", "method")):
            if role in flags:
                return (concept,)
    return asked


def _unwrapped(one: Draft) -> Draft:
    """What the words hang on becomes what is asked about."""
    if not one.ids and one.of:
        return Draft(
            ids=one.of[0].ids,
            name=one.of[0].name,
            kinds=one.of[0].kinds,
            of=list(one.of[0].of),
            order=one.of[0].order,
            near=one.of[0].near,
            limit=one.of[0].limit,
            conditions=list(one.of[0].conditions),
        )
    return one


def _plainly(stream: Stream, one: Draft, asked: tuple[str, ...], yes_no: bool, opening: set[str]) -> Query | None:
    flags = stream.flags
    named_kinds = one.kinds
    if one.empty and not asked:
        return None
    if {"average", "sum"} & flags and asked:
        if one.ids:
            one = Draft(of=[one.frozen()])
        one.kinds = one.kinds or _implied(stream, Draft(), asked)[:1]
        want = Want.AVERAGE if "average" in flags else Want.TOTAL
        return Query(want=want, subject=one.frozen(), concepts=asked, unit=stream.unit)
    if "each" in flags and len(one.of) == 1 and one.of[0].kinds and one.kinds:
        counted = Selection(kinds=one.kinds, conditions=tuple(one.conditions))
        order = Order(concept="count", descending=True, counted=counted)
        return Query(want=Want.LIST, subject=one.of[0].model_copy(update={"order": order}))
    if one.order is not None and one.order.concept == "distance" and not one.kinds and not one.ids:
        one.kinds = (Kind.SYSTEM,)
    if not one.kinds and not one.ids:
        if one.of and not asked:
            one.kinds = _implied(stream, one)
        elif asked and one.of and len(one.of) == 1 and not one.conditions and not one.order:
            one = _unwrapped(one)
        else:
            one.kinds = _implied(stream, one, asked)
    things = stream.lexicon.gazetteer.things
    if asked and one.bare and all(things[id].kind is Kind.REGION for id in one.ids) and not _regional(stream, asked):
        one = Draft(of=[one.frozen()])
        one.kinds = _implied(stream, one, asked)[:1]
        return Query(
            want=Want.GROUP, subject=one.frozen(), concepts=asked, order=Order(concept="count", descending=True)
        )
    nothing = not (one.ids or one.of or one.conditions or one.near or one.order)
    if asked and not named_kinds and nothing and not flags & {"there", "exist", "different", "average", "sum"}:
        return None  # of what, nobody said
    everywhere = not (one.ids or one.of or one.conditions or one.near or one.order) and len(one.kinds) == 1
    if asked and everywhere and not {"average", "sum", "count"} & flags:
        order = Order(concept="count", descending=True)
        return Query(want=Want.GROUP, subject=one.frozen(), concepts=asked, order=order)
    loose = {concept for condition in one.conditions for concept in condition.concepts}
    if not named_kinds and not one.ids and loose and loose <= LOOSE:
        return None  # `how many ships has X`: that some discovery bears such a word is no answer
    subject = one.frozen()
    if one.bare and "discovered" in flags and not asked and _all_people(stream, one):
        found_by = Selection(kinds=(Kind.SYSTEM, *BELONGING), of=(subject,))
        return Query(want=Want.COUNT if "count" in flags else Want.LIST, subject=found_by)
    if not named_kinds and "count" in flags and not asked:
        return None  # of what, nobody said
    if {"count", "sum"} & flags:
        return Query(want=Want.COUNT, subject=subject, concepts=asked, unit=stream.unit)
    if yes_no and not asked:
        named = bool(one.ids) and (one.conditions or one.of or one.near)
        return Query(want=Want.CHECK if named else Want.EXISTS, subject=subject, unit=stream.unit)
    if yes_no and one.ids and asked:
        return Query(want=Want.VALUE, subject=subject, concepts=asked, unit=stream.unit)
    if asked:
        return Query(want=Want.VALUE, subject=subject, concepts=asked, unit=stream.unit)
    if "where" in flags and one.ids:
        return Query(want=Want.WHERE, subject=subject, unit=stream.unit)
    if one.bare:
        return Query(want=Want.ABOUT, subject=subject) if "who" not in opening else None
    return Query(want=Want.LIST, subject=subject, unit=stream.unit)


def _all_people(stream: Stream, one: Draft) -> bool:
    things = stream.lexicon.gazetteer.things
    return bool(one.ids) and all(things[id].kind is Kind.PERSON for id in one.ids)


def _regional(stream: Stream, asked: tuple[str, ...]) -> bool:
    """Whether the record of a region may hold one of the fields itself."""
    concepts = [concept for entry in asked for concept in entry.split("|")]
    own = any(stream.lexicon.fields.fits(concept, Kind.REGION) for concept in concepts)
    return own or bool({"position", "links"} & set(concepts))


def _implied(stream: Stream, one: Draft, asked: tuple[str, ...] = ()) -> tuple[Kind, ...]:
    """The kinds that the conditions can be about, where nobody named one."""
    concepts = {concept for condition in one.conditions for concept in condition.concepts}
    concepts |= {concept for entry in asked for concept in entry.split("|")}
    concepts |= set(one.order.concept.split("|")) if one.order is not None else set()
    fields = stream.lexicon.fields
    kinds = tuple(kind for kind in Kind if any(fields.fits(concept, kind) for concept in concepts))
    places = (Kind.SYSTEM, Kind.PLANET, Kind.MOON)
    places_first = tuple(kind for kind in kinds if kind in places)
    return places_first or tuple(kind for kind in kinds if kind is not Kind.LORE) or (Kind.SYSTEM, *BELONGING)
