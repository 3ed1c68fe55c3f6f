"""A change from state to state: git that is away, people who decide, tests that are red, targets that move."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.git.clone_folder import alone
from haven.changes.states import State
from tests.changes import sources
from tests.e2e.branching import (
    DOES_NOT_FIT,
    GREEN,
    LIGHT,
    ONE_RED,
    PLAN,
    WISH,
    LameGit,
    again,
    asked,
    becomes,
    goes,
    seen,
    small_house,
    went,
    wished,
)
from tests.e2e.house import MEMBER, OWNER, REVIEWER

pytestmark = pytest.mark.sandbox

NEVER_ENDS = "import signal\n\n\ndef test_waits():\n    signal.pause()\n"
PLAN_FIRST = {"plan_first": "always"}
FETCH, EXPORT = "fetch", "checkout-index"


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LameGit:
    return LameGit(tmp_path / "bin", monkeypatch)


@goes("queued > cancelled")
async def test_taken_back_before_it_began(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, working=False) as home:
        change = await home.ask_for(WISH)
        change = await home.house.changes.cancel(change.id, MEMBER)
        assert await went(home, change) == way


@goes("queued > planning > waiting > planning > waiting > planning > waiting > planning > failed")
async def test_git_that_stays_away_ends_it(tmp_path: Path, git: LameGit, way: str) -> None:
    async with small_house(tmp_path) as home:
        git.fails_at(FETCH)
        change = await wished(home, State.WAITING)
        for _ in range(3):
            assert "unable to read the disk" in change.reason
            change = await again(home, change)
        assert await went(home, change) == way and "unable to read the disk" in change.reason


@goes("queued > planning > cancelled")
async def test_stopped_while_the_repository_is_held_elsewhere(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path) as home:
        assert home.house.repository is not None
        async with alone(home.house.repository.bare):
            change = await wished(home, State.PLANNING)
            change = await home.house.changes.cancel(change.id, MEMBER)
        assert await went(home, change) == way
        assert (await wished(home, State.EDITING)).state == State.EDITING


@goes("queued > planning > failed")
async def test_wishes_of_the_project_that_nobody_can_read(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path) as home:
        sources.commit(home.project, {".haven/project.toml": "tests = 3\n"})
        change = await wished(home)
        assert await went(home, change) == way and ".haven/project.toml" in change.reason


@goes("queued > planning > awaiting plan > editing > testing > cancelled")
async def test_a_plan_is_approved_and_a_run_of_tests_stopped(tmp_path: Path, way: str) -> None:
    endless = becomes(NEVER_ENDS, "", "test_waits.py")
    async with small_house(tmp_path, PLAN, endless, PLAN, changes=PLAN_FIRST) as home:
        change = await wished(home)
        assert change.plan["worst_usd"] > 0 and len(asked(home)) == 1
        change = await home.approve(change)
        await seen(home, change, "running the tests of the change")
        change = await home.house.changes.cancel(change.id, MEMBER)
        assert await went(home, change) == way
        assert (await wished(home)).state == State.AWAITING_PLAN, "the run has let go of the worker"


@goes("queued > planning > awaiting plan > rejected")
async def test_a_plan_is_rejected(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, PLAN, changes=PLAN_FIRST) as home:
        change = await wished(home)
        change = await home.house.changes.reject(change.id, REVIEWER, round=1, why="not now")
        assert await went(home, change) == way


@goes("queued > planning > awaiting plan > cancelled")
async def test_a_plan_is_taken_back(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, PLAN, changes=PLAN_FIRST) as home:
        change = await wished(home)
        assert await went(home, await home.house.changes.cancel(change.id, MEMBER)) == way


@goes("queued > planning > editing > testing > waiting > testing > review > rejected")
async def test_git_away_before_the_tests(tmp_path: Path, git: LameGit, way: str) -> None:
    async with small_house(tmp_path) as home:
        git.fails_at(EXPORT)
        change = await wished(home, State.WAITING)
        git.works()
        change = await again(home, change)
        assert len(asked(home)) == 1, "the edits are there already"
        change = await home.house.changes.reject(change.id, REVIEWER, round=1)
        assert await went(home, change) == way


@goes("queued > planning > editing > testing > waiting > testing > waiting > testing > waiting > testing > failed")
async def test_tests_that_can_never_begin(tmp_path: Path, git: LameGit, way: str) -> None:
    async with small_house(tmp_path) as home:
        git.fails_at(EXPORT)
        change = await wished(home, State.WAITING)
        for _ in range(3):
            change = await again(home, change)
        assert await went(home, change) == way


@goes("queued > planning > editing > testing > editing > review > cancelled")
async def test_a_repair_that_does_not_fit_leaves_the_round_before(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), DOES_NOT_FIT, changes={"rounds": 2}) as home:
        change = await wished(home)
        assert (change.round, "round 1 is the best of 2" in change.reason) == (1, True)
        assert await went(home, await home.house.changes.cancel(change.id, MEMBER)) == way


@goes(
    "queued > planning > editing > testing > review > editing > testing > review > merging > waiting > merging > merged"
)
async def test_a_tweak_and_a_merge_for_which_git_was_away(tmp_path: Path, git: LameGit, way: str) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), becomes(GREEN, ONE_RED), changes={"rounds": 1}) as home:
        change = await wished(home)
        change = await home.rest(await home.house.changes.tweak(change.id, OWNER, "Give the star back.", round=1))
        git.fails_at(FETCH)
        change = await home.rest(await home.approve(change), State.WAITING)
        assert sources.run(home.project, "show", "main:light.py") == LIGHT.strip(), "nothing has landed"
        git.works()
        change = await again(home, change)
        assert await went(home, change) == way
        assert sources.run(home.project, "show", "main:light.py") == GREEN.strip()


@goes("queued > planning > editing > testing > review > merging > review > editing > testing > review")
async def test_a_target_that_moved_and_makes_it_red(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, becomes(GREEN), becomes(LIGHT, GREEN)) as home:
        change = await wished(home)
        rule = 'def test_rule():\n    assert "+ 0" not in open("light.py").read()\n'
        sources.commit(home.project, {"test_rule.py": rule})
        change = await home.rest(await home.approve(change))
        review = await home.house.changes.review(change.id)
        assert "main has moved on" in change.reason and not review.mergeable
        words = "Keep to the rule."
        change = await home.rest(await home.house.changes.tweak(change.id, OWNER, words, round=change.round))
        assert await went(home, change) == way


@goes("queued > planning > editing > testing > review > merging > editing > testing > review > merging > merged")
async def test_a_target_that_clashes_is_worked_in_and_shown_again(tmp_path: Path, way: str) -> None:
    whole = "def brightness(star):\n    return int(star)\n"
    async with small_house(tmp_path, becomes(GREEN), becomes(GREEN, whole)) as home:
        change = await wished(home)
        sources.commit(home.project, {"light.py": whole}, "Whole numbers")
        before, change = change, await home.rest(await home.approve(change))
        assert change.state == State.REVIEW and "return int(star)" in asked(home)[-1]
        assert before.plan["counted_for"] == before.base != change.base == change.plan["counted_for"]
        change = await home.rest(await home.approve(change))
        assert await went(home, change) == way
        assert sources.run(home.project, "show", "main:light.py") == GREEN.strip()


@goes("queued > planning > editing > testing > review > merging > failed")
async def test_a_target_whose_wishes_nobody_can_read(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path) as home:
        change = await wished(home)
        sources.commit(home.project, {".haven/project.toml": "tests = 3\n"})
        change = await home.rest(await home.approve(change))
        assert await went(home, change) == way and ".haven/project.toml" in change.reason


@goes("queued > planning > editing > testing > editing > testing > review > review > merging > merged")
async def test_an_earlier_round_is_shown_again_and_merged(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), becomes(GREEN, ONE_RED)) as home:
        change = await wished(home)
        assert change.round == 2
        change = await home.house.changes.go_back(change.id, OWNER, 1, round=2)
        change = await home.rest(await home.approve(change, confirm=change.id))
        assert await went(home, change) == way
        assert sources.run(home.project, "show", "main:light.py") == ONE_RED.strip()
