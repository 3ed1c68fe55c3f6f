"""The button beside an alert: somebody takes charge of it. Its state lies in the custom id and the store."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot import entry
from bot.language import say, speak
from bot.panel import panel
from bot.render_health import SHOWN_ALERTS, alert_card, alert_line, health_card
from haven.access import Act, Principal
from haven.store.alerts import Alert

TEMPLATE = r"alert:care:(?P<id>[0-9a-f]{1,12})(?P<listed>:list)?"


class AlertButton(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """Whichever process drew it: under the message of one alert, or `listed` beside it in `/health`."""

    def __init__(self, id: str, *, listed: bool = False, taken: bool = False) -> None:
        """`id`: as alerts have it, or its digits alone."""
        self.subject = id.removeprefix("alert-")
        self.listed = listed
        label = say("Looked after") if taken else say("I look after it")
        custom_id = f"alert:care:{self.subject}{':list' if listed else ''}"
        super().__init__(
            ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id, disabled=taken)
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"], listed=bool(match["listed"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            alert = await entry.bot_of(interaction).alarms.acknowledge(self.subject, person)
            if not self.listed:  # everybody reads it
                speak(entry.bot_of(interaction).channels.language)
            view = await health_panel(interaction) if self.listed else alert_view(alert)
            await interaction.edit_original_response(view=view)

        await entry.enter(interaction, Act.ACKNOWLEDGE, work)


def alert_view(alert: Alert, *, told_again: bool = False) -> ui.LayoutView:
    """One alert, with its button as long as nobody looks after it, it is not over, and not told anew elsewhere."""
    is_free = not alert.acknowledged_by and alert.cleared_at is None and not told_again
    return panel(alert_card(alert), [AlertButton(alert.id)] if is_free else [])


async def health_panel(interaction: discord.Interaction) -> ui.LayoutView:
    """`/health` as it is now."""
    bot = entry.bot_of(interaction)
    alerts = await bot.alerts.open()
    lines: list[ui.Section[Any]] = [
        ui.Section(alert_line(one), accessory=AlertButton(one.id, listed=True, taken=bool(one.acknowledged_by)))
        for one in alerts[:SHOWN_ALERTS]
    ]
    return panel(health_card(await bot.status_lines(), alerts), entries=lines)
