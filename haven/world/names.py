"""Which record a name means, forgiving of slips of typing and of words around it; the names that a text speaks of."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from haven.store import world as table
from haven.store.database import Database
from haven.store.world_portions import portions
from haven.world.mentions import KIND_WORDS, Mention, mentions
from haven.world.name_index import NameIndex, Spelling, is_slip, kinds_of
from haven.world.schema import Kind, kind_of
from haven.world.words import fold, is_stop, words

T = TypeVar("T")
Look = Callable[[Callable[[NameIndex], Any]], Any]
"""Asks the names one question, alone."""
MOST_CHARS = 200
"""Of a name that is looked for; a longer text has names inside of it."""


MOST_PIECES = 8
"""Of a name that may be mistyped; more words are a question."""


class How(StrEnum):
    """How a typed name fits, the best first."""

    EXACT = "exact"
    ALIAS = "alias"
    JOINED = "but for spaces"
    AROUND = "with words around it"
    BEGINS = "begins so"
    INSIDE = "named in it"
    SLIP = "a slip of typing"
    NEAR = "spelt alike"


SCORES = {
    How.EXACT: 1.0,
    How.ALIAS: 0.98,
    How.JOINED: 0.96,
    How.AROUND: 0.94,
    How.BEGINS: 0.9,
    How.INSIDE: 0.85,
    How.SLIP: 0.8,
    How.NEAR: 0.75,
}
CERTAIN = frozenset({How.EXACT, How.ALIAS, How.JOINED, How.AROUND})
"""Ways in which nobody doubts that this name was meant."""


@dataclass(frozen=True)
class NameHit:
    """`matched` is the name or alias that fits; `score` 0 to 1."""

    id: str
    kind: Kind
    name: str
    matched: str
    score: float
    how: How


class Names:
    """All names of one world, kept in memory and brought up to date by what was written since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = NameIndex()
        self._stamp = -1
        self._lock = threading.Lock()
        self._refreshing = asyncio.Lock()

    async def resolve(self, text: str, *kinds: Kind, limit: int = 5) -> list[NameHit]:
        """The records that may be meant, the likeliest first; always the same order for the same world."""
        return await self.ask(lambda index: resolved(text[:MOST_CHARS], index, kinds, limit))

    async def mentions(self, text: str, *, loose: bool = False) -> list[Mention]:
        """The names in a text; several ids of one mention: the name alone doesn't tell which."""
        return await self.ask(lambda index: mentions(text, index, loose=loose))

    async def ask(self, question: Callable[[NameIndex], T]) -> T:
        """What `question` finds in the names as they are now; it runs in a thread and must not keep the index."""
        return await self.work(lambda look: look(question))

    async def work(self, work: Callable[[Look], T]) -> T:
        """The same for longer work: it looks names up by `look`, one by one, and others' look-ups go between."""
        await self._refresh()
        return await asyncio.to_thread(work, self._look)

    def _look(self, question: Callable[[NameIndex], Any]) -> Any:
        with self._lock:
            return question(self._index)

    async def _refresh(self) -> None:
        async with self._refreshing:
            stamp = await table.newest_write(self._database.rows)
            if stamp == self._stamp:
                return
            if self._stamp < 0:
                async for portion in portions(self._database):
                    await asyncio.to_thread(self._take, portion, ())
            else:
                changed = await table.changed_since(self._database.rows, self._stamp)
                there = await table.current(self._database.rows, changed)
                await asyncio.to_thread(self._take, [(one.thing, one.data) for one in there.values()], changed)
            self._stamp = stamp

    def _take(self, there: Sequence[tuple[str, str]], changed: Sequence[str]) -> None:
        with self._lock:
            for id in changed:
                self._index.drop(id)
            for id, data in there:
                record = json.loads(data)
                self._index.put(id, kind_of(id), record["name"], record.get("aliases", ()))


def resolved(text: str, index: NameIndex, kinds: Sequence[Kind] = (), limit: int = 5) -> list[NameHit]:
    """What `text` may name in the index, the likeliest first."""
    found: dict[str, NameHit] = {}
    for hit in _hits(text, index, kinds, limit):
        if hit.id not in found or found[hit.id].score < hit.score:
            found[hit.id] = hit
    ranked = sorted(found.values(), key=lambda hit: (-hit.score, len(hit.name), hit.name, hit.id))
    return ranked[:limit]


def _hits(text: str, index: NameIndex, kinds: Sequence[Kind], limit: int) -> Iterator[NameHit]:
    """From the surest way on; the loose ways only where no sure one led anywhere."""
    folded = fold(text)
    sure = [_hit(one, How.EXACT if one.own else How.ALIAS) for one in kinds_of(index.exact(folded), kinds)]
    sure += [_hit(one, How.JOINED) for one in kinds_of(index.joined(folded), kinds)]
    bare, meant = _bare(text)
    if bare and bare != folded:
        sure += [_hit(one, How.AROUND) for one in kinds_of(index.exact(bare), kinds or meant)]
    yield from sure
    wide = 4 * limit + 20
    if len(folded) > 1:
        for one in kinds_of(index.starting(folded, wide), kinds):
            yield _hit(one, How.BEGINS, (len(folded) + 1) / (len(fold(one.name)) + 1))
    if sure:
        return
    for mention in mentions(text, index, loose=True):
        yield from (_hit(one, How.INSIDE) for one in kinds_of(index.exact(fold(mention.text)), kinds))
    for typed in dict.fromkeys(one for one in (folded, bare) if one and one.count(" ") < MOST_PIECES):
        for one, likeness in index.near(typed, wide):
            if kinds_of([one], kinds):
                slip = is_slip(typed, fold(one.name))
                yield _hit(one, How.SLIP if slip else How.NEAR, likeness)


def _bare(text: str) -> tuple[str, tuple[Kind, ...]]:
    """The folded words without what stands around a name (`the planet ... please`), and the kinds that it speaks of."""
    pieces = words(text)
    meant = tuple(KIND_WORDS[one.folded] for one in pieces if one.folded in KIND_WORDS and not one.capital)
    while pieces and _is_around(pieces[0].folded):
        pieces = pieces[1:]
    while pieces and _is_around(pieces[-1].folded):
        pieces = pieces[:-1]
    return " ".join(one.folded for one in pieces), meant


def _is_around(folded: str) -> bool:
    return is_stop(folded) or folded in KIND_WORDS


def _hit(one: Spelling, how: How, fit: float = 1.0) -> NameHit:
    score = SCORES[how] * (1.0 if how in CERTAIN or how is How.INSIDE else 0.5 + 0.5 * min(fit, 1.0))
    return NameHit(one.id, one.kind, one.title, one.name, round(score, 4), how)
