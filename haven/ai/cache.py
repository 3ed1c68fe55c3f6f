"""Replies used again: to the same question, or to one that asks the same, with the same facts and the same models.

Only open replies are on the disk. A private one, and one whose question or text holds secrets or personal data, stays
in this process, is used again for the very same question of the very same person, and is gone at a restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from haven.ai import alike
from haven.ai.alike import essence
from haven.ai.embed import SIZE, Embedder
from haven.ai.task import Privacy, Reply, Route, Step, Task, Tier, Usage
from haven.ai.validate import PASS_MARK
from haven.errors import StoreError, Unavailable
from haven.quoting import data_block
from haven.redact import redact
from haven.store import cache as table
from haven.store.cache import Cached, Candidate
from haven.store.database import Database, now

log = logging.getLogger("haven.ai.cache")

MAX_ROWS = 2000
MAX_FACTS = 16
"""Sets of facts whose questions are held in memory; with all rows used that is 3 MB."""
MAX_OWN = 200
"""Replies that are kept in memory alone, of all people together."""
MAX_CHARS = 20_000
"""A longer reply is not kept: with all rows that long, the cache would still be no more than 40 MB of the card."""
NEAREST = 64
"""Questions whose words are compared; true paraphrases were among the 12 nearest of 280, the most of them the first."""
SHORT = 20_000
"""Characters that are hashed at once; more of them are hashed in a thread."""
SHOWN = 200
MAX_WORDS = alike.MAX_CHARS + 1
"""Characters of a question that are kept: one more than those of a question that is compared."""
Vector = npt.NDArray[np.float32]


class Kept(BaseModel):
    """What of a reply is stored: the rest belongs to the one call that made it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    tier: Tier
    model: str
    prompt_version: str
    score: int
    score_reasons: tuple[str, ...]
    data: Any
    sources: tuple[str, ...]
    prepared: str


@dataclass(frozen=True)
class Keys:
    """`facts` stands for everything but the question, `exact` for both."""

    exact: str
    facts: str


@dataclass
class Questions:
    """The questions that were answered with the same facts: in memory, so that the card is read once for each."""

    ids: list[int] = field(default_factory=list)
    last: int = 0
    _asked: list[tuple[str, ...]] = field(default_factory=list)
    _vectors: Vector = field(default_factory=lambda: np.empty((0, SIZE), dtype=np.float32))

    def add(self, rows: Sequence[Candidate]) -> None:
        whole = [row for row in rows if row.id > self.last and len(row.vector) == 4 * SIZE]
        self.ids = [*self.ids, *(row.id for row in whole)]
        self._asked = [*self._asked, *(essence(row.words) for row in whole)]
        added = np.frombuffer(b"".join(row.vector for row in whole), dtype="<f4").reshape(-1, SIZE)
        self._vectors = np.concatenate((self._vectors, added))
        self.last = max(self.last, rows[-1].id)

    def nearest(self, question: str, vector: Vector) -> list[int]:
        """Of the nearest questions those that ask the same, the nearest first; some may be gone by now."""
        asked = essence(question)
        # Not `@`: that wakes a thread for each core, and they wait for each other on a busy machine.
        cosines = np.einsum("ij,j->i", self._vectors, vector)
        places: list[int] = np.argsort(-cosines, kind="stable")[:NEAREST].tolist()
        return [self.ids[place] for place in places if self._asked[place] == asked]


def by_name(step: Step) -> str:
    return step.model


class Cache:
    """One for all faces; what goes wrong with it is logged, and nobody's answer fails for it.

    `identity` says what answers under a step's name now (the weights' hash with it), so that a model that was
    replaced does not lend its words to the next one. Without an embedder only the same question is found again.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder | None,
        identity: Callable[[Step], str] = by_name,
        clock: Callable[[], float] = now,
        most: int = MAX_ROWS,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._identity = identity
        self._clock = clock
        self._most = most
        self._known: dict[str, Questions] = {}
        self._reading = asyncio.Lock()
        self._own: dict[tuple[str, str], Cached] = {}

    async def find(
        self, task: Task, route: Route, vector: Vector | None = None, mark: int = PASS_MARK
    ) -> Reply | None:
        """A reply of before that reached `mark`, marked as such; None where there is none. Writes nothing.

        `vector` is that of the question, if it is known already; it is made where it is needed.
        """
        if not _repeatable(task):
            return None
        keys = await self._keys(task, route)
        own = self._own.get((task.principal.id, keys.exact))
        if own is not None and own.expires > self._clock():
            return _again(own, route, mark)
        if task.privacy is Privacy.PRIVATE:
            return None
        try:
            row = await table.exact(self._database, keys.exact, self._clock())
            row = row or await self._alike(task.question, keys.facts, vector)
        except (StoreError, Unavailable) as error:
            log.warning("[%s] the cache could not be asked: %s", error.id, error)
            return None
        return _again(row, route, mark) if row else None

    async def keep(
        self,
        task: Task,
        route: Route,
        reply: Reply,
        hours: float,
        vector: Vector | None = None,
        mark: int = PASS_MARK,
    ) -> None:
        """Keep a reply for so many hours, if it may be used again at all."""
        fresh = not (reply.cached or reply.stand_in or reply.calls)
        if not (fresh and hours > 0 and _repeatable(task) and reply.score >= mark and reply.text.strip()):
            return
        kept = Kept(**{name: getattr(reply, name) for name in Kept.model_fields}).model_dump_json()
        if len(kept) > MAX_CHARS:
            return
        keys, at = await self._keys(task, route), self._clock()
        row = Cached(keys.exact, keys.facts, task.question[:MAX_WORDS], None, kept, at, at + hours * 3600)
        if task.privacy is Privacy.PRIVATE or await asyncio.to_thread(_personal, task.question, reply):
            self._keep_own(task.principal.id, row)
            return
        try:
            made = await self._vector(task.question, vector)
            row = replace(row, vector=None if made is None else made.astype("<f4").tobytes())
            await self._database.write(lambda tx: table.put(tx, row, self._most))
        except (StoreError, Unavailable) as error:
            log.warning("[%s] a reply could not be kept: %s", error.id, error)

    async def drop_expired(self) -> int:
        """How many replies were too old and are gone; for a tick, since `keep` does it as well."""
        at = self._clock()
        old = [key for key, row in self._own.items() if row.expires <= at]
        for key in old:
            del self._own[key]
        return len(old) + await self._database.write(lambda tx: table.drop_expired(tx, at))

    async def clear(self) -> int:
        """Forget every reply; how many there were. Raises StoreError."""
        own = len(self._own)
        self._own.clear()
        self._known.clear()
        return own + await self._database.write(table.clear)

    def _keep_own(self, principal: str, row: Cached) -> None:
        self._own = {key: one for key, one in self._own.items() if one.expires > row.at}
        self._own.pop((principal, row.exact), None)
        self._own[principal, row.exact] = row
        if len(self._own) > MAX_OWN:
            del self._own[next(iter(self._own))]

    async def _keys(self, task: Task, route: Route) -> Keys:
        models = [f"{step.tier.value}:{self._identity(step)}" for step in route.steps]
        size = sum(map(len, (*task.system, *task.material, *(turn.text for turn in task.turns))))
        return _hashed(task, models) if size <= SHORT else await asyncio.to_thread(_hashed, task, models)

    async def _alike(self, question: str, facts: str, vector: Vector | None) -> Cached | None:
        """The nearest question of before that asks the same."""
        if self._embedder is None or not essence(question):
            return None
        known = await self._questions(facts)
        made = await self._vector(question, vector) if known.ids else None
        if made is None:
            return None
        for id in await asyncio.to_thread(known.nearest, question, made):
            row = await table.get(self._database, id, self._clock())
            # Another process may have cleared the table, so that the number stands for another question now.
            if row and row.facts == facts and essence(row.words) == essence(question):
                return row
        return None

    async def _questions(self, facts: str) -> Questions:
        """What is known of these facts, with what this and other processes have added since."""
        async with self._reading:
            known = self._known.pop(facts, None) or Questions()
            if known.last > await table.newest(self._database):
                known = Questions()  # cleared by another process
            if rows := await table.candidates(self._database, facts, known.last):
                await asyncio.to_thread(known.add, rows)
            if len(known.ids) <= 2 * self._most:  # beyond that the most of them are gone: read anew
                self._known[facts] = known
            while len(self._known) > MAX_FACTS:
                del self._known[next(iter(self._known))]
            return known

    async def _vector(self, question: str, vector: Vector | None) -> Vector | None:
        """None where questions are not compared at all."""
        if self._embedder is None or not essence(question):
            return None
        if vector is None:
            vector = (await self._embedder.vectors([question]))[0]
        return vector


def _repeatable(task: Task) -> bool:
    """A second answer would be no other: nothing is drawn by chance, looked up by tools or part of a change."""
    return bool(task.question.strip()) and not (task.temperature or task.tools or task.change)


def _hashed(task: Task, models: Sequence[str]) -> Keys:
    facts = [task.kind, task.prompt_version, task.system, task.material, *_around(task), task.schema]
    facts += [task.tool and (task.tool.name, task.tool.description, task.tool.schema), task.max_tokens, task.stop]
    facts += [task.top_p, task.seed, task.where, task.privacy, models]
    known = hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).hexdigest()
    words = " ".join(task.question.split())
    return Keys(hashlib.sha256(f"{known}\n{words}".encode("utf-8", "replace")).hexdigest(), known)


def _around(task: Task) -> tuple[Any, ...]:
    """The turns before, and what the last one says around the question itself."""
    earlier = [repr(turn) for turn in task.turns[:-1]]
    last = task.turns[-1].text if task.turns else ""
    for said in (data_block("question", task.question), task.question.strip()):
        if last.count(said) == 1:
            return earlier, last.replace(said, "\0").strip()
    return earlier, last


def _personal(question: str, reply: Reply) -> bool:
    """Secrets or personal data in what was asked or answered."""
    data = "" if reply.data is None else json.dumps(reply.data, ensure_ascii=False, default=repr)
    return any(redact(text, personal=True) != text for text in (question, reply.text, data))


def _again(row: Cached, route: Route, mark: int) -> Reply | None:
    """The reply as it is served now; None for one below the mark, or of another Haven's shape."""
    try:
        kept = Kept.model_validate_json(row.reply)
    except ValidationError:
        return None
    if kept.score < mark:
        return None
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.at))
    question = " ".join(row.words.split())
    shown = question if len(question) <= SHOWN else f"{question[: SHOWN - 3]}..."
    return Reply(**dict(kept), route=route, usage=Usage(), cached=f"answered before at {at} to: {shown}")
