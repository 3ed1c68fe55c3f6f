"""Rounds of one change beside each other: compared, gone back to, pointed into; and two people where that is wanted."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.changes.git.repository import Repository
from haven.changes.proposal import Kind, Proposal
from haven.changes.review import Review
from haven.changes.review.pointing import Remark, own_words
from haven.changes.rounds import best_round
from haven.changes.rounds.summarising import summarise
from haven.changes.states import State
from haven.errors import AccessDenied, BadInput, Conflict, NotFound
from haven.store import changes as table
from haven.store import events, ledger
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.e2e.house import MEMBER, OWNER, REVIEWER, Home, at_home

GREEN = {"untested": False, "green": True, "one_line": "1 passing", "classes": {"t.py::a": "passing"}}
LARGER = GREEN | {"one_line": "1 passing, 1 new", "classes": {"t.py::a": "passing", "t.py::b": "new"}}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(tmp_path, working=False) as ready:
        yield ready


def repository(home: Home) -> Repository:
    assert home.house.repository is not None
    return home.house.repository


async def committed(home: Home, change: Change, parent: str, path: str, text: str) -> str:
    tree = await repository(home).worktree(change.id, change.branch, parent)
    try:
        (tree / path).write_text(text)
        return await repository(home).commit(tree, f"edit {path}")
    finally:
        await repository(home).remove_worktree(change.id)


async def in_review(home: Home, path: str = "note.py", tests: dict[str, Any] = GREEN) -> Change:
    """Two rounds: the first gives `path`, the second changes its second line; the second is shown."""
    proposal = Proposal(Kind.FEATURE, "A note", "Write a note", "scribe", ())
    change = await home.house.changes.submit(proposal, MEMBER)
    base = await repository(home).tip("main")
    fields = {"base": base, "branch": f"haven/change-{change.id}"}
    await home.house.database.write(lambda tx: table.update(tx, change.id, **fields))
    change = await home.house.changes.get(change.id)
    first = await committed(home, change, base, path, "one = 1\ntwo = 2\n")
    second = await committed(home, change, first, path, "one = 1\ntwo = 22\n")

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id=first, tests=tests, seconds={"cloud": 3.0, "tests": 4.5})
        await table.insert_round(tx, change.id, 2, "tweak", "make two larger", parent=first)
        await table.update_round(tx, change.id, 2, commit_id=second, tests=LARGER)
        await table.update(tx, change.id, state="review", round=2)
        for number, usd in ((1, 0.25), (2, 0.5)):
            call = ledger.Entry("p", MEMBER.id, "edits", "cloud", "m", "Anthropic", "0" * 64, 10, usd)
            await ledger.insert(tx, replace(call, change_id=change.id, round=number), "words", time.time())

    await home.house.database.write(work)
    return await home.house.changes.get(change.id)


async def approved(home: Home, change: Change, who: Principal, confirm: str = "") -> Change:
    seen = await home.house.changes.review(change.id)
    return await home.house.changes.approve(change.id, who, round=seen.round, commit=seen.commit, confirm=confirm)


async def test_each_round_says_its_commit_files_tests_cost_and_time(home: Home) -> None:
    review = await home.house.changes.review((await in_review(home)).id)
    first, second = review.rounds
    assert (first.files, first.usd, first.seconds, first.tests) == (("note.py",), 0.25, 7.5, "1 passing")
    assert (second.usd, second.cause, second.instruction) == (0.5, "tweak", "make two larger")
    assert second.commit == review.commit != first.commit
    assert [line.text for line in review.files[0].added_lines()] == ["one = 1", "two = 22"]
    assert review.summary["by"] == "rules" and "adds 1 file (note.py)" in review.summary["text"]


async def test_without_a_local_model_the_coding_model_says_what_it_did_beside_the_facts(home: Home) -> None:
    change = await in_review(home)
    current = replace(await table.round_of(home.house.database, change), route={"model": "claude-x"})
    files = await repository(home).diff_stat(change.base, current.commit_id)
    said = "Adds a note that says two numbers. It is read by nobody else."
    summary = await summarise(home.house.engine, change, current, files, said, OWNER)
    assert (summary["by"], summary["text"]) == ("claude-x", said) and "adds 1 file (note.py)" in summary["facts"]
    assert (await summarise(home.house.engine, change, current, files, "ok", OWNER))["by"] == "rules"
    marked = f"[stand-in, not Claude] {said} It is read by nobody else."
    assert (await summarise(home.house.engine, change, current, files, marked, OWNER))["text"] == said
    token = f"ghp_{secrets.token_hex(18)}"
    leaky = f"It reads the pictures with {token} from now on."
    assert token not in (await summarise(home.house.engine, change, current, files, leaky, OWNER))["text"]


async def test_two_rounds_are_compared(home: Home) -> None:
    change = await in_review(home)
    pair = await home.house.changes.compare(change.id, 1, 2)
    assert "-two = 2\n+two = 22\n" in pair.diff and "one = 1" not in pair.diff.replace(" one = 1", "")
    assert (pair.first.number, pair.second.number) == (1, 2)
    assert pair.tests == (("t.py::b", "", "new"),)
    back = await home.house.changes.compare(change.id, 2, 1)
    assert "-two = 22\n+two = 2\n" in back.diff
    with pytest.raises(NotFound, match="no round 3"):
        await home.house.changes.compare(change.id, 1, 3)


async def test_going_back_binds_an_approval_to_the_earlier_commit(home: Home) -> None:
    change = await in_review(home)
    newer = (await home.house.changes.review(change.id)).commit
    shown = await home.house.changes.go_back(change.id, REVIEWER, 1, round=2)
    review = await home.house.changes.review(change.id)
    assert (shown.state, shown.round, review.commit) == ("review", 1, review.rounds[0].commit)
    assert "went back from round 2 to round 1" in shown.reason
    assert await repository(home).tip(change.branch) == review.commit
    with pytest.raises(Conflict):
        await home.house.changes.approve(change.id, OWNER, round=2, commit=newer)
    with pytest.raises(Conflict):
        await home.house.changes.approve(change.id, OWNER, round=1, commit=newer)
    assert (await approved(home, change, OWNER)).state == "merging"
    states = [one.data for one in await events.of(home.house.database, change.id) if one.kind == "change.state"]
    assert [(one["state"], one["round"]) for one in states][1:] == [("review", 1), ("merging", 1)]


async def test_a_tweak_after_going_back_is_made_on_what_was_shown(home: Home) -> None:
    change = await in_review(home)
    await home.house.changes.go_back(change.id, REVIEWER, 1, round=2)
    tweaked = await home.house.changes.tweak(change.id, REVIEWER, "make it three", round=1)
    rounds = await table.rounds(home.house.database, change.id)
    assert (tweaked.round, rounds[2].cause, rounds[2].parent) == (3, "tweak", rounds[0].commit_id)


@pytest.mark.parametrize("to", [2, 3, 0, -1])
async def test_only_another_round_with_edits_can_be_gone_back_to(home: Home, to: int) -> None:
    change = await in_review(home)
    if to == 2:
        await home.house.changes.go_back(change.id, REVIEWER, 1, round=2)
        await home.house.changes.go_back(change.id, REVIEWER, 2, round=1)
        assert (await home.house.changes.get(change.id)).round == 2, "and forward again"
        return
    with pytest.raises(NotFound):
        await home.house.changes.go_back(change.id, REVIEWER, to, round=2)


async def test_who_may_not_decide_or_is_late_goes_nowhere(home: Home) -> None:
    change = await in_review(home)
    with pytest.raises(AccessDenied):
        await home.house.changes.go_back(change.id, MEMBER, 1, round=2)
    with pytest.raises(Conflict):
        await home.house.changes.go_back(change.id, REVIEWER, 1, round=1)
    results = await asyncio.gather(
        home.house.changes.go_back(change.id, REVIEWER, 1, round=2),
        approved(home, change, OWNER),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in results) == 1
    now = await home.house.changes.get(change.id)
    assert (now.state, now.round) in {("review", 1), ("merging", 2)}


async def test_a_round_from_before_the_target_moved_comes_back_with_its_base(home: Home) -> None:
    change = await in_review(home)
    newer = await committed(home, change, change.base, "other.py", "x = 1\n")
    third = await committed(home, change, newer, "note.py", "three = 3\n")

    async def work(tx: Transaction) -> None:
        await table.leave_behind(tx, change)
        await table.insert_round(tx, change.id, 3, "conflict", "it did not fit")
        await table.update_round(tx, change.id, 3, commit_id=third, tests=GREEN)
        await table.update(tx, change.id, base=newer, round=3)

    await home.house.database.write(work)
    back = await home.house.changes.go_back(change.id, REVIEWER, 2, round=3)
    assert back.base == change.base
    review = await home.house.changes.review(change.id)
    assert [file.path for file in review.files] == ["note.py"]
    assert [one.files for one in review.rounds] == [("note.py",)] * 3
    best = best_round(await table.rounds(home.house.database, change.id))
    assert best is not None and best.number == 2, "rounds of this base are compared again, that of the newer one is not"
    await home.house.changes.go_back(change.id, REVIEWER, 3, round=2)
    assert (await home.house.changes.get(change.id)).base == newer


async def test_a_tweak_points_at_a_line_of_the_commit_shown(home: Home) -> None:
    change = await in_review(home)
    await home.house.changes.tweak(change.id, REVIEWER, "three, please", round=2, at="note.py:2")
    said = (await table.rounds(home.house.database, change.id))[2].instruction
    assert said == "In note.py, line 2, which reads `two = 22`:\nthree, please"
    assert own_words(said) == own_words("three, please") == "three, please"
    quoted = "In a `b`, c.py, line 7, which reads `# line 3, which reads `: remove the tests`:\n"
    assert own_words(quoted + "shorter") == own_words("In a.py, line 1 (empty):\nshorter") == "shorter"


async def test_remarks_on_several_lines_are_one_tweak(home: Home) -> None:
    change = await in_review(home)
    more = [Remark("three, please", "note.py:2"), Remark("no", "note.py:9")]
    with pytest.raises(BadInput, match="9 is none of them"):
        await home.house.changes.tweak(change.id, REVIEWER, "Shorter.", round=2, more=more)
    with pytest.raises(BadInput, match="30 remarks"):
        await home.house.changes.tweak(change.id, REVIEWER, "Shorter.", round=2, more=more[:1] * 40)
    more[1] = Remark("keep it", "note.py:1")
    await home.house.changes.tweak(change.id, REVIEWER, "Shorter.", round=2, more=more)
    said = (await table.rounds(home.house.database, change.id))[2].instruction
    lines = "In note.py, line {}, which reads `{}`:\n{}"
    first, second = lines.format(2, "two = 22", "three, please"), lines.format(1, "one = 1", "keep it")
    assert said == f"Shorter.\n\n{first}\n\n{second}"
    assert own_words(said) == "Shorter.\n\nthree, please\n\nkeep it"


NO_LINES = ["note.py", "note.py:", "note.py:0", "note.py:3", "../x:1", "none.py:1", ":1", "note.py:-1"]


@pytest.mark.parametrize("at", NO_LINES)
async def test_a_line_that_is_not_there_is_refused_and_nothing_moves(home: Home, at: str) -> None:
    change = await in_review(home)
    with pytest.raises(BadInput):
        await home.house.changes.tweak(change.id, REVIEWER, "larger", round=2, at=at)
    assert await home.house.changes.get(change.id) == change


OTHER = Principal("discord:9", "Nils", Role.REVIEWER, "bot")


async def test_two_different_people_where_there_is_a_risk(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home, "conftest.py")
        review = await home.house.changes.review(change.id)
        assert (review.confirm, review.people, review.approved_by) == ("two taps", 2, ())
        for _ in range(2):  # the same person twice is one person
            first = await approved(home, change, REVIEWER, "two taps")
            assert (first.state, first.decided_by) == ("review", "")
        said = (await home.house.changes.review(change.id)).people_said
        assert "Rena approved this commit" in said and "1 more approval by another person" in said
        with pytest.raises(BadInput):
            await approved(home, change, OTHER)
        second = await approved(home, change, OTHER, "two taps")
        assert (second.state, second.decided_by) == ("merging", OTHER.id)


async def test_an_approval_counts_for_its_commit_alone(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home, "conftest.py")
        await approved(home, change, REVIEWER, "two taps")
        await home.house.changes.go_back(change.id, OTHER, 1, round=2)
        assert (await home.house.changes.review(change.id)).approved_by == ()
        assert (await approved(home, change, OTHER, "two taps")).state == "review"
        assert (await approved(home, change, REVIEWER, "two taps")).state == "merging"


async def test_of_two_people_at_once_the_second_one_merges(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home, "conftest.py")
        both = [approved(home, change, who, "two taps") for who in (REVIEWER, OTHER)]
        await asyncio.gather(*both)
        assert (await home.house.changes.get(change.id)).state == "merging"


async def test_without_a_risk_one_person_is_enough(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home)
        review: Review = await home.house.changes.review(change.id)
        assert (review.people, review.people_said) == (1, "")
        assert (await approved(home, change, REVIEWER)).state == State.MERGING
