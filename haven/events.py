"""The bus: durable events from the table, live events from memory, to every face.

Durable events are read back from the table by number, so a face can catch up and an event written by another process
(`haven change approve` beside `haven up`) is seen as well. Live events (progress, streamed text) are never stored:
each subscriber keeps only the newest of each kind and subject.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from haven.store import events as table
from haven.store.database import Database
from haven.store.events import Event

POLL_S = 0.5
"""How often another process's commits are looked for: one read of a counter, nothing written."""
BACKLOG = 500


class Subscription:
    """What one face has not yet seen; iterate over it."""

    def __init__(self) -> None:
        self._durable: deque[Event] = deque(maxlen=BACKLOG)
        self._live: dict[tuple[str, str], Event] = {}
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        if event.id:
            self._durable.append(event)
        else:
            self._live[event.kind, event.subject] = event
        self._arrived.set()

    def drain(self) -> list[Event]:
        """All that waits, durable events first; empty where nothing does."""
        waiting = [*self._durable, *self._live.values()]
        self._durable.clear()
        self._live.clear()
        self._arrived.clear()
        return waiting

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            await self._arrived.wait()
            for event in self.drain():
                yield event


class Bus:
    """One bus a process; `run` in the TaskGroup of app.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._last: int | None = None
        self._committed = asyncio.Event()
        database.on_commit(self._committed.set)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def live(self, kind: str, subject: str, **data: Any) -> None:
        """Tell what is true now and will be out of date soon."""
        self._tell(Event(kind, subject, data))

    async def start(self) -> None:
        """Begin at the newest event: what was before is caught up on by number."""
        self._last = await table.newest(self._database)

    async def run(self) -> None:
        """Hand new rows of the table to the subscribers until cancelled."""
        if self._last is None:
            await self.start()
        version = -1
        while True:
            try:
                await asyncio.wait_for(self._committed.wait(), POLL_S)
                self._committed.clear()
            except TimeoutError:
                seen, version = version, await self._database.data_version()
                if seen == version:
                    continue
            await self.pump()

    async def pump(self) -> None:
        """Read what is new in the table and tell it."""
        while found := await table.since(self._database, self._last or 0):
            for event in found:
                self._last = event.id
                self._tell(event)

    def _tell(self, event: Event) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.put(event)
