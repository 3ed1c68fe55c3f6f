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
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from haven.ai.aside import aside
from haven.ai.memory import alike
from haven.ai.memory.alike import essence
from haven.ai.task import Privacy, Reply, Route, Step, Task, Tier, Usage
from haven.ai.validate import PASS_MARK
from haven.errors import StoreError
from haven.quoting import data_block
from haven.redact import redact
from haven.store import cache as table
from haven.store.cache import Cached
from haven.store.database import Database, now

log = logging.getLogger("haven.ai.memory.cache")

MAX_ROWS = 2000
MAX_OWN = 200
"""Replies that are kept in memory alone, of all people together."""
MAX_CHARS = 20_000
"""A longer reply is not kept: with all rows that long, the cache would still be no more than 40 MB of the card."""
SHORT = 20_000
"""Characters that are hashed at once; more of them are hashed in a thread."""
SHOWN = 200
MAX_WORDS = alike.MAX_CHARS + 1
"""Characters of a question that are kept: one more than those of a question that is compared."""


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
    """`exact` stands for the question and all that was known with it; `asks` for what is asked, however it is put."""

    exact: str
    asks: str


def by_name(step: Step) -> str:
    return step.model


class Cache:
    """One for all faces; what goes wrong with it is logged, and nobody's answer fails for it.

    `identity` says what answers under a step's name now (the weights' hash with it), so that a model that was
    replaced does not lend its words to the next one. Whether two questions ask the same is decided by their words
    (alike.py): on 60 paraphrases and 106 near misses the cosine of their vectors found one paraphrase before its first
    error, the words 54 without any.
    """

    def __init__(
        self,
        database: Database,
        identity: Callable[[Step], str] = by_name,
        clock: Callable[[], float] = now,
        most: int = MAX_ROWS,
    ) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._most = most
        self._own: dict[tuple[str, str], Cached] = {}

    async def find(self, task: Task, route: Route, mark: int = PASS_MARK) -> Reply | None:
        """A reply of before that reached `mark`, marked as such; None where there is none. Writes nothing."""
        if not _repeatable(task):
            return None
        keys = await self._keys(task, route)
        own = self._own.get((task.principal.id, keys.exact))
        if own is not None and own.expires > self._clock():
            return _again(own, route, mark)
        if task.privacy is Privacy.PRIVATE:
            return None
        try:
            row = await table.find(self._database, keys.exact, keys.asks, self._clock())
        except StoreError as error:
            log.warning("[%s] the cache could not be asked: %s", error.id, error)
            return None
        return _again(row, route, mark) if row else None

    async def keep(self, task: Task, route: Route, reply: Reply, hours: float, mark: int = PASS_MARK) -> None:
        """Keep a reply for so many hours, if it may be used again at all."""
        fresh = not (reply.cached or reply.stand_in or reply.calls)
        if not (fresh and hours > 0 and _repeatable(task) and reply.score >= mark and reply.text.strip()):
            return
        kept = Kept(**{name: getattr(reply, name) for name in Kept.model_fields}).model_dump_json()
        if len(kept) > MAX_CHARS:
            return
        keys, at = await self._keys(task, route), self._clock()
        row = Cached(keys.exact, keys.asks, task.question[:MAX_WORDS], kept, at, at + hours * 3600)
        length = len(task.question) + len(kept)
        if task.privacy is Privacy.PRIVATE or await aside(length, partial(_personal, task.question, reply)):
            self._keep_own(task.principal.id, row)
            return
        try:
            await self._database.write(lambda tx: table.put(tx, row, self._most), quiet=True)
        except StoreError as error:
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


def _repeatable(task: Task) -> bool:
    """A second answer would be no other: nothing is drawn by chance, looked up by tools or part of a change."""
    return bool(task.question.strip()) and not (task.temperature or task.tools or task.change)


def _hashed(task: Task, models: Sequence[str]) -> Keys:
    facts = [task.kind, task.prompt_version, task.system, task.material, *_around(task), task.schema]
    facts += [task.tool and (task.tool.name, task.tool.description, task.tool.schema), task.max_tokens, task.stop]
    facts += [task.top_p, task.seed, task.where, task.privacy, models]
    known = hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).hexdigest()
    asked = essence(task.question)
    return Keys(_key(known, " ".join(task.question.split())), _key(known, "\0".join(asked)) if asked else "")


def _key(known: str, words: str) -> str:
    return hashlib.sha256(f"{known}\n{words}".encode("utf-8", "replace")).hexdigest()


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
