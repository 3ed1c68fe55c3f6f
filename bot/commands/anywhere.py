"""Commands that people may take along: they work in a chat with the bot, too, and in private channels."""

from __future__ import annotations

from typing import Any, TypeVar

import discord
from discord import app_commands

from bot import entry

T = TypeVar("T")


def anywhere(command: T) -> T:
    """For a command that reads, or answers its asker alone. Such a command is registered for all of Discord."""
    installed = app_commands.allowed_installs(guilds=True, users=True)(command)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(installed)


def is_anywhere(command: Any) -> bool:
    """Whether it was declared so; all others belong to Haven's own server."""
    contexts = getattr(command, "allowed_contexts", None)
    return bool(contexts and contexts.dm_channel)


def is_outside(interaction: discord.Interaction) -> bool:
    """Not in Haven's own server: what is said there, only the asker sees."""
    return interaction.guild_id != entry.bot_of(interaction).settings.guild_id
