"""A finger on the star map: it drags, glides, taps and taps twice; keys do the same. By a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from textual.app import ComposeResult

from kiosk.driver import Display, driver_for
from kiosk.touch import QUIET_S, TouchApp
from kiosk.widgets.star_map import TWICE, StarMap
from kiosk.widgets.stars.chart import Pins
from kiosk.widgets.stars.finger import STILL_S, TWICE_S
from kiosk.widgets.stars.shown import Shown
from kiosk.widgets.stars.view import View
from kiosk.widgets.stars.window import FLIGHT_S, GLIDE_S, Window
from tests.kiosk.clock import FakeClock, settled
from tests.kiosk.terminal import Terminal
from tests.kiosk.test_map_chart import world

COLUMNS, ROWS = 98, 18


class Alone(TouchApp):
    """The map with nothing around it; remembers which rows of the sky were chosen."""

    is_ready: asyncio.Event

    def compose(self) -> ComposeResult:
        self.chosen: list[int | None] = []
        yield StarMap()

    def on_ready(self) -> None:
        self.is_ready.set()

    def on_star_map_chosen(self, event: StarMap.Chosen) -> None:
        self.chosen.append(event.row)


class Hand:
    """A finger, and the clock that it goes by."""

    def __init__(self, app: Alone, terminal: Terminal, clock: FakeClock) -> None:
        self.app, self.terminal, self.clock = app, terminal, clock
        self.stars = app.query_one(StarMap)

    async def goes(self, *path: tuple[int, int], each_s: float = 0.03, rests_s: float = 0.0) -> None:
        self.terminal.press(*path[0])
        for place in path[1:]:
            await settled(self.app)
            self.clock.pass_by(each_s)
            self.terminal.move(*place)
        await settled(self.app)
        self.clock.pass_by(rests_s)
        self.terminal.lift(*path[-1])
        await settled(self.app)

    async def waits(self, seconds: float) -> Window:
        """Time goes by in frames; where the window is then."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.pass_by(1 / 60)
            await settled(self.app)
        return self.stars.window

    def mark(self) -> tuple[int, int, int]:
        """Column, row and row of the sky of a name that is shown."""
        assert self.stars.drawn is not None
        row, start, end, of = self.stars.drawn.names[3]
        return (start + end) // 2, row, of

    @property
    def chosen(self) -> list[int | None]:
        found, self.app.chosen = self.app.chosen, []
        return found


@pytest.fixture
async def hand() -> AsyncIterator[Hand]:
    clock, terminal = FakeClock(), Terminal(COLUMNS, ROWS)
    display = Display(terminal.feed, COLUMNS, ROWS)
    terminal.send = display.receive
    app = Alone(driver_for(display), clock)
    app.is_ready = asyncio.Event()
    running = asyncio.create_task(app.run_async())
    await asyncio.wait_for(app.is_ready.wait(), 20)
    shown = View(colour="star").read(world(300))
    assert isinstance(shown, Shown)
    app.query_one(StarMap).show(shown)
    await terminal.until("units", "Star")
    yield Hand(app, terminal, clock)
    display.hang_up()
    await asyncio.wait_for(running, 20)


async def test_the_map_goes_with_the_finger_and_a_flick_goes_on(hand: Hand) -> None:
    start = hand.stars.window
    await hand.goes((50, 9), (46, 8), (30, 5), rests_s=2 * STILL_S)
    assert hand.stars.window == start.moved(20, 4), "what was below the finger still is"
    assert await hand.waits(1) == start.moved(20, 4), "a finger that rested did not flick"
    await hand.goes((50, 9), (56, 9), (62, 9), (68, 9), each_s=0.05)
    lifted = hand.stars.window
    assert (lifted.x, lifted.y) == pytest.approx((start.moved(2, 4).x, start.moved(2, 4).y))
    half, end = await hand.waits(GLIDE_S / 2), await hand.waits(GLIDE_S)
    assert end.x < half.x < lifted.x and await hand.waits(1) == end
    assert (lifted.x - end.x) / (2 * end.dot) == pytest.approx(120 * GLIDE_S / 3, rel=0.01)
    assert hand.chosen == [], "a drag chooses nothing"


async def test_a_tap_chooses_a_second_one_comes_nearer_and_one_that_stops_a_glide_does_neither(hand: Hand) -> None:
    column, row, of = hand.mark()
    await hand.goes((column, row))
    assert hand.chosen == [of]
    start = hand.stars.window
    hand.clock.pass_by(TWICE_S / 2)
    await hand.goes((column + 1, row))
    near = await hand.waits(FLIGHT_S * 1.1)
    assert near.dot == pytest.approx(start.dot / TWICE) and hand.chosen == []
    held = near.moved(column + 1.5 - COLUMNS / 2, row + 0.5 - ROWS / 2)
    assert (held.x, held.y) == pytest.approx(
        ((there := start.moved(column + 1.5 - COLUMNS / 2, row + 0.5 - ROWS / 2)).x, there.y)
    )
    hand.clock.pass_by(1)
    await hand.goes((50, 9), (44, 9), (38, 9), (32, 9), each_s=0.05)
    gliding = await hand.waits(GLIDE_S / 4)
    await hand.goes((50, 9))
    assert await hand.waits(1) == gliding and hand.chosen == [], "it only ended the glide"


async def test_a_palm_chooses_nothing_and_leaves_the_map_where_it_is(hand: Hand) -> None:
    column, row, _ = hand.mark()
    start = hand.stars.window
    hand.terminal.press(column, row)
    hand.terminal.press(column + 9, row + 2)
    hand.terminal.press(column, row)
    for _ in range(3):
        hand.terminal.lift(column, row)
    await settled(hand.app)
    assert hand.chosen == [] and await hand.waits(1) == start
    hand.clock.pass_by(QUIET_S)
    await hand.goes((column, row))
    assert len(hand.chosen) == 1


async def test_a_choice_sends_little_and_a_tap_on_the_inset_goes_there(hand: Hand) -> None:
    _, _, of = hand.mark()
    before = hand.terminal.received
    hand.stars.pin(Pins(chosen=of))
    await hand.terminal.until("◉")
    assert hand.terminal.received - before < 1_500
    hand.stars.zoom(True)
    hand.stars.zoom(True)
    await hand.waits(1)
    await hand.terminal.until("┌──")
    assert hand.stars.drawn is not None and hand.stars.drawn.inset is not None
    column, row = hand.stars.drawn.inset
    start = hand.stars.window
    await hand.goes((column + 3, row + 2))
    there = await hand.waits(1)
    assert there.x < start.x and there.dot == start.dot and hand.chosen == []


async def test_keys_look_around_come_nearer_and_choose_and_a_wheel_zooms(hand: Hand) -> None:
    hand.stars.focus()
    await settled(hand.app)
    start = hand.stars.window
    hand.terminal.type("\x1b[C\x1b[A")
    await settled(hand.app)
    there = await hand.waits(1)
    assert there.x > start.x and there.y > start.y
    hand.terminal.type("\r")
    await settled(hand.app)
    assert hand.chosen == [hand.stars.nearest]
    hand.terminal.send(b"\x1b[<64;50;10M")
    await settled(hand.app)
    assert (await hand.waits(1)).dot < there.dot


async def test_a_flight_has_its_sixty_frames_a_second_though_each_comes_a_little_late(hand: Hand) -> None:
    hand.stars.zoom(True)
    await settled(hand.app)
    seen = {hand.stars.window}
    until = hand.clock.now + FLIGHT_S
    while hand.clock.now < until:
        hand.clock.pass_by(0.005)
        await settled(hand.app)
        seen.add(hand.stars.window)
    assert len(seen) >= 60 * FLIGHT_S - 1
