"""What Discord is still to be told or shown: it waits while Discord is away, and is passed over where it is refused."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Generic, TypeVar

from bot.channels import Channels
from bot.language import speaking
from haven.errors import StoreError
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")
T = TypeVar("T")


class Queue(ABC, Generic[T]):
    """One thing after the other, each until it is done."""

    in_order = True
    """While Discord is away, what comes later waits behind what came first."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._one_by_one = asyncio.Lock()
        self.waits = False
        """Discord was away when it was to be told of something: the bot catches up again in a minute."""

    @abstractmethod
    def pending(self) -> AsyncGenerator[T, None]:
        """What is not done yet, the oldest first."""

    @abstractmethod
    async def show(self, one: T) -> None:
        """Tell or draw it, so that doing it twice does no harm. Raises whatever goes wrong."""

    @abstractmethod
    async def tell(self, event: Event) -> None:
        """Take in what the bus says."""

    async def done(self, one: T) -> None:
        """It is shown, or never can be."""

    async def catch_up(self) -> None:
        """Show what is not shown yet, in order; what comes while Discord is away is left where it is."""
        async with self._one_by_one:
            self.waits = False
            try:
                async with aclosing(self.pending()) as pending:
                    async for one in pending:
                        if await self.attempt(one):
                            await self.done(one)
                        elif self.in_order:
                            return
            except StoreError as error:
                self.waits = True
                log.warning("[%s] Discord could not be told of all that is new: %s", error.id, error)

    async def attempt(self, one: T) -> bool:
        """False where Discord is away, so that another attempt helps; what it refuses for good is in the log."""
        try:
            with speaking(self._channels.language):
                await self.show(one)
        except Exception as error:
            if self._channels.is_away(error):
                self.waits = True
                log.warning("Discord is away; %s waits: %r", _named(one), error)
                return False
            log.error("%s can't be shown in Discord", _named(one), exc_info=error)
        return True


class EventQueue(Queue[Event]):
    """Durable events whose kind begins with a prefix, each once; also those that came while nobody was connected."""

    def __init__(self, channels: Channels, database: Database, prefix: str, note: str) -> None:
        """Under `note` stands the number of the last event that is done."""
        super().__init__(channels)
        self._database = database
        self._prefix = prefix
        self._note = note

    async def tell(self, event: Event) -> None:
        if event.kind.startswith(self._prefix):
            await self.catch_up()

    async def pending(self) -> AsyncGenerator[Event, None]:
        """All that is to be shown; what came to nothing before, or between, is passed over with one commit."""
        last = await self.first()
        while found := await events.beginning_with(self._database, self._prefix, last):
            shown = last
            for event in found:
                if await self.concerns(event):
                    yield event
                    shown = event.id
            last = found[-1].id
            if shown != last:
                await self.done(found[-1])

    async def concerns(self, one: Event) -> bool:
        """Whether there is anything to show of it."""
        return True

    async def first(self) -> int:
        """The number of the event after which this goes on."""
        return int(await notes.get(self._database, self._note) or 0)

    async def done(self, one: Event) -> None:
        await notes.put(self._database, self._note, str(one.id))


def _named(one: object) -> str:
    return f"{one.kind} {one.subject}" if isinstance(one, Event) else str(one)
