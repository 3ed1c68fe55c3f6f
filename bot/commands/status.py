"""`/status`: how the machine, the models and the work are doing."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot import entry
from bot.panel import panel
from bot.render_health import status_card
from haven.access import Act, Principal


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="status", description="Show how Haven is doing")
    @app_commands.guild_only()
    async def status(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            lines = await entry.bot_of(interaction).status_lines()
            await interaction.followup.send(view=panel(status_card(lines)), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return status
