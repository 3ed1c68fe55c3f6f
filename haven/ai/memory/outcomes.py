"""The memory of how tasks went: recorded, judged by people, counted, and learned from where to set the pass marks."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from haven.access import Act, Principal, check
from haven.ai.aside import aside
from haven.ai.memory.learning import decide
from haven.ai.money import tokens
from haven.ai.task import Privacy, Reply, Task, Tier
from haven.errors import BadInput, NotFound
from haven.redact import Redaction
from haven.store import outcomes as table
from haven.store.database import Database, Transaction, now
from haven.store.outcomes import Learned, Past, Seen

MAX_WORDS = 2000
"""Characters of a question that are kept."""
LEARN_FROM = 2000
"""The newest outcomes that one round of learning looks at."""
Vectors = np.ndarray[Any, np.dtype[np.float32]]
VECTORS_A_TICK, AT_ONCE = 200, 2
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True)
class Tried:
    """One model that was asked; `score` is None where it failed."""

    tier: Tier
    model: str
    score: int | None


@dataclass(frozen=True)
class Figures:
    """Outcomes that have kind, and perhaps tier and model, in common. Stand-in replies are not among them."""

    kind: str
    tier: str
    """"" with all of them together."""
    model: str
    n: int
    median_score: float
    mean_score: float
    local_share: float
    """Of those that a model answered now (not the cache), how many the local one did; 0 to 1."""
    cached: int
    fallbacks: int
    """Where more than one model was asked."""
    up: int
    down: int
    seconds_p50: float
    seconds_p90: float
    usd: float


class Outcomes:
    """One for all faces; what is private is kept as figures only."""

    def __init__(self, database: Database, clock: Callable[[], float] = now) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self,
        task: Task,
        reply: Reply,
        *,
        pass_mark: int,
        prompt_tokens: int,
        tried: Sequence[Tried] = (),
        local_score: int | None = None,
        vector: Vector | None = None,
        request: str = "",
    ) -> int:
        """Keep what became of a task; the id is what a thumb is about.

        `prompt_tokens` is Haven's own count; `local_score` is that of the local draft, where there was one.
        """
        private = task.privacy is Privacy.PRIVATE
        judged = reply.route.judgement
        words, reasons, reply_tokens = await aside(
            len(task.question) + len(reply.text),
            lambda: (
                "" if private else _kept(task.question),
                [] if private else [_kept(reason) for reason in reply.score_reasons],
                tokens.count(reply.text),
            ),
        )
        outcome = table.Outcome(
            at=self._clock(),
            principal=task.principal.id,
            face=task.principal.face,
            kind=task.kind,
            request=request,
            private=private,
            words=words,
            vector=None if private or vector is None else vector.astype("<f4").tobytes(),
            tokens=prompt_tokens,
            reply_tokens=reply_tokens,
            complexity=judged.complexity.value if judged else "",
            hardness=judged.score if judged else 0.5,
            hybrid=reply.route.hybrid,
            cached=bool(reply.cached),
            tried=[[one.tier.value, one.model, one.score] for one in tried],
            tier=reply.tier.value,
            model=reply.model,
            prompt_version=reply.prompt_version,
            score=reply.score,
            score_reasons=reasons,
            pass_mark=pass_mark,
            local_score=local_score,
            usd=reply.usd,
            input_tokens=reply.usage.input + reply.usage.cache_read + reply.usage.cache_write,
            output_tokens=reply.usage.output,
            seconds=reply.seconds,
            stand_in=reply.stand_in,
            change_id=task.change,
        )
        return await self._database.write(lambda tx: table.insert(tx, outcome), quiet=True)

    async def verdict(self, id: int, principal: Principal, value: int) -> None:
        """A person's word: 1, -1, or 0 to take it back; their newest counts. (Approvals stand with the changes.)

        Raises AccessDenied, BadInput, or NotFound; a private reply is known only to the one who asked.
        """
        check(principal, Act.ASK)
        if value not in (-1, 0, 1):
            raise BadInput("That is no verdict.", "Give thumbs up or thumbs down.")

        async def work(tx: Transaction) -> None:
            asked = await table.of_whom(tx, id)
            if asked is None or (asked[1] and asked[0] != principal.id):
                raise NotFound("There is no such answer to judge.")
            await table.judge(tx, id, principal.id, value, self._clock())

        await self._database.write(work)

    async def history(self, kind: str, limit: int = 500) -> list[Past]:
        """The newest open tasks of a kind, for guessing how a similar one will go."""
        return await table.past(self._database, kind, limit)

    async def fill_vectors(
        self, vectors: Callable[[Sequence[str]], Awaitable[np.ndarray[Any, np.dtype[np.float32]]]]
    ) -> int:
        """Give open outcomes without a vector theirs, the newest first, at most a batch of them; how many."""
        bare = await table.without_vector(self._database, VECTORS_A_TICK)
        if bare:
            found: list[tuple[bytes, int]] = []
            for some in _few(bare):  # few at a time: somebody's question may wait for the same embedder
                made = await vectors([words for _, words in some])
                found += [(row.astype("<f4").tobytes(), id) for (id, _), row in zip(some, made, strict=True)]
            await self._database.write(lambda tx: table.set_vectors(tx, found))
        return len(bare)

    async def statistics(self, since: float, until: float) -> list[Figures]:
        """Of each kind all together, then of each kind by tier and model; the most asked kind first."""
        seen = await table.seen(self._database, since, until)
        return await asyncio.to_thread(figures, seen)

    async def marks(self) -> Mapping[str, int]:
        """By how many points each kind's pass mark is moved; kinds that are not in it stay as the settings say."""
        return await table.shifts(self._database)

    async def learn(self) -> list[Learned]:
        """Look at what came in since each kind's last step, and move the marks that it speaks about."""

        async def work(tx: Transaction) -> list[Learned]:
            shifts = await table.shifts_in(tx)
            steps = []
            for kind, seen in sorted((await table.seen_since_learned(tx, LEARN_FROM)).items()):
                found = decide(seen, shifts.get(kind, 0))
                if found is not None:
                    steps.append(Learned(self._clock(), kind, *found))
                    await table.learn(tx, steps[-1])
            return steps

        return await self._database.write(work)

    async def learned(self) -> list[Learned]:
        """Every step with its reason, newest first."""
        return await table.learned(self._database)

    async def reset(self, kind: str | None = None) -> list[str]:
        """Put the mark of one kind, or of all, back to what the settings say. The kinds that were moved."""

        async def work(tx: Transaction) -> list[str]:
            moved = [name for name, shift in (await table.shifts_in(tx)).items() if shift and kind in (None, name)]
            for name in moved:
                await table.learn(tx, Learned(self._clock(), name, 0, "put back to what the settings say, by hand"))
            return moved

        return await self._database.write(work)


def figures(seen: Iterable[Seen]) -> list[Figures]:
    """See `Outcomes.statistics`; pure."""
    kinds: dict[str, dict[tuple[str, str], list[Seen]]] = {}
    for one in seen:
        if not one.stand_in:
            kinds.setdefault(one.kind, {}).setdefault((one.tier, one.model), []).append(one)
    rows: list[Figures] = []
    for kind, models in kinds.items():
        rows.append(_figures(kind, "", "", [one for group in models.values() for one in group]))
        rows += [_figures(kind, *model, group) for model, group in models.items()]
    total = {row.kind: row.n for row in rows if not row.tier}
    return sorted(rows, key=lambda row: (-total[row.kind], row.kind, bool(row.tier), -row.n, row.model))


def _figures(kind: str, tier: str, model: str, group: Sequence[Seen]) -> Figures:
    scores = [one.score for one in group]
    seconds = sorted(one.seconds for one in group)
    fresh = [one for one in group if not one.cached]
    return Figures(
        kind=kind,
        tier=tier,
        model=model,
        n=len(group),
        median_score=statistics.median(scores),
        mean_score=statistics.fmean(scores),
        local_share=sum(one.tier == Tier.LOCAL for one in fresh) / len(fresh) if fresh else 0.0,
        cached=len(group) - len(fresh),
        fallbacks=sum(one.asked > 1 for one in group),
        up=sum(one.up for one in group),
        down=sum(one.down for one in group),
        seconds_p50=_at_rank(seconds, 0.5),
        seconds_p90=_at_rank(seconds, 0.9),
        usd=sum(one.usd for one in group),
    )


def _at_rank(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def _few(rows: Sequence[tuple[int, str]]) -> Iterable[Sequence[tuple[int, str]]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def _kept(question: str) -> str:
    """A question as it is kept: secrets and personal data replaced."""
    return Redaction().apply(question[:MAX_WORDS])
