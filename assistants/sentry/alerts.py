"""Alerts: one a cause, told once, worse ones again, quiet at night, and an all-clear when it is over."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Literal

from haven.access import Act, Principal, check
from haven.errors import Conflict, NotFound
from haven.quoting import clean
from haven.redact import redact
from haven.settings import AlertSettings
from haven.store import alerts as table
from haven.store import events
from haven.store.alerts import Alert
from haven.store.database import Database, Transaction, now

Level = Literal["warning", "urgent"]
MOST_TEXT = 400
"""Characters of one alert's sentence."""


@dataclass(frozen=True)
class Sign:
    """Something is wrong now. The part of `cause` before a colon is its subject: what was looked at to see it."""

    cause: str
    text: str
    level: Level = "warning"
    mend: str = ""

    @property
    def subject(self) -> str:
        return self.cause.partition(":")[0]


class Alerts:
    """One for the house. What it knows is in the database: a new start neither repeats nor forgets an alert."""

    def __init__(self, database: Database, settings: AlertSettings) -> None:
        self._database = database
        self.settings = settings
        """Others may take their place while Haven runs (heeding.py)."""
        self._milder: dict[str, float] = {}
        """Since when an urgent alert, by its id, is seen as a warning only; after a new start that counts anew."""

    async def look(self, subjects: Collection[str], signs: Iterable[Sign], at: float) -> None:
        """Take in what was seen at the moment `at`: `subjects` were looked at, and only these can be over.

        A subject may be one whole cause. An alert is over when its sign has stayed away for `calm_minutes`, so that
        what comes and goes is one alert.
        """
        seen: dict[str, Sign] = {}
        for sign in signs:
            if sign.cause not in seen or sign.level == "urgent":
                seen[sign.cause] = sign
        if seen or await table.unfinished(self._database.rows):  # each minute all is well, and nothing is written
            await self._database.write(lambda tx: self._take_in(tx, subjects, seen, at))

    async def open(self) -> list[Alert]:
        """What is wrong now, the oldest first; what is held back until the morning too."""
        return [one for one in await table.unfinished(self._database.rows) if one.cleared_at is None]

    async def list(self, limit: int = 50) -> list[Alert]:
        """Open and past ones, the newest first."""
        return await table.newest(self._database, limit)

    async def acknowledge(self, id: str, by: Principal) -> Alert:
        """Somebody has seen it and looks after it. Raises AccessDenied, NotFound, and Conflict where it is no news."""
        check(by, Act.ACKNOWLEDGE)
        id = id if id.startswith("alert-") else f"alert-{id}"
        return await self._database.write(lambda tx: self._acknowledge(tx, id, by))

    async def _acknowledge(self, tx: Transaction, id: str, by: Principal) -> Alert:
        alert = await table.get(tx.execute_fetchall, id)
        if alert is None:
            raise NotFound(f"There is no alert {id!r}.", "See the open ones: haven alerts")
        if alert.cleared_at is not None:
            raise Conflict(f"{id} is over already.", "Nothing was done.")
        if alert.acknowledged_at is not None:
            raise Conflict(f"{alert.acknowledged_by} looks after {id} already.", "Nothing was done.")
        alert = replace(alert, acknowledged_at=now(), acknowledged_by=by.name, acknowledged_by_id=by.id)
        await table.save(tx, alert)
        await events.record(tx, "alert.acknowledged", id, by.id, cause=alert.cause, text=alert.text, by=by.name)
        return alert

    async def _take_in(self, tx: Transaction, subjects: Collection[str], seen: dict[str, Sign], at: float) -> None:
        unfinished = await table.unfinished(tx.execute_fetchall)
        open_ones = {one.cause: one for one in unfinished if one.cleared_at is None}
        quiet = is_quiet(self.settings, at)
        after = [one for one in unfinished if one.cleared_at is not None]
        after += [self._seen(open_ones.get(cause), sign, at) for cause, sign in seen.items()]
        for cause, alert in open_ones.items():
            if cause not in seen:
                looked_at = cause in subjects or cause.partition(":")[0] in subjects
                after.append(_calmer(alert, at, self._calm_s) if looked_at else alert)
        before = {one.id: one for one in unfinished}
        self._milder = {id: since for id, since in self._milder.items() if id in before}
        for alert in after:
            told = await _tell(tx, alert, at, quiet)
            if told != before.get(told.id):
                await table.save(tx, told)

    def _seen(self, alert: Alert | None, sign: Sign, at: float) -> Alert:
        """A new one, or the one that goes on, with what holds now.

        Where it got worse it is told again, whoever has seen the milder one. It is milder again when it has been so
        for `calm_minutes`: what goes up and down is not told each time.
        """
        text = clean(redact(sign.text))[:MOST_TEXT]
        if alert is None:
            return Alert(f"alert-{secrets.token_hex(3)}", sign.cause, sign.level, text, sign.mend, at)
        now_so = replace(alert, text=text, mend=sign.mend, calm_since=None)
        if sign.level == alert.level:
            self._milder.pop(alert.id, None)
            return now_so
        if sign.level == "urgent":
            free = replace(now_so, acknowledged_at=None, acknowledged_by="", acknowledged_by_id="")
            return replace(free, level="urgent", told_at=None)
        if at - self._milder.setdefault(alert.id, at) < self._calm_s:
            return now_so
        del self._milder[alert.id]
        return replace(now_so, level=sign.level)

    @property
    def _calm_s(self) -> float:
        return self.settings.calm_minutes * 60


def is_quiet(settings: AlertSettings, at: float) -> bool:
    """Whether `at` lies in the quiet hours of this machine's own clock; two equal times mean there are none."""
    start, end = time.fromisoformat(settings.quiet_from), time.fromisoformat(settings.quiet_until)
    clock = datetime.fromtimestamp(at).time()
    return start <= clock < end if start <= end else clock >= start or clock < end


def _calmer(alert: Alert, at: float, calm_s: float) -> Alert:
    if alert.calm_since is None:
        alert = replace(alert, calm_since=at)
    over = at - (alert.calm_since or at) >= calm_s
    return replace(alert, cleared_at=at) if over else alert


async def _tell(tx: Transaction, alert: Alert, at: float, quiet: bool) -> Alert:
    """Write the event that is due, if one is; what nobody was told of needs no all-clear."""
    held = quiet and alert.level != "urgent"
    about = {"cause": alert.cause, "level": alert.level, "text": alert.text, "since": alert.raised_at}
    if alert.cleared_at is not None and alert.clear_told_at is None and (alert.told_at is None or not held):
        if alert.told_at is not None:
            lasted = alert.cleared_at - alert.raised_at
            await events.record(tx, "alert.cleared", alert.id, lasted_s=lasted, **about)
        return replace(alert, clear_told_at=at)
    if alert.cleared_at is None and alert.told_at is None and not held:
        await events.record(tx, "alert.raised", alert.id, mend=alert.mend, **about)
        return replace(alert, told_at=at)
    return alert
