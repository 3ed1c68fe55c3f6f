"""A past request in its own time, or several times as fast, with a pause: what a replay shows next, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from haven.store.transcripts import Said

SPEEDS = (1, 2, 4, 8, 16)
LONGEST_PAUSE_S = 3.0
"""At 1x: nobody watches a longer silence."""


def pause(seconds: float) -> float:
    """How long a replay at 1x is silent where that many seconds went by."""
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


def silences(steps: Sequence[Said]) -> list[float]:
    """Seconds before each step at 1x: a long silence of then is a short one now."""
    befores = [steps[0].at, *(said.at for said in steps)] if steps else []
    return [pause(said.at - before) for said, before in zip(steps, befores, strict=False)]


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
        """Each step when its time has come."""
        for said, seconds in zip(self.steps, silences(self.steps), strict=True):
            await self._wait(seconds)
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
