"""The waiting room: requests that only the cloud could answer while it was out of reach.

The person is asked once (wait, local now, cancel); what waits is on the disk, goes on by itself as the person that its
asker is by then, and is told when it begins to wait and when it is answered.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from haven.access import Act, Principal, Role, check
from haven.ai.engine import Engine
from haven.ai.policy import may_leave
from haven.ai.task import Reply, Restart, Task, Tier, Where
from haven.errors import AccessDenied, BadInput, CloudAway, Conflict, HavenError, NotFound, OverBudget, Unavailable
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
MOST = 5
"""Requests of one person that are held at a time."""
KNOWN_HERE = frozenset({"cli", "kiosk"})
"""Faces whose people this machine's kernel names: what they may do does not change while a request waits."""

Tell = Callable[[Task, Reply, float], Awaitable[None]]
Today = Callable[[Principal], Awaitable[Principal]]

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


def choices_of(one: Waiting) -> tuple[Choice, ...]:
    """What a person is asked: to wait only where time may help; nothing once they have chosen."""
    if one.state != "asked":
        return ()
    return tuple(Choice) if one.can_wait else (Choice.LOCAL, Choice.CANCEL)


def is_for(asker: str, person: Principal) -> bool:
    """Whether what `asker` asked is this person's to see and decide: their own, or they are the owner.

    The wall panel has the owner's role, but stands where anyone may touch it: it needs its PIN for others' requests.
    """
    is_owner = person.role is Role.OWNER and (person.pin_given or not person.needs_pin)
    return asker == person.id or is_owner


class WaitingRoom:
    """One for all faces; `handle` is the job queue's handler of `JOB`."""

    def __init__(self, database: Database, engine: Engine) -> None:
        self._database = database
        self._engine = engine
        self._answering: set[str] = set()
        self._serving: Counter[str] = Counter()
        self._today: dict[str, Today] = {}
        self._tell: Tell | None = None

    def tell(self, tell: Tell) -> None:
        """Tell `tell` of each answer from the cloud: its task, the reply, and when it was begun."""
        self._tell = tell

    def ask_about(self, face: str, today: Today) -> None:
        """Ask `today` who a person of that face is by now: it gives them with today's role, or raises Unavailable."""
        self._today[face] = today

    async def hold(self, task: Task, away: CloudAway, place: Mapping[str, Any]) -> Held:
        """Put the request on the disk; it asks the person, or waits at once where the settings say so and it may help.

        Raises AccessDenied for one that may not leave the house: it has nothing to wait for, and is not written down.
        Raises Unavailable where too many of this person's are held.
        """
        if not may_leave(task):
            raise AccessDenied("This must not leave the house, so it can't wait for the cloud.")
        asks = away.ask != Choice.WAIT or not away.retry
        draft = away.draft if isinstance(away.draft, Reply) else None
        one = Waiting(
            id=secrets.token_hex(4),
            principal=task.principal.id,
            face=task.principal.face,
            place=dict(place),
            task=_TASK.dump_json(task).decode(),
            reason=str(away),
            state="asked" if asks else "waiting",
            can_wait=away.retry,
            retry_at=None if asks else now() + _pause(away, 0),
        )

        async def work(tx: Transaction) -> bool:
            if await table.count_open(tx, one.principal) >= MOST:
                return False
            await table.insert(tx, one)
            await events.record(tx, f"answer.{one.state}", one.id, task.principal.id, reason=one.reason)
            if not asks:
                await jobs.add(tx, JOB, one.id, f"{JOB}:{one.id}", one.retry_at or 0.0)
            return True

        if not await self._database.write(work):
            sentence = f"{away} {MOST} of your questions are held already, which is the most: this one is not kept."
            raise Unavailable(sentence, "Decide or cancel one of them, or ask for the local model.", retry=False)
        return Held(one.id, one.reason, choices_of(one), draft, one.retry_at)

    async def decide(self, id: str, choice: Choice, principal: Principal) -> Task | Held | None:
        """What the person chose: a task to ask now (local), the request as it waits, or None (cancelled).

        The task is asked inside of `answering`, and `replaced` ends the request once its reply is there: until then
        it stands as it stood. Raises AccessDenied for somebody else's request, Conflict where it was decided already,
        BadInput for waiting where that can't help, NotFound.
        """
        one = await self.get(id, principal)
        check(principal, Act.ASK)
        if choice is Choice.LOCAL:
            if one.state not in table.OPEN:
                raise _decided(one)
            task = _TASK.validate_json(one.task)
            asker = principal if principal.id == one.principal else task.principal
            return replace(task, where=Where.LOCAL, principal=asker)
        if choice is Choice.WAIT:
            if not one.can_wait:
                raise BadInput("Waiting can't help here.", "Take the local model's answer, or cancel.")
            at = now() + PAUSES_S[0]

            async def wait(tx: Transaction) -> bool:
                done = await table.move(tx, id, ("asked",), state="waiting", retry_at=at)
                if done:
                    await events.record(tx, "answer.waiting", id, principal.id, reason=one.reason)
                    await jobs.add(tx, JOB, id, f"{JOB}:{id}", at)
                return done

            await self._swap(wait, one)
            return Held(id, one.reason, retry_at=at)

        await self._end(one, choice, principal)
        return None

    @contextmanager
    def answering(self, id: str) -> Iterator[None]:
        """While the local model answers a request, it is not asked for it again. Raises Conflict for the second one."""
        if id in self._answering:
            raise Conflict("That is being done already.", "Wait a moment.")
        self._answering.add(id)
        try:
            yield
        finally:
            self._answering.discard(id)

    @contextmanager
    def serving(self, person: str) -> Iterator[None]:
        """While something that the person asked for is worked on here."""
        self._serving[person] += 1
        try:
            yield
        finally:
            self._serving[person] -= 1
            self._serving += Counter()  # nobody stays with nought

    def is_serving(self, person: str) -> bool:
        return self._serving[person] > 0

    async def replaced(self, id: str, principal: Principal) -> None:
        """The local model's answer is there: nobody waits any more. Raises Conflict where it was decided meanwhile."""
        await self._end(await self.get(id, principal), Choice.LOCAL, principal)

    async def _end(self, one: Waiting, choice: Choice, principal: Principal) -> None:
        async def end(tx: Transaction) -> bool:
            why = f"{one.reason} The local model answered instead." if choice is Choice.LOCAL else one.reason
            done = await table.move(tx, one.id, table.OPEN, state="cancelled", retry_at=None, reason=why)
            if done:
                await events.record(tx, "answer.cancelled", one.id, principal.id, choice=choice.value)
            return done

        await self._swap(end, one)

    async def expire(self) -> None:
        """End the requests whose person did not choose for as long as anybody waits, and tell them; for a tick."""
        why = f"Nobody chose what to do for {LONGEST_S / 86400:.0f} days, which is the longest. "

        async def work(tx: Transaction) -> None:
            for id, principal, face in await table.expire(tx, now() - LONGEST_S, why):
                await events.record(tx, "answer.failed", id, principal, face=face)

        await self._database.write(work)

    async def get(self, id: str, principal: Principal) -> Waiting:
        """One request, for the one who asked and for the owner."""
        one = await table.get(self._database, id)
        if one is None:
            raise NotFound(f"There is no waiting request {id}.")
        if not is_for(one.principal, principal):
            raise AccessDenied("That is somebody else's request.")
        return one

    async def list(self, principal: Principal) -> list[Waiting]:
        """The person's requests, the newest first; the owner sees all."""
        check(principal, Act.ASK)
        return await table.of(self._database, None if is_for("", principal) else principal.id)

    def reply(self, one: Waiting) -> Reply | None:
        """The answer, once it is there."""
        return _REPLY.validate_json(one.reply) if one.reply else None

    async def handle(self, job: Job) -> float | None:
        """Ask the cloud again; the time of the next try, or None at the end.

        The local model is not asked: what can't come from the cloud any more ends as failed, with the reason; the draft
        stays where the face shows it. The right is checked again with the role that the asker has today: who was banned
        or lost a role meanwhile gets nothing, and while nobody can be asked about that, it waits on.
        """
        one = await table.get(self._database, job.subject)
        if one is None or one.state != "waiting":
            return None
        with self.serving(one.principal):
            return await self._once_more(one)

    async def _once_more(self, one: Waiting) -> float | None:
        task, began = replace(_TASK.validate_json(one.task), where=Where.CLOUD), now()
        try:
            reply = await self._from_cloud(replace(task, principal=await self._as_of_today(task.principal)))
        except Unavailable as away:
            if away.retry and now() - one.at < LONGEST_S:
                return await self._wait_on(one, away)
            waited = f"It waited for {LONGEST_S / 86400:.0f} days, which is the longest. " if away.retry else ""
            await self._finish(one, "failed", reason=f"{waited}{away}")
        except HavenError as error:
            await self._finish(one, "failed", reason=str(error))
        else:
            await self._finish(one, "answered", reply=_REPLY.dump_json(reply).decode())
            if self._tell is not None:
                await self._tell(task, reply, began)
        return None

    async def today(self, person: Principal) -> Principal:
        """With today's role; as they were where their face is not there at all: then whoever runs Haven decides.

        Raises Unavailable while the face can't tell.
        """
        return await self._as_of_today(person) if person.face in self._today else person

    async def _as_of_today(self, asker: Principal) -> Principal:
        """The asker with today's role. Raises Unavailable while their face can't tell."""
        if asker.face in KNOWN_HERE:
            return asker
        if (today := self._today.get(asker.face)) is None:
            raise Unavailable(f"Nobody can be asked now what {asker.name} may do here.", "Haven asks again later.")
        return replace(await today(asker), id=asker.id, face=asker.face)

    async def _from_cloud(self, task: Task) -> Reply:
        """The cloud's reply. Raises what the engine raises; Unavailable as well where only the local model is left.

        A cloud that is away while the settings have come to answer `local` counts as gone for good: they say so.
        """
        check(task.principal, Act.ASK)
        check(task.principal, Act.CLOUD)
        route = await self._engine.route(task)
        if Tier.CLOUD not in route.tiers:
            why = "; ".join(route.reasons[1:])
            raise Unavailable(route.refused or f"The cloud can't be asked any more: {why}", retry=False)
        async with aclosing(self._engine.stream(task)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Restart) and piece.next.tier is Tier.LOCAL:
                    raise Unavailable(piece.reason, retry=False)
                if isinstance(piece, Reply) and piece.tier is not Tier.LOCAL:
                    return piece
        raise Unavailable("The cloud gave no answer.", "Haven tries again later.")  # the cache had a local one

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
            raise _decided(await table.get(self._database, one.id) or one)


def _decided(one: Waiting) -> Conflict:
    return Conflict("That was decided already.", f"It is {one.state} now.")


def _pause(away: Unavailable, attempts: int) -> float:
    """Seconds until the next try: what the other side named, an hour for a cap, else longer and longer."""
    if isinstance(away.__cause__, OverBudget) or isinstance(away, OverBudget):
        return CAP_PAUSE_S
    return max(away.after or 0.0, PAUSES_S[min(attempts, len(PAUSES_S) - 1)])
