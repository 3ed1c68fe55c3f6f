"""The digest in one channel: what happened in the world, told once."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import discord

from bot.channels import Channels
from bot.queue import EventQueue
from bot.render import WORKING, plain
from haven.store.database import Database
from haven.store.events import Event

MOST = 10
"""Sections; with the lengths below, Discord's 6,000 characters of one embed are never reached."""
LENGTH = 520


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
        card, nonce = digest_card(one), f"digest:{one.id}"
        await self._channels.send(self._channel, lambda where: where.send(embed=card, nonce=nonce))


def digest_card(event: Event) -> discord.Embed:
    """A field a section; names are other people's words, so nothing in them is a link or a mention."""
    embed = discord.Embed(title=plain(str(event.data.get("title", "")), 200), colour=WORKING)
    for section in list(event.data.get("sections", ()))[:MOST]:
        lines = "\n".join(f"• {plain(str(line), 200)}" for line in section.get("lines", ()))
        kept = lines if len(lines) <= LENGTH else lines[:LENGTH].rpartition("\n")[0] + "\n…"
        embed.add_field(name=plain(str(section.get("title", "")), 60), value=kept or "…", inline=False)
    return embed
