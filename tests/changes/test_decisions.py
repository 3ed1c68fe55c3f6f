"""A person's side of a change: each decision fits exactly what was seen, and the second of two is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.changes.decisions import Changes
from haven.changes.states import State
from haven.errors import AccessDenied, BadInput, Conflict, NotFound, Unavailable
from haven.store import changes as table
from haven.store import events, jobs
from haven.store.changes import Change
from haven.store.database import Database, Transaction
from tests.changes.standing import OTHER, STRANGER, proposal, put
from tests.e2e.house import MEMBER, OWNER, REVIEWER, Home, at_home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(tmp_path, working=False) as ready:
        yield ready


@pytest.fixture
def changes(home: Home) -> Changes:
    return home.house.changes


@pytest.fixture
def database(home: Home) -> Database:
    return home.house.database


async def commit_of(changes: Changes, change: Change) -> str:
    return (await changes.review(change.id)).commit


async def told(database: Database, change: Change) -> list[str]:
    return [event.data["state"] for event in await events.of(database, change.id) if event.kind == "change.state"]


async def test_handing_in_is_on_disk_with_its_event_and_its_work(changes: Changes, database: Database) -> None:
    change = await changes.submit(proposal(), MEMBER)
    assert (change.state, change.requester, change.target) == ("queued", MEMBER.id, "main")
    assert await changes.get(f" {change.id.upper()} ") == await changes.get(change.id)
    assert await told(database, change) == ["queued"]
    assert await jobs.waiting(database) == 1 and len(await changes.list()) == 1


async def test_the_same_key_twice_is_one_change(changes: Changes, database: Database) -> None:
    twice = await asyncio.gather(*(changes.submit(proposal("discord:interaction:1"), MEMBER) for _ in range(5)))
    assert len({change.id for change in twice}) == 1
    assert (await changes.submit(proposal("discord:interaction:1"), MEMBER)).id == twice[0].id
    assert len(await changes.list()) == 1 and await jobs.waiting(database) == 1
    await asyncio.gather(changes.submit(proposal(), MEMBER), changes.submit(proposal(), MEMBER))
    assert len(await changes.list()) == 3, "without a key each is a change of its own"


async def test_what_can_not_be_handed_in_leaves_nothing(changes: Changes, database: Database) -> None:
    with pytest.raises(AccessDenied):
        await changes.submit(proposal(), STRANGER)
    for request in ("", " \n\t", "\x1b[2J\x00", "x" * 100_000):
        with pytest.raises(BadInput):
            await changes.submit(proposal(request=request), MEMBER)
    assert await changes.list() == [] and await jobs.waiting(database) == 0
    with pytest.raises(NotFound):
        await changes.get("nosuch")


async def test_without_a_repository_it_is_said_before_anything_is_written(home: Home, database: Database) -> None:
    def none() -> Any:
        raise Unavailable("No repository is configured yet.", retry=False)

    changes = Changes(database, home.house.settings, none, lambda subject: None)
    with pytest.raises(Unavailable):
        await changes.submit(proposal(), MEMBER)
    assert await changes.list() == []


async def test_of_two_approvals_at_once_one_wins(home: Home, changes: Changes, database: Database) -> None:
    change = await put(home, State.REVIEW)
    commit = await commit_of(changes, change)
    results = await asyncio.gather(
        *(changes.approve(change.id, who, round=1, commit=commit) for who in (OWNER, REVIEWER, OTHER)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Change", "Conflict", "Conflict"]
    winner = next(result for result in results if isinstance(result, Change))
    assert winner.state == "merging" and winner.decided_by in {OWNER.id, REVIEWER.id, OTHER.id}
    assert await told(database, change) == ["queued", "merging"]


async def test_of_approve_reject_and_tweak_at_once_one_wins(home: Home, changes: Changes) -> None:
    change = await put(home, State.REVIEW)
    commit = await commit_of(changes, change)
    results = await asyncio.gather(
        changes.reject(change.id, REVIEWER, round=1),
        changes.approve(change.id, OWNER, round=1, commit=commit),
        changes.tweak(change.id, OTHER, "Larger", round=1),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert len(await table.rounds(home.house.database, change.id)) == (
        2 if (await changes.get(change.id)).state == "editing" else 1
    )


@pytest.mark.parametrize("stale", [{"round": 2}, {"commit": "0" * 40}, {"commit": ""}])
async def test_a_stale_card_approves_nothing(home: Home, changes: Changes, stale: dict[str, Any]) -> None:
    change = await put(home, State.REVIEW)
    shown: dict[str, Any] = {"round": 1, "commit": await commit_of(changes, change)} | stale
    with pytest.raises(Conflict):
        await changes.approve(change.id, OWNER, **shown)
    assert (await changes.get(change.id)).state == "review"


async def test_a_commit_that_changes_between_look_and_tap_is_not_approved(home: Home, database: Database) -> None:
    change = await put(home, State.REVIEW)
    seen = await commit_of(home.house.changes, change)

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id="f" * 40)
        await table.move(tx, change.id, ["review"], "merging", at_round=1, at_commit=seen)

    with pytest.raises(Conflict):
        await database.write(work)
    assert (await home.house.changes.get(change.id)).state == "review"


async def test_red_tests_take_the_typed_id(home: Home, changes: Changes) -> None:
    change = await put(home, State.REVIEW, tests={})
    commit = await commit_of(changes, change)
    for confirm in ("", "two taps", "yes"):
        with pytest.raises(BadInput, match=change.id):
            await changes.approve(change.id, OWNER, round=1, commit=commit, confirm=confirm)
    approved = await changes.approve(change.id, OWNER, round=1, commit=commit, confirm=f" {change.id.upper()} ")
    assert approved.state == "merging"


async def test_a_round_without_edits_can_not_be_merged(home: Home, changes: Changes, database: Database) -> None:
    change = await put(home, State.REVIEW)
    await database.write(lambda tx: table.update_round(tx, change.id, 1, commit_id=""))
    with pytest.raises(BadInput, match="no edits"):
        await changes.approve(change.id, OWNER, round=1, commit="", confirm=change.id)


async def test_the_owner_may_want_somebody_else_to_approve(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"requester_may_approve": False}) as home:
        change = await put(home, State.REVIEW)
        commit = await commit_of(home.house.changes, change)
        asker = Principal(MEMBER.id, MEMBER.name, Role.OWNER, "bot")
        with pytest.raises(AccessDenied):
            await home.house.changes.approve(change.id, asker, round=1, commit=commit)
        await home.house.changes.approve(change.id, OTHER, round=1, commit=commit)


SAM = Principal("discord:77", "Sam", Role.MEMBER, "bot")
PANEL = Principal("panel", "Panel", Role.OWNER, "kiosk", needs_pin=True)


@pytest.mark.parametrize("who", [STRANGER, SAM, PANEL])
async def test_who_may_not_decide_decides_nothing(home: Home, changes: Changes, who: Principal) -> None:
    change = await put(home, State.REVIEW)
    commit = await commit_of(changes, change)
    for attempt in (
        changes.approve(change.id, who, round=1, commit=commit),
        changes.tweak(change.id, who, "Larger", round=1),
        changes.reject(change.id, who, round=1),
    ):
        with pytest.raises(AccessDenied):
            await attempt
    assert (await changes.get(change.id)).state == "review"


async def test_whoever_asked_for_it_may_tweak_it_and_decide_nothing(home: Home, changes: Changes) -> None:
    change = await put(home, State.REVIEW)
    commit = await commit_of(changes, change)
    with pytest.raises(AccessDenied):
        await changes.approve(change.id, MEMBER, round=1, commit=commit)
    with pytest.raises(AccessDenied):
        await changes.reject(change.id, MEMBER, round=1)
    with pytest.raises(AccessDenied):
        await changes.tweak(change.id, replace(MEMBER, role=Role.STRANGER), "Larger", round=1)
    assert (await changes.tweak(change.id, MEMBER, "Larger", round=1)).round == 2


async def test_a_plan_is_let_go_once(home: Home, changes: Changes, database: Database) -> None:
    change = await put(home, State.AWAITING_PLAN)
    seen = (await changes.review(change.id)).plan_id
    results = await asyncio.gather(
        *(changes.approve(change.id, who, round=1, commit="", plan=seen) for who in (OWNER, REVIEWER)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Change", "Conflict"]
    assert await told(database, change) == ["queued", "editing"]


async def test_a_plan_that_was_written_anew_since_is_not_what_was_approved(home: Home, changes: Changes) -> None:
    change = await put(home, State.AWAITING_PLAN, plan={"written": {"steps": ["Add a button."]}, "worst_usd": 0.1})
    seen = (await changes.review(change.id)).plan_id
    for part in ({"written": {"steps": ["Remove the tests."]}, "worst_usd": 0.1}, {"worst_usd": 9.0}):
        again = await put_plan(home, change, part)
        for act in (
            changes.approve(change.id, OWNER, round=1, commit="", plan=seen),
            changes.approve(change.id, OWNER, round=1, commit=""),
            changes.skip(change.id, OWNER, round=1, plan=seen),
        ):
            with pytest.raises(Conflict, match="another one by now"):
                await act
        assert await changes.get(change.id) == again
    newest = (await changes.review(change.id)).plan_id
    assert (await changes.approve(change.id, OWNER, round=1, commit="", plan=newest)).state == "editing"


async def put_plan(home: Home, change: Change, plan: dict[str, Any]) -> Change:
    """The same round, planned once more."""
    await home.house.database.write(lambda tx: table.update(tx, change.id, plan=plan))
    return await home.house.changes.get(change.id)


async def test_a_tweak_after_a_failure_is_a_new_round(home: Home, changes: Changes, database: Database) -> None:
    change = await put(home, State.FAILED, reason="The model refused.", attempts=2)
    tweaked = await changes.tweak(change.id, REVIEWER, "Try \x1b[1mharder", round=1)
    assert (tweaked.state, tweaked.round, tweaked.reason, tweaked.attempts) == ("editing", 2, "", 0)
    second = (await table.rounds(database, change.id))[1]
    assert (second.cause, second.instruction) == ("tweak", "Try harder")
    with pytest.raises(Conflict):
        await changes.tweak(change.id, REVIEWER, "again", round=1)
    with pytest.raises(BadInput):
        await changes.tweak(change.id, REVIEWER, "  ", round=2)


async def test_a_rejected_change_says_who_and_why(home: Home, changes: Changes) -> None:
    change = await put(home, State.REVIEW)
    with pytest.raises(BadInput):
        await changes.reject(change.id, REVIEWER, round=1, why="x" * 2000)
    rejected = await changes.reject(change.id, REVIEWER, round=1, why=" not now ")
    assert (rejected.state, rejected.reason, rejected.decided_by) == ("rejected", "not now", REVIEWER.id)
    for late in (changes.cancel(change.id, OWNER), changes.tweak(change.id, OWNER, "x", round=1)):
        with pytest.raises(Conflict):
            await late


async def test_cancelling_takes_the_running_work_back(home: Home, database: Database) -> None:
    stopped: list[str] = []
    assert home.house.repository is not None
    changes = Changes(database, home.house.settings, lambda: home.house.repository, stopped.append)  # type: ignore[arg-type,return-value]
    change = await put(home, State.EDITING, round=3)
    job = await database.write(lambda tx: jobs.claim(tx, "another process", 1000, ["change"]))
    assert job is not None and job.subject == change.id
    with pytest.raises(AccessDenied):
        await changes.cancel(change.id, Principal("discord:11", "Mo", Role.MEMBER, "bot"))
    cancelled = await changes.cancel(change.id, MEMBER)
    assert (cancelled.state, cancelled.decided_by, stopped) == ("cancelled", MEMBER.id, [change.id])
    assert await database.write(lambda tx: jobs.renew(tx, job, "another process", 30)) is False


async def test_stopping_takes_the_running_work_back_and_says_who(home: Home, database: Database) -> None:
    stopped: list[str] = []
    assert home.house.repository is not None
    changes = Changes(database, home.house.settings, lambda: home.house.repository, stopped.append)  # type: ignore[arg-type,return-value]
    change = await put(home, State.EDITING)
    job = await database.write(lambda tx: jobs.claim(tx, "another process", 1000, ["change"]))
    assert job is not None
    with pytest.raises(AccessDenied):
        await changes.stop(change.id, Principal("discord:11", "Mo", Role.MEMBER, "bot"))
    await changes.stop(change.id, MEMBER)
    now = await changes.get(change.id)
    assert (now.state, now.stop, stopped) == ("editing", MEMBER.id, [change.id]), "its best round comes next"
    assert not await jobs.holds(database, job, "another process") and await jobs.next_due(database, ["change"]) == 0


@pytest.mark.parametrize("state", [State.REVIEW, State.AWAITING_PLAN, State.MERGING, State.FAILED, State.MERGED])
async def test_what_rests_or_lands_can_not_be_stopped(home: Home, changes: Changes, state: State) -> None:
    change = await put(home, state)
    with pytest.raises(Conflict):
        await changes.stop(change.id, OWNER)
    waiting = await put(home, State.WAITING, resume="merging", retry_at=9e9)
    with pytest.raises(Conflict, match="only waits to be merged"):
        await changes.stop(waiting.id, OWNER)
    assert [(await changes.get(one.id)).stop for one in (change, waiting)] == ["", ""]


async def test_a_plan_is_skipped_or_made_again_by_who_may_decide(home: Home, changes: Changes) -> None:
    skipped, tweaked = await put(home, State.AWAITING_PLAN, plan={"worst_usd": 0.1}), await put(home, State.REVIEW)
    seen = (await changes.review(skipped.id)).plan_id
    with pytest.raises(Conflict):
        await changes.skip(tweaked.id, REVIEWER, round=1, plan=seen)
    for act in (
        changes.skip(skipped.id, MEMBER, round=1, plan=seen),
        changes.tweak(skipped.id, STRANGER, "x", round=1),
    ):
        with pytest.raises(AccessDenied):
            await act
    again = await changes.tweak(skipped.id, REVIEWER, "a slider", round=1)
    assert (again.state, again.plan["wishes"]) == ("planning", ["a slider"])
    with pytest.raises(Conflict):
        await changes.skip(skipped.id, REVIEWER, round=1, plan=seen)


async def test_a_merge_under_way_can_not_be_cancelled(home: Home, changes: Changes) -> None:
    change = await put(home, State.MERGING)
    with pytest.raises(Conflict):
        await changes.cancel(change.id, OWNER)


async def test_resume_makes_waiting_work_due_now(home: Home, changes: Changes, database: Database) -> None:
    change = await put(home, State.WAITING, resume="editing", retry_at=9e9)
    await database.write(lambda tx: jobs.add(tx, "change", change.id, f"change:{change.id}", 9e9))
    assert (await changes.resume(change.id, MEMBER)).retry_at is None
    assert await jobs.next_due(database, ["change"]) == 0
    with pytest.raises(Conflict):
        await changes.resume((await put(home, State.REVIEW)).id, OWNER)
