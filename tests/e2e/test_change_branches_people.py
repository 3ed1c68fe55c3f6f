"""A change that people stop, plan otherwise, pay no more for, take back, or clear away."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from haven.changes.proposal import Kind
from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind
from haven.errors import NotFound
from haven.store import changes as table
from tests.changes import sources
from tests.e2e.branching import (
    GREEN,
    LIGHT,
    ONE_RED,
    PLAN,
    TESTS,
    WISH,
    again,
    asked,
    becomes,
    calls,
    goes,
    seen,
    small_house,
    went,
    wished,
)
from tests.e2e.house import MEMBER, OWNER, REVIEWER

pytestmark = pytest.mark.sandbox

PLAN_FIRST = {"plan_first": "always"}
OTHER_PLAN = PLAN.replace("Add nothing to the star", "Name it in the docstring")
NEVER_ENDS = "import signal\n\n\ndef test_waits():\n    signal.pause()\n"


@goes("queued > planning > awaiting plan > planning > awaiting plan > editing > testing > review")
async def test_a_plan_is_changed_in_words_and_followed(tmp_path: Path, way: str) -> None:
    one_test = TESTS[: TESTS.index("def test_two")]
    edits = becomes(GREEN) + becomes(one_test, TESTS, "test_light.py")
    async with small_house(tmp_path, PLAN, OTHER_PLAN, edits, changes=PLAN_FIRST) as home:
        change = await home.rest(await home.ask_for(WISH, kind=Kind.FEATURE))
        words = "Say it in the docstring. And remove the test test_two, please."
        change = await home.house.changes.tweak(change.id, OWNER, words, round=1)
        change = await home.rest(change)
        assert change.plan["written"]["steps"] == ["Name it in the docstring."]
        change = await home.rest(await home.approve(change))
        assert await went(home, change) == way
        planned, edited = asked(home)[1:]
        assert "Say it in the docstring." in planned and "Name it in the docstring." in edited
        review = await home.house.changes.review(change.id)
        assert review.mergeable and review.tests["asked"] == ["test_light.py::test_two"], "a person had asked for it"


@goes("queued > planning > awaiting plan > editing > testing > review")
async def test_a_plan_is_skipped(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, PLAN, becomes(GREEN), changes=PLAN_FIRST) as home:
        change = await wished(home)
        plan = (await home.house.changes.review(change.id)).plan_id
        change = await home.rest(await home.house.changes.skip(change.id, OWNER, round=1, plan=plan))
        assert await went(home, change) == way
        assert "Add nothing to the star" not in asked(home)[-1]


@goes("queued > planning > editing > cancelled")
async def test_stopped_before_there_is_anything_to_show(tmp_path: Path, way: str) -> None:
    hang = Fault(FaultKind.HANG)
    async with small_house(tmp_path, faults=[hang]) as home:
        change = await home.ask_for(WISH)
        await hang.reached.wait()
        await home.house.changes.stop(change.id, MEMBER)
        change = await home.rest(change)
        assert await went(home, change) == way and "It was stopped" in change.reason


@goes("queued > planning > editing > testing > editing > review")
async def test_stopped_while_the_cloud_hangs_in_a_repair(tmp_path: Path, way: str) -> None:
    hang = Fault(FaultKind.HANG)
    async with small_house(tmp_path, becomes(ONE_RED), faults=[None, hang]) as home:
        change = await home.ask_for(WISH)
        await hang.reached.wait()
        await home.house.changes.stop(change.id, MEMBER)
        change = await home.rest(change)
        assert await went(home, change) == way
        assert change.round == 1 and "It was stopped" in change.reason
        assert [one.state for one in await calls(home, change)] == ["settled", "unknown"], "it stays charged"


@goes("queued > planning > editing > testing > editing > waiting > editing > review")
async def test_stopped_while_a_repair_waits_for_the_cloud(tmp_path: Path, way: str) -> None:
    busy = Fault(FaultKind.RATE_LIMIT, retry_after_s=None)
    async with small_house(tmp_path, becomes(ONE_RED), faults=[None, busy], attempts=1) as home:
        change = await wished(home, State.WAITING)
        await home.house.changes.stop(change.id, MEMBER)
        change = await home.rest(change)
        assert await went(home, change) == way and change.round == 1


@goes("queued > planning > editing > testing > review")
async def test_stopped_while_the_tests_run(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, becomes(NEVER_ENDS, "", "test_waits.py")) as home:
        change = await home.ask_for(WISH)
        await seen(home, change, "running the tests of the change")
        await home.house.changes.stop(change.id, MEMBER)
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert await went(home, change) == way
        assert "It was stopped" in change.reason and not review.mergeable, "nobody knows whether it is green"


@goes("queued > planning > editing > testing > editing > review")
async def test_a_cap_in_dollars_that_is_spent_in_the_second_round(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path / "first", PLAN, changes=PLAN_FIRST) as home:
        worst = (await wished(home)).plan["worst_usd"]
    cap = worst * 1.005
    async with small_house(tmp_path, becomes(ONE_RED), costs=True, per_change_usd=cap) as home:
        change = await wished(home)
        assert await went(home, change) == way
        assert change.round == 1 and "the cap for one change" in change.reason
        assert len(asked(home)) == 1 and sum(one.charged for one in await calls(home, change)) < cap


@goes("queued > planning > editing > testing > review")
async def test_a_cap_in_tokens_that_the_first_round_has_spent(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), changes={"most_tokens": 1000}) as home:
        change = await wished(home)
        assert await went(home, change) == way and "changes.most_tokens" in change.reason


@goes("queued > planning > editing > testing > review > review > merging > merged")
async def test_a_risk_takes_two_people(tmp_path: Path, way: str) -> None:
    packages = becomes("attrs\n", "", "requirements.txt")
    async with small_house(tmp_path, packages, changes={"two_people_for_risk": True}) as home:
        change = await home.approve(await wished(home), REVIEWER, confirm="two taps")
        assert change.state == State.REVIEW
        change = await home.rest(await home.approve(change, OWNER, confirm="two taps"))
        assert await went(home, change) == way


@goes(
    "queued > planning > editing > testing > review > merging > merged > reverted"
    " | queued > planning > testing > merging > merged"
)
async def test_a_merge_is_undone(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path) as home:
        change = await home.rest(await home.approve(await wished(home)))
        undo = await home.rest(await home.house.changes.undo(change.id, OWNER, confirm="two taps"))
        assert await went(home, change, undo) == way
        assert sources.run(home.project, "show", "main:light.py") == LIGHT.strip() and len(asked(home)) == 1


@goes(
    "queued > planning > editing > testing > review > merging > merged > reverted"
    " | queued > planning > testing > merging > merged"
)
async def test_a_merge_that_is_not_healthy_once_deployed_is_undone_by_itself(tmp_path: Path, way: str) -> None:
    live = tmp_path / "live.py"
    bring = f'git show "$HAVEN_COMMIT:light.py" > {shlex.quote(str(live))}'
    healthy = f"! grep -q '+ 0' {shlex.quote(str(live))}"
    deploy = {"command": ("sh", "-c", bring), "health": ("sh", "-c", healthy), "health_s": 1.0}
    async with small_house(tmp_path, deploy=deploy) as home:
        change = await home.approve(await wished(home))
        with home.house.bus.subscribe() as subscription:
            async for event in subscription:
                if event.subject != change.id and event.data.get("deploy") == "live":
                    break
        undo = await home.house.changes.get(event.subject)
        assert await went(home, change, undo) == way and undo.undoes == change.id
        assert live.read_text() == LIGHT


@goes("queued > planning > failed > editing > planning > editing > testing > review > rejected")
async def test_what_failed_before_it_was_planned_is_planned_after_a_tweak_and_cleared_away(
    tmp_path: Path, way: str
) -> None:
    async with small_house(tmp_path, changes={"keep_days": 0}) as home:
        sources.commit(home.project, {".haven/project.toml": "tests = 3\n"})
        change = await wished(home)
        sources.commit(home.project, {".haven/project.toml": ""})
        change = await home.rest(await home.house.changes.tweak(change.id, OWNER, "It is mended.", round=1))
        assert "It is mended." in asked(home)[-1]
        change = await home.house.changes.reject(change.id, REVIEWER, round=2)
        assert await went(home, change) == way
        repository, pruning = home.house.repository, home.house.pruning
        assert repository is not None and pruning is not None and await repository.tip(change.branch)
        await pruning.sweep()
        with pytest.raises(NotFound):
            await repository.tip(change.branch)
        assert (await home.house.changes.review(change.id)).diff, "it can still be looked at"


@goes("queued > planning > editing > waiting > failed")
async def test_a_row_that_a_newer_haven_has_left_fails_with_a_sentence(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, faults=[Fault(FaultKind.RATE_LIMIT, retry_after_s=None)], attempts=1) as home:
        change = await wished(home, State.WAITING)
        await home.house.database.write(lambda tx: table.update(tx, change.id, resume="reading"))
        change = await again(home, change)
        assert await went(home, change) == way and "Something went wrong in Haven" in change.reason
