"""How Haven is doing, as embeds; lines and alerts may quote files and people, so their words are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from assistants.sentry.lines import StatusLine, worst_first
from bot.render import SIGNS, WORKING, fitting, plain
from haven.store.alerts import Alert

SHOWN_ALERTS = 5
"""On one card; with its lines they stay within what an embed may hold."""


def status_card(lines: Iterable[StatusLine]) -> discord.Embed:
    return discord.Embed(title="How Haven is doing", description=_status(lines, 4_000), colour=WORKING)


def health_card(lines: Iterable[StatusLine], alerts: Sequence[Alert]) -> discord.Embed:
    """The lines of `/status` with the worst first, and under them the alerts that are open."""
    title = f"{len(alerts)} alert{'s' * (len(alerts) > 1)} open" if alerts else "No alert is open"
    embed = discord.Embed(title=title, description=_status(worst_first(lines), 2_500), colour=WORKING)
    for alert in alerts[:SHOWN_ALERTS]:
        care = (
            f"{plain(alert.acknowledged_by, 60)} looks after it" if alert.acknowledged_by else "nobody looks after it"
        )
        told = [plain(alert.text, 250), plain(alert.mend, 150), f"-# since <t:{int(alert.raised_at)}:R>, {care}"]
        name = f"{SIGNS['alert' if alert.level == 'urgent' else 'note']} {alert.level}, {alert.id}"
        embed.add_field(name=name, value="\n".join(filter(None, told)), inline=False)
    if len(alerts) > SHOWN_ALERTS:
        embed.set_footer(text=f"And {len(alerts) - SHOWN_ALERTS} more: haven alerts")
    return embed


def _status(lines: Iterable[StatusLine], limit: int) -> str:
    shown = [f"{SIGNS.get(line.level, '⚪')} **{plain(line.label, 60)}** {plain(line.text, 300)}" for line in lines]
    return fitting(shown, limit)
