"""A button that opens a record of the world, beside whatever names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from assistants.records import Page
from bot import entry
from bot import render_world as cards
from bot.attached import Attached
from bot.language import say
from bot.panel import panel
from haven.access import Act, Principal
from haven.world.schema import Kind


class ReadButton(ui.DynamicItem[ui.Button[Any]], template=r"world:read:(?P<id>[a-z]+-[a-z0-9-]{1,63})"):
    """Shows the record to the one who presses."""

    def __init__(self, id: str) -> None:
        style = discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=say("Read"), style=style, custom_id=f"world:read:{id}"))
        self.subject = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await send_page(interaction, await entry.bot_of(interaction).records.page(self.subject, person, *Kind))

        await entry.enter(interaction, Act.READ, work)


def readable(line: str, id: str) -> ui.Section[Any]:
    """A line with the button that opens what it speaks of."""
    return ui.Section(line, accessory=ReadButton(id))


async def send_page(interaction: discord.Interaction, page: Page) -> None:
    """A record's card. The interaction is deferred already, and only the asker sees it where that was said there."""
    files = cards.page_files(page)
    await send(interaction, panel(cards.page_card(page), files=[one.name for one in files]), files)


async def send(
    interaction: discord.Interaction, view: ui.LayoutView, files: Sequence[Attached]
) -> discord.WebhookMessage:
    """A card with the files that it shows, as the answer to an interaction that is deferred already."""
    drawn = [one.file() for one in files]
    return await interaction.followup.send(view=view, files=drawn, wait=True)
