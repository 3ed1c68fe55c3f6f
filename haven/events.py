"""The bus: durable events from the table, live events from memory, to every face.

Durable events are read back from the table by number, so a face can catch up and an event written by another process
(`haven change approve` beside `haven up`) is seen as well. Live events (progress, streamed text) are never stored:
each subscriber keeps only the newest of each kind and subject. What another process does is told live by those who find
it in its rows (`beside`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from haven.errors import StoreError, error_id
from haven.store import events as table
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.events")
T = TypeVar("T")

POLL_S = 0.5
"""How often another process's commits are looked for: one read of a counter, nothing written."""
Look = Callable[[], Awaitable[Sequence[Event]]]
"""Live events of what another process has written since the last look."""
BACKLOG = 500
"""Events that wait for one subscriber in memory."""


class Subscription:
    """What one face has not yet seen; iterate over it.

    A face that is too slow for its queue gets the rest from the table: durable events are never lost, only later.
    """

    def __init__(self, read: Callable[[int], Awaitable[list[Event]]], queued: int = 0, newest: int = 0) -> None:
        self._read = read
        self._durable: deque[Event] = deque()
        self._live: dict[tuple[str, str], Event] = {}
        self._queued, self._newest = queued, newest
        """Numbers of the newest durable event in the queue, and of the newest there is."""
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        if not event.id:
            self._live.pop((event.kind, event.subject), None)
            self._live[event.kind, event.subject] = event
            if len(self._live) > BACKLOG:
                del self._live[next(iter(self._live))]
        elif event.id > self._queued:
            if self._queued == self._newest and len(self._durable) < BACKLOG:
                self._durable.append(event)
                self._queued = event.id
            self._newest = event.id
        self._arrived.set()

    def drain(self) -> list[Event]:
        """All that is in the queue, durable events first; empty where nothing is."""
        waiting = [*self._durable, *self._live.values()]
        self._durable.clear()
        self._live.clear()
        return waiting

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while True:
            if not self._durable and self._queued < self._newest:
                await self._catch_up()
            if self._durable:
                return self._durable.popleft()
            if self._live:
                return self._live.pop(next(iter(self._live)))
            self._arrived.clear()
            await self._arrived.wait()

    async def _catch_up(self) -> None:
        found = await self._read(self._queued)
        self._durable.extend(found)
        self._queued = found[-1].id if found else self._newest
        self._newest = max(self._newest, self._queued)


class Bus:
    """One bus a process; `run` in the TaskGroup of app.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._looks: list[Look] = []
        self._ill: set[Look] = set()
        """Those that failed the last time."""
        self._last: int | None = None
        self._committed = asyncio.Event()
        database.on_commit(self._committed.set)

    @property
    def last(self) -> int:
        """The number of the newest durable event that was told."""
        return self._last or 0

    @contextmanager
    def subscribe(self, after: int | None = None) -> Iterator[Subscription]:
        """What is told from now on; durable events with numbers above `after` come first."""
        began = (self.last if after is None else min(after, self.last), self.last)
        subscription = Subscription(self._since, *began)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def beside(self, look: Look) -> None:
        """Tell live what this finds, at each look at what was committed."""
        self._looks.append(look)

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
        await self._look()
        while True:
            try:
                async with asyncio.timeout(POLL_S):
                    await self._committed.wait()
                self._committed.clear()
            except TimeoutError:
                seen, version = version, await self._patiently(self._database.data_version)
                if seen == version:
                    continue
            await self.pump()
            await self._look()

    async def pump(self) -> None:
        """Read what is new in the table and tell it."""
        while found := await self._since(self._last or 0):
            for event in found:
                self._last = event.id
                self._tell(event)

    async def _look(self) -> None:
        for look in self._looks:
            try:
                found = await self._patiently(look)
            except Exception:  # rows of another process, maybe of a newer Haven: the events of this one go on
                if look not in self._ill:
                    log.exception("[%s] what another process does can't be read, and is not told live", error_id())
                self._ill.add(look)
                continue
            self._ill.discard(look)
            for event in found:
                self._tell(event)

    async def _since(self, last: int) -> list[Event]:
        return await self._patiently(lambda: table.since(self._database, last))

    async def _patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read again until the database answers: a face that stands still is better than one that ends."""
        while True:
            try:
                return await read()
            except StoreError as error:
                log.warning("[%s] the events could not be read: %s", error.id, error)
                await asyncio.sleep(POLL_S)

    def _tell(self, event: Event) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.put(event)
