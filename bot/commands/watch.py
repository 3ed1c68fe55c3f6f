"""`/watch`: be told once of what is new in the world; without words, one's watches and what they told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import app_commands

from bot import entry, render
from haven.access import Act, Principal
from haven.world.watches import Watch, promise

MOST = 25
"""Discord takes no more options in one list."""


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="watch", description="Be told of what is new: systems near a place, a word, a person")
    @app_commands.describe(text="Such as: new systems within 20 of Oculi; left out, your watches are listed")
    @app_commands.guild_only()
    async def watch(interaction: discord.Interaction, text: str | None = None) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            watches = entry.bot_of(interaction).records.watches
            if text:
                made = await watches.add(text, person, {"channel": interaction.channel_id})
                said = discord.Embed(description=render.plain(promise(made), 700))
                await interaction.followup.send(embed=said, ephemeral=True)
                return
            own = await watches.list(person)
            lines = [await _line(interaction, one) for one in own]
            shown = render.fitting(lines, 4_000) or "You watch for nothing yet."
            embed = discord.Embed(title="Your watches", description=shown, colour=render.WORKING)
            await interaction.followup.send(embed=embed, view=_view(own), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return watch


async def _line(interaction: discord.Interaction, one: Watch) -> str:
    told = await entry.bot_of(interaction).records.watches.told(one.id, 3)
    names = ", ".join(render.plain(name, 60) for _, name, _ in told)
    return f"**{render.plain(one.understood, 300)}**" + (f"\ntold of {names}" if names else "\nnothing came yet")


class EndWatch(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"watch:end"):
    """A person's watches: one that is chosen ends."""

    def __init__(self, watches: Sequence[Watch] = ()) -> None:
        options = [
            discord.SelectOption(label=render.words(one.understood, 100), value=one.id) for one in watches[:MOST]
        ]
        super().__init__(discord.ui.Select(placeholder="End one…", options=options, custom_id="watch:end"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data

        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await entry.bot_of(interaction).records.watches.remove(str(data["values"][0]), person)
            ended = discord.Embed(description="That watch has ended.")
            await interaction.followup.send(embed=ended, ephemeral=True)

        await entry.enter(interaction, Act.READ, work)


def _view(watches: Sequence[Watch]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if watches:
        view.add_item(EndWatch(watches))
    return view
