"""The waiting room: requests that only the cloud could answer while it was out of reach.

The person is asked once (wait, local now, cancel); what waits is on the disk, goes on by itself, and is told when it
begins to wait and when it is answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from haven.access import Act, Principal, Role, check
from haven.ai.engine import Engine
from haven.ai.policy import may_leave
from haven.ai.task import Reply, Task, Where
from haven.errors import AccessDenied, CloudAway, Conflict, HavenError, NotFound, OverBudget, Unavailable
from haven.store import events, jobs
from haven.store import waiting as table
from haven.store.database import Database, Transaction, now
from haven.store.jobs import Job
from haven.store.waiting import Waiting

JOB = "waiting"
PAUSES_S = (60.0, 300.0, 900.0, 1800.0)
"""Between two tries; the last one again and again. A cap is looked at hourly."""
CAP_PAUSE_S = 3600.0
LONGEST_S = 3 * 24 * 3600.0
"""After three days nobody waits any more: the request ends and says so."""

_TASK = TypeAdapter(Task)
_REPLY = TypeAdapter(Reply)


class Choice(StrEnum):
    WAIT = "wait"
    LOCAL = "local"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Held:
    """An answer that is not there yet: why, what the person may choose (nothing where it waits already)."""

    id: str
    reason: str
    choices: tuple[Choice, ...] = ()
    draft: Reply | None = None
    """What the local model said, below the pass mark."""
    retry_at: float | None = None


class WaitingRoom:
    """One for all faces; `handle` is the job queue's handler of `JOB`."""

    def __init__(self, database: Database, engine: Engine) -> None:
        self._database = database
        self._engine = engine

    async def hold(self, task: Task, away: CloudAway, place: Mapping[str, Any]) -> Held:
        """Put the request on the disk; it asks the person, or waits at once where the settings say so.

        Raises AccessDenied for one that may not leave the house: it has nothing to wait for, and is not written down.
        """
        if not may_leave(task):
            raise AccessDenied("This must not leave the house, so it can't wait for the cloud.")
        asks = away.ask != Choice.WAIT
        draft = away.draft if isinstance(away.draft, Reply) else None
        one = Waiting(
            id=secrets.token_hex(4),
            principal=task.principal.id,
            face=task.principal.face,
            place=dict(place),
            task=_TASK.dump_json(task).decode(),
            reason=str(away),
            state="asked" if asks else "waiting",
            retry_at=None if asks else now() + _pause(away, 0),
        )

        async def work(tx: Transaction) -> None:
            await table.insert(tx, one)
            await events.record(tx, f"answer.{one.state}", one.id, task.principal.id, reason=one.reason)
            if not asks:
                await jobs.add(tx, JOB, one.id, f"{JOB}:{one.id}", one.retry_at or 0.0)

        await self._database.write(work)
        return Held(one.id, one.reason, tuple(Choice) if asks else (), draft, one.retry_at)

    async def decide(self, id: str, choice: Choice, principal: Principal) -> Task | Held | None:
        """What the person chose: a task to ask now (local), the request as it waits, or None (cancelled).

        Raises AccessDenied for somebody else's request, Conflict where it was decided already, NotFound.
        """
        one = await self.get(id, principal)
        check(principal, Act.ASK)
        if choice is Choice.WAIT:
            at = now() + PAUSES_S[0]

            async def wait(tx: Transaction) -> bool:
                done = await table.move(tx, id, ("asked",), state="waiting", retry_at=at)
                if done:
                    await events.record(tx, "answer.waiting", id, principal.id, reason=one.reason)
                    await jobs.add(tx, JOB, id, f"{JOB}:{id}", at)
                return done

            await self._swap(wait, one)
            return Held(id, one.reason, retry_at=at)

        async def end(tx: Transaction) -> bool:
            done = await table.move(tx, id, table.OPEN, state="cancelled", retry_at=None)
            if done:
                await events.record(tx, "answer.cancelled", id, principal.id, choice=choice.value)
            return done

        await self._swap(end, one)
        if choice is Choice.CANCEL:
            return None
        return replace(_TASK.validate_json(one.task), where=Where.LOCAL)

    async def get(self, id: str, principal: Principal) -> Waiting:
        """One request, for the one who asked and for the owner."""
        one = await table.get(self._database, id)
        if one is None:
            raise NotFound(f"There is no waiting request {id}.")
        if one.principal != principal.id and principal.role < Role.OWNER:
            raise AccessDenied("That is somebody else's request.")
        return one

    async def list(self, principal: Principal) -> list[Waiting]:
        """The person's requests, the newest first; the owner sees all."""
        check(principal, Act.ASK)
        return await table.of(self._database, None if principal.role is Role.OWNER else principal.id)

    def reply(self, one: Waiting) -> Reply | None:
        """The answer, once it is there."""
        return _REPLY.validate_json(one.reply) if one.reply else None

    async def handle(self, job: Job) -> float | None:
        """Ask again; the time of the next try, or None at the end."""
        one = await table.get(self._database, job.subject)
        if one is None or one.state != "waiting":
            return None
        task = replace(_TASK.validate_json(one.task), where=Where.CLOUD)
        try:
            reply = await self._engine.complete(task)
        except Unavailable as away:
            passes = away.retry or isinstance(away, OverBudget | CloudAway)
            if passes and now() - one.at < LONGEST_S:
                return await self._wait_on(one, away)
            waited = f"It waited for {LONGEST_S / 86400:.0f} days, which is the longest. " if passes else ""
            await self._finish(one, "failed", reason=f"{waited}{away}")
        except HavenError as error:
            await self._finish(one, "failed", reason=str(error))
        else:
            await self._finish(one, "answered", reply=_REPLY.dump_json(reply).decode())
        return None

    async def _wait_on(self, one: Waiting, away: Unavailable) -> float:
        at = now() + _pause(away, one.attempts + 1)
        fields = {"retry_at": at, "attempts": one.attempts + 1, "reason": str(away)}

        async def work(tx: Transaction) -> None:
            if await table.move(tx, one.id, ("waiting",), **fields):
                await events.record(tx, "answer.waiting", one.id, one.principal, reason=str(away))

        await self._database.write(work)
        return at

    async def _finish(self, one: Waiting, state: str, **fields: str) -> None:
        async def work(tx: Transaction) -> None:
            if await table.move(tx, one.id, ("waiting",), state=state, retry_at=None, **fields):
                await events.record(tx, f"answer.{state}", one.id, one.principal, face=one.face)

        await self._database.write(work)

    async def _swap(self, work: Any, one: Waiting) -> None:
        if not await self._database.write(work):
            found = await table.get(self._database, one.id) or one
            raise Conflict("That was decided already.", f"It is {found.state} now.")


def _pause(away: Unavailable, attempts: int) -> float:
    """Seconds until the next try: what the other side named, an hour for a cap, else longer and longer."""
    if isinstance(away.__cause__, OverBudget) or isinstance(away, OverBudget):
        return CAP_PAUSE_S
    return max(away.after or 0.0, PAUSES_S[min(attempts, len(PAUSES_S) - 1)])
