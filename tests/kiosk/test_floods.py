"""A display that sends more than can be done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk import wire
from kiosk.driver import ESCAPE_S, MAX_PASTE
from tests.kiosk.conftest import House, Serve
from tests.kiosk.test_server import attached

PLACES = b"\x1bOQ\x1bOR\x1bOS\x1bOP" * 5_000
"""Minutes of drawing."""
PATIENCE_S = 30


async def test_what_a_display_sent_before_it_went_away_is_not_worked_off(serving: Serve, socket_path: Path) -> None:
    async with serving(), attached(socket_path) as (other, _):
        await other.until("F3 Changes")
        staying = _displays()
        async with attached(socket_path) as (client, writer):
            await client.until("F3 Changes")
            (its_own,) = _displays() - staying
            writer.write(wire.frame(wire.DATA, PLACES))
            await client.until("There are no changes yet")
            writer.transport.abort()
        done, _ = await asyncio.wait([its_own], timeout=PATIENCE_S)
        assert done, "it is still being drawn"
        await other.tap("F3 Changes")
        await other.until("There are no changes yet")


def _displays() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task.get_name() == "display"}


async def test_a_paste_that_is_thrown_away_is_gone_to_its_end_however_long_that_is_worked_off(
    house: House, serving: Serve, socket_path: Path
) -> None:
    thrown_away = asyncio.Event()
    async with serving(), attached(socket_path) as (client, _):
        await client.tap("F2 Ask")
        await client.until("Make this")
        feed = client.feed

        def listening(data: bytes) -> None:
            feed(data)
            if b"\a" in data and not thrown_away.is_set():
                thrown_away.set()
                house.kiosks[-1].call_later(asyncio.sleep, 4 * ESCAPE_S)  # it has a lot to do, and more is to come

        client.feed = listening  # type: ignore[method-assign]
        client.type(f"\x1b[200~{'x' * 2 * MAX_PASTE}\x1b[201~")
        client.type("\x1b[200~Where is Oculi?\x1b[201~")
        await client.until("Where is Oculi?", gone="xxx")
        assert thrown_away.is_set()
