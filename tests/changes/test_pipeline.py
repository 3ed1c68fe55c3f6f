"""Rounds that go wrong: repairs are counted, the best one is shown, a tweak builds on it, a moved target is tested."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from haven.changes.git import merging
from haven.changes.states import State
from haven.errors import BadInput
from haven.store.changes import Change
from tests.e2e.house import OWNER, Home
from tests.e2e.scripted import edit, scripted_home, will_propose
from tests.e2e.test_bad_input import git

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

pytestmark = pytest.mark.sandbox

LIGHT = "def brightness(star):\n    return star\n"
TESTS = "from light import brightness\n\n\ndef test_one():\n    assert brightness(1) == 1\n"
TESTS += "\n\ndef test_two():\n    assert brightness(2) == 2\n"
FILES = {"light.py": LIGHT, "tests/test_light.py": TESTS}
ONE_RED = "def brightness(star):\n    return 1\n"
TWO_RED = "def brightness(star):\n    return 0 * star\n"
GREEN = "def brightness(star):\n    return star + 0\n"
RULE = """from pathlib import Path


def test_no_needless_product():
    assert "star * 1" not in Path("light.py").read_text()
"""
WISH = "Simplify light.py"


def becomes(new: str, old: str = LIGHT) -> dict[str, Any]:
    return edit("light.py", new, old=old)


async def wished(home: Home, change: Change | None = None) -> Change:
    return await home.rest(change or await home.ask_for(WISH))


def asked(llmock: LLMock) -> list[str]:
    return [json.dumps(record.body) for record in llmock.requests]


async def test_the_best_round_is_shown_where_later_ones_are_worse(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(ONE_RED), summary="The first try.")
    will_propose(llmock, becomes(TWO_RED, ONE_RED), summary="The second try.")
    will_propose(llmock, edit("nowhere.py", "x", old="y"))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home)
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round) == ("review", 1) and "round 1 is the best of 3" in review.reason
        assert [one.cause for one in review.rounds] == ["request", "repair", "repair"]
        assert len(review.tests["classes"]) > 2 and review.tests["counts"]["regressed"] == 1
        assert "1 file" in review.summary["text"], "the shown round has a summary of its own"
        branch = ["git", "-C", str(_clone(home)), "rev-parse", change.branch]
        assert subprocess.check_output(branch, text=True).strip() == review.commit, "the branch is what is shown"

        will_propose(llmock, becomes(GREEN, ONE_RED), summary="As wished.")
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "give the star back", round=1))
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round, review.mergeable) == ("review", 4, True), change.reason
        assert "give the star back" in asked(llmock)[-1] and "return 0 * star" not in asked(llmock)[-1]


def read(home: Home, *words: str) -> str:
    return subprocess.check_output(["git", "-C", str(home.project), *words], text=True).strip()


def _clone(home: Home) -> Path:
    assert home.house.repository is not None
    return home.house.repository.bare


async def test_repairs_are_counted_and_end(tmp_path: Path, llmock: LLMock) -> None:
    for number, old in enumerate([LIGHT, *(LIGHT.replace("star\n", f"{n}9\n") for n in range(1, 9))], 1):
        will_propose(llmock, becomes(LIGHT.replace("star\n", f"{number}9\n"), old))
    async with scripted_home(tmp_path, llmock, FILES, changes={"rounds": 2}) as home:
        change = await wished(home)
        assert change.state == "review" and len(llmock.requests) == 2
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "again", round=change.round))
        assert change.state == "review" and len(llmock.requests) == 4, "a person's word opens as many rounds again"


async def test_the_same_failure_twice_ends_the_repairs(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(ONE_RED))
    will_propose(llmock, becomes(ONE_RED + "# mended\n", ONE_RED))
    async with scripted_home(tmp_path, llmock, FILES, changes={"rounds": 9}) as home:
        change = await wished(home)
        assert change.state == "review" and len(llmock.requests) == 2
        for _ in range(2):
            will_propose(llmock, edit("nowhere.py", "x", old="y"))
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "again", round=change.round))
        assert change.state == "review" and len(llmock.requests) == 4


async def test_a_target_that_moved_and_breaks_the_merge_comes_back_red(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes("def brightness(star):\n    return star * 1\n"))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home)
        first = await home.house.changes.review(change.id)
        assert first.mergeable
        (home.project / "tests/test_style.py").write_text(RULE, encoding="utf-8")
        git(home.project, "add", "tests/test_style.py")
        git(home.project, "commit", "-qm", "A rule")
        change = await home.rest(await home.approve(change))
        review = await home.house.changes.review(change.id)
        assert change.state == "review" and "main has moved on" in change.reason
        assert (review.mergeable, review.confirm) == (False, "type the id") and review.commit != first.commit
        assert [file.path for file in review.files] == ["light.py"], "the diff is against what the target is now"
        with pytest.raises(BadInput, match=change.id):
            await home.approve(change)

        will_propose(llmock, becomes(GREEN, "def brightness(star):\n    return star * 1\n"))
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "keep the rule", round=1))
        assert (await home.house.changes.review(change.id)).mergeable, "the tweak saw the newer target"
        assert (await home.rest(await home.approve(change))).state == "merged"


async def test_a_red_merge_lands_where_the_owner_types_its_id(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(ONE_RED))
    async with scripted_home(tmp_path, llmock, FILES, changes={"rounds": 1}) as home:
        change = await wished(home)
        (home.project / "NEWS.md").write_text("News\n", encoding="utf-8")
        git(home.project, "add", "NEWS.md")
        git(home.project, "commit", "-qm", "News")
        change = await home.rest(await home.approve(change, confirm=change.id))
        assert change.state == "merged", change.reason


async def test_a_red_approval_does_not_cover_what_turns_red_on_the_newer_target(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes("def brightness(star):\n    return star * 1 and 1\n"))
    async with scripted_home(tmp_path, llmock, FILES, changes={"rounds": 1}) as home:
        change = await wished(home)
        (home.project / "tests/test_style.py").write_text(RULE, encoding="utf-8")
        git(home.project, "add", "tests/test_style.py")
        git(home.project, "commit", "-qm", "A rule")
        change = await home.rest(await home.approve(change, confirm=change.id))
        assert change.state == "review" and "test_no_needless_product" in change.reason
        assert "test_two" not in change.reason, "that one was accepted"
        assert (await home.rest(await home.approve(change, confirm=change.id))).state == "merged"


async def test_a_change_that_no_longer_fits_is_made_again_on_the_newer_target(tmp_path: Path, llmock: LLMock) -> None:
    newer, both = LIGHT.replace("star\n", "int(star)\n"), LIGHT.replace("star\n", "int(star) + 0\n")
    will_propose(llmock, becomes(GREEN))
    will_propose(llmock, edit("nowhere.py", "x", old="y"))
    will_propose(llmock, becomes(both, newer))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home)
        first = await home.house.changes.review(change.id)
        (home.project / "light.py").write_text(newer, encoding="utf-8")
        git(home.project, "commit", "-qam", "Integers")
        change = await home.rest(await home.approve(change))
        review = await home.house.changes.review(change.id)
        assert (change.state, change.round, review.mergeable) == ("review", 3, True), change.reason
        assert [one.cause for one in review.rounds] == ["request", "conflict", "repair"]
        assert review.base == read(home, "rev-parse", "main") != first.base
        assert "-    return int(star)\n+    return int(star) + 0\n" in review.diff, "compared with the newer target"
        asks = asked(llmock)
        assert "return int(star)" in asks[1] and "return star + 0" in asks[1], "both sides were shown"
        assert read(home, "show", "main:light.py") == newer.strip(), "nothing landed without another look"
        change = await home.rest(await home.approve(change))
        assert (change.state, read(home, "show", "main:light.py")) == ("merged", both.strip())


async def test_a_change_that_no_round_can_mend_is_not_shown_against_the_wrong_base(
    tmp_path: Path, llmock: LLMock
) -> None:
    will_propose(llmock, becomes(GREEN))
    will_propose(llmock, edit("nowhere.py", "x", old="y"))
    async with scripted_home(tmp_path, llmock, FILES, changes={"rounds": 1}) as home:
        change = await wished(home)
        (home.project / "light.py").write_text(LIGHT.replace("star\n", "int(star)\n"), encoding="utf-8")
        git(home.project, "commit", "-qam", "Integers")
        change = await home.rest(await home.approve(change))
        assert change.state == "failed" and "did not apply" in change.reason
        will_propose(llmock, becomes(GREEN, LIGHT.replace("star\n", "int(star)\n")))
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "again", round=change.round))
        assert (await home.house.changes.review(change.id)).mergeable, "a person's word goes on from the newer target"


@pytest.mark.parametrize(("merge", "parents"), [("fast-forward", 1), ("merge commit", 2)])
async def test_a_moved_target_gets_the_change_on_top_the_way_the_owner_wants_it(
    tmp_path: Path, llmock: LLMock, merge: str, parents: int
) -> None:
    will_propose(llmock, becomes(GREEN), summary="Simpler, as wished.")
    async with scripted_home(tmp_path, llmock, FILES, changes={"merge": merge}) as home:
        change = await wished(home)
        (home.project / "NEWS.md").write_text("News\n", encoding="utf-8")
        git(home.project, "add", "NEWS.md")
        git(home.project, "commit", "-qm", "News")
        newer = read(home, "rev-parse", "main")
        change = await home.rest(await home.approve(change))
        assert (change.state, change.merged_onto) == ("merged", newer)
        assert change.merged == read(home, "rev-parse", "main")
        assert len(read(home, "log", "-1", "--format=%P", "main").split()) == parents
        own = read(home, "log", "--format=%P|%s|%b", "main", "--not", newer)
        assert f"{newer}|{change.title}|Simpler, as wished." in own, "one commit on top of what was there"
        assert own.count(change.title) == parents


async def test_histories_that_parted_do_not_throw_an_approved_change_away(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home)
        git(home.project, "commit", "-q", "--amend", "-m", "Rewritten")
        change = await home.rest(await home.approve(change))
        assert change.state == "review" and "both moved on" in change.reason
        git(home.project, "reset", "-q", "--hard", "HEAD@{1}")
        assert (await home.rest(await home.approve(change))).state == "merged"


async def test_a_change_that_failed_before_its_plan_can_be_tweaked(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        git(home.project, "commit", "-q", "--amend", "-m", "Rewritten")
        change = await wished(home)
        assert change.state == State.FAILED and not change.base
        git(home.project, "reset", "-q", "--hard", "HEAD@{1}")
        change = await wished(home, await home.house.changes.tweak(change.id, OWNER, "try again", round=1))
        assert change.state == "review", change.reason


async def test_another_merge_while_it_is_tested_again_is_landed_upon(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home)
        git(home.project, "commit", "-q", "--allow-empty", "-m", "Nothing")
        (home.project / "NEWS.md").write_text("News\n", encoding="utf-8")
        git(home.project, "add", "NEWS.md")
        git(home.project, "commit", "-qm", "News")
        with home.house.bus.subscribe() as told:
            await home.approve(change)
            async for event in told:
                if "testing the change on top" in event.data.get("text", ""):
                    break
        repository = home.house.repository
        assert repository is not None
        tip = await repository.tip()
        tree = await repository.tree_hash(f"{change.base}")
        other = await merging.write_commit(repository.bare, tree, [tip], "News are gone")
        await repository.advance("main", tip, other)
        change = await home.rest(change)
        assert (change.state, change.merged_onto) == ("merged", other), change.reason
        assert read(home, "show", "main:light.py") == GREEN.strip() and "NEWS.md" not in read(home, "ls-tree", "main")
