"""A display that sends more than can be done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk import wire
from tests.kiosk.conftest import Serve
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
