"""The round that is too long for every minute: logs, logins and submissions, and what of them is told of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from assistants.sentry.alerts import Alerts, Sign
from assistants.sentry.lines import StatusLine
from assistants.sentry.logins import LOGIN, Looked, looked
from assistants.sentry.logs import Kind, Logs
from assistants.sentry.patterns import Group, groups, signs_of_groups, subject
from assistants.sentry.submissions import QUIET_DAYS, SUBMISSION, liveliness, signs_of_submissions
from haven.errors import NotFound
from haven.store import events, log_templates, submissions
from haven.store.database import Database, now

HOUR_S, DAY_S = 3_600.0, 86_400.0
LOGINS_S = 30 * DAY_S
"""How far back logins are compared, where the log goes back so far."""


class Patrol:
    """One for the house."""

    def __init__(self, database: Database, logs: Logs) -> None:
        self._database = database
        self._logs = logs

    async def look(self, alerts: Alerts) -> None:
        """Look once, and tell of what is wrong; a log that can't be read ends no alert that came from it."""
        signs: list[Sign] = []
        subjects = set()
        for source in (Kind.JOURNAL, Kind.OWN):
            if (found := await self.problems(source, HOUR_S)) is not None:
                signs += signs_of_groups(found)
                subjects.add(subject(source))
        if (suspects := await self.logins()) is not None:
            signs += [one.sign for one in suspects.found]
            subjects.add(LOGIN)
        await alerts.look({*subjects, SUBMISSION}, [*signs, *await self.submissions()], now())

    async def submissions(self) -> list[Sign]:
        """Spam, copies, a long queue, and secrets that were masked."""
        at = now()
        lately = await submissions.since(self._database, at - 7 * DAY_S)
        waiting = await submissions.backlog(self._database)
        leaks = [
            event
            for kind in ("draft.masked", "world.masked")
            for event in await events.lately(self._database, kind, at - DAY_S)
        ]
        return await asyncio.to_thread(signs_of_submissions, lately, waiting, leaks, at)

    async def lively(self) -> list[StatusLine]:
        """How many discoveries come in."""
        at = now()
        lately, first = await submissions.discoveries_since(self._database, at - QUIET_DAYS * DAY_S)
        return liveliness(lately, first, at)

    async def problems(self, source: Kind, back_s: float = DAY_S) -> list[Group] | None:
        """What went wrong in a log within the last `back_s` seconds; None where it can't be read here.

        New is what no earlier day had: nothing is, on the first day that a log is read.
        """
        at = now()
        lines = await asyncio.to_thread(self._logs.read, source, at - back_s)
        if lines is None:
            return None
        began = await log_templates.known_since(self._database, source)
        first = await log_templates.first_seen(self._database, source)
        found = await asyncio.to_thread(groups, lines)
        await log_templates.see(self._database, source, [one.template for one in found], at)
        if began is None or began > at - DAY_S:
            return found
        return [replace(one, is_new=first.get(one.template, at) > at - DAY_S) for one in found]

    async def group(self, id: str) -> Group:
        """One group of the last day's journal and own log. Raises NotFound."""
        for source in (Kind.JOURNAL, Kind.OWN):
            for one in await self.problems(source) or ():
                if one.id == id:
                    return one
        raise NotFound(f"There is no group {id!r} in the logs of the last day.", "See them: haven logs check")

    async def logins(self) -> Looked | None:
        """Suspicious logins; None where no log of them can be read here."""
        at = now()
        lines = await asyncio.to_thread(self._logs.read, Kind.AUTH, at - LOGINS_S)
        return None if lines is None else await asyncio.to_thread(looked, lines, at)
