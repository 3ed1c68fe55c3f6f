"""Ways of several legs: `from A to B to C`, `A to B, B to C`, `from A to C via B`; how long they are in all."""

from __future__ import annotations

from itertools import pairwise

from haven.world.asking.answer import Answer, row
from haven.world.asking.chunk import Chunk
from haven.world.asking.finding import Finder
from haven.world.asking.query import Query, Selection, Want
from haven.world.asking.said import length
from haven.world.asking.stream import Stream
from haven.world.lengths import convert
from haven.world.schema import Kind

LEAST = 3
"""Places of a way of several legs."""
_VIA = frozenset({"via", "over", "through", "über", "passing", "by way of", "stopping at", "stopping in", "visiting"})
_PLAIN = frozenset({"from", "to", "of", "and", "between", "far", "sum", "be", "skip", "list", "how", "count", "route"})
_JUMPS = frozenset({"jump", "with", "by"})
"""What stands beside the range of a jump."""


def legs(stream: Stream) -> Query | None:
    """The way with all its places in their order; None where it is no such way, or more is asked."""
    places = [chunk for chunk in stream.chunks if chunk.ids]
    jumping = any(chunk.one_of("jump") for chunk in stream.chunks)
    if len(places) < LEAST or not all(_is_plain(chunk, jumping=jumping) for chunk in stream.chunks):
        return None
    measured = any(chunk.one_of("far", "sum") or chunk.part("length") for chunk in stream.chunks)
    routed = jumping or (not measured and any(chunk.one_of("route") for chunk in stream.chunks))
    if not (measured or routed or any(_is_via(chunk) for chunk in stream.chunks)):
        return None
    way = _in_order(stream, places)
    things = stream.lexicon.gazetteer.things
    if len(way) < LEAST or any(things[id].kind in (Kind.REGION, Kind.PERSON) for one in way for id in one.ids):
        return None
    first, *rest = [Selection(ids=one.ids, name=one.slip or one.text) for one in way]
    number = next((chunk for chunk in stream.chunks if chunk.number is not None), None)
    if routed:
        jump, unit = (number.number, number.unit) if number is not None else (None, "")
        return Query(want=Want.ROUTE, subject=first, others=tuple(rest), number=jump, unit=unit)
    unit = next((said for chunk in stream.chunks if (said := chunk.part("length"))), "")
    return Query(want=Want.DISTANCE, subject=first, others=tuple(rest), unit=unit)


def _is_via(chunk: Chunk) -> bool:
    return chunk.text.lower() in _VIA


def _is_plain(chunk: Chunk, *, jumping: bool) -> bool:
    if chunk.ids or _is_via(chunk) or chunk.part("length") or chunk.text.lower() == "then":
        return True
    if chunk.one_of("far", "route"):
        return not chunk.kinds
    if jumping and (chunk.number is not None or chunk.one_of(*_JUMPS)):
        return True
    named = chunk.kinds or chunk.values or chunk.concepts or chunk.number is not None
    return not named and bool(_PLAIN & set(chunk.roles))


def _in_order(stream: Stream, places: list[Chunk]) -> list[Chunk]:
    """Each place once where one leg ends and the next begins; those behind `via` stand before the end.

    [] where the words are of several ways: `from A to B and C`.
    """
    way: list[Chunk] = []
    via: list[Chunk] = []
    led = ""
    for place in places:
        words = _words_before(stream, place)
        led = _lead(words, led)
        if way and way[-1].ids == place.ids:
            continue
        if led == "via":
            via.append(place)
        elif led == "to" or (led == "beside" and not words and _is_chain(stream)) or not way:
            way += [*via, place] if way else [place]
            via = via if len(way) == 1 else []
        else:
            return []
    return [*way[:-1], *via, way[-1]] if len(way) > 1 else []


def _words_before(stream: Stream, place: Chunk) -> list[Chunk]:
    """What stands between it and the place before."""
    at = stream.chunks.index(place)
    words: list[Chunk] = []
    while at > 0 and not stream.chunks[at - 1].ids:
        at -= 1
        words.append(stream.chunks[at])
    return words


def _lead(words: list[Chunk], before: str) -> str:
    """What leads to a place: `via`, which holds for those beside it, `to`, `from`, or nothing of the kind."""
    if any(_is_via(chunk) for chunk in words):
        return "via"
    if any(chunk.one_of("to") or chunk.text.lower() == "then" for chunk in words):
        return "to"
    if any(chunk.one_of("from", "between") for chunk in words):
        return "from"
    return "via" if before == "via" and all(chunk.one_of("and", "skip") for chunk in words) else "beside"


def _is_chain(stream: Stream) -> bool:
    """`distance A - B - C`."""
    return any(chunk.one_of("sum", "route") for chunk in stream.chunks)


def whole_way(finder: Finder, query: Query) -> Answer:
    """The sum of straight legs from place to place. Raises Unmeasurable as a single distance does."""
    things = [finder.one(one) for one in (query.subject, *query.others)]
    measured = [finder.distance(one, other) for one, other in pairwise(things)]
    atlas = measured[0][1]
    told = query.unit if convert(1.0, query.unit, atlas.unit) is not None else ""
    parts = [
        f"{other.name} (+{length(away, atlas.unit)})" for other, (away, _) in zip(things[1:], measured, strict=True)
    ]
    total = sum(away for away, _ in measured)
    text = f"{length(total, atlas.unit, told)} in all, each leg straight: {things[0].name} → {' → '.join(parts)}."
    if query.unit and not told:
        text += f" This map counts in {atlas.unit}; how many {query.unit} that is is not recorded."
    return Answer(
        text, tuple(map(row, {thing.id: thing for thing in things}.values())), str(query), data={"distance": total}
    )
