"""Answers that are measured: how far, which is nearer or larger, routes, clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from haven.world import clusters as grouping
from haven.world import routes, space
from haven.world.asking.answer import Answer, row
from haven.world.asking.finding import Finder, names
from haven.world.asking.legs import whole_way
from haven.world.asking.measuring import alternatives, carriers, shown
from haven.world.asking.query import Order, Query, Selection
from haven.world.asking.said import asked_label, length, order_words, ranked_value, said, sentence
from haven.world.asking.stream import Unmeasurable
from haven.world.atlas import Atlas
from haven.world.lengths import convert, written
from haven.world.schema import Kind, Thing

MOST_ROWS = 12
"""Records of each side that a comparison of counts names as its sources."""
SPACINGS = 1.5
"""Clusters where nobody names a length: friends at most so many times the usual distance to the nearest neighbour."""


def distance(finder: Finder, query: Query) -> Answer:
    """How far two records are apart; from the system at the middle of the map where one alone is named."""
    if len(query.others) > 1:
        return whole_way(finder, query)
    both = finder.find(query.subject).things if query.subject.limit == 2 and not query.others else []
    one = both[0] if len(both) == 2 else finder.one(query.subject)
    other = both[1] if len(both) == 2 else finder.one(query.others[0]) if query.others else finder.origin()
    if other is None:
        raise Unmeasurable(f"Name the place from which the distance to {one.name} is to be measured.")
    away, atlas = finder.distance(one, other)
    if query.unit and query.unit != atlas.unit and convert(1.0, query.unit, atlas.unit) is None:
        raise Unmeasurable(
            f"this map counts in {atlas.unit}, and how many {query.unit} that is is not recorded. "
            f"{one.name} is {written(away, atlas.unit)} from {other.name}."
        )
    ranked = [
        (end, thing) for end, thing in zip((query.subject, *query.others), (one, other), strict=False) if end.order
    ]
    lead = "".join(f"{order_words(end)}: {thing.name}{_aside(finder, end)}. " for end, thing in ranked if not both)
    systems = [finder.gazetteer.system_of(thing) for thing in (one, other)]
    if systems[0] is systems[1] and one.id != other.id:
        return _inside(finder, query, one, other, lead)
    where = [
        f" (measured from its system {system.name})" if system and system.id != thing.id else ""
        for thing, system in zip((one, other), systems, strict=True)
    ]
    text = f"{lead}{one.name}{where[0]} is {length(away, atlas.unit, query.unit)} from {other.name}{where[1]}."
    return Answer(text, (row(one, "position"), row(other, "position")), str(query), data={"distance": away})


def _aside(finder: Finder, end: Selection) -> str:
    """That the nearest system to a planet is another than its own."""
    anchor = finder.one(end.near) if end.near is not None and end.kinds == (Kind.SYSTEM,) else None
    own = finder.gazetteer.system_of(anchor) if anchor is not None else None
    return "" if own is None or own is anchor else f" (its own, {own.name}, aside)"


def _inside(finder: Finder, query: Query, one: Thing, other: Thing, lead: str) -> Answer:
    """Two records of one system: the map has no distance between them, but an orbit may be recorded."""
    text = f"{lead}{one.name} and {other.name} lie in the same system; the map has distances between systems only."
    for thing in (one, other):
        if read := finder.fields.read(thing, "axis"):
            text += f" {asked_label('axis', read[0])} of {thing.name}: {shown(read[0], read[1], 'axis')}."
    return Answer(text, (row(one), row(other)), str(query))


def compare(finder: Finder, query: Query) -> Answer:
    """Which of the named records has more of something, with the value of each; the first is the one asked about."""
    order = query.order
    assert order is not None
    if order.concept == "distance":
        return _nearer(finder, query, order)
    if order.concept == "count" and order.counted is None:
        return _more(finder, query, order)
    things = [finder.one(one) for one in (query.subject, *query.others)]
    keys = [finder.key(thing, order) for thing in things]
    told = [
        f"{thing.name}: {ranked_value(thing, order, key[1], finder) if key is not None else 'not recorded'}"
        for thing, key in zip(things, keys, strict=True)
    ]
    label = asked_label(order.concept) if order.concept != "count" else "Number"
    rows = tuple(row(thing, text) for thing, text in zip(things, told, strict=True))
    if any(key is None for key in keys) or len({key[0] for key in keys if key is not None}) > 1:
        return Answer(f"Not recorded for all of them: {'; '.join(told)}.", rows, str(query), recorded=False)
    known = [key[1] for key in keys if key is not None]
    apart = _apart(finder, things, order, known)
    return Answer(f"{_verdict(query, things, known)} {label}: {'; '.join(told)}.{apart}", rows, str(query))


def _apart(finder: Finder, things: list[Thing], order: Order, keys: list[float]) -> str:
    """By how much two values differ, in the unit of the field; "" where they are words, or in several units."""
    if len(things) != 2 or order.concept in ("count", "year") or keys[0] == keys[1]:
        return ""
    for concept in alternatives(order.concept):
        reads = [finder.fields.read(one, concept) for thing in things for one in finder.holders(thing, concept)[:1]]
        found = [read for read in reads if read is not None and isinstance(read[1][0], float)]
        if len(found) == 2 and found[0][0].key == found[1][0].key:
            difference = abs(float(found[0][1][0]) - float(found[1][1][0]))
            return f" The difference is {shown(found[0][0], (float(f'{difference:.6g}'),), concept)}."
    return ""


def _more(finder: Finder, query: Query, order: Order) -> Answer:
    """Of which records there are more: `more systems with this or with that`."""
    sides = [query.subject, *query.others]
    found = [finder.find(side).things for side in sides]
    told = [said(side).removeprefix("the ") for side in sides]
    counts = [len(some) for some in found]
    best = max(counts) if order.descending else min(counts)
    first = [text for text, count in zip(told, counts, strict=True) if count == best]
    if len(first) == len(sides):
        verdict = f"{'Yes. ' if order.alike and query.yes_no else ''}There are as many of each."
    else:
        verdict = f"There are {'more' if order.descending else 'fewer'} {' and '.join(first)}."
        if query.yes_no and len(sides) == 2:
            verdict = f"{'Yes' if first == told[:1] and not order.alike else 'No'}. {verdict}"
    listed = "; ".join(f"{count:,} {text}" for text, count in zip(told, counts, strict=True))
    rows = tuple(row(thing) for some in found for thing in some[:MOST_ROWS])
    return Answer(f"{verdict} {listed[:1].upper()}{listed[1:]}.", rows, str(query))


def _verdict(query: Query, things: list[Thing], keys: list[float]) -> str:
    """Yes where the first of them has most and no other does; else who has."""
    assert query.order is not None
    best = max(keys) if query.order.descending else min(keys)
    first = [thing for thing, key in zip(things, keys, strict=True) if key == best]
    if query.order.alike:
        yes, no = ("Yes, as many", "No") if query.yes_no else ("As many", "Not as many")
        return f"{yes if len(first) == len(things) else no}."
    if len(first) == len(things):
        return "No, they are the same." if query.yes_no else "They are the same."
    if query.yes_no:
        return f"{'Yes' if first == things[:1] else 'No'}, it is {names(first)}."
    return f"It is {names(first)}."


def _nearer(finder: Finder, query: Query, order: Order) -> Answer:
    origin = finder.one(order.counted) if order.counted is not None else finder.origin()
    if origin is None:
        raise Unmeasurable("name the place from which it is to be measured.")
    things = [finder.one(one) for one in (query.subject, *query.others)]
    measured = [finder.distance(thing, origin) for thing in things]
    told = [f"{thing.name} {length(away, atlas.unit)}" for thing, (away, atlas) in zip(things, measured, strict=True)]
    verdict = _verdict(query, things, [away for away, _ in measured])
    text = f"{verdict} Distances from {origin.name}: {'; '.join(told)}."
    return Answer(text, tuple(map(row, [*things, origin])), str(query))


def route(finder: Finder, query: Query) -> Answer:
    """The stops, the length and the longest jump; without a jump range over links, else by the shortest that works."""
    if len(query.others) > 1:
        return _by_legs(finder, query)
    start = finder.one(query.subject) if query.subject != Selection() else finder.origin()
    if start is None:
        raise Unmeasurable("name the place that the route starts from.")
    end = finder.one(query.others[0])
    atlas = finder.frame_of(start, end)
    ends = [system.id for thing in (start, end) if (system := finder.gazetteer.system_of(thing))]
    rows = (row(start), row(end))
    if query.number is None or query.by_links:
        found = routes.by_links(atlas, ends[0], ends[1]) if atlas.links else None
        note = "over recorded links"
        if found is None and query.by_links:
            return Answer(f"No recorded links lead from {start.name} to {end.name}.", rows, str(query))
        if found is None:
            least = routes.smallest_jump(atlas, ends[0], ends[1])
            if least is None:
                return Answer("How far does one jump go? Ask again with a jump range.", rows, str(query))
            found = routes.by_jumps(atlas, ends[0], ends[1], least)
            note = f"no jump range was named; no range shorter than {written(least, atlas.unit)} gets there"
        return _told(finder, query, found, atlas, note)
    jump = _jump(query.number, query.unit, atlas)
    found = routes.by_jumps(atlas, ends[0], ends[1], jump)
    if found is None:
        least = routes.smallest_jump(atlas, ends[0], ends[1])
        needed = f" The shortest jump range that gets there is {written(least, atlas.unit)}." if least else ""
        text = f"There is no route from {start.name} to {end.name} with jumps of {written(jump, atlas.unit)}.{needed}"
        return Answer(sentence(text, [atlas.left_out] if atlas.left_out else []), rows, str(query))
    return _told(finder, query, found, atlas, f"with jumps of at most {written(jump, atlas.unit)}")


def _by_legs(finder: Finder, query: Query) -> Answer:
    """A route from each place to the next, and what they come to together."""
    ends = (query.subject, *query.others)
    ways = [route(finder, query.model_copy(update={"subject": a, "others": (b,)})) for a, b in pairwise(ends)]
    rows = tuple({one.id: one for way in ways for one in way.rows}.values())
    told = "\n".join(f"- {way.text}" for way in ways)
    if not all("jumps" in way.data for way in ways):
        return Answer(f"Not every leg of that way can be gone:\n{told}", rows, str(query))
    unit = finder.frame_of(*map(finder.one, ends)).unit
    data = {name: sum(way.data[name] for way in ways) for name in ("jumps", "length")}
    stops = [finder.one(one).name for one in ends]
    head = f"{data['jumps']:g} jumps, {written(data['length'], unit)} in all, from {stops[0]} to {stops[-1]}"
    ids = [id for way in ways for id in way.route]
    once = tuple(id for at, id in enumerate(ids) if at == 0 or ids[at - 1] != id)
    return Answer(f"{head} by way of {', '.join(stops[1:-1])}:\n{told}", rows, str(query), route=once, data=data)


def _jump(number: float, unit: str, atlas: Atlas) -> float:
    if not unit or unit == "units":
        return number
    turned = convert(number, unit, atlas.unit)
    if turned is None:
        raise Unmeasurable(f"this map counts in {atlas.unit}, and how many {unit} that is is not recorded.")
    return turned


def _told(finder: Finder, query: Query, found: routes.Route | None, atlas: Atlas, note: str) -> Answer:
    if found is None:
        return Answer("No route leads there.", (), str(query))
    legs = [f"{name} (+{written(leg, atlas.unit)})" for name, leg in zip(found.names[1:], found.legs, strict=True)]
    count = len(found.legs)
    step = "link" if found.by == "links" else "jump"
    text = (
        f"{count} {step}{'s' if count != 1 else ''} from {found.names[0]} to {found.names[-1]}, {note}: "
        f"{found.names[0]} → {' → '.join(legs)}. In all {written(found.length, atlas.unit)}, "
        f"the longest {step} {written(found.longest, atlas.unit)}."
        if count
        else f"{found.names[0]} is where you are: no {step} is needed."
    )
    rows = tuple(row(finder.gazetteer.things[id]) for id in found.ids)
    return Answer(text, rows, str(query), route=found.ids, data={"jumps": count, "length": found.length})


def clusters(finder: Finder, query: Query) -> Answer:
    """Friends of friends on the fullest map."""
    atlas = finder.gazetteer.atlas()
    if len(atlas) < 2:
        raise Unmeasurable("fewer than two systems have a position.")
    if query.number is None:
        size = float(np.median(space.spacing(atlas.xyz))) * SPACINGS
    else:
        size = _jump(query.number, query.unit, atlas)
    found = grouping.clusters(atlas, size)
    if not found:
        return Answer(f"No two systems are within {written(size, atlas.unit)} of each other.", (), str(query))
    listed = "; ".join(f"{len(one.ids)} around {one.names[0]} ({', '.join(one.names[:5])})" for one in found[:10])
    many = "clusters" if len(found) > 1 else "cluster"
    text = f"{len(found)} {many} of systems at most {written(size, atlas.unit)} apart, largest first: {listed}."
    rows = tuple(row(finder.gazetteer.things[one.ids[0]]) for one in found[:10])
    return Answer(sentence(text, [atlas.left_out] if atlas.left_out else []), rows, str(query))


def same_in(finder: Finder, query: Query) -> Answer:
    """Whether two records have the same of something, with the value of each."""
    things = [finder.one(one) for one in (query.subject, *query.others)]
    for concept in (one for entry in query.concepts for one in alternatives(entry)):
        said = [_same_value(finder, thing, concept) for thing in things]
        if any(said):
            rows = tuple(row(thing, value) for thing, value in zip(things, said, strict=True))
            listed = "; ".join(
                f"{thing.name}: {value or 'not recorded'}" for thing, value in zip(things, said, strict=True)
            )
            if not all(said):
                return Answer(
                    f"Not recorded for all of them. {asked_label(concept)}: {listed}.",
                    rows,
                    str(query),
                    recorded=False,
                )
            verdict = "Yes" if len({value.casefold() for value in said}) == 1 else "No"
            return Answer(f"{verdict}. {asked_label(concept)}: {listed}.", rows, str(query))
    label = asked_label(query.concepts[0]).lower()
    return Answer(f"Not recorded: no {label} of {names(things)}.", tuple(map(row, things)), str(query), recorded=False)


def _same_value(finder: Finder, thing: Thing, concept: str) -> str:
    if concept in ("system", "planet"):
        above = [one for one in (thing, *finder.gazetteer.above(thing)) if one.kind == concept]
        return above[0].name if above else ""
    for carrier in carriers(thing, concept, finder.fields, finder.gazetteer)[:1]:
        if read := finder.fields.read(carrier, concept):
            return shown(read[0], read[1], concept)
    return ""
