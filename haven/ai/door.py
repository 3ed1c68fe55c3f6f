"""The one door of the house: every call to a model goes through here, and what leaves is checked a second time.

What is private is stopped; the rest is redacted, priced, reserved and recorded before it leaves, and settled after.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from haven.access import Role
from haven.ai import policy, validate
from haven.ai.aside import aside, size
from haven.ai.breaker import Breaker
from haven.ai.money.ledger import Ledger
from haven.ai.outgoing import Outgoing, call_of, text_of
from haven.ai.providers.base import Call, Counts, Finish, Provider
from haven.ai.roster import Roster
from haven.ai.switch import CloudSwitch
from haven.ai.task import Delta, Queued, Reply, Restart, Route, Step, Task, Tier, Usage
from haven.errors import AccessDenied, HavenError, ModelError, OverBudget, Unavailable

QUICK_RETRY_S = 10.0
"""A retry sooner than this is waited for here; a later one is the caller's to schedule."""
SHORT = 1000
"""Plain replies of so many characters are scored where they are: a thread would cost more."""
STOPPED = "stopped before its end"
UNKNOWN_USAGE = "what it says it used is impossible"


@dataclass(frozen=True)
class _Came:
    """A whole reply that nobody has scored yet, and why it ended."""

    reply: Reply
    stop: str


class Door:
    """One for the engine. `attempts` is how often a call to the cloud is tried."""

    def __init__(
        self,
        roster: Roster,
        ledger: Ledger,
        attempts: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        switch: CloudSwitch | None = None,
    ) -> None:
        self._roster = roster
        self._switch = switch
        self._ledger = ledger
        self._attempts = attempts
        self._sleep = sleep

    async def ask(
        self, task: Task, route: Route, step: Step, request: str, asked: Task | None = None
    ) -> AsyncGenerator[Delta | Queued | Restart | Reply, None]:
        """One model with its quick retries; each is a call, a price and a ledger row of its own.

        `request` names the request that all these calls are made for; `asked` is the task as the person asked it, where
        `task` was condensed or holds a draft: the reply is scored against that. Raises what the provider raises,
        OverBudget, or AccessDenied where the task may not leave.
        """
        attempts = self._attempts if step.tier is Tier.CLOUD else 1
        for attempt in range(1, attempts + 1):
            said = False
            here = step.tier is Tier.LOCAL
            once = self._local(task, route, step) if here else self._leaving(task, route, step, request)
            try:
                async with aclosing(once) as pieces:
                    async for piece in pieces:
                        said = said or isinstance(piece, Delta)
                        yield await _scored(asked or task, piece) if isinstance(piece, _Came) else piece
                return
            except OverBudget:
                raise
            except Unavailable as error:
                pause = error.after if error.after is not None else 0.5 * 2**attempt
                if attempt == attempts or not error.retry or pause > QUICK_RETRY_S:
                    raise
                if said:
                    yield Restart(str(error), step)
                await self._sleep(pause)

    async def _local(self, task: Task, route: Route, step: Step) -> AsyncGenerator[Delta | Queued | _Came, None]:
        provider = self._roster.get(step)
        stops = validate.running_text(task.kind) and task.schema is None and task.tool is None and not task.tools
        text = ""
        finish: Finish | None = None
        async with self._roster.using(provider), aclosing(_generate(provider, call_of(task))) as pieces:
            started = time.monotonic()
            async for piece in pieces:
                if isinstance(piece, Finish):
                    finish = piece
                    break
                yield piece
                text += piece.text if isinstance(piece, Delta) else ""
                if stops and (whole := validate.before_repeat(text)) is not None:
                    finish = Finish(whole, Usage(), "repeat")
                    break
        assert finish is not None  # said here, so that whoever asks another model next does not keep this one loaded
        yield _Came(_reply(task, route, provider, finish, time.monotonic() - started), finish.stop)

    async def count(self, task: Task, step: Step) -> int | None:
        """Input tokens as the service itself counts them: a recorded call of its own, behind the same gates.

        What could not be paid for is not counted either. None for a service that does not count. Raises as `ask` does.
        """
        provider = self._roster.get(step)
        if not isinstance(provider, Counts):
            return None
        if not provider.stand_in:
            asked = await aside(size(task), partial(Outgoing.of, task, provider.price))
            await self._ledger.fits(task, asked.worst_usd)
        counting = replace(task, purpose=f"count the tokens of: {task.purpose}")
        async with self._recorded(counting, provider, "", free=True) as out:
            counted = await provider.count(out.call)
            out.usage = Usage()
        await self._ledger.written()
        return counted

    async def _leaving(self, task: Task, route: Route, step: Step, request: str) -> AsyncGenerator[Delta | _Came, None]:
        provider = self._roster.get(step)
        finish: Finish | None = None
        async with self._recorded(task, provider, request) as out, aclosing(_generate(provider, out.call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    finish, out.usage = piece, piece.usage if piece.usage_known else None
                elif isinstance(piece, Delta) and (text := out.came_in(piece.text)):
                    yield Delta(text)
        assert finish is not None
        if out.held:
            yield Delta(out.held)
        reply = _reply(task, route, provider, out.restored(finish), out.seconds)
        reply = replace(reply, usd=out.usd, stand_in=provider.stand_in, redacted=out.redaction.counts)
        yield _Came(reply, finish.stop)

    @asynccontextmanager
    async def _recorded(
        self, task: Task, provider: Provider, request: str, *, free: bool = False
    ) -> AsyncIterator[Outgoing]:
        """One call that leaves: stopped if private, redacted, reserved before the block and settled after it.

        It is stopped as well while the cloud is switched off. The block puts what was used into `usage`. Whoever hands
        on what came waits for `Ledger.written` first.
        """
        if not policy.may_leave(task):
            raise AccessDenied("This must not leave the house.", "Ask it openly, or leave it to the local model.")
        if provider.tier is Tier.CLOUD and self._switch is not None:
            await self._switch.demand()
        breaker = self._roster.breaker(provider)
        number = breaker.began(_sharer(task))
        out: Outgoing | None = None
        reserved = 0
        try:
            out = await aside(size(task), partial(Outgoing.of, task, None if free else provider.price))
            reserved = await self._reserve(task, provider, out, request)
            yield out
            if out.usage is None:
                await self._ledger.lost(reserved, out.seconds, UNKNOWN_USAGE)
            else:
                self._ledger.settling(reserved, out.usd, out.usage, out.seconds)
            breaker.worked(number)
        except BaseException as error:
            _tell(breaker, number, error)
            if out is not None and reserved:
                await self._close(error, reserved, out.seconds)
            raise

    async def _reserve(self, task: Task, provider: Provider, out: Outgoing, request: str) -> int:
        """The id of the row. Where the caller is cancelled before the call begins, its row has an end as well."""
        reserving = self._ledger.reserve(
            task,
            request=request,
            tier=provider.tier,
            model=provider.model,
            recipient=provider.recipient,
            stand_in=provider.stand_in,
            sent=text_of(out.call),
            redacted=out.redaction.counts,
            worst_usd=out.worst_usd,
        )
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            with suppress(HavenError):
                await self._ledger.unbilled(await reserving, 0.0, STOPPED)
            raise

    async def _close(self, error: BaseException, reserved: int, seconds: float) -> None:
        """What was turned away before any work cost nothing; anything else stays charged at its worst case."""
        end = self._ledger.unbilled if isinstance(error, HavenError) and error.free else self._ledger.lost
        await end(reserved, seconds, str(error) or STOPPED)


def _sharer(task: Task) -> str:
    """Who has a share of the minute alone: changes are worked on one at a time, and the house is its owner's."""
    return "" if task.change is not None or task.principal.role is Role.OWNER else task.principal.id


def _tell(breaker: Breaker, number: int, error: BaseException) -> None:
    """A service that is out of reach is left alone for a while; one that answered, however badly, is not."""
    if isinstance(error, ModelError):
        breaker.worked(number)
    elif isinstance(error, Unavailable) and error.retry and not isinstance(error, OverBudget):
        breaker.failed(number)
    else:
        breaker.ended(number)  # it was not asked at all, turned us away for good, or nobody waited for its answer


async def _generate(provider: Provider, call: Call) -> AsyncGenerator[Delta | Queued | Finish, None]:
    """The provider's pieces; a provider that ends without a Finish has failed."""
    finished = False
    async with aclosing(provider.generate(call)) as pieces:
        async for piece in pieces:
            finished = finished or isinstance(piece, Finish)
            yield piece
    if not finished:
        raise ModelError("The model's answer broke off.", "Ask again.")


def _reply(task: Task, route: Route, provider: Provider, finish: Finish, seconds: float) -> Reply:
    return Reply(
        text=finish.text,
        tier=provider.tier,
        model=finish.model or provider.model,
        prompt_version=task.prompt_version,
        route=route,
        usage=finish.usage,
        seconds=seconds,
        data=finish.data,
        calls=finish.calls,
    )


async def _scored(asked: Task, came: _Came) -> Reply:
    """What takes a while to check, a page or long material, is checked in a thread."""
    reply = came.reply
    if reply.calls:
        return reply
    check = partial(validate.score, asked, reply.text, reply.data, came.stop)
    length = len(reply.text) + sum(map(len, asked.material))
    at_once = length <= SHORT and validate.running_text(asked.kind)
    points, reasons = check() if at_once else await asyncio.to_thread(check)
    return replace(reply, score=points, score_reasons=reasons)
