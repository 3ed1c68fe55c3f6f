"""Every target can be hit by a finger, on every screen, at both sizes of the panel."""

from __future__ import annotations

import asyncio

import pytest
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Static

from haven.errors import Unavailable
from haven.store.changes import Change
from kiosk.app import Kiosk
from kiosk.screens.ask import Ask
from kiosk.screens.dialogs import Choice, Dialog, PinPad, Words
from kiosk.screens.review import ReviewPane
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard, Keys
from kiosk.widgets.tile import Tile
from tests.kiosk.conftest import GREEN, OWNER, RED, House

SIZES = [(100, 28), (96, 26)]


def targets(screen: Screen[object]) -> list[tuple[str, Region, int]]:
    """What can be tapped now: its words, where, and the rows it must have."""
    found = [(tile.text, tile.region, 3) for tile in screen.query(Tile) if tile.region]
    for keys in screen.query(Keys):
        rows = 2 if isinstance(keys, Keyboard) else 3
        if keys.region:
            found += [(label, region.translate(keys.region.offset), rows) for region, label, _ in keys.targets()]
    return found


def assert_reachable(app: Kiosk) -> list[str]:
    whole = app.screen.region
    found = targets(app.screen)
    for words, region, rows in found:
        assert region.height >= rows and region.width >= 8, f"{words!r} is {region.width} x {region.height}"
        assert whole.contains_region(region), f"{words!r} is not wholly on the screen: {region}"
    for number, (words, region, _) in enumerate(found):
        for other, there, _ in found[number + 1 :]:
            assert not region.overlaps(there), f"{words!r} and {other!r} overlap"
    return [words for words, _, _ in found]


@pytest.mark.parametrize("size", SIZES)
async def test_targets_of_the_panes(house: House, size: tuple[int, int]) -> None:
    change: Change = await house.in_review()
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        for pane in ("home", "ask", "changes"):
            app.action_pane(pane)
            await pilot.pause()
            assert "F2 Ask" in assert_reachable(app)
        app.action_pane("ask")
        app.query_one(Keyboard).display = True
        await pilot.pause()
        assert {"q", "space", "⌫", "Ask"} <= set(assert_reachable(app))
        review = app.query_one(ReviewPane)
        app.action_pane("review")
        review.open(change.id)
        for worker in [worker for worker in app.workers if worker.group == "review"]:
            await worker.wait()
        await pilot.pause()
        assert {"Approve", "Tweak", "Reject", "Back"} <= set(assert_reachable(app))
        assert app.query_one("#summary").size.height >= 12, "too little room to read"


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_review_leaves_room_and_every_page_its_targets(house: House, size: tuple[int, int]) -> None:
    files = {
        f"atlas/{'deep/' * (number % 4)}a_module_with_a_long_name_{number:02d}.py": "x = 1\n" for number in range(40)
    }
    change = await house.in_review("Add a button that exports the map " * 5, RED, files=files | {"conftest.py": "\n"})
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        app.action_pane("review")
        app.query_one(ReviewPane).open(change.id)
        for worker in [worker for worker in app.workers if worker.group == "review"]:
            await worker.wait()
        for page in ("summary", "tests", "diff", "rounds"):
            await pilot.click(f"#tab-{page}")
            await pilot.pause()
            assert {"Approve\ntype the id", "Tweak", "Reject", "Back"} <= set(assert_reachable(app))
            assert app.query_one(f"#{page}").size.height >= 11, "too little room to read"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tests", [RED, GREEN])
async def test_what_an_approval_takes_is_wholly_read_however_much_there_is_to_say(
    house: House, size: tuple[int, int], tests: dict[str, object]
) -> None:
    names = {f"tests/{'long' * 9}.py::test_{number}_{'name' * 12}": "regressed" for number in range(30)}
    crowded = tests if tests is GREEN else RED | {"classes": names}
    change = await house.in_review(
        tests=crowded, files={f"{'deep/' * 20}{number}/conftest.py": "" for number in range(9)}
    )
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        app.action_pane("review")
        app.query_one(ReviewPane).open(change.id)
        for worker in [worker for worker in app.workers if worker.group == "review"]:
            await worker.wait()
        await pilot.pause()
        await pilot.click("#approve")
        async with asyncio.timeout(20):
            while not app.screen.query(".question"):
                await pilot.pause()
        assert "Back" in assert_reachable(app)
        question = app.screen.query_one(".question", Static)
        said = str(question.content)
        assert (f"type its id: {change.id}" if tests is RED else "Merge it all the same? Look twice: ") in said
        needed = question.get_content_height(app.size, app.size, question.content_size.width)
        assert needed <= question.content_size.height, "a part of the question can't be read"


@pytest.mark.parametrize("size", SIZES)
async def test_targets_under_an_answer(house: House, size: tuple[int, int]) -> None:
    """The most there can be at once: three choices of a held question, and another one that waits."""
    house.model.pieces, house.claude.failure = ["Perhaps."], Unavailable("Claude is out of reach.")
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        app.action_pane("ask")
        app.query_one(Ask).open("scribe")
        for text in ("Name the moons of Vega", "Name the moons of Altair"):
            app.query_one("#ask Entry", Entry).insert(text)
            await pilot.press("enter")
            await pilot.pause()
            for worker in [worker for worker in app.workers if worker.group == "answer"]:
                await worker.wait()
            await pilot.pause()
        found = assert_reachable(app)
        assert {"Wait for the cloud", "Later answers\n0 new, 1 waiting"} <= set(found)
        assert app.query_one("#answer").size.height >= 8, "too little room to read"
        app.query_one(Ask).on_entry_touched()
        await pilot.pause()
        assert "q" in assert_reachable(app)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dialog", ["pin", "words", "choice"])
async def test_targets_of_the_dialogs(house: House, size: tuple[int, int], dialog: str) -> None:
    long = "Its tests are not in order: 3 regressed (a, b, c). To merge it, type its id: abc123. " * 2
    made: dict[str, Dialog] = {
        "pin": PinPad("Enter the PIN to approve, tweak or reject a change."),
        "words": Words(long, "OK"),
        "choice": Choice("Which?", {"feature": "Feature", "fix": "Fix", "docs": "Docs", "refactor": "Refactor"}),
    }
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        await app.push_screen(made[dialog])
        await pilot.pause()
        assert "Back" in assert_reachable(app)
