"""What a person does at the kiosk, in bytes of a terminal, and what comes of it."""

from __future__ import annotations

import pytest

from haven.changes.states import State
from haven.errors import Unavailable
from haven.store import changes as table
from haven.store.database import Transaction
from kiosk.app import Kiosk
from tests.kiosk.conftest import PANEL, House, Show
from tests.kiosk.terminal import Terminal

PIN = "2468"


async def enter(terminal: Terminal, pin: str) -> None:
    await terminal.until("OK")
    for digit in pin:
        await terminal.tap(f" {digit} ")
    await terminal.tap("OK")


async def ask(terminal: Terminal, assistant: str) -> None:
    await terminal.tap(assistant)
    await terminal.until("Make this")


async def test_an_answer_is_streamed_and_says_where_it_came_from(house: House, show: Show) -> None:
    house.model.go_on.clear()
    async with show() as terminal:
        await terminal.tap("Lorekeeper")
        await terminal.tap("Ask, or say")
        await terminal.keys("who named vega")
        await terminal.tap("⏎")
        await terminal.until("Lorekeeper · Lorekeeper was asked for", "Vega has")
        assert "moons" not in terminal.screen
        house.model.go_on.set()
        await terminal.until("Vega has three moons.", "local · small-model · free")
    assert "who named vega" in house.model.calls[-1].turns[-1].text


async def test_a_long_answer_is_followed_until_a_finger_goes_back(house: House, show: Show) -> None:
    house.model.pieces = [f"Moon {number} is called {number * 7919:x}.\n\n" for number in range(40)]
    house.model.go_on.clear()
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type("Name the moons\r")
        await terminal.until("Moon 0 is called")
        house.model.go_on.set()
        await terminal.until("Moon 39 is called", "local · small-model")
        x, y = terminal.where("Moon 39")
        for step in range(y - 8, y + 1):
            (terminal.press if step == y - 8 else terminal.move)(x, step)
        terminal.lift(x, y)
        await terminal.until("Moon 33", gone="Moon 39")


async def test_a_draft_is_marked_and_replaced(house: House, show: Show) -> None:
    house.model.pieces = ["Perhaps."]
    house.claude.go_on.clear()
    house.claude.pieces = ["Vega has ", "three moons."]
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type("Name the moons of Vega\r")
        await terminal.until("draft, below the bar: scored 65 of 100", gone="Perhaps")
        house.claude.go_on.set()
        await terminal.until("Vega has three moons.", "stand-in, not Claude · cloud", gone="draft")


async def test_what_is_private_stays_home(house: House, show: Show) -> None:
    house.model.pieces = ["Perhaps."]
    async with show() as terminal:
        await ask(terminal, "Scribe")
        await terminal.tap("Private")
        await terminal.until("stays home")
        terminal.type("My secret\r")
        await terminal.until("Perhaps.", "local · small-model")
        assert "My secret" not in terminal.screen
    assert house.claude.calls == []


async def test_the_panel_opens_the_cloud_with_its_pin_only(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL) as terminal:
        await ask(terminal, "Scribe")
        terminal.type("How many moons?\r")
        await terminal.until("Vega has three moons.", "local · small-model")
        await terminal.tap("Model")
        await terminal.tap("Model")
        await terminal.until(" cloud ")
        terminal.type("How many moons?\r")
        await enter(terminal, PIN)
        await terminal.until("stand-in, not Claude · cloud")
    assert len(house.claude.calls) == 1


async def test_a_model_out_of_reach_is_one_sentence(house: House, show: Show) -> None:
    house.model.failure = house.claude.failure = Unavailable("The model is out of reach.", "Wait a bit.", retry=False)
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type("How many moons?\r")
        await terminal.until("The model is out of reach. Wait a bit. [")


async def test_an_empty_question_is_told_so(house: House, show: Show) -> None:
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type("\r")
        await terminal.until("The request is empty. Say in a sentence what you would like.")


async def test_a_question_becomes_a_change(house: House, show: Show) -> None:
    async with show() as terminal:
        await ask(terminal, "Cartographer")
        house.model.data = {"title": "Export the map"}
        terminal.type("\x1b[200~Add a \x07button to export\x9b the map\x1b[201~")
        await terminal.until("Add a button to export the map")
        await terminal.tap("Make this")
        await terminal.until("What kind of change is it?")
        await terminal.tap("Feature")
        await terminal.until("queued", "Add a button to export the map", "Stop")
    (change,) = await house.changes.list()
    assert (change.kind, change.assistant, change.state) == ("feature", "cartographer", State.QUEUED)


async def test_people_can_draw_nothing_with_their_words(house: House, show: Show) -> None:
    nasty = "Add \x1b[2J[red]zoom[/red] \u202eevil\u202c [link=https://x.test]here[/link]"
    change = await house.in_review()

    async def work(tx: Transaction) -> None:
        await table.update(tx, change.id, title=nasty, request=nasty)

    await house.database.write(work)
    async with show() as terminal:
        await terminal.until("Add [2J[red]zoom[/red] evil")
        await terminal.tap("[red]zoom")
        await terminal.until("Add [2J[red]zoom[/red] evil [link=https://x.test]here[/link]", "Approve")
        assert "\u202e" not in terminal.screen


async def test_a_real_keyboard_is_enough(house: House, show: Show) -> None:
    change = await house.in_review()
    async with show() as terminal:
        terminal.type("\x1bOR")  # F3
        await terminal.until(change.id, gone="Sentinel")
        terminal.type("\t" * 5 + "\r")  # past the four filters: the first row
        await terminal.until("Approve", change.id)
        terminal.type("\x1b")
        await terminal.until(gone="Approve")


async def test_a_drag_scrolls_and_presses_nothing(house: House, show: Show) -> None:
    for number in range(12):
        await house.in_review(f"Change number {number:02d}")
    async with show() as terminal:
        await terminal.tap("F3 Changes")
        await terminal.until("number 11", "number 07")
        assert "number 03" not in terminal.screen
        x, y = terminal.where("number 08")
        terminal.press(x, y)
        for step in range(y - 1, 2, -1):
            terminal.move(x, step)
        terminal.lift(x, 3)
        await terminal.until("number 06", gone="number 11")
        assert "Approve" not in terminal.screen


async def test_a_crash_ends_one_display_with_one_line(
    house: House, show: Show, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with show() as other:
        async with show(PANEL) as terminal:
            await terminal.until("All looked at")
            kiosk: Kiosk = house.kiosks[-1]
            kiosk.call_later(_fail)
        assert kiosk.failure
        await other.tap("F3 Changes")
        await other.until("There are no changes yet")
    assert f"[{kiosk.failure}] the display of panel failed" in caplog.text
    assert "hunter2" not in "".join(capfd.readouterr())


def _fail() -> None:
    token = "hunter2"
    raise RuntimeError(f"broken with {len(token)} letters")
