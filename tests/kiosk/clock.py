"""A clock that goes as told, for what depends on how long a finger stays or a display is left alone."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from textual.app import App

ROUNDS = 3
"""A touch goes from the app to a widget, back as a message, and may change the screen."""


async def settled(app: App[Any]) -> None:
    """Wait until the app and all that is on its screen have done what they were told."""
    for _ in range(ROUNDS):
        for node in (app, *app.screen.walk_children(with_self=True)):
            done = asyncio.Event()
            if node.call_later(done.set):
                await done.wait()


class Later:
    """One thing that a clock does later."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Stands still until told; then calls what is due, in order."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, int, Later]] = []
        self._number = count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object]) -> Later:
        later = Later(callback)
        heapq.heappush(self._due, (self.now + delay, next(self._number), later))
        return later

    def pass_by(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, later = heapq.heappop(self._due)
            if later.callback is not None:
                later.callback()
        self.now = until
