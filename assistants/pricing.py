"""The price of a request before it runs: the very prompt is made and counted, and nothing is sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistants.base import Assistant
from assistants.scribe import SCRIBE
from assistants.table.asking import Talk, task_of
from assistants.table.request import Request, Seat
from haven.ai.money.estimate import Estimate, estimate
from haven.ai.money.ledger import Ledger
from haven.ai.roster import Roster
from haven.ai.task import Task, Where
from haven.changes.proposal import clean
from haven.changes.review.pointing import Remark, told
from haven.changes.rounds import evidence
from haven.changes.rounds.prompting import Prompts, requester
from haven.changes.states import State
from haven.settings import Settings
from haven.store.changes import Change, Round


@dataclass(frozen=True)
class Step:
    """Where a person lets a change go on: at the round shown, with other words; or, without words, what waits now."""

    change: Change
    shown: Round
    spent: float
    """US dollars so far: the cap of one change leaves less."""
    words: str = ""
    at: str = ""
    """The line that the words are about."""
    more: tuple[Remark, ...] = ()
    """What is said of other lines."""


class Pricing:
    """One for the house. `seat` finds an assistant by name."""

    def __init__(
        self,
        roster: Roster,
        ledger: Ledger,
        settings: Settings,
        prompts: Prompts | None,
        seat: Callable[[str], Assistant | None],
    ) -> None:
        self._roster = roster
        self._ledger = ledger
        self._settings = settings
        self._prompts = prompts
        self._seat = seat

    async def ask_first(self, request: Request | Step) -> Estimate | None:
        """The price where the person should see it before it runs: above `cloud.ask_above_usd`."""
        above = self._settings.cloud.ask_above_usd
        if above is None:
            return None
        found = await self.of(request)
        return found if found is not None and (found.high > above or above == 0) else None

    async def of(self, request: Request | Step) -> Estimate | None:
        """None where nothing real would be charged: no cloud is there, it stays in the house, or it may well do.

        Raises BadInput, and what git raises.
        """
        cloud = self._settings.cloud
        if isinstance(request, Step):
            return await self._of_step(request)
        if request.stays_here or (request.kind is None and request.where is not Where.CLOUD):
            return None
        if request.kind is None:
            return await self._counted(self._question(request), 1, cloud.per_request_usd)
        if self._prompts is None:
            return None
        return await self._counted(await self._change(request), self._settings.changes.rounds, cloud.per_change_usd)

    async def admit(self, found: Estimate) -> None:
        """Raises OverBudget where the caps don't let its first call leave today."""
        await self._ledger.fits(found.task, found.call)

    async def _counted(self, task: Task, calls: int, most: float) -> Estimate | None:
        return await asyncio.to_thread(estimate, self._roster, task, calls, most)

    async def _of_step(self, step: Step) -> Estimate | None:
        """Of the round that would follow, with as many repairs as a person's word opens."""
        asks = step.change.state != State.WAITING or step.change.resume in {State.PLANNING, State.EDITING}
        if self._prompts is None or not asks:
            return None
        left = max(self._settings.cloud.per_change_usd - step.spent, 0.0)
        return await self._counted(await self._next_round(step), self._settings.changes.rounds, left)

    async def _next_round(self, step: Step) -> Task:
        """As it would be asked for now, for whoever asked for the change. Raises BadInput where `at` is no line."""
        assert self._prompts is not None
        change, shown, repository = step.change, step.shown, self._prompts.repository
        base = change.base or await repository.tip(change.target)
        change = replace(change, base=base)
        parent = shown.commit_id or shown.parent or base
        if not step.words:
            return await self._prompts.task(change, shown, shown.parent or base, requester(change))
        if change.state == State.AWAITING_PLAN:
            change = replace(change, plan={**change.plan, "wishes": [*change.plan.get("wishes", []), step.words]})
            return await self._prompts.task(change, Round(change.id, change.round, "request"), base, requester(change))
        said = [Remark(clean(step.words, 4_000, "tweak"), step.at), *step.more]
        words = await told(repository, shown.commit_id, said)
        another = Round(change.id, change.round + 1, "tweak", words, parent=parent)
        return await self._prompts.task(change, another, parent, requester(change))

    def _question(self, request: Request) -> Task:
        seat = Seat(self._seat(request.assistant or "") or SCRIBE, ())
        return task_of(Talk(request, clean(request.text), seat))

    async def _change(self, request: Request) -> Task:
        """The first round, as it would be asked for now."""
        assert self._prompts is not None and request.kind is not None
        text, target = clean(request.text), self._settings.project.target_branch
        await self._prompts.repository.fetch(target)
        base = await self._prompts.repository.tip(target)
        log = await asyncio.to_thread(evidence.prepare, request.evidence) if request.evidence else ""
        change = Change(
            id=f"price-{hashlib.sha256(text.encode()).hexdigest()[:12]}",
            key="",
            kind=request.kind.value,
            title=text[:80],
            request=text,
            assistant=SCRIBE.name,
            reasons=[],
            requester=request.principal.id,
            requester_name=request.principal.name,
            face=request.principal.face,
            state=State.PLANNING.value,
            target=target,
            evidence=log,
            base=base,
        )
        return await self._prompts.task(change, Round(change.id, 1, "request"), base, request.principal)
