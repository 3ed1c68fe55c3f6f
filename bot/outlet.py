"""The message that an answer stands in: edited while that can be, and sent anew where it can't."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import discord

from bot import entry
from bot.channels import UNKNOWN_MESSAGE, is_over, only
from bot.language import say
from haven.errors import Conflict

Shown = dict[str, Any]
"""What discord.py takes for an edit: `embed`, `view`, and `attachments` where there are files."""


class Outlet:
    """First what an interaction was acknowledged with. Raises what discord.py raises, but for what is said here."""

    def __init__(self, interaction: discord.Interaction, channel: int, message: int, private: bool) -> None:
        self._interaction = interaction
        self._channels = entry.bot_of(interaction).channels
        self._channel = channel
        self.message = message
        self.private = private
        self._is_open = True
        """The interaction's token lives; after that a public message is edited as the bot's own."""
        self._is_original = True
        self.is_lost = False
        """It was deleted, or is a private one whose interaction is over: no edit reaches it any more."""

    async def edit(self, shown: Shown) -> bool:
        """False where it is lost."""
        for file in shown.get("attachments", ()):
            file.reset()  # it may be sent a second time
        if not self.is_lost:
            self.is_lost = not await self._edited(shown)
        return not self.is_lost

    async def _edited(self, shown: Shown) -> bool:
        if self._is_open:
            try:
                if self._is_original:
                    await self._interaction.edit_original_response(**shown)
                else:
                    await self._interaction.followup.edit_message(self.message, **shown)
                return True
            except discord.HTTPException as error:
                if error.code == UNKNOWN_MESSAGE:
                    return False
                if not is_over(error):
                    raise
                self._is_open = False
        return not self.private and await self._channels.edit(self._channel, self.message, **shown)

    async def withdraw(self, shown: Shown) -> None:
        """What everybody saw so far is taken away: from now on it is for whoever asked alone."""
        with suppress(discord.NotFound):
            await self._interaction.delete_original_response()
        self.private = True
        await self._whisper(shown)

    async def anew(self, shown: Shown) -> bool:
        """Send what is lost to whoever asked. False: it needs a last edit, for buttons that name their message.

        Raises Conflict where a private one can't reach them any more.
        """
        person = self._interaction.user.id
        if not self.private:
            said = f"<@{person}> {say('the message of your answer was deleted, so here it is again.')}"
            nonce, embed = f"{self._interaction.id}:new", shown["embed"]
            message = await self._channels.send(
                self._channel,
                lambda where: where.send(said, embed=embed, allowed_mentions=only(person), nonce=nonce),
            )
            self.message, self.is_lost, self._is_open = message.id, False, False
            return False
        if self._is_open:
            await self._whisper(shown)
        elif not await self._channels.alone(person, lambda where: where.send(**_sent(shown))):
            raise Conflict(
                "The answer took longer than Discord keeps a private reply open (15 minutes), and you take no direct"
                " messages.",
                "Allow direct messages from this server, or ask for something shorter.",
            )
        return True

    async def _whisper(self, shown: Shown) -> None:
        message = await self._interaction.followup.send(**_sent(shown), ephemeral=True, wait=True)
        self.message, self._is_original, self.is_lost = message.id, False, False


def _sent(shown: Shown) -> dict[str, Any]:
    """As a message of its own takes it."""
    found = {"embed": shown["embed"], "files": list(shown.get("attachments", ()))}
    return found | ({"view": shown["view"]} if shown.get("view") is not None else {})
