"""Which records fit which wishes: compared as they are now with as they were, so that only news is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from haven.store.world_watches import Step
from haven.world import lengths
from haven.world.entries import read_text
from haven.world.fields import fields_of, shown
from haven.world.schema import Kind, Moon, Point, System, Thing, parent_of
from haven.world.wishes import Wish
from haven.world.words import fold

_UNREAD = frozenset({"parent", "links", "photo", "source"})
"""Fields in which no word is looked for."""


@dataclass(frozen=True, slots=True)
class News:
    """A record as it is now, as it was (None: it was not there), and who wrote it."""

    after: Thing
    before: Thing | None
    by: str


def read_news(steps: Sequence[Step]) -> list[News]:
    """The records of these steps; for a thread where they are many."""
    return [
        News(read_text(one.thing, one.after), read_text(one.thing, one.before) if one.before else None, one.by)
        for one in steps
    ]


def sift(
    news: Sequence[News],
    roots: Mapping[str, tuple[Thing, ...]],
    wishes: Mapping[str, Wish],
    centres: Mapping[str, Thing],
    found: Mapping[str, dict[str, Thing]],
) -> None:
    """Put into `found`, wish by wish, the records that fit it now and did not before.

    `roots`: by the id of a parent, the records from it up to its system. `centres`: the places that wishes are near.
    """
    for one in news:
        seen = _Seen(one.after, roots.get(parent_of(one.after), ()), one.by)
        was = _Seen(one.before, roots.get(parent_of(one.before), ()), one.by) if one.before else None
        for id, wish in wishes.items():
            centre = centres.get(wish.near)
            if seen.fits(wish, centre) and not (was and was.fits(wish, centre)):
                found[id][one.after.id] = one.after


class _Seen:
    """A record with what lies above it, ready to be compared with many wishes."""

    def __init__(self, thing: Thing, above: tuple[Thing, ...], by: str) -> None:
        self._thing, self._by = thing, by
        self._places = {one.id for one in above}
        self._root = next((one for one in (thing, *above) if isinstance(one, System)), None)
        self._text = ""

    def fits(self, wish: Wish, centre: Thing | None) -> bool:
        thing = self._thing
        return (
            (wish.kind is None or thing.kind is wish.kind or (wish.kind is Kind.PLANET and isinstance(thing, Moon)))
            and (wish.found is None or getattr(thing, "found", None) is wish.found)
            and (not wish.person or self._is_by(fold(wish.person)))
            and (not wish.region or self._is_in(fold(wish.region)))
            and (not wish.inside or wish.inside in self._places)
            and (not wish.near or self._is_near(wish, centre))
            and all(f" {_stem(word)}" in self._words() for word in wish.words)
        )

    def _is_by(self, person: str) -> bool:
        return any(f" {person} " in f" {fold(name)} " for name in (self._thing.discovered_by, self._by) if name)

    def _is_in(self, region: str) -> bool:
        root, thing = self._root, self._thing
        areas = (root.region, root.galaxy) if root else (thing.name,) if thing.kind is Kind.REGION else ()
        return any(f" {region} " in f" {fold(area)} " for area in areas if area)

    def _is_near(self, wish: Wish, centre: Thing | None) -> bool:
        here = self._root.position if self._root else None
        there = centre.position if isinstance(centre, System) else None
        if here is None or there is None or here.frame != there.frame or self._thing.id == wish.near:
            return False
        away = math.dist((here.x, here.y, here.z), (there.x, there.y, there.z))
        most = lengths.convert(wish.distance or 0.0, wish.unit, unit_of(there))
        return most is not None and away <= most

    def _words(self) -> str:
        if not self._text:
            names = (name for name in fields_of(self._thing.kind) if name not in _UNREAD)
            self._text = f" {fold(' '.join(shown(getattr(self._thing, name)) for name in names))}"
        return self._text


def _stem(word: str) -> str:
    """What `dragon` and `dragons` begin with."""
    folded = fold(word)
    return folded[:-1] if len(folded) > 3 and folded.endswith("s") else folded


def up(id: str, known: Mapping[str, Thing]) -> list[Thing]:
    """The record of that id and those above it, as far as they are known."""
    chain: list[Thing] = []
    while (thing := known.get(id)) is not None and thing not in chain:
        chain.append(thing)
        id = parent_of(thing)
    return chain


def unit_of(point: Point) -> str:
    """What the numbers of a position count, as lengths are named."""
    return lengths.WORDS.get(fold(point.unit), point.unit)
