"""Where the words beside a name say which of its records is meant: `planet Meridian`, `Meridian in Hollin`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from haven.world.asking.chunk import Chunk
from haven.world.gazetteer import Gazetteer
from haven.world.schema import System, Thing
from haven.world.words import fold


def narrowed(found: list[Chunk], gazetteer: Gazetteer) -> list[Chunk]:
    """The chunks with each name of several records narrowed to those that its neighbours fit, which it takes in."""
    at = 0
    while at < len(found):
        if len(found[at].ids) > 1:
            at = _by_place(found, _by_kind(found, at, gazetteer), gazetteer)
        at += 1
    return found


def _by_kind(found: list[Chunk], at: int, gazetteer: Gazetteer) -> int:
    """`the planet Meridian`, `Meridian system`; `which system Meridian lies in` is not. Where the name stands then."""
    name = found[at]
    before, after = found[at - 1] if at else None, found[at + 1] if at + 1 < len(found) else None
    led = before is not None and _is_one(before) and not _is_asked(found, at - 1)
    if led and before is not None and (ids := _of_kind(name, before, gazetteer)):
        found[at - 1 : at + 1] = [_joined(before, name, ids)]
        return at - 1
    if after is not None and _is_one(after) and not name.genitive and (ids := _of_kind(name, after, gazetteer)):
        found[at : at + 2] = [_joined(name, after, ids)]
    return at


def _by_place(found: list[Chunk], at: int, gazetteer: Gazetteer) -> int:
    """`Meridian in Hollin`, `Eden of Amber Shoal`: what only some of them lie in."""
    name = found[at]
    behind = [one for one in range(at + 1, min(at + 4, len(found))) if not found[one].one_of("skip") or found[one].ids]
    if len(name.ids) < 2 or len(behind) < 2 or not found[behind[0]].one_of("of") or _is_stated(found, at):
        return at
    place = found[behind[1]]
    inside = tuple(id for id in name.ids if _lies_in(gazetteer.things[id], place, gazetteer))
    if inside and len(inside) < len(name.ids):
        found[at : behind[1] + 1] = [_joined(name, place, inside)]
    return at


def _is_one(chunk: Chunk) -> bool:
    """A word for one record of a kind."""
    return bool(chunk.kinds) and not chunk.ids and not chunk.text.lower().endswith(("s", "en"))


def _is_asked(found: Sequence[Chunk], at: int) -> bool:
    """Whether the kind is what is asked for, or has something said of it: `which system`, `the nearest planet`."""
    before = found[at - 1] if at else None
    return before is not None and (
        before.one_of("list", "count", "each") or bool(before.part("superlative")) or before.number is not None
    )


def _is_stated(found: Sequence[Chunk], at: int) -> bool:
    """`is Meridian in Hollin`: that is the question."""
    return any(chunk.one_of("be") for chunk in found[max(0, at - 1) : at]) and found[0].one_of("be")


def _of_kind(name: Chunk, kind: Chunk, gazetteer: Gazetteer) -> tuple[str, ...]:
    ids = tuple(id for id in name.ids if gazetteer.things[id].kind in kind.kinds)
    return ids if len(ids) < len(name.ids) else ()


def _lies_in(thing: Thing, place: Chunk, gazetteer: Gazetteer) -> bool:
    around = gazetteer.above(thing)
    regions = {fold(one.region) for one in (thing, *around) if isinstance(one, System) and one.region}
    return any(one.id in place.ids for one in around) or any(
        value.concept == "region" and fold(value.text) in regions for value in place.values
    )


def _joined(first: Chunk, last: Chunk, ids: tuple[str, ...]) -> Chunk:
    named = first if first.ids else last
    return replace(named, text=named.text, start=first.start, end=last.end, ids=ids, genitive=last.genitive)
