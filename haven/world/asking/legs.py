"""Ways of several legs: `from A to B to C`, `A to B, B to C`, `from A to C via B`; how long they are in all."""

from __future__ import annotations

from itertools import pairwise

from haven.world.asking.answer import Answer, row
from haven.world.asking.chunks import Chunk
from haven.world.asking.finding import Finder
from haven.world.asking.query import Query, Selection, Want
from haven.world.asking.said import length
from haven.world.asking.stream import Stream
from haven.world.lengths import convert
from haven.world.schema import Kind

LEAST = 3
"""Places of a way of several legs."""
_VIA = frozenset({"via", "over", "through", "über", "passing"})
_PLAIN = frozenset({"from", "to", "of", "and", "between", "far", "sum", "be", "skip", "list", "how", "count", "route"})


def legs(stream: Stream) -> Query | None:
    """The way with all its places in their order; None where it is no such way, or more is asked."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    if len(places) < LEAST or not all(_is_plain(chunk) for chunk in stream.chunks):
        return None
    measured = any(chunk.one_of("far", "sum") or chunk.part("length") for chunk in stream.chunks)
    if not measured:
        return None
    unit = next((said for chunk in stream.chunks if (said := chunk.part("length"))), "")
    way = _in_order(stream, places)
    things = stream.lexicon.gazetteer.things
    if len(way) < LEAST or any(things[id].kind in (Kind.REGION, Kind.PERSON) for one in way for id in one.ids):
        return None
    first, *rest = [Selection(ids=one.ids, name=one.slip or one.text) for one in way]
    return Query(want=Want.DISTANCE, subject=first, others=tuple(rest), unit=unit)


def _is_plain(chunk: Chunk) -> bool:
    if chunk.ids or chunk.text.lower() in _VIA or chunk.part("length") or chunk.text.lower() == "then":
        return True
    named = chunk.kinds or chunk.values or chunk.concepts or chunk.number is not None
    return not named and bool(_PLAIN & set(chunk.roles))


def _in_order(stream: Stream, places: list[Chunk]) -> list[Chunk]:
    """Each place once where one leg ends and the next begins; a place behind `via` stands before the end."""
    way: list[Chunk] = []
    end: Chunk | None = None
    for place in places:
        at = stream.chunks.index(place)
        words: list[Chunk] = []
        while at > 0 and not stream.chunks[at - 1].ids:
            at -= 1
            words.append(stream.chunks[at])
        via = any(chunk.text.lower() in _VIA for chunk in words)
        on = via or any(chunk.one_of("to") or chunk.text.lower() == "then" for chunk in words)
        dashes = not words and any(chunk.one_of("sum", "route") for chunk in stream.chunks)
        again = any(chunk.one_of("from", "between") for chunk in words) and len(way) > 1
        if way and way[-1].ids == place.ids:
            continue
        if (again and not via) or (way and not (on or dashes)):
            return []  # a way that begins elsewhere; `from A to B and C` are two ways
        if via and end is None and len(way) > 1:
            end = way.pop()
        way.append(place)
    return [*way, end] if end is not None else way


def whole_way(finder: Finder, query: Query) -> Answer:
    """The sum of straight legs from place to place. Raises Unmeasurable as a single distance does."""
    things = [finder.place(one) for one in (query.subject, *query.others)]
    measured = [finder.distance(one, other) for one, other in pairwise(things)]
    atlas = measured[0][1]
    told = query.unit if convert(1.0, query.unit, atlas.unit) is not None else ""
    parts = [
        f"{other.name} (+{length(away, atlas.unit)})" for other, (away, _) in zip(things[1:], measured, strict=True)
    ]
    total = sum(away for away, _ in measured)
    text = f"{length(total, atlas.unit, told)} in all, each leg straight: {things[0].name} → {' → '.join(parts)}."
    return Answer(
        text, tuple(map(row, {thing.id: thing for thing in things}.values())), str(query), data={"distance": total}
    )
