"""Every target can be hit by a finger: in every place and dialog, on a panel on its side and on end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from haven.errors import Unavailable
from haven.store.changes import Change
from kiosk.app import Kiosk
from kiosk.places import PLACES
from kiosk.screens.ask import Ask
from kiosk.screens.dialogs import Choice, Dialog, PinPad, Words
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard, Keys
from kiosk.widgets.tile import Tile
from tests.kiosk.conftest import GREEN, OWNER, RED, House
from tests.kiosk.terminal import PATIENCE_S

SIZES = [(100, 28), (96, 26)]
"""Of a panel of 7 inches on its side, as two of them show it."""
EVERY_SIZE = [*SIZES, (98, 26), (48, 50)]
"""The last one stands on end."""
NARROW = 80
LONG = "Its tests are not in order: 3 regressed (a, b, c). To merge it, type its id: abc123. " * 2
KINDS = {"feature": "Feature", "fix": "Fix", "docs": "Docs", "refactor": "Refactor"}
DIALOGS: dict[str, Callable[[], Dialog]] = {
    "the PIN": lambda: PinPad("Enter the PIN to approve, tweak or reject a change."),
    "words": lambda: Words(LONG, "OK"),
    "a number": lambda: Words(LONG, "OK", numeric=True),
    "a choice": lambda: Choice("Which?", KINDS),
}


@dataclass(frozen=True)
class Target:
    """Something that is tapped."""

    words: str
    region: Region
    seen: Region
    """The part of it that is not scrolled away or cut off."""
    least: tuple[int, int]
    """Columns and rows it must have."""
    scrolls: bool
    """Whether what it stands in can be scrolled up and down."""


def targets(screen: Screen[object]) -> list[Target]:
    """What can be tapped now, or after scrolling."""
    found = []
    for widget in screen.query("Tile, Keys").results(Widget):
        if not widget.region or not (widget.is_on_screen or _scrolls(widget)):
            continue
        place = screen.find_widget(widget)
        if isinstance(widget, Tile):
            one = Target(widget.text, place.region, place.visible_region, (8, 3), _scrolls(widget))
            found.append(one)
        elif isinstance(widget, Keys):
            keyboard = isinstance(widget, Keyboard)
            least = ((4, 3) if screen.size.width < NARROW else (8, 2)) if keyboard else (8, 3)
            for region, label, _ in widget.targets():
                there = region.translate(place.region.offset)
                found.append(Target(label, there, there.intersection(place.clip), least, scrolls=False))
    return found


def _scrolls(widget: Widget) -> bool:
    return any(isinstance(node, Widget) and node.max_scroll_y for node in widget.ancestors)


def faults(screen: Screen[object]) -> list[str]:
    """Each target must be large enough, wholly there (or to be scrolled to), and covered by no other."""
    found, said = targets(screen), []
    for one in found:
        (columns, rows), region, seen = one.least, one.region, one.seen
        if region.height < rows or region.width < columns:
            said.append(f"{one.words!r} is {region.width} x {region.height}, not {columns} x {rows}")
        scrolled_away = one.scrolls and (not seen or seen.width == region.width)
        if seen != region and not scrolled_away:
            said.append(f"{one.words!r} is cut off: {region}, {seen}")
    for number, one in enumerate(found):
        said += [
            f"{one.words!r} and {other.words!r} overlap"
            for other in found[number + 1 :]
            if one.seen and other.seen and one.seen.overlaps(other.seen)
        ]
    return said


def assert_reachable(app: Kiosk) -> list[str]:
    """What can be tapped, by its words."""
    assert faults(app.screen) == []
    return [one.words for one in targets(app.screen)]


async def settled(app: Kiosk, pilot: Pilot[None], pane: str) -> None:
    """Until the pane has what it asked for when it was opened, and it is drawn."""
    for _ in range(3):
        for worker in [one for one in app.workers if one.node is app.query_one(f"#{pane}") and one.group != "follow"]:
            await asyncio.wait_for(worker.wait(), PATIENCE_S)
        await pilot.pause()


@pytest.mark.parametrize("size", EVERY_SIZE)
async def test_every_place_and_every_dialog(house: House, size: tuple[int, int]) -> None:
    change: Change = await house.in_review()
    app = house.kiosk(OWNER)
    wrong: dict[str, list[str]] = {}
    async with app.run_test(size=size) as pilot:
        for place in [one.id for one in PLACES] + ["more"]:
            app.action_pane(place, change.id if place == "review" else "")
            await settled(app, pilot, place)
            wrong[place] = faults(app.screen)
            seen = {one.words for one in targets(app.screen)}
            assert {"F1 Home", "F2 Ask", "Cloud on"} <= seen, f"the bar is on every screen, but not on {place}"
            for keyboard in app.query(f"#{place} Keyboard").results(Keyboard):
                keyboard.display = True
                await pilot.pause()
                wrong[f"{place} with its keyboard"] = faults(app.screen)
                (entry,) = app.query(f"#{place} Entry").results(Entry)
                field = app.screen.find_widget(entry)
                assert field.visible_region == field.region, f"the keyboard hides the field of {place}"
                keyboard.display = False
        for name, dialog in DIALOGS.items():
            await app.push_screen(dialog())
            await pilot.pause()
            wrong[name] = faults(app.screen)
            app.pop_screen()
    assert {where: said for where, said in wrong.items() if said} == {}


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_review_leaves_room_and_every_page_its_targets(house: House, size: tuple[int, int]) -> None:
    files = {
        f"atlas/{'deep/' * (number % 4)}a_module_with_a_long_name_{number:02d}.py": "x = 1\n" for number in range(40)
    }
    change = await house.in_review("Add a button that exports the map " * 5, RED, files=files | {"conftest.py": "\n"})
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        app.action_pane("review", change.id)
        await settled(app, pilot, "review")
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
        app.action_pane("review", change.id)
        await settled(app, pilot, "review")
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
        app.query_one(Ask).opened("scribe")
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
