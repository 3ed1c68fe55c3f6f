"""Undo of a merged change: one command, tested the same way; what can't be undone by itself is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from haven.changes.proposal import Kind
from haven.errors import AccessDenied, BadInput, Conflict
from haven.store.changes import Change
from tests.changes.test_pipeline import FILES, GREEN, LIGHT, TESTS, WISH, asked, becomes, read, wished
from tests.e2e.house import MEMBER, OWNER, REVIEWER, Home
from tests.e2e.scripted import edit, scripted_home, will_propose
from tests.e2e.test_bad_input import git

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

pytestmark = pytest.mark.sandbox


async def merged(home: Home, kind: Kind | None = None) -> Change:
    change = await home.rest(await home.approve(await wished(home, await home.ask_for(WISH, kind=kind))))
    assert change.state == "merged", change.reason
    return change


async def ordered(home: Home, change: Change) -> Change:
    return await home.rest(await home.house.changes.undo(change.id, REVIEWER, confirm="two taps"))


def commit(home: Home, path: str, text: str) -> None:
    (home.project / path).write_text(text, encoding="utf-8")
    git(home.project, "add", path)
    git(home.project, "commit", "-qm", path)


async def test_an_undo_is_tested_and_merged_and_what_came_later_stays(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        changes = home.house.changes
        change = await merged(home)
        commit(home, "NEWS.md", "News\n")
        for principal, confirm, error in ((MEMBER, "two taps", AccessDenied), (OWNER, "", BadInput)):
            with pytest.raises(error):
                await changes.undo(change.id, principal, confirm=confirm)
        assert len(await changes.list()) == 1, "nothing was ordered yet"
        undo = await ordered(home, change)
        review = await changes.review(undo.id)
        assert (undo.state, undo.undoes, undo.decided_by) == ("merged", change.id, REVIEWER.id), undo.reason
        assert review.tests["green"] and "+    return star\n" in review.diff and change.id in review.summary["text"]
        assert read(home, "show", "main:light.py") == LIGHT.strip() and read(home, "show", "main:NEWS.md") == "News"
        assert read(home, "rev-parse", "main") == undo.merged
        change = await changes.get(change.id)
        assert change.state == "reverted" and undo.id in change.reason
        assert len(asked(llmock)) == 1, "no model is asked for an undo"
        with pytest.raises(Conflict):
            await changes.undo(change.id, OWNER, confirm="two taps")


async def test_an_undo_whose_tests_are_red_waits_for_a_person(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await merged(home)
        rule = 'def test_zero():\n    from pathlib import Path\n    assert "+ 0" in Path("light.py").read_text()\n'
        commit(home, "tests/test_rule.py", rule)
        undo = await ordered(home, change)
        assert (undo.state, undo.decided_by) == ("review", "") and "test_zero" in undo.reason
        again = await home.house.changes.undo(change.id, OWNER, confirm="two taps")
        assert again.id == undo.id, "while one is under way there is no second"
        undo = await home.rest(await home.approve(undo, confirm=undo.id))
        assert (undo.state, (await home.house.changes.get(change.id)).state) == ("merged", "reverted")


async def test_what_brought_new_packages_is_undone_without_them(tmp_path: Path, llmock: LLMock) -> None:
    needs = edit(".haven/project.toml", 'requirements = "needs.txt"\n'), edit("needs.txt", "attrs==24.2.0\n")
    will_propose(llmock, becomes(GREEN), *needs)
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await wished(home, await home.ask_for(WISH))
        change = await home.rest(await home.approve(change, confirm="two taps"))
        assert change.state == "merged", change.reason
        undo = await ordered(home, change)
        assert undo.state == "merged", f"nobody need allow packages that go: {undo.reason}"


async def test_what_was_built_upon_is_said_and_can_be_undone_in_words(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    later = GREEN.replace("+ 0", "+ 0.0")
    will_propose(llmock, becomes(LIGHT, later))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await merged(home)
        commit(home, "light.py", later)
        undo = await ordered(home, change)
        assert undo.state == "failed" and "light.py" in undo.reason and "changed again since" in undo.reason
        assert (await home.house.changes.get(change.id)).state == "merged"
        undo = await wished(home, await home.house.changes.tweak(undo.id, OWNER, "give the star back", round=1))
        assert undo.state == "review", undo.reason
        undo = await home.rest(await home.approve(undo))
        assert (undo.state, (await home.house.changes.get(change.id)).state) == ("merged", "reverted")


async def test_several_rounds_in_a_merge_commit_are_undone_as_one(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, edit("broken.py", "x = (\n"), edit("tests/test_b.py", "import broken\n\ndef test_b(): pass\n"))
    will_propose(llmock, edit("broken.py", "x = 1\n", old="x = (\n"))
    async with scripted_home(tmp_path, llmock, FILES, changes={"merge": "merge commit"}) as home:
        before = read(home, "rev-parse", "main^{tree}")
        change = await merged(home, Kind.FEATURE)
        assert len(read(home, "log", "-1", "--format=%P", "main").split()) == 2
        undo = await ordered(home, change)
        assert (undo.state, read(home, "rev-parse", "main^{tree}")) == ("merged", before)


async def test_an_undo_is_undone_like_any_change_and_again(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await merged(home)
        undo = await ordered(home, change)
        back = await ordered(home, undo)
        assert (back.state, read(home, "show", "main:light.py")) == ("merged", GREEN.strip()), back.reason
        undo, change = [await home.house.changes.get(one.id) for one in (undo, change)]
        assert (undo.state, change.state) == ("reverted", "reverted") and back.id in change.reason
        assert [undo.title, back.title] == [f"Undo: {change.title}", f"Bring back: {change.title}"]
        last = await ordered(home, back)
        assert (last.state, read(home, "show", "main:light.py")) == ("merged", LIGHT.strip()), last.reason
        assert last.title == undo.title


async def test_tests_that_an_undo_takes_back_with_it_may_go_and_no_others(tmp_path: Path, llmock: LLMock) -> None:
    zero = TESTS + "\n\ndef test_zero():\n    assert brightness(0) == 0\n"
    will_propose(llmock, becomes(GREEN), edit("tests/test_light.py", zero, old=TESTS))
    will_propose(llmock, edit("stars.py", "STARS = 9\n"))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await merged(home, Kind.FEATURE)
        other = await merged(home, Kind.FEATURE)
        commit(
            home,
            "tests/test_stars.py",
            "import pytest\n\nstars = pytest.importorskip('stars')\n\ndef test_stars(): pass\n",
        )
        undo = await ordered(home, change)
        review = await home.house.changes.review(undo.id)
        assert (undo.state, review.tests["asked"]) == ("merged", ["tests/test_light.py::test_zero"]), undo.reason
        undo = await ordered(home, other)
        assert undo.state == "review" and "test_stars" in undo.reason, "that test was not of the change"


async def test_where_who_asked_may_not_approve_the_order_alone_merges_nothing(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES, changes={"requester_may_approve": False}) as home:
        change = await merged(home)
        undo = await ordered(home, change)
        assert (undo.state, undo.decided_by) == ("review", "") and "its order alone" in undo.reason
        with pytest.raises(AccessDenied):
            await home.approve(undo, REVIEWER)
        undo = await home.rest(await home.approve(undo, OWNER))
        assert (undo.state, (await home.house.changes.get(change.id)).state) == ("merged", "reverted")


async def test_where_a_risk_takes_two_people_an_undo_waits_only_for_the_risk_of_its_own_diff(
    tmp_path: Path, llmock: LLMock
) -> None:
    will_propose(llmock, becomes(GREEN))
    will_propose(llmock, edit("Makefile", "stars:\n\ttrue\n"))
    async with scripted_home(tmp_path, llmock, FILES, changes={"two_people_for_risk": True}) as home:
        plain = await merged(home)
        risky = await wished(home)
        await home.approve(risky, REVIEWER, "two taps")
        risky = await home.rest(await home.approve(risky, OWNER, "two taps"))
        undo = await ordered(home, plain)
        assert (undo.state, (await home.house.changes.get(plain.id)).state) == ("merged", "reverted"), undo.reason
        undo = await ordered(home, risky)
        assert undo.state == "review" and "two people: Makefile" in undo.reason
