"""`/cloud`: whether anything may leave for the cloud, and the kill switch."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands

from bot import entry, render
from haven.access import Act, Principal
from haven.ai.switch import CloudSwitch

NEEDED = {"status": Act.READ, "off": Act.CLOUD_OFF, "on": Act.SETTINGS}


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="cloud", description="Switch the cloud off or on, or see how it stands")
    @app_commands.describe(turn="off: nothing leaves for the cloud any more, at once")
    @app_commands.guild_only()
    async def cloud(interaction: discord.Interaction, turn: Literal["status", "off", "on"] = "status") -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            switch = CloudSwitch(entry.bot_of(interaction).database)
            if turn == "off":
                await switch.off(person)
            elif turn == "on":
                await switch.on(person)
            refusal = await switch.refusal()
            said = f"{refusal}." if refusal else "The cloud may be used."
            await interaction.followup.send(embed=discord.Embed(description=render.plain(said, 1_000)), ephemeral=True)

        await entry.enter(interaction, NEEDED[turn], work)

    return cloud
