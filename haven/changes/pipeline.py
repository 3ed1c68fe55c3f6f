"""MAP. A change from proposal to merge: plan -> edit -> test -> review -> merge, one step a function.

The row is the truth: a step reads it, does its work, and moves it on in one transaction. A process that dies in the
middle leaves the row where it was, and the same step runs again from there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from haven.changes.checking import Checker
from haven.changes.landing import Landed, Landing, undoing
from haven.changes.moves import Moves
from haven.changes.review import branching
from haven.changes.rounds import Rounds, best_round, stopping
from haven.changes.rounds.planning import Planning
from haven.changes.rounds.prompting import requester
from haven.changes.standing import Today, as_they_were, check_goes_on
from haven.changes.states import RESTING, State
from haven.errors import (
    Conflict,
    EditError,
    HavenError,
    ModelError,
    NoChange,
    OverBudget,
    RepositoryError,
    StoreError,
    Unavailable,
    error_id,
)
from haven.events import Bus
from haven.settings import Settings
from haven.store import changes as table
from haven.store import deployments
from haven.store.changes import Change, Round
from haven.store.database import Database, Transaction, now
from haven.store.jobs import Job

log = logging.getLogger("haven.changes")

WAIT_S = (30.0, 60.0, 300.0, 900.0, 3600.0)
"""Pauses of a change that waits, by attempt; the last one repeats."""
GIT_FAILURES = 3
"""Times that git may fail in a row before the change does; an approved one waits on."""
MODEL_FAILURES = 2
"""Replies that are cut off or malformed are asked for again this often."""


class Pipeline:
    """The steps of a change; `handle` is the job handler."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        settings: Settings,
        planning: Planning,
        rounds: Rounds,
        checker: Checker,
        landing: Landing,
        today: Today = as_they_were,
    ) -> None:
        self._database = database
        self._moves = Moves(database)
        self._bus = bus
        self._settings = settings
        self._planning = planning
        self._rounds = rounds
        self._checker = checker
        self._landing = landing
        self._today = today
        self._steps: dict[str, Callable[[Change], Awaitable[None]]] = {
            State.QUEUED: self._queued,
            State.WAITING: self._waiting,
            State.PLANNING: self._plan,
            State.EDITING: self._edit,
            State.TESTING: self._test,
            State.MERGING: self._merge,
        }

    async def handle(self, job: Job) -> float | None:
        """Take the change as far as it goes; returns when it wants to go on, or None where it rests."""
        while True:
            change = await table.get(self._database, job.subject)
            if change.state in RESTING:
                return await self._at_rest(change, job.attempts)
            if change.state == State.WAITING and (change.retry_at or 0) > now():
                return change.retry_at
            stops = change.stop and change.state not in {State.WAITING, State.MERGING}
            try:
                await (self._stopped if stops else self._steps[change.state])(change)
            except Conflict as error:
                current = await table.get(self._database, change.id)
                if (current.state, current.round) == (change.state, change.round):
                    await self._fail(change, error)
                log.info("change %s was decided elsewhere: %s", change.id, error)
            except Unavailable as error:
                await self._wait(change, error)
            except RepositoryError as error:  # a disk that is away, a lock: it may pass
                if change.attempts >= GIT_FAILURES and change.state != State.MERGING:
                    await self._fail(change, error)
                else:
                    await self._wait(change, Unavailable(str(error), error.mend))
            except StoreError:
                raise  # the database can't be used now: the row stays as it is, and the job comes back
            except HavenError as error:
                await self._fail(change, error)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                id = error_id()
                log.exception("[%s] change %s failed in %s", id, change.id, change.state)
                await self._fail(change, HavenError(f"Something went wrong in Haven [{id}]: {type(error).__name__}."))

    async def _at_rest(self, change: Change, attempts: int) -> float | None:
        """Nothing is left but the branch, where a process died before it stood at the round that the row names."""
        try:
            await branching.follow(self._database, self._rounds.repository, change)
        except RepositoryError as error:
            log.warning("[%s] the branch of change %s waits: %s", error.id, change.id, error)
            return now() + WAIT_S[min(attempts, len(WAIT_S)) - 1]
        return None

    # One step a function ---------------------------------------------------------------------------------------------

    async def _queued(self, change: Change) -> None:
        await self._moves.move(change, State.PLANNING)

    async def _waiting(self, change: Change) -> None:
        await self._moves.move(change, State(change.resume), reason="", retry_at=None)

    async def _plan(self, change: Change) -> None:
        """Choose the context and price it, before edits are asked for; a plan in words where a person looks first."""
        if change.undoes and change.round == 1:
            await self._plan_undo(change)
            return
        base = await self._planning.base(change)
        self._progress(change, "preparing the test environment")
        await self._checker.ready(base)  # before the plan: where this waits, no model is paid once a try
        current = await table.round_of(self._database, change)
        await check_goes_on(self._today, change, current, requester(change))
        self._progress(change, "reading the repository")
        planned = await self._planning.plan(change, base)
        after = State.AWAITING_PLAN if planned.waits else State.EDITING
        await self._moves.move(change, after, plan=planned.plan, base=planned.base, branch=planned.branch)

    async def _edit(self, change: Change) -> None:
        """Ask for edits once a round, apply them on the branch."""
        if not change.base:  # it failed before it had a plan, and a person asked for another round
            await self._moves.move(change, State.PLANNING)
            return
        current = await table.round_of(self._database, change)
        try:
            if current.proposal is None:
                await check_goes_on(self._today, change, current, requester(change))
                self._progress(change, f"round {change.round}: asking for edits")
                current = await self._rounds.ask(change, current, requester(change), self._progress)
            self._progress(change, f"round {change.round}: applying the edits")
            commit, notes = await self._rounds.apply(change, current)
        except NoChange as error:
            await self._give_up(change, current, error, "nothing was changed")
        except EditError as error:
            await self._repair(change, current, str(error), ended="edits did not apply")
        except OverBudget as error:
            await self._give_up(change, current, error, "not asked: a cap was reached")
        except ModelError as error:
            await self._ask_again(change, current, error)
        else:
            await self._moves.move(change, State.TESTING, round_fields={"commit_id": commit, "notes": list(notes)})

    async def _test(self, change: Change) -> None:
        """Before and after, every test classed; red tests go back as a repair round while that may help."""
        current = await table.round_of(self._database, change)
        self._progress(change, f"round {change.round}: running the tests")
        started = time.monotonic()
        result = await self._checker.check(
            change, current, self._progress, lambda failures, tests: self._another(change, current, failures, tests)
        )
        seconds = {**current.seconds, "tests": round(time.monotonic() - started, 3)}
        if current.cause == undoing.CAUSE:
            await self._undone(change, current, result.tests)
        elif result.failures:
            fields = {"ended": "tests failed", "tests": result.tests, "seconds": seconds}
            await self._repair(change, current, result.failures, **fields)
        else:
            await self._review(change, current, ended="ready", tests=result.tests, seconds=seconds)

    async def _merge(self, change: Change) -> None:
        """Merge what was approved; where the target has moved on, on top of it and tested again."""
        self._progress(change, "merging")
        landed = await self._landing.land(change, await table.round_of(self._database, change), self._progress)
        if landed.commit:
            await self._merged(change, landed)
        elif landed.conflict:
            await self._start_over(change, landed)
        else:
            await self._look_again(change, landed)

    # What may come between -------------------------------------------------------------------------------------------

    async def _repair(self, change: Change, current: Round, failures: str, **fields: Any) -> None:
        """A new round with what went wrong; the best round's review where another would not help."""
        if why := await self._rounds.why_stop(change, replace(current, **fields), failures):
            await self._review(change, current, why, **fields)
            return
        number = change.round + 1

        async def work(tx: Transaction) -> None:
            await table.update_round(tx, change.id, current.number, **fields)
            await table.insert_round(tx, change.id, number, "repair", failures, by_id=current.by_id)
            await self._moves.record(tx, change, State.EDITING, {"round": number, "attempts": 0}, number)

        await self._database.write(work)

    async def _give_up(self, change: Change, current: Round, error: HavenError, ended: str) -> None:
        """No edits come any more: the best round so far, where there is one; else the change fails and says why.

        Only a cap that opens again by itself is waited for.
        """
        if best_round(await table.rounds(self._database, change.id)) is not None:
            await self._review(change, current, error.full, ended=ended)
        elif isinstance(error, Unavailable) and error.retry:
            await self._wait(change, error)
        else:
            await self._fail(change, error)

    async def _stopped(self, change: Change) -> None:
        """A person pressed stop: the best round so far, where there is one."""
        current = await table.round_of(self._database, change)
        why = "It was stopped."
        if best_round(await table.rounds(self._database, change.id)) is None:
            await self._moves.move(change, State.CANCELLED, reason=why)
        else:
            await self._review(change, current, why, ended=current.ended or "stopped")

    async def _review(self, change: Change, current: Round, why: str = "", **fields: Any) -> None:
        """Show the best round to a person, and why there is no better one; fail where there is nothing to show."""
        await self._database.write(lambda tx: table.update_round(tx, change.id, current.number, **fields))
        best = best_round(await table.rounds(self._database, change.id))
        if best is None:
            reason = f"No round gave edits that could be used: {fields['ended']}. {why}".strip()
            await self._moves.move(change, State.FAILED, reason=reason)
            return
        if best.tests.get("partial") and not change.stop:
            best = await self._in_full(change, best)
        if not best.summary:
            self._progress(change, "writing the summary")
            summary = await self._rounds.summarise(change, best, requester(change))
            await self._database.write(lambda tx: table.update_round(tx, change.id, best.number, summary=summary))
        if best.number != current.number:
            await self._rounds.repository.point(change.branch, best.commit_id)
        reason = stopping.outcome(why, best.number, current.number)
        await self._moves.move(change, State.REVIEW, reason=reason, new_round=best.number)

    async def _in_full(self, change: Change, best: Round) -> Round:
        """All tests of a round that only the nearest ones had run of, as a repair was to follow."""
        self._progress(change, f"round {best.number} is the best: running all its tests")
        tests = (await self._checker.check(change, best, self._progress)).tests
        await self._database.write(lambda tx: table.update_round(tx, change.id, best.number, tests=tests))
        return replace(best, tests=tests)

    async def _plan_undo(self, change: Change) -> None:
        """Git makes the commit of an undo; no model is asked."""
        self._progress(change, "undoing it on top of what was merged since")
        undo = await undoing.make(self._rounds.repository, change, await table.get(self._database, change.undoes))
        await self._checker.ready(undo.commit)
        await self._rounds.repository.point(undo.branch, undo.commit)
        fields = {"commit_id": undo.commit, "parent": undo.base, "summary": undo.summary}
        await self._moves.move(change, State.TESTING, base=undo.base, branch=undo.branch, round_fields=fields)

    async def _undone(self, change: Change, made: Round, tests: dict[str, Any]) -> None:
        """Who ordered the undo has approved it, as far as its tests are green and that person's word is enough."""
        fields = {"tests": tests, "ended": "ready"}
        if why := await undoing.takes_more(self._rounds.repository, change, made, tests, self._settings.changes):
            reason = f"It is not merged by its order alone. {why}"
            await self._moves.move(change, State.REVIEW, round_fields=fields, decided_by="", reason=reason)
        else:
            await self._moves.move(change, State.MERGING, round_fields=fields)

    async def _merged(self, change: Change, landed: Landed) -> None:
        """On the target: with it goes what it takes back, and the work that brings it to its users."""
        fields = {"merged": landed.commit, "merged_onto": landed.onto, "reason": landed.note, "attempts": 0}

        async def work(tx: Transaction) -> None:
            await self._moves.record(tx, change, State.MERGED, fields, change.round)
            if change.undoes:
                await undoing.reverted(tx, change)
            if self._settings.deploy.command:
                await deployments.queue(tx, change.id)

        await self._database.write(work)

    async def _look_again(self, change: Change, landed: Landed) -> None:
        """Back to a person, with the commit on the newer target where there is one."""
        newer = landed.newer
        if newer is None:
            await self._moves.move(change, State.REVIEW, reason=landed.back_to_review)
            return
        await self._rounds.repository.point(change.branch, newer.commit)
        there = {"commit_id": newer.commit, "tests": newer.tests, "ended": "not green on the newer target", "base": ""}

        async def work(tx: Transaction) -> None:
            await table.leave_behind(tx, change)
            await table.update_round(tx, change.id, change.round, **there)
            fields = {"reason": landed.back_to_review, "base": newer.base, "attempts": 0}
            await self._moves.record(tx, change, State.REVIEW, fields, change.round)

        await self._database.write(work)

    async def _start_over(self, change: Change, landed: Landed) -> None:
        """What was approved no longer fits: another round, on the target as it is now."""
        number = 1 + max(one.number for one in await table.rounds(self._database, change.id))

        async def work(tx: Transaction) -> None:
            await table.leave_behind(tx, change)
            await table.insert_round(tx, change.id, number, "conflict", landed.conflict)
            await table.update_round(tx, change.id, number, parent=landed.onto)
            reason = f"It no longer fits {change.target}, which has moved on: it is made again on top of that."
            fields = {"round": number, "attempts": 0, "base": landed.onto, "reason": reason, "decided_by": ""}
            await self._moves.record(tx, change, State.EDITING, fields, number)

        await self._database.write(work)

    async def _ask_again(self, change: Change, current: Round, error: ModelError) -> None:
        """A reply that can't be used is asked for again, some times."""
        if current.bad_replies >= MODEL_FAILURES:
            await self._give_up(change, current, error, "no usable reply")
            return
        log.warning("[%s] change %s: %s", error.id, change.id, error)
        fields = {"bad_replies": current.bad_replies + 1}
        await self._moves.move(change, State.EDITING, reason=str(error), round_fields=fields)

    async def _wait(self, change: Change, error: Unavailable) -> None:
        """Out of reach for now: say why and until when, and go on by itself."""
        pause = error.after or WAIT_S[min(change.attempts, len(WAIT_S) - 1)]
        if isinstance(error, OverBudget) or not error.retry:
            pause = WAIT_S[-1]
        log.warning("[%s] change %s waits %.0f s: %s", error.id, change.id, pause, error)
        at = now() + pause
        fields = {"reason": error.full, "resume": change.state, "retry_at": at, "attempts": change.attempts + 1}

        async def work(tx: Transaction) -> None:
            if (await table.get_in(tx, change.id)).stop != change.stop:  # pressed meanwhile: it is not waited for
                fields["retry_at"] = None
            await self._moves.record(tx, change, State.WAITING, fields, change.round)

        await self._moves.if_current(change, work)

    async def _fail(self, change: Change, error: HavenError) -> None:
        log.error("[%s] change %s failed: %s", error.id, change.id, error)
        fields = {"reason": f"{error.full} [{error.id}]"}
        await self._moves.if_current(
            change, lambda tx: self._moves.record(tx, change, State.FAILED, fields, change.round)
        )

    async def _another(self, change: Change, current: Round, failures: str, tests: dict[str, Any]) -> bool:
        """Whether a repair round would follow on these failures."""
        return not await self._rounds.why_stop(change, replace(current, tests=tests), failures)

    def _progress(self, change: Change, text: str) -> None:
        self._bus.live("change.progress", change.id, stage=change.state, text=text)
