"""Alerts in one channel: what went wrong, who took charge of it, and that it is over; each told once."""

from __future__ import annotations

from assistants.sentry.alerts import Alerts
from bot.channels import Channels
from bot.panel import panel
from bot.queue import EventQueue
from bot.render_health import news_card
from bot.views.alert import alert_view
from haven.access import Principal
from haven.store import alerts as table
from haven.store import events, notes
from haven.store.alerts import Alert
from haven.store.database import Database
from haven.store.events import Event

FACE, NOTE = "discord.alert", "discord.alerts"
RAISED = "alert.raised"


class Alarms(EventQueue):
    """One for a bot. What came while there was no connection is told when there is one."""

    def __init__(self, channels: Channels, database: Database, channel: int | None, alerts: Alerts) -> None:
        """`channel`: where; None: nowhere."""
        super().__init__(channels, database, "alert.", NOTE)
        self._alerts = alerts
        self._channel = channel

    async def acknowledge(self, id: str, person: Principal) -> Alert:
        """Raises AccessDenied, NotFound, and Conflict where somebody was first or it is over."""
        return await self._alerts.acknowledge(id, person)

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
        is_raised = one.kind == RAISED
        if is_raised:
            cause, level, text, mend = (str(one.data.get(name, "")) for name in ("cause", "level", "text", "mend"))
            since = float(one.data.get("since", one.at))
            view = alert_view(Alert(one.subject, cause, level, text, mend, since))
        else:
            view = panel(news_card(one))
        nonce = f"alert:{one.id}"
        message = await self._channels.send(self._channel, lambda where: where.send(view=view, nonce=nonce))
        await self._mark(one.subject, told_again=is_raised)
        if is_raised:
            place = {"channel": self._channel, "message": message.id, "at": one.at}
            await notes.set_card(self._database, FACE, one.subject, place)

    async def _mark(self, id: str, *, told_again: bool) -> None:
        """The message that told of it says what holds now: nobody is asked there any more to look after what is over,
        is told again below, or has somebody, wherever they said so."""
        place = await notes.card(self._database, FACE, id)
        alert = await table.get(self._database.rows, id) if place else None
        if place is None or alert is None:
            return
        view = alert_view(alert, told_again=told_again)
        await self._channels.edit(int(place["channel"]), int(place["message"]), view=view)
        if alert.cleared_at is not None:
            await notes.take_card(self._database, FACE, id)
