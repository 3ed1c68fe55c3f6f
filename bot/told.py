"""Watches in Discord: whoever wished to hear of something is told once, where they asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord

from bot.channels import Channels, only
from bot.render import WORKING, plain
from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied, HavenError
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

KIND = "watch.told"
TOLD = "discord.watches"
"""Under this note stands the number of the last event that was told."""


class Told:
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(
        self, channels: Channels, database: Database, today: Callable[[Principal], Awaitable[Principal]]
    ) -> None:
        """`today` gives a person the role that they have now."""
        self._channels = channels
        self._database = database
        self._today = today
        self._lock = asyncio.Lock()

    async def tell(self, event: Event) -> None:
        if event.kind == KIND:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Tell what was not told yet, in order; what can't be told now is tried again with the next."""
        async with self._lock:
            last = int(await notes.get(self._database, TOLD) or 0)
            for event in await events.beginning_with(self._database, KIND, last):
                if not await self._sent(event):
                    return
                await notes.put(self._database, TOLD, str(event.id))

    async def _sent(self, event: Event) -> bool:
        """False where another attempt may help; nobody is told who may not read here any more."""
        data = event.data
        channel, person = data.get("place", {}).get("channel"), str(data.get("principal", "")).partition(":")[2]
        if data.get("face") != "bot" or not channel or not person.isdigit():
            return True
        try:
            check(await self._today(Principal(f"discord:{person}", "", Role.STRANGER, "bot")), Act.READ)
            embed = discord.Embed(description=plain(str(data.get("text", "")), 1_500), colour=WORKING)
            await self._channels.send(
                int(channel),
                lambda where: where.send(
                    f"<@{person}>", embed=embed, allowed_mentions=only(int(person)), nonce=f"watch:{event.id}"
                ),
            )
        except AccessDenied:
            log.info("the watch %s is not told: whoever made it may not read here any more", event.subject)
        except (discord.Forbidden, discord.NotFound) as error:
            log.error("a watch could not be told in the channel %s: %s", channel, error)
        except (HavenError, discord.HTTPException, OSError):
            log.warning("a watch could not be told in Discord now", exc_info=True)
            return False
        return True
