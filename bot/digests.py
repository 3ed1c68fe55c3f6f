"""The digest in one channel: what happened in the world, told once."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from bot.channels import Channels
from bot.panel import panel
from bot.queue import EventQueue
from bot.render_world import news_card
from haven.store.database import Database
from haven.store.events import Event


class Digests(EventQueue):
    """One for a bot. Of those that came while there was no connection the newest is told."""

    def __init__(self, channels: Channels, database: Database, channel: int | None) -> None:
        """`channel`: where; None: nowhere."""
        super().__init__(channels, database, "digest.told", "discord.digests")
        self._channel = channel

    async def pending(self) -> AsyncGenerator[Event, None]:
        newest = [event async for event in super().pending()][-1:]
        for event in newest if self._channel is not None else ():
            yield event

    async def show(self, one: Event) -> None:
        assert self._channel is not None
        sections = [(str(part.get("title", "")), part.get("lines", ())) for part in one.data.get("sections", ())]
        view, nonce = panel(news_card(str(one.data.get("title", "")), sections)), f"digest:{one.id}"
        await self._channels.send(self._channel, lambda where: where.send(view=view, nonce=nonce))
