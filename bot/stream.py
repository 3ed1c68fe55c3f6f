"""A writer that keeps up with a stream under Discord's rate limits: only the newest text is ever sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, Self, TypeVar

log = logging.getLogger("haven.bot")

T = TypeVar("T")
PAUSE_S = 1.2
"""Between two edits of one message: Discord allows about five in five seconds (measured, not documented)."""
AGAIN_S = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)
"""Between the tries of the last value, which alone is worth it."""


class LatestWins(Generic[T]):
    """Sends one value at a time, `pause_s` seconds apart; a value that a newer one overtook is never sent."""

    def __init__(
        self,
        send: Callable[[T], Awaitable[None]],
        is_away: Callable[[Exception], bool] = lambda error: False,
        pause_s: float = PAUSE_S,
    ) -> None:
        """`is_away` says of what the sending raises whether the same may succeed another time."""
        self._send = send
        self._is_away = is_away
        self._pause_s = pause_s
        self._waiting: list[T] = []
        self._sending = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])

    def put(self, value: T) -> None:
        """Have this sent as soon as the pace allows; returns at once."""
        self._waiting = [value]
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="discord-stream")

    async def finish(self, value: T) -> None:
        """Send the last value now, after the edit that is under way, and again while Discord is away.

        Raises what the sending raises for good.
        """
        async with self._sending:
            if self._writer is not None:
                self._writer.cancel()
            for pause_s in AGAIN_S:
                try:
                    await self._send(value)
                    return
                except Exception as error:
                    if not self._is_away(error):
                        raise
                    log.warning("an answer could not be shown, and is shown again in %.0f s: %r", pause_s, error)
                    await asyncio.sleep(pause_s)
            await self._send(value)

    async def _write(self) -> None:
        while self._waiting:
            async with self._sending:
                value = self._waiting.pop()
                try:
                    await self._send(value)
                except Exception as error:  # whatever the network comes up with, the answer goes on
                    log.info("a piece of an answer could not be shown, the next one will be: %s", error)
            await asyncio.sleep(self._pause_s)
