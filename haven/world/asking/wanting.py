"""What is asked of the records that a question means: how many, a field, where they are, whether something is so."""

from __future__ import annotations

from haven.world.asking import deeds
from haven.world.asking.query import Order, Query, Selection, Want
from haven.world.asking.stream import Draft, NotUnderstood, Stream
from haven.world.schema import Kind

TIMES = frozenset({"year", "period", "when", "age"})
"""Fields that say when something was."""
EVERY = frozenset({"all", "every", "each", "alle", "jeder", "jede", "jedes"})
LOOSE = frozenset({"tags", "condition", "significance", "period", "place"})
"""Fields whose words are everyday words: they say which records are meant only beside a kind."""
UNCOUNTED = frozenset({"lifeform", "race", "flora", "fauna", "sentinels", "economy", "weather", "biome", "conflict"})
"""Fields that say of what kind something is, never how many there are."""
OF_NOBODY = frozenset(
    {"economy", "economy_level", "biome", "weather", "star", "conflict", "sentinels", "materials", "size"}
)
"""Fields that answer no question for a person."""
SUMMED = {"average": Want.AVERAGE, "median": Want.MEDIAN, "sum": Want.TOTAL}
"""What is asked of a field of many records at once."""
BELONGING = (Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY)
HOLDERS = {Kind.MOON: Kind.PLANET, Kind.SYSTEM: Kind.REGION} | dict.fromkeys(
    (Kind.PLANET, Kind.STATION, Kind.DISCOVERY), Kind.SYSTEM
)
"""Of what it is asked who has most of a kind, where nobody says."""


def wanted(stream: Stream, one: Draft, yes_no: bool) -> Query | None:
    """What is asked about the selection, by the words around it."""
    flags, asked = stream.flags, tuple(dict.fromkeys(stream.asked))
    opening = {role for chunk in stream.chunks[:3] for role in chunk.roles}
    if "count" in flags and len(asked) > 1:
        asked = tuple(entry for entry in asked if entry != "day")  # `how many days does it take to orbit`
    if one.ids and _told_otherwise(flags, asked):
        return None
    if len(asked) > 1 and {"orbit", "axis", "eccentricity"} & {one for entry in asked for one in entry.split("|")}:
        asked = tuple(entry for entry in asked if entry != "star")  # `to go around its star`
    if len(asked) > 1 and any("star" in entry.split("|") for entry in asked):
        asked = tuple(entry for entry in asked if "star" not in entry.split("|"))
        things = stream.lexicon.gazetteer.things
        if one.bare and all(things[id].kind is not Kind.SYSTEM for id in one.ids):
            one = Draft(kinds=(Kind.SYSTEM,), of=[one.frozen()])
    one = _not_the_finder(stream, one)
    if "how" in flags and any(chunk.one_of("called") for chunk in stream.chunks):
        flags.discard("how")  # `how are the moons called`
    if "when" in flags and one.bare and not asked and _all_of(stream, one, Kind.DISCOVERY):
        flags.add("discovered")
    if one.near is not None and one.order is not None:
        flags.discard("who")  # `who is the nearest neighbour of X`
    if flags & {"who", "when", "how"}:
        asked = _about_discovery(stream, one, asked)
        times = TIMES.isdisjoint(name for entry in asked for name in entry.split("|"))
        times = times and not any(deeds.tells_when(stream, entry) for entry in asked)
        if not asked or ("when" in opening and times):
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


def _told_otherwise(flags: set[str], asked: tuple[str, ...]) -> bool:
    """Whether the fields would answer another question: how many people live somewhere, or who somebody was."""
    names = {name for entry in asked for name in entry.split("|")}
    return ("count" in flags and bool(names & UNCOUNTED)) or ("who" in flags and bool(names) and names <= OF_NOBODY)


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
    nothing = not (one.ids or one.of or one.conditions or one.near or one.order)
    if one.kinds == (Kind.PLANET, Kind.MOON) and not _fitting(stream, one, asked):
        one.kinds = ()  # `the best place to sell` is a station
    named_kinds = one.kinds
    if one.empty and not asked:
        return None
    if SUMMED.keys() & flags and asked:
        if one.ids:
            one = Draft(of=[one.frozen()])
        one.kinds = one.kinds or implied(stream, Draft(), asked)[:1]
        want = next(want for flag, want in SUMMED.items() if flag in flags)
        return Query(want=want, subject=one.frozen(), concepts=asked, unit=stream.unit)
    if "each" in flags and len(one.of) == 1 and one.of[0].kinds and one.kinds:
        counted = Selection(kinds=one.kinds, conditions=tuple(one.conditions))
        order = Order(concept="count", descending=True, counted=counted)
        return Query(want=Want.LIST, subject=one.of[0].model_copy(update={"order": order}))
    if one.order is not None and one.order.concept == "distance" and not one.kinds and not one.ids:
        one.kinds = (Kind.SYSTEM,)
    if one.order is not None and one.order.counted is not None and not one.kinds and not one.ids:
        one.kinds = tuple(HOLDERS[kind] for kind in one.order.counted.kinds[:1] if kind in HOLDERS)
    if not one.kinds and not one.ids:
        if yes_no and not asked and one.conditions and _is_said_of_it(stream, one):
            one = Draft(ids=one.of[0].ids, name=one.of[0].name, conditions=one.conditions)
        elif one.of and not asked:
            one.kinds = implied(stream, one)
        elif asked and one.of and len(one.of) == 1 and not one.conditions and not one.order:
            one = _unwrapped(one)
        else:
            one.kinds = implied(stream, one, asked)[: 1 if nothing else None]
    things = stream.lexicon.gazetteer.things
    if asked and one.bare and all(things[id].kind is Kind.REGION for id in one.ids) and not _regional(stream, asked):
        one = Draft(of=[one.frozen()])
        one.kinds = implied(stream, one, asked)[:1]
        return Query(
            want=Want.GROUP, subject=one.frozen(), concepts=asked, order=Order(concept="count", descending=True)
        )
    nothing = not (one.ids or one.of or one.conditions or one.near or one.order)
    if one.kinds == (Kind.LORE,) and (one.of or one.ids):
        return None  # what a text says is not for the records of places to tell
    if Kind.PERSON in one.kinds and (one.of or one.near) and not _all_people(stream, one):
        return None  # who lives or lived where is no field of a place
    plural = any(chunk.concepts and chunk.text.endswith("s") for chunk in stream.chunks) and "list" in flags
    values = plural or flags & {"there", "exist", "different", *SUMMED}
    if asked and not named_kinds and nothing and not values:
        return None  # of what, nobody said
    everywhere = not (one.ids or one.of or one.conditions or one.near or one.order) and len(one.kinds) == 1
    if asked and everywhere and not {*SUMMED, "count"} & flags:
        order = Order(concept="count", descending=True)
        return Query(want=Want.GROUP, subject=one.frozen(), concepts=asked, order=order)
    return _of_these(stream, one, asked, yes_no, opening, bool(named_kinds))


def _of_these(
    stream: Stream, one: Draft, asked: tuple[str, ...], yes_no: bool, opening: set[str], named_kinds: bool
) -> Query | None:
    """The query about records whose kinds are known; `named_kinds`: the person said them."""
    flags = stream.flags
    loose = {concept for condition in one.conditions for concept in condition.concepts}
    partly = "where" in flags and one.conditions and not any(condition.exact for condition in one.conditions)
    if not named_kinds and not one.ids and loose and (loose <= LOOSE or partly):
        return None  # `how many ships has X`: that some discovery bears such a word is no answer
    subject = one.frozen()
    if one.bare and "discovered" in flags and not asked and _all_people(stream, one):
        finder = subject.model_copy(update={"without": ()})
        found_by = Selection(kinds=(Kind.SYSTEM, *BELONGING), of=(finder,), without=subject.without)
        return Query(want=Want.COUNT if "count" in flags else Want.LIST, subject=found_by)
    if not named_kinds and "count" in flags and not asked:
        return None  # of what, nobody said
    if {"count", "sum"} & flags:
        return Query(want=Want.COUNT, subject=subject, concepts=asked, unit=stream.unit)
    if yes_no and one.bare and not asked and flags.isdisjoint({"there", "exist"}):
        if "discovered" not in flags:
            return None  # whether what is so of it, was not understood
        asked = ("discovered_by",)
    if yes_no and not asked:
        said = {word for chunk in stream.chunks for word in chunk.text.lower().split()}
        if not one.ids and said & EVERY:
            if not one.conditions:
                raise NotUnderstood("all")
            return Query(want=Want.EVERY, subject=subject)
        if not one.ids and "only" in said:
            return Query(want=Want.COUNT, subject=subject)
        named = bool(one.ids) and (one.conditions or one.of or one.near)
        return Query(want=Want.CHECK if named else Want.EXISTS, subject=subject, unit=stream.unit)
    if asked:
        return Query(want=Want.VALUE, subject=subject, concepts=asked, unit=stream.unit)
    if "where" in flags and one.ids:
        return Query(want=Want.WHERE, subject=subject, unit=stream.unit)
    if one.bare:
        return Query(want=Want.ABOUT, subject=subject) if "who" not in opening else None
    return Query(want=Want.LIST, subject=subject, unit=stream.unit)


def _fitting(stream: Stream, one: Draft, asked: tuple[str, ...]) -> bool:
    """Whether the kinds can have what is asked of them, or what they are ordered by."""
    concepts = {concept for entry in asked for concept in entry.split("|")}
    concepts |= set(one.order.concept.split("|")) if one.order is not None else set()
    measured = concepts - {"distance", "count", "spacing", "?", "position", "links"}
    fields = stream.lexicon.fields
    return not measured or any(fields.fits(concept, kind) for concept in measured for kind in one.kinds)


def _is_said_of_it(stream: Stream, one: Draft) -> bool:
    """`is it safe in X`: of the one that is named, where its records can say so."""
    things, fields = stream.lexicon.gazetteer.things, stream.lexicon.fields
    if one.order is not None or one.near is not None or len(one.of) != 1 or not one.of[0].ids:
        return False
    kinds = {things[id].kind for id in one.of[0].ids} - {Kind.REGION, Kind.PERSON}
    return all(any(fields.fits(c, kind) for c in each.concepts for kind in kinds) for each in one.conditions)


def _all_people(stream: Stream, one: Draft) -> bool:
    return _all_of(stream, one, Kind.PERSON)


def _all_of(stream: Stream, one: Draft, kind: Kind) -> bool:
    things = stream.lexicon.gazetteer.things
    return bool(one.ids) and all(things[id].kind is kind for id in one.ids)


def _regional(stream: Stream, asked: tuple[str, ...]) -> bool:
    """Whether the record of a region may hold one of the fields itself."""
    concepts = [concept for entry in asked for concept in entry.split("|")]
    own = any(stream.lexicon.fields.fits(concept, Kind.REGION) for concept in concepts)
    return own or bool({"position", "links"} & set(concepts))


def implied(stream: Stream, one: Draft, asked: tuple[str, ...] = ()) -> tuple[Kind, ...]:
    """The kinds that the conditions can be about, where nobody named one."""
    concepts = {concept for condition in one.conditions for concept in condition.concepts}
    concepts |= {concept for entry in asked for concept in entry.split("|")}
    concepts |= set(one.order.concept.split("|")) if one.order is not None else set()
    fields = stream.lexicon.fields
    kinds = tuple(kind for kind in Kind if any(fields.fits(concept, kind) for concept in concepts))
    places = (Kind.SYSTEM, Kind.PLANET, Kind.MOON)
    places_first = tuple(kind for kind in kinds if kind in places)
    return places_first or tuple(kind for kind in kinds if kind is not Kind.LORE) or (Kind.SYSTEM, *BELONGING)
