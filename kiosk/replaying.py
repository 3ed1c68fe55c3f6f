"""A past request in its own time, or several times as fast, with a pause: what a replay shows next, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from assistants.table.transcript import pause
from haven.store.transcripts import Said

SPEEDS = (1, 2, 4, 8, 16)


class Replay:
    """One run over the steps; its speed may change and it may rest while it goes."""

    def __init__(self, steps: Sequence[Said], speed: int = 1) -> None:
        self.steps = steps
        self.speed = speed
        self.resting = False
        self._changed = asyncio.Event()

    def go(self, speed: int) -> None:
        """So many times as fast, from now on."""
        self.speed = speed
        self._changed.set()

    def rest(self, resting: bool) -> None:
        """Stand still, or go on."""
        self.resting = resting
        self._changed.set()

    async def run(self) -> AsyncIterator[Said]:
        """Each step when its time has come. A long silence of then is a short one now."""
        before: float | None = None
        for said in self.steps:
            await self._wait(0.0 if before is None else pause(said.at - before))
            before = said.at
            yield said

    async def _wait(self, seconds: float) -> None:
        """So many seconds at 1x."""
        loop, left = asyncio.get_running_loop(), seconds
        while self.resting or left > 0:
            began, speed = loop.time(), 0 if self.resting else self.speed
            self._changed.clear()
            try:
                async with asyncio.timeout(left / speed if speed else None):
                    await self._changed.wait()
            except TimeoutError:
                return
            left -= (loop.time() - began) * speed
