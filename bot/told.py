"""Watches in Discord: whoever wished to hear of something is told once, where they asked, and alone if they did so."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import discord

from bot.channels import Channels, only
from bot.language import say, speaking, told
from bot.panel import panel
from bot.queue import EventQueue
from bot.render import WORKING, plain
from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

ALONE = "alone"
"""Of the place of a watch that was asked for where only its asker read: their language."""


class Told(EventQueue):
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(
        self, channels: Channels, database: Database, today: Callable[[Principal], Awaitable[Principal]]
    ) -> None:
        """`today` gives a person the role that they have now."""
        super().__init__(channels, database, "watch.told", "discord.watches")
        self._today = today

    async def concerns(self, one: Event) -> bool:
        place, person = one.data.get("place", {}), str(one.data.get("principal", "")).partition(":")[2]
        return one.data.get("face") == "bot" and bool(place.get("channel")) and person.isdigit()

    async def show(self, one: Event) -> None:
        """Nobody is told who may not read here any more; what was asked for in private is told in private."""
        place, person = one.data["place"], int(one.data["principal"].partition(":")[2])
        try:
            check(await self._today(Principal(f"discord:{person}", "", Role.STRANGER, "bot")), Act.READ)
        except AccessDenied:
            log.info("the watch %s is not told: whoever made it may not read here any more", one.subject)
            return
        nonce, words = f"watch:{one.id}", str(one.data.get("text", ""))
        if language := place.get(ALONE):
            with speaking(language):
                view = _card(plain(told(words), 1_500))
            if await self._channels.alone(person, lambda where: where.send(view=view, nonce=nonce)):
                return
            words = say("What you watch for has come. `/watch` says what it is, to you alone.")
            found = _card(words, person)
        else:
            found = _card(plain(told(words), 1_500), person)
        await self._channels.send(
            int(place["channel"]), lambda where: where.send(view=found, allowed_mentions=only(person), nonce=nonce)
        )


def _card(said: str, person: int = 0) -> discord.ui.LayoutView:
    """With a mention of the `person`, where there is one."""
    return panel(discord.Embed(description=said, colour=WORKING), above=f"<@{person}>" if person else "")
