"""The button under an alert: somebody takes charge of it. Its state lies in the custom id and the store."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot import entry
from haven.access import Act, Principal

TEMPLATE = r"alert:care:(?P<id>[0-9a-f]{1,12})"


class AlertButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Whichever process drew it."""

    def __init__(self, id: str) -> None:
        """`id`: as alerts have it, or its digits alone."""
        self.subject = id.removeprefix("alert-")
        style = discord.ButtonStyle.secondary
        super().__init__(
            discord.ui.Button(label="I look after it", style=style, custom_id=f"alert:care:{self.subject}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            await entry.bot_of(interaction).alarms.acknowledge(self.subject, person)
            await interaction.edit_original_response(view=None)

        await entry.enter(interaction, Act.ACKNOWLEDGE, work)


def alert_view(id: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(AlertButton(id))
    return view
