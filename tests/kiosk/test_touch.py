"""One finger, in bytes: what is a tap, a hold, a drag, a flick, and what presses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from textual.app import ComposeResult
from textual.containers import Horizontal, ScrollableContainer, VerticalScroll
from textual.driver import Driver
from textual.widgets import Static

from kiosk.driver import Display, driver_for
from kiosk.touch import HOLD_S, PALM_S, QUIET_S, STILL_S, TWICE_S, TouchApp
from kiosk.widgets.tile import Tile
from tests.kiosk.clock import FakeClock, settled
from tests.kiosk.terminal import PATIENCE_S, Terminal

WIDE = "\n".join(" ".join(f"{row:02d}.{column:02d}" for column in range(40)) for row in range(60))


class Board(TouchApp):
    """A list whose rows can be held, a ground that goes on in both directions, and two tiles."""

    CSS = """
    VerticalScroll { width: 20; } ScrollableContainer { width: 1fr; } #wide { width: auto; }
    Tile { height: 3; width: 18; } #below { height: 4; }
    """

    def __init__(self, driver: type[Driver], clock: FakeClock) -> None:
        super().__init__(driver, clock)
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll():
                for number in range(30):
                    yield Tile(f"row {number:02d}", holds=True)
            with ScrollableContainer():
                yield Static(WIDE, id="wide")
        with Horizontal(id="below"):
            yield Tile("Go")
            yield Tile("Stop")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        self.said.append(event.tile.text)
        if event.tile.text != "Go" and not event.tile.holds:
            event.tile.remove()
            self.query_one("#below").mount(Tile("Burn"))

    def on_tile_held(self, event: Tile.Held) -> None:
        self.said.append(f"{event.tile.text} held")


class Hand:
    """A finger on the board and the clock it goes by."""

    def __init__(self, board: Board, terminal: Terminal, clock: FakeClock) -> None:
        self.board = board
        self.terminal = terminal
        self.clock = clock

    @property
    def said(self) -> list[str]:
        """What the taps since the last look did."""
        said, self.board.said = self.board.said, []
        return said

    async def goes(self, *path: tuple[int, int], each_s: float = 0.03, rests_s: float = 0.0) -> None:
        """Down at the first place, along the others, up at the last."""
        self.terminal.press(*path[0])
        for place in path[1:]:
            await settled(self.board)
            self.clock.pass_by(each_s)
            self.terminal.move(*place)
        await settled(self.board)
        self.clock.pass_by(rests_s)
        await settled(self.board)
        self.terminal.lift(*path[-1])
        await settled(self.board)

    async def sees(self, words: str, place: tuple[int, int]) -> None:
        """Wait until they stand there."""
        async with asyncio.timeout(PATIENCE_S):
            while words not in self.terminal.screen or self.at(words) != place:
                await settled(self.board)

    def at(self, words: str) -> tuple[int, int]:
        return self.terminal.where(words)


@pytest.fixture
async def hand() -> AsyncIterator[Hand]:
    clock, terminal = FakeClock(), Terminal(100, 28)
    display = Display(terminal.feed, 100, 28)
    terminal.send = display.receive
    board = Board(driver_for(display), clock)
    running = asyncio.create_task(board.run_async())
    await terminal.until("row 00", "Stop")
    yield Hand(board, terminal, clock)
    display.hang_up()
    await asyncio.wait_for(running, 20)


async def test_a_tap_and_a_wobble_press_and_where_nothing_is_held_a_long_one_too(hand: Hand) -> None:
    x, y = hand.at("Go")
    await hand.goes((x, y))
    await hand.goes((x, y), (x + 2, y), (x + 1, y + 1), rests_s=3)
    assert hand.said == ["Go", "Go"]


async def test_holding_asks_what_else_can_be_done_and_the_lift_presses_nothing(hand: Hand) -> None:
    row = hand.at("row 02")
    await hand.goes(row, rests_s=HOLD_S - 0.01)
    assert hand.said == ["row 02"]
    await hand.goes(row, rests_s=HOLD_S + 0.01)
    assert hand.said == ["row 02 held"]
    x, y = row
    await hand.goes(row, (x, y + 1), (x, y + 3), rests_s=HOLD_S * 2)
    assert hand.said == [], "a finger that went on holds nothing"
    hand.board.query(Tile).first().focus()
    hand.terminal.type("m\r")
    await settled(hand.board)
    await settled(hand.board)
    assert hand.said == ["row 00 held", "row 00"], "the same by a real keyboard"


async def test_a_drag_goes_with_the_finger_in_both_directions_and_presses_nothing(hand: Hand) -> None:
    x, y = hand.at("row 05")
    await hand.goes((x, y), (x, y - 3), (x, y - 9), rests_s=STILL_S * 2)
    await hand.sees("row 05", (x, y - 9))
    x, y = hand.at("12.05")
    await hand.goes((x, y), (x - 7, y - 1), (x - 21, y - 6), rests_s=STILL_S * 2)
    await hand.sees("12.05", (x - 21, y - 6))
    assert hand.said == []


async def test_a_flick_glides_on_and_a_finger_that_came_to_rest_does_not(hand: Hand) -> None:
    x, y = hand.at("row 05")
    quick = [(x, y - step) for step in (0, 2, 4, 6)]
    await hand.goes(*quick, rests_s=STILL_S * 2)
    await hand.sees("row 05", (x, y - 6))
    await hand.goes(*quick)
    await hand.terminal.until("row 15", gone="row 04")
    assert hand.said == []


async def test_two_quick_taps_are_two_unless_the_first_brought_something_else(hand: Hand) -> None:
    go, stop = hand.at("Go"), hand.at("Stop")
    await hand.goes(go)
    await hand.goes(go)
    assert hand.said == ["Go", "Go"]
    await hand.goes(stop)
    await hand.terminal.until("Burn")
    hand.clock.pass_by(TWICE_S / 2)
    await hand.goes(hand.at("Burn"))
    assert hand.said == ["Stop"], "the second tap was meant for Stop"
    hand.clock.pass_by(TWICE_S * 2)
    await hand.goes(hand.at("Burn"))
    await hand.goes(hand.at("Burn"))
    assert hand.said == ["Burn", "Burn"], "what is only drawn anew is the same"


async def test_a_palm_presses_nothing(hand: Hand) -> None:
    go, stop = hand.at("Go"), hand.at("Stop")
    hand.terminal.press(*go)
    await settled(hand.board)
    hand.clock.pass_by(PALM_S / 2)
    hand.terminal.press(*stop)
    hand.terminal.lift(*go)
    hand.terminal.lift(*stop)
    await settled(hand.board)
    await hand.goes(go)
    assert hand.said == [], "many presses at once"
    hand.clock.pass_by(QUIET_S + 0.1)
    x, y = go
    await hand.goes(go, (x + 40, y - 9), (x - 3, y - 20), (x + 20, y), go)
    assert hand.said == [], "wild moves"
    await hand.goes(go)
    assert hand.said == ["Go"], "and then it works again"


async def test_a_lift_that_never_came_costs_nothing(hand: Hand) -> None:
    hand.terminal.press(*hand.at("Stop"))
    await settled(hand.board)
    hand.clock.pass_by(PALM_S * 2)
    await hand.goes(hand.at("Go"))
    assert hand.said == ["Go"]
