"""A review by touch: what each failed test said, and an approval that takes two different people."""

from __future__ import annotations

from dataclasses import replace

from haven.access import Role
from haven.changes.checking.comparison import compare
from haven.changes.checking.testreport import Case, TestReport
from haven.changes.decisions import Changes
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import enter

REA = replace(OWNER, id="discord:8", name="Rea", role=Role.REVIEWER, face="bot")
PIN = "4683"
"""No digit of it stands on a button beside the pad."""
TRACEBACK = "def test_zoom():\n>       assert zoom() == 4\nE       \x1b[2Jassert 2 == 4"


async def test_what_a_failed_test_said_is_read_by_a_tap_on_it(house: House, show: Show) -> None:
    before = TestReport({f"test_map.py::test_{name}": Case("passed") for name in ("zoom", "pan", "slow")})
    now = {"zoom": Case("failed", TRACEBACK), "pan": Case("passed"), "slow": Case("skipped", "needs a panel")}
    after = TestReport({f"test_map.py::test_{name}": case for name, case in now.items()})
    await house.in_review(tests=compare(before, after).to_json())
    async with show(OWNER, 100, 34) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.tap("✗ 1 regressed")  # the tile: the words Tests stand in the summary, too
        await terminal.until("1 regressed (passed before, fails now)", "▸ test_map.py::test_zoom", "what it said")
        assert "assert 2 == 4" not in terminal.screen
        await terminal.tap("test_map.py::test_zoom")
        await terminal.until("▾ test_map.py::test_zoom", "> assert zoom() == 4", "E <U+001B>[2Jassert 2 == 4")
        await terminal.tap("test_map.py::test_slow")
        await terminal.until("needs a panel")
        await terminal.tap("test_map.py::test_zoom")
        await terminal.until("▸ test_map.py::test_zoom", "needs a panel", gone="assert 2 == 4")


async def test_two_people_approve_and_who_has_is_shown_after_the_first(house: House, show: Show) -> None:
    house.pin.set(PIN)
    both = house.settings.changes.model_copy(update={"two_people_for_risk": True})
    settings = house.settings.model_copy(update={"changes": both})
    house.changes = Changes(house.database, settings, lambda: house.repository, lambda id: None)
    change = await house.in_review(path="conftest.py")
    async with show(PANEL) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until("0 of 2 people")
        await terminal.tap("Approve")
        await terminal.tap("Approve a second time")
        await enter(terminal, PIN)
        await terminal.until("1 of 2 people", "Wall panel", "another person")
        assert (await house.changes.get(change.id)).state == "review"
        with house.bus.subscribe() as told:
            await terminal.tap("Approve")
            await terminal.tap("Approve a second time")
            await enter(terminal, PIN)
            while (await anext(told)).kind != "change.state":
                pass
        assert (await house.changes.get(change.id)).state == "review", "one hand twice is no second person"
        review = await house.changes.review(change.id)
        await house.changes.approve(change.id, REA, round=review.round, commit=review.commit, confirm="two taps")
        await terminal.until("merging", gone="Approve")
