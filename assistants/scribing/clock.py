"""When a digest is due: each day or each Monday at an hour of this machine's clock, and once for each."""

from __future__ import annotations

from datetime import datetime, timedelta

from assistants.scribe import Scribe
from assistants.scribing.digest import Digest
from haven.settings import WorldSettings
from haven.store import events, notes
from haven.store.database import Database, now
from haven.store.transaction import Transaction

TOLD = "world.digest"
"""Under this note stands the moment that the last digest was due."""
EVENT = "digest.told"
DAYS = {"daily": 1, "weekly": 7}


class DigestClock:
    """What is due is a durable event `digest.told`, which the faces show; nothing where nothing happened."""

    def __init__(self, database: Database, scribe: Scribe, settings: WorldSettings) -> None:
        self._database = database
        self._scribe = scribe
        self.settings = settings
        """Others may take their place while Haven runs (heeding.py)."""

    async def look(self, at: float | None = None) -> bool:
        """Tell the digest that is due, if there is one; `at`: seconds since 1970, now where it is None."""
        days = DAYS.get(self.settings.digest)
        if days is None:
            return False
        due = last_due(now() if at is None else at, days, self.settings.digest_hour)
        if due <= float(await notes.get(self._database, TOLD) or 0):
            return False
        found = await self._scribe.digest(days, until=due)
        await self._database.write(lambda tx: _told(tx, due, found))
        return bool(found.sections)


async def _told(tx: Transaction, due: float, found: Digest) -> None:
    """The digest as an event and that it is told: both or neither."""
    if found.sections:
        sections = [{"title": one.title, "lines": one.lines} for one in found.sections]
        await events.record(tx, EVENT, f"{due:.0f}", title=found.title, sections=sections)
    await notes.keep(tx, TOLD, str(due))


def last_due(at: float, days: int, hour: int) -> float:
    """The last moment, up to `at`, when a digest of so many days was due: today's hour, or Monday's."""
    here = datetime.fromtimestamp(at)
    due = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if days == DAYS["weekly"]:
        due -= timedelta(days=due.weekday())
    return (due if due <= here else due - timedelta(days=days)).timestamp()
