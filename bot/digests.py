"""The digest in one channel: what happened in the world, told once."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.channels import Channels
from bot.render import WORKING, plain
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

TOLD = "discord.digests"
"""Under this note stands the number of the last event that was told."""
KIND = "digest.told"
MOST = 10
"""Sections; with the lengths below, Discord's 6,000 characters of one embed are never reached."""
LENGTH = 520


class Digests:
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(self, channels: Channels, database: Database, channel: int | None) -> None:
        """`channel`: where; None: nowhere."""
        self._channels = channels
        self._database = database
        self._channel = channel
        self._lock = asyncio.Lock()

    async def tell(self, event: Event) -> None:
        if event.kind == KIND:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Tell the newest that was not told yet; what can't be told now is tried again with the next."""
        if self._channel is None:
            return
        async with self._lock:
            last = int(await notes.get(self._database, TOLD) or 0)
            found = await events.beginning_with(self._database, KIND, last)
            if found and await self._sent(found[-1], self._channel):
                await notes.put(self._database, TOLD, str(found[-1].id))

    async def _sent(self, event: Event, channel: int) -> bool:
        """False where another attempt may help."""
        try:
            card = digest_card(event)
            await self._channels.send(channel, lambda where: where.send(embed=card, nonce=f"digest:{event.id}"))
        except (discord.Forbidden, discord.NotFound) as error:
            log.error("a digest could not be told in the channel %s: %s", channel, error)
        except (discord.HTTPException, OSError):
            log.warning("a digest could not be told in Discord now", exc_info=True)
            return False
        return True


def digest_card(event: Event) -> discord.Embed:
    """A field a section; names are other people's words, so nothing in them is a link or a mention."""
    embed = discord.Embed(title=plain(str(event.data.get("title", "")), 200), colour=WORKING)
    for section in list(event.data.get("sections", ()))[:MOST]:
        lines = "\n".join(f"• {plain(str(line), 200)}" for line in section.get("lines", ()))
        kept = lines if len(lines) <= LENGTH else lines[:LENGTH].rpartition("\n")[0] + "\n…"
        embed.add_field(name=plain(str(section.get("title", "")), 60), value=kept or "…", inline=False)
    return embed
