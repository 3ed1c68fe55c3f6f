"""The clock: it ticks soon and again, and no failing tick stops it."""

from __future__ import annotations

import asyncio

import pytest

from haven.schedule import Schedule


async def test_a_failing_tick_is_logged_and_the_clock_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    ticked = asyncio.Semaphore(0)

    async def fails() -> None:
        ticked.release()
        raise ZeroDivisionError("by nought")

    schedule = Schedule()
    schedule.every(0.01 / 3600, "fails", fails)
    running = asyncio.create_task(schedule.run())
    async with asyncio.timeout(10):
        for _ in range(3):
            await ticked.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled() and "the tick 'fails' failed" in caplog.text
