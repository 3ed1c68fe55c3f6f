"""Sending and editing as the bot itself: where no interaction is open, or its fifteen minutes are over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord

from bot.language import language_of
from haven.errors import StoreError, Unavailable

log = logging.getLogger("haven.bot")

THREAD_ARCHIVED = 50083
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
NAMING_S = 10.0
"""Discord lets a thread be named twice in ten minutes and makes whoever comes a third time wait: not for so long."""
TOKEN_DEAD = frozenset({10015, 10062, 50027})
"""What Discord says to an interaction's token after 15 minutes, whatever this machine's clock says: from then on an
answer goes out as the bot's own message."""
LATER = frozenset({401, 408, 429})
"""HTTP statuses below 500 that say nothing of what was sent: an old token, a slow line, too much at once."""


class Channels:
    """The channels of one server. Raises what discord.py raises, except where it is said."""

    def __init__(self, client: discord.Client, guild_id: int | None) -> None:
        self._client = client
        self._guild_id = guild_id

    @property
    def language(self) -> str:
        """What everybody in the server reads: the language that the server is set to."""
        guild = self._client.get_guild(self._guild_id) if self._guild_id else None
        return language_of(guild.preferred_locale if guild else None)

    def at(self, id: int) -> discord.PartialMessageable:
        """A channel or thread by its id; asks Discord nothing."""
        known = self._client.get_channel(id)
        guild = self._guild_id
        if isinstance(known, discord.abc.GuildChannel | discord.Thread):
            guild = known.guild.id
        return self._client.get_partial_messageable(id, guild_id=guild)

    def is_away(self, error: Exception) -> bool:
        """Whether the same may succeed another time; what Discord refuses today it refuses tomorrow."""
        return self._client.is_closed() or is_away(error)

    async def edit(self, channel: int, message: int, **shown: Any) -> bool:
        """False where the message was deleted by somebody. Nobody is mentioned: of an edit, discord.py says nothing."""
        none = discord.AllowedMentions.none()
        return await self.there(
            channel, lambda where: where.get_partial_message(message).edit(allowed_mentions=none, **shown)
        )

    async def there(
        self, channel: int, edit: Callable[[discord.PartialMessageable], Awaitable[discord.Message]]
    ) -> bool:
        """Edit a message, as `send` does; False where it was deleted by somebody."""
        try:
            await self.send(channel, edit)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return False
        return True

    async def send(
        self,
        id: int,
        send: Callable[[discord.PartialMessageable], Awaitable[discord.Message]],
    ) -> discord.Message:
        """Send or edit in a channel; a thread that fell asleep is woken first, Discord refuses edits there."""
        channel = self.at(id)
        try:
            return await send(channel)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
        thread = await self._client.fetch_channel(id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)
        return await send(channel)

    async def alone(self, person: int, send: Callable[[discord.DMChannel], Awaitable[discord.Message]]) -> bool:
        """Send to one person where nobody else reads it; False where they take no direct messages."""
        try:
            await send(await self._client.create_dm(discord.Object(person)))
        except discord.Forbidden as error:
            log.info("discord:%s takes no direct messages: %s", person, error)
            return False
        return True

    async def put_away(self, id: int, name: str, archived: bool) -> None:
        """Name a thread and archive it, or take it out again. What is so already stays; one that is gone is let be.

        Raises TimeoutError where Discord wants no more of it now.
        """
        async with asyncio.timeout(NAMING_S):
            try:
                thread = await self._client.fetch_channel(id)
                if not isinstance(thread, discord.Thread) or (thread.name, thread.archived) == (name, archived):
                    return
                if thread.archived:  # it takes no other word before
                    thread = await thread.edit(archived=False)
                if (thread.name, thread.archived) != (name, archived):
                    await thread.edit(name=name, archived=archived)
            except (discord.Forbidden, discord.NotFound) as error:
                log.info("thread %s keeps its name: %s", id, error)


def is_away(error: Exception) -> bool:
    """Whether this comes of the network, or of Discord being out of order, and not of what was asked of it."""
    if isinstance(error, discord.HTTPException):
        return error.status in LATER or error.status >= 500
    return isinstance(error, OSError | aiohttp.ClientError | Unavailable | StoreError)


def is_shut(error: Exception) -> bool:
    """Whether a channel or thread was deleted, or lets the bot do nothing there."""
    return isinstance(error, discord.Forbidden) or is_gone(error)


def is_gone(error: Exception) -> bool:
    """Whether a channel or thread was deleted: it never comes back."""
    return isinstance(error, discord.HTTPException) and error.code == UNKNOWN_CHANNEL


def is_over(error: Exception) -> bool:
    """Whether an interaction that was acknowledged takes no answer any more."""
    return isinstance(error, discord.HTTPException) and error.code in TOKEN_DEAD


def only(person: int) -> discord.AllowedMentions:
    """One person is pinged, and nobody else, whatever the text says."""
    return discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(person)])
