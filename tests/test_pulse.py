"""What a running Haven says of itself, over its real socket."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from haven.app import House, open_house
from haven.commands.pulse import ask, healthy, serve
from haven.demo.journey import demo_settings
from haven.errors import StoreError


async def _rename(house: House, table: str, name: str) -> None:
    await house.database.write(lambda tx: tx.execute(f"alter table {table} rename to {name}"))


async def _answers(house: House) -> bool:
    """Whether it says how it is; waits for its socket."""
    while (said := await ask(house.settings)) is None:
        await asyncio.to_thread(os.sched_yield)
    return bool(said["up"])


async def test_a_database_that_fails_is_told_and_ends_nothing(tmp_path: Path) -> None:
    async with open_house(demo_settings(tmp_path)) as house, asyncio.timeout(60):
        serving = asyncio.create_task(serve(house))
        assert await _answers(house)
        await _rename(house, "waiting", "gone")
        for _ in range(2):
            with pytest.raises(StoreError, match="database failed"):
                await healthy(house.settings)
        said = await ask(house.settings)
        assert said is not None and said["pid"] == os.getpid()  # for whoever starts it anew
        await _rename(house, "gone", "waiting")
        assert await _answers(house) and not serving.done()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
