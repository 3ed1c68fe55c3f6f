"""Searching the world: names first, then words (FTS5), then meaning (vectors), merged into one order.

What is searched is a cache file beside the database, brought up to date with each search by what was written since.
Vectors are made beside all else, so no save and no search waits for them: neither for those of entries (`keep`), nor
for the one of a query (`learn`), which counts from the next search on.

Measured with 100,000 entries on two x86 cores (benchmarks/world_search.py, 1,400 queries): by names and words p50 4 ms,
p99 9 ms; where the query's vector counts as well p50 10 ms, p99 19 to 20 ms. All is read anew in 12 s.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from haven.ai.judging.embed import MAX_CHARS, Embedder
from haven.errors import HavenError, Unavailable
from haven.store import world as table
from haven.store.database import Database
from haven.store.world_portions import moment, portions
from haven.store.world_search import Entry, Found, SearchFile
from haven.world.names import CERTAIN, NameHit, Names
from haven.world.schema import Kind, kind_of
from haven.world.vectors import Matrix, Nearest, packed
from haven.world.words import fold, is_stop, words

log = logging.getLogger("haven.world.search")

MOST_WORDS = 24
"""Of a query; what comes after them is not looked for."""
MOST_TOKENS = 18
"""Of a query whose vector is made. Answers to 121 questions of up to 43 were as near by these (MRR .887 and .889)."""
COMMON = 1_000
"""A word that stands in more entries weighs nothing beside a rarer one, and to weigh it would cost milliseconds."""
WORDS_WEIGHT = 0.3
MEANING_WEIGHT = 0.6
"""Vectors weigh more than words (FIELD_NOTES part 5), and a name that fits more than both."""
SLOPE = 10.0
"""Rank r gives slope / (slope + r) of a weight."""
BATCH = 4
"""Texts whose vectors are made in one go: a person's question waits for no more, about 0.3 s."""
LEAST_BEGINNING = 3
"""Letters of the beginning of a word."""
KEPT_QUERIES = 200
_NOT_FACTS = frozenset({"id", "kind", "name", "aliases", "notes", "text", "parent", "links", "photo", "source"})


@dataclass(frozen=True)
class Hit:
    """A record that was found: how well (only to compare within one search), why, and where it says so."""

    thing_id: str
    kind: Kind
    name: str
    score: float
    why: str
    excerpt: str = ""


@dataclass
class _Merged:
    """What is known of a hit while the lists are put together."""

    id: str
    kind: Kind
    name: str
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)
    number: int = 0

    def hit(self, excerpt: str) -> Hit:
        why = ", ".join(self.reasons)
        return Hit(self.id, self.kind, self.name, round(self.score, 4), why, " ".join(excerpt.split()))


class Search:
    """One for the process. `embedder` None: there is no meaning, names and words alone."""

    def __init__(self, database: Database, path: Path, names: Names, embedder: Embedder | None) -> None:
        self._database = database
        self.file = SearchFile(path)
        self.names = names
        self.embedder = embedder
        self._nearest: Nearest | None = None
        self._gathering = threading.Lock()
        """Held while vectors are read or put: one that is made meanwhile would be in the file and not in `_nearest`."""
        self._queries: OrderedDict[str, Matrix] = OrderedDict()
        self._refreshing = asyncio.Lock()
        self._wake = asyncio.Event()
        database.on_commit(self._wake.set)

    async def find(self, query: str, *kinds: Kind, limit: int = 10) -> list[Hit]:
        """The records that fit best, in the same order for the same world and what was learned of the query.

        Any text is a query; what it means counts where `learn` made its vector. Raises StoreError.
        """
        named, worded = await self._listed(query, kinds, limit)
        return await asyncio.to_thread(self._found, kinds, limit, named, worded, self._queries.get(_key(query)))

    async def learn(self, query: str) -> bool:
        """Have the query's vector made: 10 to 50 ms, 0.3 s behind other work. False where `find` says no more by it."""
        key = _key(query)
        if key in self._queries:
            self._queries.move_to_end(key)
            return False
        if self.embedder is None or self.embedder.missing():
            return False
        try:
            self._queries[key] = await self.embedder.short(_shorter(query), MOST_TOKENS)
        except Unavailable as error:
            log.info("searched without meaning: %s", error)
            return False
        if len(self._queries) > KEPT_QUERIES:
            self._queries.popitem(last=False)
        return True

    async def knows(self, text: str) -> bool:
        """Whether all these words stand together in some record, whatever it says."""
        await self.refresh()
        expression = " AND ".join(f'"{one.bare}"' for one in words(text))
        return bool(expression) and await asyncio.to_thread(self.file.count, expression, 1) > 0

    async def speaking_of(self, name: str, *kinds: Kind, limit: int = 100) -> list[str]:
        """The ids of records in whose names, facts or text these words stand side by side, the most telling first."""
        await self.refresh()
        phrase = " ".join(one.bare for one in words(name))
        if not phrase:
            return []
        return [one.thing for one in await asyncio.to_thread(self.file.ranked, f'"{phrase}"', kinds, limit)]

    async def refresh(self) -> None:
        """Read what was written to the world since the last time."""
        async with self._refreshing:
            if await self._is_empty():
                return
            stamp, at = await asyncio.to_thread(self.file.read_to)
            newest = await table.newest_write(self._database.rows)
            if stamp == newest and at == await moment(self._database, stamp):
                return
            if stamp < 0 or stamp > newest or at != await moment(self._database, stamp):  # new, or of another world
                await asyncio.to_thread(self.file.clear)
                self._nearest = None
                async for portion in portions(self._database):
                    await asyncio.to_thread(self._take, portion, ())
            else:
                changed = await table.changed_since(self._database.rows, stamp)
                there = await table.current(self._database.rows, changed)
                await asyncio.to_thread(self._take, [(one.thing, one.data) for one in there.values()], changed)
            await asyncio.to_thread(self.file.is_read_to, newest, await moment(self._database, newest))

    async def keep(self) -> None:
        """Read what is written and make its vectors, a few at a time, until cancelled; as much rest as work."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            began = loop.time()
            try:
                await self.refresh()
                made = await self.embed(BATCH)
            except HavenError as error:
                log.warning("[%s] the world's index is not kept up: %s", error.id, error)
                made = 0
            if made:
                await asyncio.sleep(loop.time() - began)
            else:
                await self._wake.wait()

    async def embed(self, limit: int) -> int:
        """Make the vectors of at most so many entries that have none; how many were made. Raises Unavailable."""
        if self.embedder is None or self.embedder.missing() or await self._is_empty():
            return 0
        open_ = await asyncio.to_thread(self.file.without_vector, limit)
        vectors = await self.embedder.vectors([text[:MAX_CHARS] for _, _, text in open_], query=False)
        rows = [(number, body, packed(one)) for (number, body, _), one in zip(open_, vectors, strict=True)]
        await asyncio.to_thread(self._keep_vectors, rows)
        return len(rows)

    async def _is_empty(self) -> bool:
        return await table.newest_write(self._database.rows) == 0

    async def close(self) -> None:
        await asyncio.to_thread(self.file.close)

    def _keep_vectors(self, rows: Sequence[tuple[int, str, bytes]]) -> None:
        with self._gathering:
            self.file.put_vectors(rows)
            if self._nearest is not None:
                self._nearest.add([(number, data) for number, _, data in rows])

    async def _listed(
        self, query: str, kinds: Sequence[Kind], limit: int
    ) -> tuple[list[NameHit], tuple[str, list[Found]]]:
        """What fits by name, and by words."""
        await self.refresh()
        return await asyncio.gather(
            self.names.resolve(query, *kinds, limit=limit),
            asyncio.to_thread(self._by_words, query, kinds, 3 * limit + 10),
        )

    def _take(self, there: Sequence[tuple[str, str]], changed: Sequence[str]) -> None:
        self.file.put([_entry(id, json.loads(data)) for id, data in there], changed)

    def _found(
        self,
        kinds: Sequence[Kind],
        limit: int,
        named: Sequence[NameHit],
        worded: tuple[str, Sequence[Found]],
        vector: Matrix | None,
    ) -> list[Hit]:
        expression, by_words = worded
        merged: dict[str, _Merged] = {}
        for one in named:
            why = f"name: {one.how}" if one.matched == one.name else f"name {one.matched!r}: {one.how}"
            merged[one.id] = _Merged(one.id, one.kind, one.name, one.score * (2 if one.how in CERTAIN else 1), [why])
        by_meaning = self._by_meaning(vector, kinds, 3 * limit + 10)
        for why, weight, ranked in (("words", WORDS_WEIGHT, by_words), ("meaning", MEANING_WEIGHT, by_meaning)):
            for rank, found in enumerate(ranked):
                entry = merged.setdefault(found.thing, _Merged(found.thing, Kind(found.kind), found.name))
                entry.number = found.number
                entry.score += weight * SLOPE / (SLOPE + rank)
                entry.reasons.append(why)
        best = sorted(merged.values(), key=lambda one: (-one.score, one.name, one.id))[:limit]
        excerpts = self.file.excerpts(expression, [one.number for one in best if one.number]) if expression else {}
        return [one.hit(excerpts.get(one.number, "")) for one in best]

    def _by_words(self, query: str, kinds: Sequence[Kind], limit: int) -> tuple[str, list[Found]]:
        """The FTS5 query that was asked in the end, and the entries it found, the best first.

        A last word that stands nowhere may be the beginning of one.
        """
        terms = _terms(query)
        telling = {term: count for term in terms if (count := self.file.count(term, COMMON + 1))}
        if terms and terms[-1] not in telling and len(terms[-1]) > LEAST_BEGINNING + 1 and query[-1:].isalnum():
            beginning = f"{terms[-1]}*"
            telling |= {beginning: count} if (count := self.file.count(beginning, COMMON + 1)) else {}
        rare = [term for term, count in telling.items() if count <= COMMON]
        if rare:
            expression = " OR ".join(rare)
            return expression, self.file.ranked(expression, kinds, limit)
        expression = " AND ".join(telling)
        return expression, self.file.matching(expression, kinds, limit) if telling else []

    def _by_meaning(self, vector: Matrix | None, kinds: Sequence[Kind], limit: int) -> list[Found]:
        if vector is None:
            return []
        with self._gathering:
            if self._nearest is None or self._nearest.grown:
                self._nearest = Nearest(self.file.vectors())
            nearest = self._nearest
        ranked = nearest.find(vector, 4 * limit if kinds else limit)
        entries = self.file.entries([number for number, _ in ranked])
        found = [entries[number] for number, _ in ranked if number in entries]
        return [one for one in found if not kinds or one.kind in kinds][:limit]


def _key(query: str) -> str:
    return fold(query[:MAX_CHARS])


def _terms(query: str) -> list[str]:
    """The query's words as FTS5 takes them, quoted; words that say nothing only where there are no others."""
    typed = list(dict.fromkeys(one.folded for one in words(query[: MOST_WORDS * 40])))[:MOST_WORDS]
    return [f'"{one}"' for one in [one for one in typed if one and not is_stop(one)] or typed]


def _shorter(query: str) -> Iterator[str]:
    """The query, then the same with ever fewer words: those that say nothing go first, and then the last ones."""
    yield query[:MAX_CHARS]
    left = words(query[:MAX_CHARS])[: 2 * MOST_WORDS]
    for one in [one for one in left if is_stop(one.folded)]:
        left.remove(one)
        yield " ".join(word.text for word in left)
    for end in range(len(left) - 1, 0, -1):
        yield " ".join(one.text for one in left[:end])
    yield query[: 2 * MOST_TOKENS]


def _entry(id: str, record: Mapping[str, Any]) -> Entry:
    names = " | ".join((record["name"], *record.get("aliases", ())))
    facts = "; ".join(_facts(record))
    text = "\n".join(filter(None, (record.get("notes", ""), record.get("text", ""))))
    body = sha256(f"{names}. {facts}. {text[:MAX_CHARS]}".encode()).hexdigest()[:12]
    return Entry(id, kind_of(id), record["name"], names, facts, text, body)


def _facts(record: Mapping[str, Any]) -> Iterator[str]:
    """What stands in a record's fields, without numbers and without what points elsewhere."""
    for key, value in record.items():
        if key in _NOT_FACTS or not value:
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
        elif key == "properties":
            yield from (f"{name} {said}" for name, said in value.items())
