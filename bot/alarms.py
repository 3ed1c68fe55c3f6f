"""Alerts in one channel: what went wrong, who took charge of it, and that it is over; each told once."""

from __future__ import annotations

import asyncio
import logging

import discord

from assistants.sentry.alerts import Alerts
from bot.channels import Channels
from bot.render import plain
from bot.views.alert import alert_view
from haven.access import Principal
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

TOLD = "discord.alerts"
"""Under this note stands the number of the last event that was told."""
PREFIX = "alert."
RAISED = "alert.raised"
SIGNS = {"urgent": "🔴", "warning": "🟠"}


class Alarms:
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(self, channels: Channels, database: Database, channel: int | None, alerts: Alerts) -> None:
        """`channel`: where; None: nowhere."""
        self._alerts = alerts
        self._channels = channels
        self._database = database
        self._channel = channel
        self._lock = asyncio.Lock()

    async def tell(self, event: Event) -> None:
        if event.kind.startswith(PREFIX):
            await self.catch_up()

    async def acknowledge(self, id: str, person: Principal) -> None:
        """Raises AccessDenied, NotFound, and Conflict where somebody was first or it is over."""
        await self._alerts.acknowledge(id, person)

    async def catch_up(self) -> None:
        """Tell what was not told yet, in order; at the very first start nothing of the past."""
        if self._channel is None:
            return
        async with self._lock:
            last = await notes.get(self._database, TOLD)
            if last is None:
                last = str(await events.newest(self._database))
                await notes.put(self._database, TOLD, last)
            for event in await events.beginning_with(self._database, PREFIX, int(last)):
                if not await self._sent(event, self._channel):
                    return
                await notes.put(self._database, TOLD, str(event.id))

    async def _sent(self, event: Event, channel: int) -> bool:
        """False where another attempt may help; a channel that is gone or closed to the bot never does."""
        try:
            if event.kind == RAISED:
                view = alert_view(event.subject)
                await self._channels.send(channel, lambda where: where.send(words_of(event), view=view))
            else:
                await self._channels.send(channel, lambda where: where.send(words_of(event)))
        except (discord.Forbidden, discord.NotFound) as error:
            log.error("an alert could not be told in the channel %s: %s", channel, error)
        except (discord.HTTPException, OSError):
            log.warning("an alert could not be told in Discord now", exc_info=True)
            return False
        return True


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
