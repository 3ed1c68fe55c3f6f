"""From a request to a merged branch, through the real pipeline: stand-in over HTTP, git, sandbox, pytest."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from haven.access import Role
from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind
from haven.errors import AccessDenied, BadInput, Conflict
from tests.e2e.branching import calls
from tests.e2e.house import DARK, MEMBER, OWNER, PNG, REVIEWER, at_home

pytestmark = pytest.mark.sandbox


def git(project: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(project), *words], capture_output=True, text=True, check=True
    ).stdout.strip()


async def test_request_branch_tests_review_approve_merged(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        before = git(home.project, "rev-parse", "main")
        change = await home.ask_for(PNG)
        assert change.assistant == "cartographer"
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert (change.state, review.mergeable, review.confirm) == ("review", True, "tap")
        assert review.tests["counts"]["new"] >= 1 and "regressed" not in review.tests["counts"]
        assert review.stand_in and "PNG" in review.diff and review.sent[0].to == "stand-in, not Claude"
        assert git(home.project, "rev-parse", "main") == before
        change = await home.rest(await home.approve(change))
        assert change.state == "merged"
        assert git(home.project, "rev-parse", "main") == change.merged
        assert git(home.project, "status", "--porcelain") == ""


async def test_tweak_makes_a_second_round(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for(PNG))
        await home.house.changes.tweak(change.id, REVIEWER, 'name the button "Save picture"', round=1)
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round) == ("review", 2)
        assert "Save picture" in review.diff and [one.cause for one in review.rounds] == ["request", "tweak"]
        assert (await home.rest(await home.approve(change))).state == "merged"


async def test_reject_keeps_the_target_as_it_was(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        before = git(home.project, "rev-parse", "main")
        change = await home.rest(await home.ask_for(PNG))
        change = await home.house.changes.reject(change.id, REVIEWER, round=1, why="not now")
        assert (change.state, change.reason, change.decided_by) == ("rejected", "not now", REVIEWER.id)
        assert git(home.project, "rev-parse", "main") == before


async def test_failing_tests_go_back_as_a_repair_round(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for(DARK))
        review = await home.house.changes.review(change.id)
        assert [one.cause for one in review.rounds] == ["request", "repair"]
        assert review.mergeable and change.round == 2
        assert "<failures>" in str(home.asked[1]["messages"])


async def test_red_tests_need_the_typed_id(tmp_path: Path) -> None:
    faults = [Fault(FaultKind.EDITS_BREAK_TESTS)] * 3
    async with at_home(tmp_path, faults, changes={"rounds": 1}) as home:
        change = await home.rest(await home.ask_for(PNG))
        review = await home.house.changes.review(change.id)
        assert (change.state, review.mergeable, review.confirm) == ("review", False, "type the id")
        with pytest.raises(BadInput, match=change.id):
            await home.approve(change)
        assert (await home.rest(await home.approve(change, confirm=change.id))).state == "merged"


async def test_edits_that_do_not_apply_are_repaired(tmp_path: Path) -> None:
    async with at_home(tmp_path, [Fault(FaultKind.EDITS_DO_NOT_APPLY)]) as home:
        change = await home.rest(await home.ask_for(PNG))
        assert (change.state, change.round) == ("review", 2)


async def test_edits_outside_the_repository_never_land(tmp_path: Path) -> None:
    async with at_home(tmp_path, [Fault(FaultKind.EDITS_OUTSIDE)] * 3) as home:
        change = await home.rest(await home.ask_for(PNG))
        assert change.state == State.FAILED
        assert not list(tmp_path.rglob("outside.txt"))


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.BROKEN_JSON, FaultKind.NO_STOP_REASON, FaultKind.MAX_TOKENS])
async def test_a_reply_that_breaks_off_is_asked_for_again(tmp_path: Path, kind: FaultKind) -> None:
    async with at_home(tmp_path, [Fault(kind)], changes={"plan_first": "never"}) as home:
        change = await home.rest(await home.ask_for(PNG), State.WAITING)
        assert change.state == State.REVIEW
        assert [entry.state for entry in await calls(home, change)] == ["unknown", "settled"]


async def test_a_refusal_is_told_and_nothing_lands(tmp_path: Path) -> None:
    async with at_home(tmp_path, [Fault(FaultKind.REFUSAL)] * 3) as home:
        change = await home.rest(await home.ask_for(PNG))
        assert change.state == State.FAILED and "refus" in change.reason


async def test_an_unknown_request_is_refused_by_name(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for("Add a teleporter page to the viewer"))
        assert change.state == State.FAILED and "stand-in, not Claude" in change.reason


async def test_an_overloaded_cloud_makes_the_change_wait_and_go_on(tmp_path: Path) -> None:
    faults = [Fault(FaultKind.OVERLOADED)] * 3
    async with at_home(tmp_path, faults, attempts=1) as home:
        change = await home.rest(await home.ask_for(PNG), State.WAITING)
        assert change.state == State.WAITING and change.retry_at and change.reason
        for _ in range(3):
            await home.house.changes.resume(change.id, MEMBER)
            change = await home.rest(change)
            if change.state == State.REVIEW:
                break
        assert change.state == State.REVIEW


async def test_the_plan_waits_for_a_person_where_the_owner_wants_it(tmp_path: Path) -> None:
    async with at_home(tmp_path, changes={"plan_first": "always"}) as home:
        change = await home.rest(await home.ask_for(PNG))
        assert change.state == State.AWAITING_PLAN and change.plan["worst_usd"] > 0
        assert [entry.kind for entry in await calls(home, change)] == ["plan"], "no edits are asked for yet"
        change = await home.rest(await home.approve(change))
        assert change.state == State.REVIEW


async def test_prompt_and_reply_by_hand(tmp_path: Path) -> None:
    async with at_home(tmp_path, [Fault(FaultKind.UNAUTHORIZED)]) as home:
        change = await home.rest(await home.ask_for(PNG), State.WAITING)
        assert change.state == State.WAITING
        assert home.house.by_hand is not None
        prompt = (await home.house.by_hand.prompt(change.id, OWNER)).read_text(encoding="utf-8")
        assert PNG in prompt and "SEARCH" in prompt
        answer = "A note.\n\nNOTES.md\n```\n<<<<<<< SEARCH\n=======\nMaps can be saved.\n>>>>>>> REPLACE\n```\n"
        await home.house.by_hand.reply(change.id, answer, OWNER)
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert change.state == State.REVIEW and "NOTES.md" in review.diff
        assert [entry.recipient for entry in await home.house.changes.spent(change.id)][-1] == "carried by hand"


async def test_only_the_right_people_decide_and_only_what_they_saw(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for(PNG))
        stranger = REVIEWER.__class__("discord:9", "Sam", Role.STRANGER, "bot")
        for principal in (stranger, MEMBER):
            with pytest.raises(AccessDenied):
                await home.approve(change, principal)
        with pytest.raises(Conflict):
            await home.house.changes.approve(change.id, OWNER, round=1, commit="0" * 40)
        with pytest.raises(Conflict):
            await home.house.changes.tweak(change.id, OWNER, "more", round=7)
        await home.approve(change)
        with pytest.raises(Conflict):
            await home.approve(change)


async def test_a_base_that_moved_is_merged_and_tested_again(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for(PNG))
        (home.project / "NEWS.md").write_text("Something else.\n", encoding="utf-8")
        git(home.project, "add", "NEWS.md")
        git(home.project, "-c", "user.name=o", "-c", "user.email=o@example.invalid", "commit", "-qm", "News")
        change = await home.rest(await home.approve(change))
        assert change.state == "merged"
        assert git(home.project, "show", "main:NEWS.md") == "Something else."


async def test_a_dirty_checkout_is_left_alone_and_the_owner_told(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for(PNG))
        (home.project / "README.md").write_text("My own words.\n", encoding="utf-8")
        change = await home.rest(await home.approve(change))
        assert change.state == "merged" and change.reason
        assert (home.project / "README.md").read_text(encoding="utf-8") == "My own words.\n"
