"""The clock: APScheduler's ticks. A tick only starts work; what must survive a power cut is a job or a row."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger("haven.schedule")

FIRST = timedelta(minutes=5)
"""Pause between the start and the first tick."""


class Schedule:
    """Named ticks in memory; a tick that is still running is not started twice."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})

    def every(self, hours: float, name: str, call: Callable[[], Awaitable[object]]) -> None:
        """Call it soon after the start, then each so many hours; a failure is logged and the clock goes on.

        Soon, because a machine that is switched off every evening would never reach the 24th hour.
        """

        async def tick() -> None:
            try:
                await call()
            except Exception:
                log.exception("the tick %r failed", name)

        every = timedelta(hours=hours)
        first = datetime.now(UTC) + min(every, FIRST)
        self._scheduler.add_job(
            tick, "interval", seconds=every.total_seconds(), id=name, misfire_grace_time=None, next_run_time=first
        )

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Tick until cancelled; `started` is called when it does."""
        self._scheduler.start()
        started()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._scheduler.shutdown(wait=False)
