"""MAP. From a task to a reply: admit -> judge -> route -> known? -> prepare -> ask -> validate -> next -> record.

What asks a model is `door.py`, the one door: there the call is redacted, reserved, settled and scored.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from haven.access import Act, check
from haven.ai import kinds, policy, validate
from haven.ai.aside import aside, size
from haven.ai.converse import Handler, Limits, converse
from haven.ai.door import Door
from haven.ai.hybrid import Prepared, prepare
from haven.ai.judging.opinion import second_opinion
from haven.ai.memory import Memory, Told
from haven.ai.memory.outcomes import Tried
from haven.ai.money import tokens
from haven.ai.money.ledger import Ledger
from haven.ai.outgoing import call_of, count
from haven.ai.policy import Now, Offer, Policy
from haven.ai.providers.base import Provider
from haven.ai.roster import Roster
from haven.ai.switch import CloudSwitch
from haven.ai.task import (
    Called,
    Complexity,
    Delta,
    Judgement,
    Privacy,
    Queued,
    Reply,
    Restart,
    Route,
    Step,
    Task,
    Tier,
    Tool,
    Turn,
    Where,
)
from haven.errors import AccessDenied, BadInput, CloudAway, HavenError, ModelError, OverBudget, Unavailable
from haven.settings import Away, Cloud

ALLOW_CLOUD = True
"""Tests set this to False: then only a stand-in may be called."""
MAX_TASK_CHARS = 4_000_000

TOO_HARD = "it asks for a large model"

Piece = Delta | Queued | Restart | Reply


class Engine:
    """One for all faces and jobs. `memory` is what it has learned and answered before; without one it forgets.

    `switch` is the kill switch of the cloud; without one it is always on.
    """

    def __init__(
        self,
        roster: Roster,
        ledger: Ledger,
        cloud: Cloud,
        rules: Policy | None = None,
        memory: Memory | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        switch: CloudSwitch | None = None,
    ) -> None:
        self.roster = roster
        self._ledger = ledger
        self._switch = switch
        self._door = Door(roster, ledger, cloud.attempts, sleep, switch)
        self._policy = rules or Policy(max_usd=cloud.per_request_usd)
        self._memory = memory or Memory()

    async def complete(self, task: Task) -> Reply:
        """The reply alone."""
        async with aclosing(self.stream(task)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    return piece
        raise ModelError("The model ended without a reply.", "Ask again.")

    async def stream(self, task: Task, request: str = "") -> AsyncGenerator[Piece, None]:
        """Text as it comes; a Restart where the next step replaces it; Queued while others go first; one Reply, last.

        `request` (else the task's own) joins several tasks under one budget. Raises AccessDenied, BadInput, OverBudget,
        Unavailable (no model is left; CloudAway where a person may choose between waiting and the local model) or
        ModelError.
        """
        self._admit(task)
        route = await self.route(task)
        if route.refused:
            raise Unavailable(route.refused, retry=Tier.LOCAL not in kinds.of(task.kind).tiers)
        hours = self.roster.cache_hours(task.kind)
        told = Told(request or task.request or secrets.token_hex(8), self._mark(task), cache_hours=hours)
        if known := await self._memory.known(task, route, told):
            yield Delta(known.text)
            yield await self._memory.record(task, replace(known, unrecorded=task.unrecorded), told)
            return
        run = Run(task, route, told.request, told.pass_mark)
        async with aclosing(self._steps(run)) as pieces:
            async for piece in pieces:
                yield piece
        reply = replace(run.result(), seconds=run.seconds, unrecorded=task.unrecorded)
        reply = await self._memory.record(task, reply, replace(told, tried=tuple(run.tried)))
        await self._ledger.written()
        yield reply

    async def converse(
        self, task: Task, tools: Mapping[Tool, Handler], limits: Limits | None = None
    ) -> AsyncGenerator[Piece | Called, None]:
        """Many turns with tools under one budget; the Reply is last. Every turn goes its own way through `stream`."""
        async with aclosing(converse(self, task, tools, limits or Limits(), secrets.token_hex(8))) as pieces:
            async for piece in pieces:
                yield piece

    async def judge(self, task: Task) -> Judgement:
        """How hard the task is: by rules, and by the local model where they are unsure and it matters."""
        could = [one for one in self.roster.preferred(task.kind) if not self._missing(task, one)]
        judgement = await self._memory.judge(task, by_meaning=len(could) > 1 or bool(self._policy.rules))
        bound = task.privacy is Privacy.PRIVATE or task.where is not Where.AUTO or not policy.may_leave(task)
        choice = self._there(Tier.LOCAL) and (self._there(Tier.LAN) or self._there(Tier.CLOUD))
        if judgement.sure or bound or not choice:
            return judgement
        return await second_opinion(task, judgement, self._ask_local)

    async def route(self, task: Task) -> Route:
        """The decision alone; a model is asked only where the classifier is unsure."""
        judgement = await self.judge(task)
        call = call_of(task)
        counted, material = await aside(size(task), lambda: (count(call), sum(map(tokens.count, task.material))))
        off = await self._switch.refusal() if self._switch is not None else ""
        offers = [self._offer(task, one, counted, off) for one in self.roster.preferred(task.kind)]
        now = Now(counted, material, time.localtime().tm_hour, *await self._spent())
        return policy.route(task, judgement, offers, self._policy, policy.facts(task, judgement, offers, now))

    async def _spent(self) -> tuple[float, float]:
        """US dollars today and this month; looked up only where a rule may ask."""
        if not self._policy.rules:
            return 0.0, 0.0
        return await self._ledger.spent_today(), await self._ledger.spent_this_month()

    async def count(self, task: Task) -> int | None:
        """Input tokens of the first cloud call on the task's way, counted by that service; None where none does.

        All of the task leaves for that, so it goes through the same gates and is recorded. Raises as `stream` does.
        """
        self._admit(task)
        for step in (await self.route(task)).steps:
            if step.tier is Tier.CLOUD:
                return await self._door.count(task, step)
        return None

    def worst_case(self, task: Task) -> float:
        """US dollars that one call of this task to the dearest model on its way may cost at the most.

        Counts about 20 MB a second, so it runs in a thread for a long prompt.
        """
        counted = count(call_of(task))
        prices = [one.price for one in self.roster.on(Tier.CLOUD) if one.price and not one.missing()]
        return max((price.worst_case(counted, task.max_tokens) for price in prices), default=0.0)

    def _admit(self, task: Task) -> None:
        check(task.principal, Act.ASK)
        size = sum(len(turn.text) for turn in task.turns) + sum(map(len, task.material))
        if not size:
            raise BadInput("There is nothing to ask.", "Write a question.")
        if size > MAX_TASK_CHARS:
            raise BadInput(f"That is {size:,} characters; {MAX_TASK_CHARS:,} is the most.", "Ask about a smaller part.")

    def _mark(self, task: Task) -> int:
        """The pass mark: the settings', moved by what was learned."""
        own = self.roster.pass_mark(task.kind, self._policy.routing.pass_mark)
        return max(0, min(100, own + self._memory.shift(task.kind)))

    def _offer(self, task: Task, provider: Provider, counted: int, off: str) -> Offer:
        """What one model would cost for this very task, and whether it is there; `off`: why no cloud may be asked."""
        usd = provider.price.worst_case(counted, task.max_tokens) if provider.price else 0.0
        seconds = self._memory.seconds(provider.tier, provider.name)
        missing = (off if provider.tier is Tier.CLOUD else "") or self._missing(task, provider)
        resting = "" if missing else self.roster.missing(provider)
        return Offer(Step(provider.tier, provider.name), missing, usd, seconds, resting, provider.stand_in)

    def _missing(self, task: Task, provider: Provider) -> str:
        if provider.tier is not Tier.LOCAL:
            if not ALLOW_CLOUD and provider.tier is Tier.CLOUD and not provider.stand_in:
                return "the cloud is switched off here"
            try:
                check(task.principal, Act.CLOUD)
            except AccessDenied as error:
                return error.full
        return provider.missing() if provider.tier is Tier.CLOUD else self.roster.missing(provider)

    def _there(self, tier: Tier) -> bool:
        return any(one.tier is tier and not self.roster.missing(one) for one in self.roster.providers)

    async def _ask_local(self, task: Task) -> str:
        return (await self.complete(task)).text

    async def _steps(self, run: Run) -> AsyncGenerator[Delta | Queued | Restart, None]:
        """Ask one model after the other until a reply is good enough; what came back is in `run`."""
        steps = run.route.steps
        if run.route.hybrid:
            run.prepared = await prepare(run.task, self._policy.routing.prepare_from_tokens, self._ask_local)
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            try:
                async with aclosing(self._step(run, step)) as pieces:
                    async for piece in pieces:
                        yield piece
            except (Unavailable, ModelError) as error:
                run.failed(step, error)
                self._may_go_on(run, step, following, error)
                if following is not None:
                    yield Restart(str(error), following)
                continue
            if run.best is not None and (run.best.score >= run.mark or self._knows_best(step, following)):
                return
            if following is not None and run.best is not None:
                yield Restart(run.shortfall, following)

    def _knows_best(self, step: Step, following: Step | None) -> bool:
        """Whether the cloud's word, good or not, is better than what the local or the small model could say."""
        smaller = following is None or following.tier is Tier.LOCAL or following.model == self._policy.small_model
        return step.tier is Tier.CLOUD and smaller

    async def _step(self, run: Run, step: Step) -> AsyncGenerator[Delta | Queued | Restart, None]:
        """One model; the local one may mend its own draft once."""
        task = run.prepared.task
        for _ in range(2):
            scored: Reply | None = None
            async with aclosing(self._door.ask(task, run.route, step, run.request, run.task)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        scored = piece
                    else:
                        yield piece
            assert scored is not None
            run.came(step, scored)
            hint = validate.repair_hint(run.task, scored.score_reasons) if step.tier is Tier.LOCAL else ""
            if scored.score >= run.mark or not hint or task is not run.prepared.task:
                return
            yield Restart(f"{run.shortfall}; the local model mends it once", step)
            draft = (Turn("assistant", scored.text), Turn("user", hint))
            task = replace(task, words=task.question, turns=(*task.turns, *draft))

    def _may_go_on(self, run: Run, step: Step, following: Step | None, error: HavenError) -> None:
        """Where the cloud is away and only the local model is left, the person is asked, unless the settings answer.

        Raises CloudAway.
        """
        away = self._policy.routing.away
        if step.tier is not Tier.CLOUD or not isinstance(error, Unavailable) or run.task.background:
            return
        passes = error.retry or isinstance(error, OverBudget)
        others = following is not None and following.tier is not Tier.LOCAL
        could_be_local = following is not None or run.best is not None
        if passes and could_be_local and not others:
            if away is not Away.LOCAL:
                raise CloudAway(error, draft=run.best, ask=away.value) from error
            run.instead = str(error)


@dataclass
class Run:
    """One task on its way: what was tried, and the best that came back."""

    task: Task
    route: Route
    request: str
    mark: int
    best: Reply | None = None
    tried: list[Tried] = field(default_factory=list)
    failures: list[HavenError] = field(default_factory=list)
    usd: float = 0.0
    instead: str = ""
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.prepared = Prepared(self.task)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def shortfall(self) -> str:
        assert self.best is not None
        return f"scored {self.best.score} of 100: {', '.join(self.best.score_reasons)}"

    def came(self, step: Step, reply: Reply) -> None:
        """A reply: of two with the same score the later one counts, a small model's word on a hard question little."""
        judged = self.route.judgement
        if step.tier is Tier.LOCAL and judged is not None and judged.complexity is Complexity.COMPLEX:
            reply = replace(
                reply, score=min(reply.score, max(0, self.mark - 1)), score_reasons=(*reply.score_reasons, TOO_HARD)
            )
        self.tried.append(Tried(step.tier, step.model, reply.score))
        self.usd += reply.usd
        note = self.prepared.note if step.tier is not Tier.LOCAL else ""
        if self.best is None or reply.score >= self.best.score:
            self.best = replace(reply, prepared=note)

    def failed(self, step: Step, error: HavenError) -> None:
        self.tried.append(Tried(step.tier, step.model, None))
        self.failures.append(error)

    def result(self) -> Reply:
        """The best reply, with the whole story in its route. Raises the last failure where there is none."""
        if self.best is None:
            raise self.failures[-1] if self.failures else ModelError("No model gave a reply.", "Ask again later.")
        reasons = (*self.route.reasons, *map(str, self.failures))
        instead = (self.instead or self._cloud_lacks()) if self.best.tier is Tier.LOCAL else ""
        return replace(self.best, usd=round(self.usd, 6), instead=instead, route=replace(self.route, reasons=reasons))

    def _cloud_lacks(self) -> str:
        """Why none was asked where the person named the cloud; "" where they did not, or where one was asked."""
        if self.task.where is not Where.CLOUD or any(step.tier is Tier.CLOUD for step in self.route.steps):
            return ""
        mark = f"{Tier.CLOUD.value}: "
        return next((reason.removeprefix(mark) for reason in self.route.reasons if reason.startswith(mark)), "")
