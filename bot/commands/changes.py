"""`/feature` `/fix` `/docs` `/refactor`: ask for a change. `/changes`: where they stand."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from assistants.round_table import Request
from bot import entry, render
from haven.access import Act, Principal
from haven.changes.proposal import Kind
from haven.errors import Unavailable
from haven.store.changes import Change

SHOWN = 15
KINDS: dict[Kind, str] = {
    Kind.FEATURE: "Ask for something new in the project",
    Kind.FIX: "Ask for a fault to be mended",
    Kind.DOCS: "Ask for documentation",
    Kind.REFACTOR: "Ask for code to be put in better shape",
}


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """One command a kind of change, and the list."""
    return [*(_command(kind, description) for kind, description in KINDS.items()), _listing()]


def _command(kind: Kind, description: str) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name=kind.value, description=description)
    @app_commands.describe(text="What you would like, in your own words")
    @app_commands.guild_only()
    async def ask_for(interaction: discord.Interaction, text: str) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            request = Request(text, person, kind=kind, key=f"discord:{interaction.id}")
            change = await entry.bot_of(interaction).round_table.propose(request, kind)
            await interaction.followup.send(embed=await _acknowledged(interaction, change), ephemeral=True)

        await entry.enter(interaction, Act.REQUEST, work)

    return ask_for


async def _acknowledged(interaction: discord.Interaction, change: Change) -> discord.Embed:
    """Open the change's thread and say where it is; the change itself is on the disk whatever happens here."""
    try:
        card = await entry.bot_of(interaction).cards.open(change, interaction.channel_id or 0)
    except (discord.HTTPException, OSError) as error:
        raise Unavailable(
            f"Change {change.id} is queued, but it can't be shown in this channel ({error}).",
            "Let Haven see the channel, send messages and make threads there; `/changes` shows the change.",
        ) from error
    where = f"Change `{change.id}` is queued: follow it in <#{card.place}>."
    return discord.Embed(title="Understood", description=where)


def _listing() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="changes", description="Show the newest changes and where they stand")
    @app_commands.guild_only()
    async def changes(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            bot = entry.bot_of(interaction)
            found = await bot.changes.list(limit=SHOWN)
            embed = render.changes_card(found, await bot.cards.thread_links(found))
            await interaction.followup.send(embed=embed, ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return changes
