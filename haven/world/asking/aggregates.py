"""Answers about many records at once: averages, middles and sums, values by how many have them, and pairs far apart."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from haven.world.asking.answer import Answer, row
from haven.world.asking.checks import EQUAL
from haven.world.asking.fields import Field, Value
from haven.world.asking.finding import Finder
from haven.world.asking.measuring import alternatives, carriers, rank, shown
from haven.world.asking.query import Query, Selection, Want
from haven.world.asking.said import asked_label, kinds_said, length, said
from haven.world.asking.stream import Unmeasurable
from haven.world.atlas import Atlas, Floats, Ints
from haven.world.schema import Kind, Thing, noun

MOST_ROWS = 25
"""Rows of a list that are written out, and of sources that are named."""
MOST_PAIRED = 3_000
"""Systems of which all distances are kept: a second's work on a small machine."""
MOST_RANKED = 6_000
"""Systems that are measured pair by pair to find the first pairs; only these are kept."""
TIED = 25
"""Pairs beyond those that are asked for which are kept, to say what comes after some that are as far apart."""
NAMES = {Want.AVERAGE: "Average", Want.MEDIAN: "Median", Want.TOTAL: "Total"}


def _of(want: Want, numbers: Sequence[float]) -> float:
    """Of at least one number. In double precision."""
    if want is Want.TOTAL:
        return sum(numbers)
    return statistics.median(numbers) if want is Want.MEDIAN else sum(numbers) / len(numbers)


def share(so: Sequence[bool | None]) -> tuple[str, bool]:
    """Of how many it is so, in percent, and whether that is recorded; what is not recorded counts apart."""
    known = [one for one in so if one is not None]
    if not known:
        return "Not recorded", False
    told = f"{100 * sum(known) / len(so):.1f} %"
    among = f" ({100 * sum(known) / len(known):.1f} % of those of which it is recorded)" if len(known) < len(so) else ""
    return told + among, True


def figure(finder: Finder, query: Query) -> Answer:
    """The average, median or sum of a field, of how many of something each has, or of distances."""
    order = query.subject.order
    if order is not None and order.concept == "count" and order.counted is not None:
        return _per_record(finder, query, order.counted)
    if query.concepts == ("distance",):
        return _distances(finder, query)
    things = finder.find(query.subject).things
    options = [one for entry in query.concepts for one in alternatives(entry)]
    for concept in options:
        read = [(thing, found) for thing in things if (found := finder.fields.read(thing, concept))]
        numbers = [found for _, found in read if isinstance(found[1][0], float)]
        among = f"over the {len(numbers or read):,} of {len(things):,} {_plural(things)} that have it recorded."
        if numbers:
            result = round(_of(query.want, [float(found[1][0]) for found in numbers]), 4)
            label = f"{NAMES[query.want]} {asked_label(concept, numbers[0][0]).lower()}"
            text = f"{label}: {shown(numbers[0][0], (result,), concept)}, {among}"
            return Answer(text, tuple(map(row, things[:MOST_ROWS])), str(query))
        if read:
            return _of_words(query, concept, read, among)
    rows = tuple(map(row, things[:MOST_ROWS]))
    return Answer(f"No {asked_label(options[0]).lower()} is recorded there.", rows, str(query), recorded=False)


def _of_words(
    query: Query, concept: str, read: Sequence[tuple[Thing, tuple[Field, tuple[Value, ...]]]], among: str
) -> Answer:
    """Words have no average; those of a scale have a middle."""
    label = asked_label(concept, read[0][1][0])
    rows = tuple(row(thing) for thing, _ in read[:MOST_ROWS])
    places = {str(found[1][0]): rank(found[1], concept) for _, found in read}
    if query.want is Want.MEDIAN and None not in places.values():
        words = sorted((str(found[1][0]) for _, found in read), key=lambda word: places[word] or 0.0)
        return Answer(f"Median {label.lower()}: {words[(len(words) - 1) // 2]}, {among}", rows, str(query))
    counts = Counter(str(value) for _, found in read for value in found[1])
    most, many = max(counts.items(), key=lambda one: (one[1], one[0]))
    what = NAMES[query.want].lower()
    text = f"{label} is recorded in words, which have no {what}. The most frequent is {most}: {many:,}, {among}"
    return Answer(text, rows, str(query), recorded=False)


def _per_record(finder: Finder, query: Query, counted: Selection) -> Answer:
    """How many of something the records of a kind have, on average."""
    holders = query.subject.model_copy(update={"order": None, "limit": None})
    things = finder.find(holders).things
    if not things:
        return Answer(f"No {kinds_said(holders.kinds, 1)} is recorded there.", (), str(query), recorded=False)
    counts = [len(finder.checks.held(thing, counted)) for thing in things]
    result = round(_of(query.want, [float(count) for count in counts]), 4)
    what = said(counted).removeprefix("the ")
    one = noun(things[0].kind, 1)
    among = f"({sum(counts):,} of {len(things):,} {_plural(things)})"
    text = f"{NAMES[query.want]} number of {what} for each {one}: {result:g} {among}."
    return Answer(text, tuple(map(row, things[:MOST_ROWS])), str(query))


def _distances(finder: Finder, query: Query) -> Answer:
    """From one place to all others that are meant, or between each two of them."""
    found = finder.find(query.subject)
    if query.subject.near is not None:
        systems = {
            system.id: found.distances[thing.id]
            for thing in found.things
            if (system := finder.gazetteer.system_of(thing)) and system.id != found.origin_system
        }
        if not systems:
            raise Unmeasurable(f"none of them lies elsewhere than {found.origin}.")
        result, unit = _of(query.want, list(systems.values())), found.unit
        over = f"from {found.origin} to {len(systems):,} {'other systems' if len(systems) > 1 else 'other system'}"
    else:
        atlas, rows = _placed(finder, found.things)
        result, unit = _of(query.want, np.concatenate(list(_away(atlas, rows))).tolist()), atlas.unit
        over = f"between each two of {len(rows):,} systems"
    text = f"{NAMES[query.want]} distance {over}: {length(result, unit, query.unit)}."
    return Answer(text, tuple(map(row, found.things[:MOST_ROWS])), str(query), data={"distance": result})


def pair(finder: Finder, query: Query) -> Answer:
    """The two of these systems that are the closest to each other, or the farthest apart, and others as close.

    Of the second or third such pair in order, or of the first few of them.
    """
    order, nth, many = query.order, query.subject.nth or 1, query.subject.limit or 1
    assert order is not None
    whole = query.subject.model_copy(update={"nth": None, "limit": None})
    atlas, rows = _placed(finder, finder.find(whole).things, MOST_RANKED)
    found = _ranked(atlas, rows, max(nth, many) + TIED, descending=order.descending)
    if max(nth, many) > len(found):
        raise Unmeasurable(f"only {len(found):,} pairs of these systems have positions on the map.")
    first = found[0][0]
    last = found[max(nth, many) - 1][0]
    beyond = next(
        (one[0] for one in found if not _equal(one[0], last) and (one[0] > last) is not order.descending), None
    )
    ahead = [one for one in found if not _equal(one[0], last) and (one[0] > last) is order.descending]
    found = [*(ahead if many > 1 else []), *(one for one in found if _equal(one[0], last))]
    told = [f"{atlas.names[one]} and {atlas.names[other]}" for _, one, other in found[:MOST_ROWS]]
    lengths = [length(each[0], atlas.unit, query.unit) for each in found[:MOST_ROWS]]
    how = "farthest apart" if order.descending else "closest to each other"
    kind = said(whole).removeprefix("the ")
    if many > 1:
        listed = "; ".join(f"{names} ({away})" for names, away in zip(told, lengths, strict=True))
        text = f"Of the {len(rows):,} {kind} on the map the {many} pairs {how}: {listed}."
    else:
        lead = f"number {nth} of the pairs {how}" if nth > 1 else f"the two {how}"
        text = f"Of the {len(rows):,} {kind} on the map {lead}: {'; '.join(told)}, {lengths[0]}."
        if nth > 1 and beyond is not None and _equal(first, last):
            then = length(beyond, atlas.unit, query.unit)
            text += f" These are as far apart as the first; after them the distance is {then}."
    ids = dict.fromkeys(atlas.ids[place] for _, *both in found[:MOST_ROWS] for place in both)
    return Answer(text, tuple(row(finder.gazetteer.things[id], "position") for id in ids), str(query))


def _ranked(atlas: Atlas, rows: Ints, count: int, *, descending: bool) -> list[tuple[float, int, int]]:
    """The first pairs by distance with their rows, and all that are as far apart as the last of these."""
    sign = -1.0 if descending else 1.0
    best: list[tuple[float, int, int]] = []
    bound = np.inf
    for one, some in enumerate(_away(atlas, rows)):
        signed = sign * some
        near = np.flatnonzero(signed <= bound + abs(bound) * EQUAL if np.isfinite(bound) else signed <= bound)
        best += [(float(signed[other]), int(rows[one]), int(rows[one + 1 + other])) for other in near]
        if len(best) > count:
            best.sort()
            bound = best[count - 1][0]
            best = [each for each in best if each[0] <= bound + abs(bound) * EQUAL]
    return [(sign * away, one, other) for away, one, other in sorted(best)]


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= EQUAL * max(abs(one), abs(other))


def _placed(finder: Finder, things: Sequence[Thing], most: int = MOST_PAIRED) -> tuple[Atlas, Ints]:
    """The fullest map, and the rows of these systems on it. Raises Unmeasurable for fewer than two, or too many."""
    atlas = finder.gazetteer.atlas()
    if any(thing.kind is not Kind.SYSTEM for thing in things):
        raise Unmeasurable("the map has distances between systems only.")
    rows = np.array([atlas.rows[one.id] for one in things if one.id in atlas.rows], dtype=np.intp)
    if len(rows) < 2:
        raise Unmeasurable("fewer than two of these systems have a position on the map.")
    if len(rows) > most:
        raise Unmeasurable(f"{len(rows):,} systems are too many to be measured pair by pair; name a region.")
    return atlas, rows


def _away(atlas: Atlas, rows: Ints) -> Iterator[Floats]:
    """For each but the last of the rows its distances to those behind it."""
    xyz = atlas.xyz[rows]
    for place in range(len(rows) - 1):
        yield np.linalg.norm(xyz[place + 1 :] - xyz[place], axis=1)


def grouped(finder: Finder, query: Query) -> Answer:
    """The values of a field and how many records have each."""
    things = finder.find(query.subject).things
    for concept in (one for entry in query.concepts for one in alternatives(entry)):
        counts: Counter[str] = Counter()
        examples: dict[str, list[Thing]] = defaultdict(list)
        for thing in things:
            carrier = next(iter(carriers(thing, concept, finder.fields, finder.gazetteer)), None)
            read = finder.fields.read(carrier, concept) if carrier else None
            for value in (shown(read[0], (one,), concept) for one in read[1]) if read else ():
                counts[value] += 1
                examples[value].append(thing)
        if counts:
            down = query.order is None or query.order.descending
            ranked = sorted(counts.items(), key=lambda one: (-one[1] if down else one[1], one[0]))
            listed = ", ".join(f"{value} ({count:,})" for value, count in ranked[:MOST_ROWS])
            head = f"{asked_label(concept)} of {len(things):,} {_plural(things)}"
            several = f"{len(ranked)} different, {'most' if down else 'least'} first: " if len(ranked) > 1 else ""
            rows = tuple(map(row, examples[ranked[0][0]][:MOST_ROWS]))
            return Answer(f"{head}. {several}{listed}.", rows, str(query))
    return Answer(f"No {asked_label(query.concepts[0]).lower()} is recorded.", (), str(query), recorded=False)


def _plural(things: Sequence[Thing]) -> str:
    return noun(things[0].kind) if things else "records"
