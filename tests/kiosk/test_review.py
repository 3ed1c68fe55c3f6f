"""A change on the kiosk: looked at, approved, tweaked, rejected, gone back in, planned, stopped, undone."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from haven.store import changes as table
from haven.store import private_notes
from haven.store.changes import Change
from haven.store.database import Transaction
from kiosk.screens.home import Home
from kiosk.screens.review import ReviewPane
from tests.kiosk.conftest import OWNER, PANEL, RED, House, Show
from tests.kiosk.test_journeys import PIN, enter


async def test_approve_on_the_panel_takes_the_right_pin(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL) as terminal:
        await terminal.until("All looked at")
        change = await house.in_review()
        await terminal.until("1 for you to look at")
        await terminal.tap("Add a zoom button")
        await terminal.until("Adds a zoom.", "stand-in, not Claude", "Approve")
        await terminal.tap("Diff")
        await terminal.until("+def zoom() -> int:")
        await terminal.tap("Tests")
        await terminal.until("1 new test_map.py::test_export")
        await terminal.tap("Approve")
        await enter(terminal, "1357")
        await terminal.until("That PIN is wrong")
        assert (await house.changes.get(change.id)).state == "review"
        await enter(terminal, PIN)
        await terminal.until("merging", gone="Approve")
    moved = await house.changes.get(change.id)
    assert (moved.state, moved.decided_by) == ("merging", "panel")


async def test_the_panel_without_a_pin_says_how_to_set_one(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show(PANEL) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Approve")
        await enter(terminal, PIN)
        await terminal.until("No PIN is set. Run `haven setup pin`.")
    assert (await house.changes.get(change.id)).state == "review"


async def test_tweak_in_words_from_the_keyboard_on_the_screen(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show(OWNER, 96, 26) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Tweak")
        await terminal.until("What should be different?")
        await terminal.tap("hide")
        await terminal.until("In your words", gone="⇧ shift")
        await terminal.tap("In your words")
        await terminal.keys("zoom 4x")
        await terminal.until("zoom 4x")
        await terminal.tap("Send")
        await terminal.until(f"{change.id} · editing · round 2")
    rounds = await table.rounds(house.database, change.id)
    assert [(one.cause, one.instruction) for one in rounds] == [("request", ""), ("tweak", "zoom 4x")]


async def test_reject_with_a_reason(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Reject")
        await terminal.until("Why is it rejected?")
        terminal.type("not now\r")
        await terminal.until(f"{change.id} · rejected", gone="Approve")
    assert (await house.changes.get(change.id)).reason == "not now"


async def test_a_tap_while_another_is_worked_on_is_answered_and_not_done(house: House, show: Show) -> None:
    change = await house.in_review()
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as other:
        async with show() as terminal:
            await terminal.tap("Add a zoom button")
            await terminal.until("Approve")
            other.execute("begin immediate")  # the approval can't be written yet
            await terminal.tap("Approve")
            await terminal.tap("Reject")
            await terminal.until("One thing at a time")
            other.execute("rollback")
            await terminal.until("merging")
    assert (await house.changes.get(change.id)).state == "merging"


async def test_a_tap_a_moment_before_the_last_one_is_done_is_not_lost(house: House) -> None:
    app, ended, done = house.kiosk(OWNER), asyncio.Event(), list[str]()

    async def first() -> None:
        await ended.wait()
        done.append("first")

    async def second() -> None:
        done.append("second")

    async with app.run_test() as pilot:
        home = app.query_one(Home)
        home.tapped(first, "dialog")
        home.tapped(second, "dialog")
        ended.set()
        async with asyncio.timeout(20):
            while len(done) < 2:
                await pilot.pause()
    assert done == ["first", "second"]


async def test_a_risky_change_takes_a_second_tap(house: House, show: Show) -> None:
    change = await house.in_review(path="conftest.py")
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Approve")
        await terminal.until("Look twice: conftest.py", "Approve a second time")
        terminal.type("\x1b")
        await terminal.until(gone="Approve a second time")
        assert (await house.changes.get(change.id)).state == "review"
        await terminal.tap("Approve")
        await terminal.tap("Approve a second time")
        await terminal.until("merging")


async def test_a_tap_on_a_line_of_the_diff_makes_the_tweak_about_it(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Diff")
        await terminal.until("2 + return 2")
        await terminal.tap("return 2")
        await terminal.until("line 2")
        await terminal.tap("def zoom")
        await terminal.until("line 1", gone="line 2")
        await terminal.tap("def zoom")
        await terminal.until(gone="line 1")
        await terminal.tap("return 2")
        await terminal.until("line 2")
        await terminal.tap("Tweak")
        await terminal.until("What should be different in zoom.py:2?")
        terminal.type("return 4\r")
        await terminal.until(f"{change.id} · editing · round 2")
    said = (await table.rounds(house.database, change.id))[1].instruction
    assert said == "In zoom.py, line 2, which reads `return 2`:\nreturn 4"


async def test_an_earlier_round_is_compared_and_gone_back_to(house: House, show: Show) -> None:
    change = await house.in_review()
    branch = f"haven/change-{change.id}-zoom"
    first = (await house.changes.review(change.id)).commit
    tree = await house.repository.worktree(change.id, branch, first)
    (tree / "zoom.py").write_text("def zoom() -> int:\n    return 4\n")
    second = await house.repository.commit(tree, "larger")
    await house.repository.remove_worktree(change.id)

    async def work(tx: Transaction) -> None:
        await table.insert_round(tx, change.id, 2, "tweak", "four times")
        await table.update_round(tx, change.id, 2, commit_id=second, tests=RED)
        await table.update(tx, change.id, round=2, branch=branch)

    await house.database.write(work)
    async with show(OWNER, 100, 34) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Diff")
        await terminal.until("return 4", gone="shown here")  # the summary says "Rounds", too, below the tab
        await terminal.tap("Rounds")
        await terminal.until("Round 2 (tweak) · shown · four times", "Round 1 (request)")
        await terminal.tap("Round 1 (request)")
        await terminal.tap("Compare with round 2")
        await terminal.until("1 regressed", "- return 2", "+ return 4")
        await terminal.tap("Back")  # to the rounds, not out of the change
        await terminal.until("Round 2 (tweak) · shown", gone="Tests differ")
        await terminal.tap("Round 1 (request)")
        await terminal.tap("Go back to round 1")
        await terminal.until(f"{change.id} · review · round 1", "shows round 1 again")
        await terminal.tap("Approve")
        await terminal.until("merging")
    assert (await table.round_of(house.database, await house.changes.get(change.id))).commit_id == first


async def test_the_first_look_says_tests_risk_and_what_an_approval_takes(house: House, show: Show) -> None:
    await house.in_review(tests=RED, path="conftest.py")
    async with show(OWNER, 96, 26) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until(
            *("✗ Its tests are not in order: 1 regressed (passed before, fails now).", "✗ 1 regressed"),
            *("! Look twice: conftest.py: decides how tests run.", "! look twice: 1", "type the id"),
            "only after typing the id",
        )


async def test_many_files_are_a_list_and_a_tap_opens_one(house: House, show: Show) -> None:
    files = {f"atlas/part_{number:02d}.py": f"NUMBER = {number}\n" for number in range(12)}
    await house.in_review(files=files)
    async with show(OWNER, 96, 26) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Diff")
        await terminal.until("▸ atlas/part_01.py +1 -0, new", gone="NUMBER")
        await terminal.tap("part_01.py")
        await terminal.until("▾ atlas/part_01.py", "+NUMBER = 1", gone="NUMBER = 0")
        await terminal.tap("part_01.py")
        await terminal.until(gone="NUMBER")


async def test_a_merged_change_is_undone_with_the_pin(house: House, show: Show) -> None:
    house.pin.set(PIN)
    change = await house.in_review()
    await house.database.write(lambda tx: table.update(tx, change.id, state="merged", merged="c" * 40))
    async with show(PANEL) as terminal:
        await terminal.tap("F3 Changes")
        await terminal.tap("Add a zoom button")
        await terminal.until("Undo", gone="Approve")
        await terminal.tap("Undo")
        await terminal.until("takes the change back out of main")
        await terminal.tap("Undo it")
        await enter(terminal, PIN)
        await terminal.until("Undo: Add a zoom button", "queued · round 1")
    undo = next(one for one in await house.changes.list() if one.undoes)
    assert (undo.undoes, undo.decided_by) == (change.id, "panel")


async def test_a_change_with_failing_tests_takes_its_typed_id(house: House, show: Show) -> None:
    change = await house.in_review(tests=RED)
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Approve")
        await terminal.until("To merge it all the same, type its id")
        terminal.type("nonsense\r")
        await terminal.until("merge all the same, type the change's id")
        assert (await house.changes.get(change.id)).state == "review"
        await terminal.tap("Approve")
        await terminal.until("type its id")
        terminal.type(f"{change.id}\r")
        await terminal.until("merging")


async def test_a_decision_made_elsewhere_is_seen_at_once(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until("Approve")
        await house.changes.reject(change.id, OWNER, round=1)
        await terminal.until(f"{change.id} · rejected", gone="Approve")


async def test_the_newer_of_two_rounds_is_never_approved_unseen(house: House, show: Show) -> None:
    change = await house.in_review(path="conftest.py")
    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("Approve")
        await terminal.until("Look twice: conftest.py", "Approve a second time")
        await house.changes.tweak(change.id, OWNER, "smaller", round=1)
        await terminal.tap("Approve a second time")
        await terminal.until("that decision no longer fits")
    assert (await house.changes.get(change.id)).state == "editing"


async def test_a_tap_that_waits_for_its_turn_decides_the_change_it_was_on(house: House, show: Show) -> None:
    tapped, other = await house.in_review(), await house.in_review("Add a scale", path="scale.py")
    ended = asyncio.Event()

    async def busy() -> None:
        await ended.wait()

    async with show() as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until("Adds a zoom.", "Approve")
        pane = house.kiosks[-1].floor.query_one(ReviewPane)
        pane.tapped(busy, "dialog")
        pane.action_act("approve")
        pane.opened(other.id)
        await terminal.until(f"{other.id} · review", "Approve")
        ended.set()
        await asyncio.wait([one._task for one in pane.workers if one._task and one.group.startswith("dialog")])
        assert (await house.changes.get(other.id)).state == "review"
    assert (await house.changes.get(tapped.id)).state in {"merging", "review"}  # review: it waited too long


async def test_work_shows_live_and_can_be_stopped(house: House, show: Show) -> None:
    change = await house.in_review()
    await house.changes.tweak(change.id, OWNER, "smaller", round=1)
    async with show() as terminal:
        await terminal.tap("F3 Changes")
        await terminal.until("editing · feature")
        house.bus.live("change.progress", change.id, text="asking for edits\x1b]0;gotcha\x07", stage="editing")
        await terminal.until("asking for edits")
        await terminal.tap("Add a zoom button")
        await terminal.tap("Stop")
        await terminal.until("The best round so far is shown")
        await terminal.tap("Stop it")
        await terminal.until("stops.")
    assert (await house.changes.get(change.id)).stop == OWNER.id


async def planned(house: House) -> Change:
    """A change whose plan waits for a person."""
    change = await house.in_review()
    plan = {"written": {"steps": ["Add a zoom to the map."], "files": ["map.py"], "risk": "None."}, "worst_usd": 0.2}

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id="", tests={}, summary={})
        await table.update(tx, change.id, state="awaiting plan", plan=plan | {"rounds": 3, "most_usd": 1.0})

    await house.database.write(work)
    return change


@pytest.mark.parametrize(
    ("act", "said"), [("Go on", "is approved"), ("Skip", "without the plan"), ("Tweak", "planned again")]
)
async def test_a_plan_is_read_and_approved_skipped_or_changed(house: House, show: Show, act: str, said: str) -> None:
    change = await planned(house)
    async with show() as terminal:
        await terminal.tap("F3 Changes")
        await terminal.tap("Add a zoom button")
        await terminal.until("1. Add a zoom to the map.", "held below 1.00 USD", "Go on", "Skip", "Tweak")
        await terminal.tap(act)
        if act == "Tweak":
            await terminal.until("different in the plan")
            terminal.type("a slider\r")
        await terminal.until(said)
    now = await house.changes.get(change.id)
    assert now.state == ("planning" if act == "Tweak" else "editing")
    assert now.plan.get("skipped", False) is (act == "Skip")
    assert now.plan.get("wishes", []) == ["a slider"] * (act == "Tweak")


async def test_a_failed_change_is_put_away(house: House, show: Show) -> None:
    change = await house.in_review()

    async def work(tx: Transaction) -> None:
        await table.update(tx, change.id, state="failed", reason="Claude refused this request.")

    await house.database.write(work)
    async with show() as terminal:
        await terminal.tap("F3 Changes")
        await terminal.tap("Add a zoom button")
        await terminal.tap("Withdraw")
        await terminal.tap("Withdraw it")
        await terminal.until(f"{change.id} · cancelled")


async def test_private_notes_are_on_a_persons_own_display_and_never_on_the_wall(house: House, show: Show) -> None:
    change = await house.in_review()
    await house.database.write(lambda tx: private_notes.put(tx, change.id, "Ada pays for it"))
    for person, shown in ((OWNER, True), (PANEL, False)):
        async with show(person, rows=40) as terminal:
            await terminal.until("1 for you to look at")
            await terminal.tap("Add a zoom button")
            await terminal.until("Adds a zoom.", "Approve", *(["Ada pays for it"] if shown else []))
            assert ("Private notes" in terminal.screen) is shown


async def test_review_without_a_change_says_where_to_choose_one(show: Show) -> None:
    async with show(OWNER, 96, 26) as terminal:
        await terminal.tap("More")
        await terminal.tap("the change you looked at last")
        await terminal.until("No change was looked at yet. Choose one under F3 Changes.", gone="Approve")
