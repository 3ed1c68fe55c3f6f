"""`/health`: what is wrong first, the open alerts and who looks after each."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot import entry
from bot.views.alert import health_panel
from haven.access import Act, Principal


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="health", description="Show what is wrong, and who looks after it")
    @app_commands.guild_only()
    async def health(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send(view=await health_panel(interaction), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return health
