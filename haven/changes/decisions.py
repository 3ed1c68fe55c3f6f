"""The person's side of a change: hand in, look, approve, tweak, reject, cancel. The pipeline does the work between."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from haven.access import Act, Principal, Role, check, persons
from haven.changes import private_notes
from haven.changes.git.repository import Repository
from haven.changes.handing_in import check_count, evidence_of
from haven.changes.landing import undoing
from haven.changes.proposal import Proposal, clean
from haven.changes.review import Review, RoundPair, assembling, branching
from haven.changes.review.pointing import Remark, told
from haven.changes.rounds.plan import fingerprint
from haven.changes.standing import Today, as_they_were, check_wrote, lapsed
from haven.changes.states import RESTING, STOPPABLE, State, sources
from haven.errors import AccessDenied, BadInput, Conflict, RepositoryError
from haven.settings import Settings
from haven.store import approvals, events, jobs, ledger
from haven.store import changes as table
from haven.store import private_notes as notes_table
from haven.store.approvals import Approval
from haven.store.changes import Change
from haven.store.database import Database, Transaction

JOB = "change"


async def queue_step(tx: Transaction, id: str, run_at: float = 0.0) -> None:
    """Queue the work on a change: one job a change, idempotent by its id."""
    await jobs.add(tx, JOB, id, f"{JOB}:{id}", run_at)


def check_decides(principal: Principal, change: Change, settings: Settings) -> None:
    """Raises AccessDenied where this person may not decide this change."""
    may, owners = settings.changes.requester_may_approve, settings.discord.owners
    check(principal, Act.DECIDE, requester=change.requester, requester_may_approve=may, owners=owners)


def may_decide(principal: Principal, change: Change, settings: Settings) -> bool:
    """Whether it waits for this person, who has given what they are asked for."""
    try:
        check_decides(principal, change, settings)
    except AccessDenied:
        return False
    return True


class Changes:
    """Every decision is one transaction: the row, its event and the work it makes necessary."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        repository: Callable[[], Repository],
        stop: Callable[[str], None],
        today: Today = as_they_were,
    ) -> None:
        self._database = database
        self._settings = settings
        self._repository = repository
        self._stop = stop
        self._today = today

    async def submit(self, proposal: Proposal, principal: Principal) -> Change:
        """Put the change on disk; it is queued when this returns. The same key again returns the first one.

        Raises AccessDenied, BadInput, Conflict (too many of this person's are under way).
        """
        check(principal, Act.REQUEST)
        self._repository()  # no repository, no change: said before anything is written
        title, request = clean(proposal.title, 200, "title"), clean(proposal.request)
        kept, notes = await evidence_of(proposal), private_notes.kept(proposal.private_notes)

        async def work(tx: Transaction) -> Change:
            known = await table.by_key(tx, proposal.key) if proposal.key else None
            if known is not None:
                return known
            if principal.role < Role.OWNER:
                await check_count(tx, principal)
            id = await table.free_id(tx)
            change = Change(
                id=id,
                key=proposal.key or f"change:{id}",
                kind=proposal.kind.value,
                title=title,
                request=request,
                assistant=proposal.assistant,
                reasons=list(proposal.reasons),
                requester=principal.id,
                requester_name=principal.name,
                face=principal.face,
                state=State.QUEUED.value,
                target=self._settings.project.target_branch,
                evidence=kept,
            )
            await table.insert(tx, change)
            await table.insert_round(tx, id, 1, "request")
            await notes_table.put(tx, id, notes)
            await self._tell(tx, change, State.QUEUED, principal, round=1)
            await queue_step(tx, id)
            return change

        return await self._database.write(work)

    async def get(self, id: str) -> Change:
        return await table.get(self._database, id)

    async def list(self, states: Iterable[str] = (), requester: str | None = None, limit: int = 50) -> list[Change]:
        return await table.find(self._database, states, requester, limit)

    async def review(self, id: str) -> Review:
        """All a person needs to decide, whatever the state."""
        change = await self.get(id)
        review = await assembling.assemble(self._database, self._repository(), change, self._settings)
        return replace(review, ahead=await self.ahead(change.id)) if change.state in STOPPABLE else review

    async def text(self, commit: str, path: str) -> str:
        """A file as it is in a commit of a review; "" where it is not there."""
        return (await self._repository().read(commit, path) or b"").decode("utf-8", "replace")

    async def compare(self, id: str, first: int, second: int) -> RoundPair:
        """Two rounds side by side. Raises NotFound where one has no commit."""
        return await assembling.compare(self._database, self._repository(), await self.get(id), first, second)

    async def approve(
        self, id: str, principal: Principal, *, round: int, commit: str, plan: str = "", confirm: str = ""
    ) -> Change:
        """Approve exactly this round and commit; in `awaiting plan`, let exactly this plan go on (`Review.plan_id`).

        Where its risk takes two people, it stays in review after the first one (`Review.people_said`).
        `confirm` is "" for one tap, "two taps" after a second one, or the typed id of the change.
        Raises AccessDenied, Conflict (stale card), BadInput (a stronger confirmation is needed).
        """
        change = await self._decide(id, principal)
        if change.state == State.AWAITING_PLAN:
            return await self._past_plan(change, principal, round, plan)
        if change.state != State.REVIEW or change.round != round:
            raise self._stale(change)
        review = await self.review(id)
        if review.commit != commit:
            short = review.commit[:12]
            there = f"is at commit {short} now, and not" if review.commit else "has no edits now, and is not"
            raise Conflict(f"Change {change.id} {there} at the one that was looked at.", "Look again, then decide.")
        if not commit:
            raise BadInput("This round has no edits that could be merged.", "Tweak it in words, or reject it.")
        if review.confirm == "type the id" and confirm.strip().lower() != change.id:
            raise BadInput(f"{review.why_not} To merge all the same, type the change's id: {change.id}.")
        if review.confirm == "two taps" and confirm not in {"two taps", change.id}:
            raise BadInput(review.second_look, "Approve a second time to merge it.")
        return await self._approved(change, principal, review)

    async def _approved(self, change: Change, principal: Principal, review: Review) -> Change:
        """Write the person's word down for this commit; with the last one that it takes, the merge begins.

        Words of those who may not decide any more count no longer. Raises Unavailable while nobody can tell that.
        """
        await check_wrote(self._database, principal, change, review.commit, self._settings)
        gone = await lapsed(self._database, self._today, change, review.commit) if review.people > 1 else []
        word = Approval(change.id, review.round, review.commit, principal.id, principal.name)

        async def work(tx: Transaction) -> None:
            await approvals.lapse(tx, change.id, review.commit, gone)
            people = persons(await approvals.add(tx, word), self._settings.discord.owners)
            enough = len(people) >= review.people
            to = State.MERGING if enough else State.REVIEW
            fields: dict[str, Any] = {"reason": "", "decided_by": principal.id} if enough else {}
            here = (review.round, review.commit)
            await table.move(tx, change.id, [State.REVIEW], to, at_round=here[0], at_commit=here[1], **fields)
            await self._tell(tx, change, to, principal, round=review.round)
            if enough:
                await queue_step(tx, change.id)

        await self._database.write(work)
        return await self.get(change.id)

    async def go_back(self, id: str, principal: Principal, to: int, *, round: int) -> Change:
        """Show another round of the change again; an approval then is of that round's commit.

        Where the change has moved on to a newer base since, it goes back to the base that the round was made for: when
        it lands, it is tested on the newest target as ever.
        Raises AccessDenied, Conflict (stale card), NotFound (no such round with edits).
        """
        change = await self._decide(id, principal)
        if change.state != State.REVIEW or change.round != round:
            raise self._stale(change)
        wanted = await assembling.with_edits(self._database, change, to)

        async def work(tx: Transaction) -> None:
            if wanted.base:
                await table.leave_behind(tx, change)
                await table.come_back(tx, change.id, wanted.base)
            reason = f"It went back from round {change.round} to round {to}."
            fields: dict[str, Any] = {"round": to, "base": wanted.base or change.base, "reason": reason}
            await table.move(tx, change.id, [State.REVIEW], State.REVIEW, at_round=round, **fields)
            await self._tell(tx, change, State.REVIEW, principal, round=to)
            await queue_step(tx, change.id)  # the branch goes there too, even where this process dies now

        await self._database.write(work)
        with suppress(RepositoryError):  # it is decided; the job tries again
            await branching.follow(self._database, self._repository(), await self.get(change.id))
        return await self.get(change.id)

    async def undo(self, id: str, principal: Principal, *, confirm: str = "") -> Change:
        """Order the undo of a merged change: a change of its own that git makes and that is tested the same way.

        The order is its approval: it is merged where its tests are green, else it waits for a person. Ordered twice,
        it is the same one. Raises AccessDenied, Conflict (it is not merged), BadInput (`confirm` is not "two taps").
        """
        check(principal, Act.DECIDE)  # who asked for it, too: the undo waits for another where they may not approve
        change = await self.get(id)
        if change.state != State.MERGED:
            raise self._stale(change, "only what is merged can be taken back")
        if confirm not in {"two taps", change.id}:
            raise BadInput(f"This takes change {change.id} back out of {change.target}.", "Confirm it a second time.")

        async def work(tx: Transaction) -> Change:
            undo, new = await undoing.order(tx, change, principal)
            if new:
                await self._tell(tx, undo, State.QUEUED, principal, round=1)
                await queue_step(tx, undo.id)
            return undo

        return await self._database.write(work)

    async def tweak(
        self, id: str, principal: Principal, words: str, *, round: int, at: str = "", more: Sequence[Remark] = ()
    ) -> Change:
        """Another round with the person's words, on the commit of the round shown; of a plan, another plan.

        Whoever asked for the change may tweak it as well: nothing is merged by that. `at` points at a line of the
        round, as `path:line`; so do `more` remarks. Raises BadInput where there is no such line.
        """
        words = clean(words, 4_000, "tweak")
        said = [Remark(words, at), *(Remark(clean(one.words, 4_000, "remark"), one.at) for one in more)]
        change = await self.get(id)
        check(principal, Act.TWEAK, requester=change.requester)
        if change.state == State.AWAITING_PLAN and not at and not more:
            plan = {**change.plan, "wishes": [*change.plan.get("wishes", []), words]}
            fields: dict[str, Any] = {"at_plan": change.plan, "plan": plan, "reason": ""}
            return await self._move(change, State.PLANNING, principal, at_round=round, **fields)
        if change.state not in {State.REVIEW, State.FAILED} or change.round != round:
            raise self._stale(change)
        seen = (await table.round_of(self._database, change)).commit_id
        words = await told(self._repository(), seen, said)
        number = 1 + max(one.number for one in await table.rounds(self._database, change.id))

        async def work(tx: Transaction) -> None:
            await table.move(
                tx, change.id, [change.state], State.EDITING, at_round=round, round=number, reason="", attempts=0
            )
            await table.insert_round(tx, change.id, number, "tweak", words, parent=seen, by_id=principal.id)
            await self._tell(tx, change, State.EDITING, principal, round=number)
            await queue_step(tx, change.id)

        await self._database.write(work)
        return await self.get(change.id)

    async def skip(self, id: str, principal: Principal, *, round: int, plan: str) -> Change:
        """Go on without the written plan (`Review.plan_id`): edits are asked for as if there were none."""
        change = await self._decide(id, principal)
        if change.state != State.AWAITING_PLAN:
            raise self._stale(change, "no plan waits that could be skipped")
        return await self._past_plan(change, principal, round, plan, {**change.plan, "skipped": True})

    async def _past_plan(
        self, change: Change, principal: Principal, round: int, seen: str, kept: dict[str, Any] | None = None
    ) -> Change:
        """Past the plan that the person has seen, and no other one that was written meanwhile."""
        if fingerprint(change.plan) != seen:
            raise Conflict(f"The plan of change {change.id} is another one by now.", "Read it again, then decide.")
        fields: dict[str, Any] = {"at_plan": change.plan, "plan": kept or change.plan, "reason": ""}
        return await self._move(change, State.EDITING, principal, at_round=round, **fields)

    async def reject(self, id: str, principal: Principal, *, round: int, why: str = "") -> Change:
        """Close it; the branch is kept for some days."""
        change = await self._decide(id, principal)
        if change.state not in {State.REVIEW, State.AWAITING_PLAN} or change.round != round:
            raise self._stale(change)
        reason = clean(why, 1_000, "reason") if why.strip() else ""
        return await self._move(
            change, State.REJECTED, principal, at_round=round, reason=reason, decided_by=principal.id
        )

    async def stop(self, id: str, principal: Principal) -> None:
        """End the work at once: the best round so far is shown, and where there is none, the change is cancelled.

        A call that is under way stays charged at its worst case. Raises AccessDenied, Conflict (nothing is under way).
        """
        change = await self.get(id)
        check(principal, Act.CANCEL, requester=change.requester)

        async def work(tx: Transaction) -> None:
            current = await table.get_in(tx, change.id)
            if current.state not in STOPPABLE:
                raise self._stale(current, "nothing is under way that could be stopped")
            if current.state == State.WAITING and current.resume == State.MERGING:
                mend = f"If it must not land: haven change cancel {current.id}"
                raise Conflict(f"Change {current.id} is approved and only waits to be merged.", mend)
            await table.update(tx, change.id, stop=principal.id, retry_at=None)
            await events.record(tx, "change.stop", change.id, principal.id, by=principal.name)
            await jobs.take_back(tx, change.id)
            await jobs.hurry(tx, change.id)

        await self._database.write(work)
        self._stop(change.id)

    async def cancel(self, id: str, principal: Principal) -> Change:
        """Put the change away at once; a call that is under way stays charged at its worst case."""
        change = await self.get(id)
        check(principal, Act.CANCEL, requester=change.requester)
        if change.state not in sources(State.CANCELLED):
            raise self._stale(change)

        async def work(tx: Transaction) -> None:  # from whatever state and round the work has reached meanwhile
            await table.move(
                tx, change.id, sources(State.CANCELLED), State.CANCELLED, reason="", decided_by=principal.id
            )
            await self._tell(tx, change, State.CANCELLED, principal, round=change.round)
            await jobs.drop(tx, JOB, change.id)
            await jobs.take_back(tx, change.id)

        await self._database.write(work)
        self._stop(change.id)
        return await self.get(change.id)

    async def resume(self, id: str, principal: Principal) -> Change:
        """Try a waiting change again now."""
        change = await self.get(id)
        check(principal, Act.CANCEL, requester=change.requester)
        if change.state != State.WAITING:
            raise self._stale(change, "only what waits can be tried again")

        async def work(tx: Transaction) -> None:
            await table.update(tx, change.id, retry_at=None)
            await jobs.hurry(tx, change.id)

        await self._database.write(work)
        return await self.get(change.id)

    async def ahead(self, id: str) -> int | None:
        """How many changes come before this one in the queue; None where it does not wait for its turn."""
        return await jobs.ahead(self._database, JOB, id)

    async def spent(self, id: str) -> builtins.list[ledger.Entry]:
        """The change's calls that left the house."""
        return await ledger.of_change(self._database, id)

    async def _decide(self, id: str, principal: Principal) -> Change:
        change = await self.get(id)
        check_decides(principal, change, self._settings)
        return change

    async def _move(self, change: Change, to: State, principal: Principal, *, at_round: int, **fields: Any) -> Change:
        async def work(tx: Transaction) -> None:
            await table.move(tx, change.id, [change.state], to.value, at_round=at_round, **fields)
            await self._tell(tx, change, to, principal, round=at_round)
            if to not in RESTING:
                await queue_step(tx, change.id)

        await self._database.write(work)
        return await self.get(change.id)

    async def _tell(self, tx: Transaction, change: Change, to: State, principal: Principal, *, round: int) -> None:
        await events.record(
            tx,
            "change.state",
            change.id,
            principal.id,
            state=to.value,
            title=change.title,
            round=round,
            by=principal.name,
        )

    def _stale(self, change: Change, why: str = "that decision no longer fits") -> Conflict:
        return Conflict(
            f"Change {change.id} is at round {change.round}, {change.state}: {why}.",
            "Open it again to see where it stands.",
        )
