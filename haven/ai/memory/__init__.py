"""What Haven remembers of tasks: replies that may be used again, what became of each, and what that teaches."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from haven.ai import kinds, outgoing
from haven.ai.aside import aside, size
from haven.ai.judging.classify import classify, patterns
from haven.ai.judging.embed import Embedder
from haven.ai.judging.similar import Experience, Vector, experience
from haven.ai.memory.cache import Cache
from haven.ai.memory.outcomes import Outcomes, Tried
from haven.ai.task import Judgement, Reply, Route, Task, Tier
from haven.errors import HavenError, StoreError
from haven.settings import Routing, Strategy
from haven.store.database import now

log = logging.getLogger("haven.memory")

WINDOW_S = 30 * 24 * 3600.0
"""How far back the usual time of a model is looked up."""
VECTORS_KEPT = 64
HISTORY = 500


@dataclass(frozen=True)
class Told:
    """How a reply came about, beyond what it says itself."""

    request: str = ""
    pass_mark: int = 0
    tried: tuple[Tried, ...] = ()
    cache_hours: float = 0.0


class Memory:
    """One for the engine. Without its parts it remembers nothing; without an embedder nothing similar is found."""

    def __init__(
        self,
        outcomes: Outcomes | None = None,
        cache: Cache | None = None,
        embedder: Embedder | None = None,
        routing: Routing | None = None,
    ) -> None:
        self._outcomes, self._cache, self._embedder = outcomes, cache, embedder
        self._routing = routing or Routing()
        self._simpler = patterns(self._routing.simple_words, "routing.simple_words")
        self._harder = patterns(self._routing.complex_words, "routing.complex_words")
        self._marks: Mapping[str, int] = {}
        self._seconds: Mapping[tuple[str, str], float] = {}
        self._lived: dict[tuple[str, bool], Experience | None] = {}
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    async def refresh(self) -> None:
        """Look up what is kept at hand: moved marks and, where time decides, how long each model usually takes."""
        if self._outcomes is None:
            return
        self._marks = await self._outcomes.marks() if self._routing.learn else {}
        if self._routing.max_seconds or self._routing.strategy is Strategy.LATENCY:
            figures = await self._outcomes.statistics(now() - WINDOW_S, now())
            self._seconds = {(one.tier, one.model.partition("@")[0]): one.seconds_p50 for one in figures if one.tier}
        self._lived.clear()

    async def learn(self) -> None:
        """Move the pass marks by what came in since, and give it vectors (nobody waits for them then); for a tick."""
        if self._outcomes is not None and self._routing.learn:
            await self._outcomes.learn()
            if self._embedder is not None and not self._embedder.missing():
                await self._outcomes.fill_vectors(self._embedder.vectors)
        if self._cache is not None:
            await self._cache.drop_expired()
        await self.refresh()

    def shift(self, kind: str) -> int:
        """By how many points experience moves the kind's pass mark."""
        return self._marks.get(kind, 0)

    def seconds(self, tier: Tier, model: str) -> float | None:
        """How long the model usually takes; None where nobody knows yet."""
        return self._seconds.get((tier.value, model))

    async def judge(self, task: Task, *, by_meaning: bool = True) -> Judgement:
        """How hard the task is, by rules and by how similar ones went; where those are unsure, by its meaning too.

        `by_meaning` False leaves that out, for where nothing hangs on it: a vector takes longer than all the rest.
        """
        told = partial(classify, task, simpler=self._simpler, harder=self._harder)
        judgement = told(history=await self._experience(task.kind, embedded=False))
        if judgement.sure or not by_meaning or (vector := await self._vector(task)) is None:
            return judgement
        return told(history=await self._experience(task.kind, embedded=True), vector=vector)

    async def known(self, task: Task, route: Route, told: Told) -> Reply | None:
        """A reply to the same question, or to a similar one over the same facts, that is still good."""
        if self._cache is None or not told.cache_hours:
            return None
        return await self._cache.find(task, route, told.pass_mark)

    async def record(self, task: Task, reply: Reply, told: Told) -> Reply:
        """Keep what became of a task; the reply comes back with the number of its record.

        A memory that fails costs nobody their answer.
        """
        if self._outcomes is None or kinds.of(task.kind).tiers == {Tier.LOCAL}:
            return reply
        local = [one.score for one in told.tried if one.tier is Tier.LOCAL and one.score is not None]
        try:
            counted = await aside(size(task), lambda: outgoing.count(outgoing.call_of(task)))
            # Begun together, so that both, and what is still to be written of the call, are one commit.
            id, _ = await asyncio.gather(
                self._outcomes.record(
                    task,
                    reply,
                    pass_mark=told.pass_mark,
                    prompt_tokens=counted,
                    tried=told.tried,
                    local_score=max(local, default=None),
                    vector=self._vectors.get(task.question),
                    request=told.request,
                ),
                self._keep(task, reply, told),
            )
        except StoreError as error:
            log.warning("[%s] an outcome could not be recorded: %s", error.id, error)
            return reply
        return replace(reply, outcome=id)

    async def _keep(self, task: Task, reply: Reply, told: Told) -> None:
        if self._cache is not None:
            await self._cache.keep(task, reply.route, reply, told.cache_hours, told.pass_mark)

    async def _experience(self, kind: str, *, embedded: bool) -> Experience | None:
        """What the outcomes of a kind teach, made once between two looks at them; None where they are too few."""
        if self._outcomes is None or not self._routing.learn:
            return None
        if (kind, embedded) not in self._lived:
            try:
                past = await self._outcomes.history(kind, HISTORY)
            except StoreError as error:
                log.warning("[%s] the history could not be read: %s", error.id, error)
                return None
            self._lived[kind, embedded] = await asyncio.to_thread(experience, past, embedded=embedded)
        return self._lived[kind, embedded]

    async def _vector(self, task: Task) -> Vector | None:
        """The question's vector, worked out once; None without an embedder."""
        if self._embedder is None or self._embedder.missing():
            return None
        if (known := self._vectors.get(task.question)) is not None:
            self._vectors.move_to_end(task.question)
            return known
        try:
            vector: Vector = (await self._embedder.vectors([task.question]))[0]
        except HavenError as error:
            log.warning("[%s] no vector: %s", error.id, error)
            return None
        self._vectors[task.question] = vector
        if len(self._vectors) > VECTORS_KEPT:
            self._vectors.popitem(last=False)
        return vector
