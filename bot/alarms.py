"""Alerts in one channel: what went wrong, who took charge of it, and that it is over; each told once."""

from __future__ import annotations

import discord

from assistants.sentry.alerts import Alerts
from bot.channels import Channels
from bot.queue import EventQueue
from bot.render import plain
from bot.views.alert import alert_view
from haven.access import Principal
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event

NOTE = "discord.alerts"
RAISED = "alert.raised"
SIGNS = {"urgent": "🔴", "warning": "🟠"}


class Alarms(EventQueue):
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(self, channels: Channels, database: Database, channel: int | None, alerts: Alerts) -> None:
        """`channel`: where; None: nowhere."""
        super().__init__(channels, database, "alert.", NOTE)
        self._alerts = alerts
        self._channel = channel

    async def acknowledge(self, id: str, person: Principal) -> None:
        """Raises AccessDenied, NotFound, and Conflict where somebody was first or it is over."""
        await self._alerts.acknowledge(id, person)

    async def catch_up(self) -> None:
        if self._channel is not None:
            await super().catch_up()

    async def first(self) -> int:
        """At the very first start nothing of the past is told."""
        if await notes.get(self._database, NOTE) is None:
            await notes.put(self._database, NOTE, str(await events.newest(self._database)))
        return await super().first()

    async def show(self, one: Event) -> None:
        assert self._channel is not None
        view = alert_view(one.subject) if one.kind == RAISED else discord.ui.View(timeout=None)
        nonce = f"alert:{one.id}"
        await self._channels.send(self._channel, lambda where: where.send(words_of(one), view=view, nonce=nonce))


def words_of(event: Event) -> str:
    """One message, in at most some 1,500 characters; nobody is pinged by it."""
    text = plain(str(event.data.get("text", "")), 600)
    match event.kind:
        case "alert.cleared":
            return f"🟢 Over: {text}"
        case "alert.acknowledged":
            return f"👀 {plain(str(event.data.get('by', 'Somebody')), 60)} looks after: {text}"
    mend = plain(str(event.data.get("mend", "")), 400)
    sign = SIGNS.get(str(event.data.get("level")), "🟠")
    since = f"-# since <t:{int(event.data.get('since', event.at))}:t> · {event.subject}"
    return "\n".join(line for line in (f"{sign} {text}", mend, since) if line)
