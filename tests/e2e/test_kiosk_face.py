"""The change journey by touch: the real kiosk on its driver, the real pipeline behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from haven.access import Principal, Role
from haven.app import House
from haven.faces import kiosk_of
from kiosk.driver import Display, driver_for
from kiosk.pin import Pin
from tests.e2e.house import DARK, PNG, at_home
from tests.kiosk.terminal import Terminal

pytestmark = pytest.mark.sandbox
OWNER = Principal("unix:0", "Olga", Role.OWNER, "kiosk")
PANEL = Principal("panel", "Wall panel", Role.OWNER, "kiosk", needs_pin=True)
PATIENCE_S = 90
"""A whole round with two test runs lies between two screens."""


@asynccontextmanager
async def panel(house: House, principal: Principal) -> AsyncIterator[Terminal]:
    """One display of the house."""
    terminal = Terminal(100, 28, patience_s=PATIENCE_S)
    screen = Display(terminal.feed, 100, 28)
    terminal.send = screen.receive
    kiosk = kiosk_of(house, principal, Pin(house.settings), driver_for(screen))
    running = asyncio.create_task(kiosk.run_async())
    try:
        await terminal.until("HAVEN")
        yield terminal
    finally:
        screen.hang_up()
        await asyncio.wait_for(running, 20)


async def request(terminal: Terminal, text: str) -> None:
    await terminal.tap("Ask")
    await terminal.until("Make this")
    terminal.type(text)
    await terminal.until(text)
    await terminal.tap("a change")
    await terminal.tap("Feature")


async def test_request_tweak_approve_merged(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home, panel(home.house, OWNER) as terminal:
        await request(terminal, PNG)
        await terminal.until("stand-in, not Claude", "Approve", "review · round 1")
        await terminal.tap("Tweak")
        await terminal.until("What should be different?")
        terminal.type('name the button "Save picture"\r')
        await terminal.until("Approve", "review · round 2")
        await terminal.tap("Approve")
        [change] = await home.house.changes.list()
        await terminal.until(f"{change.id} · merged", gone="Approve")
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert change.state == "merged" and "Save picture" in review.diff


async def test_the_panel_decides_with_its_pin_and_rejects_a_repaired_change(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        await asyncio.to_thread(Pin(home.house.settings).set, "4711")
        await home.ask_for(DARK)
        async with panel(home.house, PANEL) as terminal:
            await terminal.tap("Add dark mode")
            await terminal.until("Approve", "review · round 2", "stand-in, not Claude")
            await terminal.tap("Reject")
            await terminal.until("Why is it rejected?")
            terminal.type("too dark\r")
            await terminal.until("PIN")
            terminal.type("4711\r")
            await terminal.until("rejected", gone="Approve")
        [change] = await home.house.changes.list()
        assert (change.state, change.reason) == ("rejected", "too dark")
