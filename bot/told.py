"""Watches in Discord: whoever wished to hear of something is told once, where they asked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import discord

from bot.channels import Channels, only
from bot.language import told
from bot.panel import panel
from bot.queue import EventQueue
from bot.render import WORKING, plain
from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")


class Told(EventQueue):
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(
        self, channels: Channels, database: Database, today: Callable[[Principal], Awaitable[Principal]]
    ) -> None:
        """`today` gives a person the role that they have now."""
        super().__init__(channels, database, "watch.told", "discord.watches")
        self._today = today

    async def show(self, one: Event) -> None:
        """Nobody is told who may not read here any more."""
        channel, person = one.data.get("place", {}).get("channel"), str(one.data.get("principal", "")).partition(":")[2]
        if one.data.get("face") != "bot" or not channel or not person.isdigit():
            return
        try:
            check(await self._today(Principal(f"discord:{person}", "", Role.STRANGER, "bot")), Act.READ)
        except AccessDenied:
            log.info("the watch %s is not told: whoever made it may not read here any more", one.subject)
            return
        found = plain(told(str(one.data.get("text", ""))), 1_500)
        card = discord.Embed(description=found, colour=WORKING)
        view, mentions, nonce = panel(card, above=f"<@{person}>"), only(int(person)), f"watch:{one.id}"
        await self._channels.send(
            int(channel), lambda where: where.send(view=view, allowed_mentions=mentions, nonce=nonce)
        )
