"""MAP. From a task to a reply: admit -> route -> reserve -> generate -> validate -> settle -> reply.

The only caller of providers, and so the one door of the house: what is private is stopped here a second time, and
what leaves is redacted, priced and recorded before it leaves.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from haven.access import Act, check
from haven.ai import policy, prices, tokens, validate
from haven.ai.ledger import Ledger
from haven.ai.providers.base import Call, Finish, Provider
from haven.ai.task import Delta, Reply, Restart, Route, Step, Task, Tier, Turn, Usage
from haven.errors import AccessDenied, BadInput, HavenError, ModelError, OverBudget, Unavailable
from haven.redact import Redaction
from haven.settings import Cloud

ALLOW_CLOUD = True
"""Tests set this to False: then only a stand-in may be called."""
MAX_TASK_CHARS = 4_000_000
QUICK_RETRY_S = 10.0
"""A retry sooner than this is waited for here; a later one is the caller's to schedule."""
OWN_TOKENS = 800
"""Input tokens that the API may add by itself: for tools it was 346 (Anthropic, tool use), schemas cost some too."""
STOPPED = "stopped before its end"
_HALF_PLACEHOLDER = re.compile(r"<(?:[A-Z][A-Z_]*\d*)?$")

Piece = Delta | Restart | Reply


class Engine:
    """One for all faces and jobs."""

    def __init__(
        self,
        providers: Mapping[Tier, Provider],
        ledger: Ledger,
        cloud: Cloud,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._providers = providers
        self._ledger = ledger
        self._cloud = cloud
        self._sleep = sleep

    async def complete(self, task: Task) -> Reply:
        """The reply alone."""
        async with aclosing(self.stream(task)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    return piece
        raise ModelError("The model ended without a reply.", "Ask again.")

    async def stream(self, task: Task) -> AsyncGenerator[Piece, None]:
        """Text as it comes; a Restart where the next tier replaces it; one Reply, last.

        Raises AccessDenied, BadInput, OverBudget, Unavailable (no tier is left) or ModelError.
        """
        self._admit(task)
        route = self.route(task)
        if route.refused:
            raise Unavailable(route.refused, retry=task.kind in policy.CLOUD_KINDS)
        best: Reply | None = None
        failures: list[HavenError] = []
        for tier, following in zip(route.tiers, [*route.tiers[1:], None], strict=True):
            try:
                async with aclosing(self._on_tier(task, route, tier)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Reply):
                            best = piece if best is None or piece.score >= best.score else best
                        else:
                            yield piece
            except (Unavailable, ModelError) as error:
                failures.append(error)
                if following is not None:
                    yield Restart(str(error), Step(following, ""))
                continue
            if best is not None and (best.score >= validate.PASS_MARK or tier is Tier.CLOUD):
                break  # good enough, or nobody knows better
            if following is not None and best is not None:
                yield Restart(f"scored {best.score} of 100: {', '.join(best.score_reasons)}", Step(following, ""))
        if best is None:
            raise failures[-1] if failures else ModelError("No model gave a reply.", "Ask again later.")
        yield replace(best, route=replace(route, reasons=(*route.reasons, *map(str, failures))))

    def route(self, task: Task) -> Route:
        """The decision alone; nothing is asked of a model."""
        return policy.route(task, {tier: self._missing(task, tier) for tier in Tier})

    def worst_case(self, task: Task) -> float:
        """US dollars that one cloud call of this task may cost at the most. Counts about 8 MB a second."""
        return self._worst_case(_call(task))

    def _worst_case(self, call: Call) -> float:
        parts = [
            *call.system,
            *(turn.text for turn in call.turns),
            *(str(one) for one in (call.tool, call.schema) if one),
        ]
        return prices.of(self._cloud.model).worst_case(tokens.count("".join(parts)) + OWN_TOKENS, call.max_tokens)

    def _admit(self, task: Task) -> None:
        check(task.principal, Act.ASK)
        size = sum(len(turn.text) for turn in task.turns)
        if not size:
            raise BadInput("There is nothing to ask.", "Write a question.")
        if size > MAX_TASK_CHARS:
            raise BadInput(f"That is {size:,} characters; {MAX_TASK_CHARS:,} is the most.", "Ask about a smaller part.")

    def _missing(self, task: Task, tier: Tier) -> str:
        provider = self._providers.get(tier)
        if provider is None:
            return "it is not configured"
        if tier is not Tier.LOCAL:
            if not ALLOW_CLOUD and not self._cloud.stand_in:
                return "the cloud is switched off here"
            try:
                check(task.principal, Act.CLOUD)
            except AccessDenied as error:
                return error.full
        return provider.missing()

    async def _on_tier(self, task: Task, route: Route, tier: Tier) -> AsyncGenerator[Piece, None]:
        """One tier with its quick retries; each is a call, a price and a ledger row of its own."""
        attempts = self._cloud.attempts if tier is Tier.CLOUD else 1
        for attempt in range(1, attempts + 1):
            said = False
            try:
                once = self._local(task, route) if tier is Tier.LOCAL else self._leaving(task, route, tier)
                async with aclosing(once) as pieces:
                    async for piece in pieces:
                        said = said or isinstance(piece, Delta)
                        yield piece
                return
            except OverBudget:
                raise
            except Unavailable as error:
                pause = error.after if error.after is not None else 0.5 * 2**attempt
                if attempt == attempts or not error.retry or pause > QUICK_RETRY_S:
                    raise
                if said:
                    yield Restart(str(error), Step(tier, ""))
                await self._sleep(pause)

    async def _local(self, task: Task, route: Route) -> AsyncGenerator[Delta | Reply, None]:
        provider = self._providers[Tier.LOCAL]
        started, text = time.monotonic(), ""
        async with aclosing(_generate(provider, _call(task))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    yield piece
                    text += piece.text
                    whole = None if task.schema else validate.before_repeat(text)
                    if whole is None:
                        continue
                    piece = Finish(whole, Usage(), "repeat")
                yield _reply(task, route, Tier.LOCAL, piece, provider, time.monotonic() - started)
                return

    async def _leaving(self, task: Task, route: Route, tier: Tier) -> AsyncGenerator[Delta | Reply, None]:
        """A call that leaves the house: stopped if private, redacted, reserved, settled."""
        if not policy.may_leave(task):
            raise AccessDenied("This must not leave the house.", "Ask it openly, or leave it to the local model.")
        provider = self._providers[tier]
        out = await asyncio.to_thread(self._outgoing, task)
        reserved = await self._reserve(task, tier, provider, out)
        finish: Finish | None = None
        try:
            async with aclosing(_generate(provider, out.call)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Finish):
                        finish = piece
                    elif text := out.came_in(piece.text):
                        yield Delta(text)
            assert finish is not None
            usd = prices.of(self._cloud.model).cost(finish.usage)
            await self._ledger.settle(reserved, usd, finish.usage, out.seconds)
        except HavenError as error:
            end = self._ledger.unbilled if error.free else self._ledger.lost
            await end(reserved, out.seconds, str(error))
            raise
        except BaseException as error:
            await self._ledger.lost(reserved, out.seconds, str(error) or STOPPED)
            raise
        if out.held:
            yield Delta(out.held)
        reply = _reply(task, route, tier, finish, provider, out.seconds)
        yield replace(
            reply,
            text=out.redaction.restore(reply.text),
            data=_restored(reply.data, out.redaction),
            usd=usd,
            stand_in=self._cloud.stand_in,
            redacted=out.redaction.counts,
        )

    def _outgoing(self, task: Task) -> Outgoing:
        """Redacted, then priced as it leaves; takes a while for a long prompt, so it runs in a thread."""
        redaction = Redaction()
        call = _redacted(_call(task), redaction)
        return Outgoing(call, redaction, self._worst_case(call))

    async def _reserve(self, task: Task, tier: Tier, provider: Provider, out: Outgoing) -> int:
        return await self._ledger.reserve(
            task,
            tier=tier,
            model=provider.model,
            recipient="stand-in, not Claude" if self._cloud.stand_in else self._cloud.base_url or "Anthropic",
            sent=out.text,
            redacted=out.redaction.counts,
            worst_usd=out.worst_usd,
        )


@dataclass
class Outgoing:
    """One call on its way out, and what has come back of it."""

    call: Call
    redaction: Redaction
    worst_usd: float
    started: float = field(default_factory=time.monotonic)
    held: str = ""
    """The end of the text so far where it may be half a placeholder."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def text(self) -> str:
        """Exactly the text that leaves, for the record."""
        return "\n\n".join([*self.call.system, *(f"[{turn.role}]\n{turn.text}" for turn in self.call.turns)])

    def came_in(self, text: str) -> str:
        """The next piece with its values put back; half a placeholder waits for its other half."""
        text = self.held + text
        half = _HALF_PLACEHOLDER.search(text) if self.redaction.values else None
        whole = text[: half.start()] if half else text
        self.held = text[len(whole) :]
        return self.redaction.restore(whole)


def _call(task: Task) -> Call:
    return Call(
        task.turns,
        task.system,
        task.max_tokens,
        task.temperature,
        task.schema,
        task.tool,
        priority=int(task.background),
    )


def _redacted(call: Call, redaction: Redaction) -> Call:
    turns = tuple(Turn(turn.role, redaction.apply(turn.text)) for turn in call.turns)
    return replace(call, turns=turns, system=tuple(redaction.apply(part) for part in call.system))


def _restored(data: Any, redaction: Redaction) -> Any:
    if isinstance(data, str):
        return redaction.restore(data)
    if isinstance(data, dict):
        return {key: _restored(value, redaction) for key, value in data.items()}
    if isinstance(data, list):
        return [_restored(value, redaction) for value in data]
    return data


async def _generate(provider: Provider, call: Call) -> AsyncGenerator[Delta | Finish, None]:
    """The provider's pieces; a provider that ends without a Finish has failed."""
    finished = False
    async with aclosing(provider.generate(call)) as pieces:
        async for piece in pieces:
            finished = finished or isinstance(piece, Finish)
            yield piece
    if not finished:
        raise ModelError("The model's answer broke off.", "Ask again.")


def _reply(task: Task, route: Route, tier: Tier, finish: Finish, provider: Provider, seconds: float) -> Reply:
    points, reasons = validate.score(task, finish.text, finish.data, finish.stop)
    return Reply(
        text=finish.text,
        tier=tier,
        model=finish.model or provider.model,
        prompt_version=task.prompt_version,
        route=route,
        usage=finish.usage,
        seconds=seconds,
        score=points,
        score_reasons=reasons,
        data=finish.data,
    )
