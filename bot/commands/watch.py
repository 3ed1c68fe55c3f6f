"""`/watch`: be told once of what is new in the world; without words, one's watches and what they told."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import app_commands, ui

from bot import entry, render
from bot.language import say, spoken, told
from bot.panel import panel
from bot.told import ALONE
from haven.access import Act, Principal
from haven.world.watches import Watch

PAGE = 8
"""Watches on one card, three of its 40 parts each. Nobody has more than 20."""


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="watch", description="Be told of what is new: systems near a place, a word, a person")
    @app_commands.describe(text="Such as: new systems within 20 of Oculi; left out, your watches are listed")
    @app_commands.guild_only()
    async def watch(interaction: discord.Interaction, text: str | None = None) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            watches = entry.bot_of(interaction).records.watches
            if text:
                made = await watches.add(text, person, {"channel": interaction.channel_id, ALONE: spoken()})
                what = say("You are told once, in a direct message, of {what}.", what=told(made.understood))
                else_ = say("Where you take none, this channel says only that it has come.")
                said = discord.Embed(description=render.plain(f"{what} {else_}", 700), colour=render.WORKING)
                await interaction.followup.send(view=panel(said), ephemeral=True)
                return
            await interaction.followup.send(view=await _list(interaction, person), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return watch


class EndWatch(ui.DynamicItem[ui.Button[Any]], template=r"watch:end:(?P<id>[\w-]{1,60}):(?P<page>\d)"):
    """Ends the watch that it stands beside."""

    def __init__(self, id: str, page: int) -> None:
        style = discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=say("End"), style=style, custom_id=f"watch:end:{id}:{page}"))
        self.watch = id
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"], int(match["page"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            await entry.bot_of(interaction).records.watches.remove(self.watch, person)
            await interaction.edit_original_response(view=await _list(interaction, person, self.page))

        await entry.enter(interaction, Act.READ, work)


class WatchesPage(ui.DynamicItem[ui.Button[Any]], template=r"watch:page:(?P<page>\d)"):
    """Leads to the other watches."""

    def __init__(self, page: int, label: str = "?") -> None:
        style = discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=label, style=style, custom_id=f"watch:page:{page}"))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(view=await _list(interaction, person, self.page))

        await entry.enter(interaction, Act.READ, work)


async def _list(interaction: discord.Interaction, person: Principal, page: int = 0) -> ui.LayoutView:
    """A person's watches, what each told, and its end as a button."""
    own = await entry.bot_of(interaction).records.watches.list(person)
    last = max(0, (len(own) - 1) // PAGE)
    page = min(page, last)
    here = own[page * PAGE : (page + 1) * PAGE]
    lines: list[ui.Section[Any]] = [
        ui.Section(await _line(interaction, one), accessory=EndWatch(one.id, page)) for one in here
    ]
    said = say("Each tells you once of what is new.") if own else say("You watch for nothing yet.")
    others = [
        WatchesPage(number, "◀" if number < page else "▶") for number in (page - 1, page + 1) if 0 <= number <= last
    ]
    return panel(
        discord.Embed(title=say("Your watches"), description=said, colour=render.WORKING), others, entries=lines
    )


async def _line(interaction: discord.Interaction, one: Watch) -> str:
    found = await entry.bot_of(interaction).records.watches.told(one.id, 3)
    names = ", ".join(render.plain(name, 60) for _, name, _ in found)
    said = say("told of {names}", names=names) if names else say("nothing came yet")
    return f"**{render.plain(told(one.understood), 200)}**\n{said}"
