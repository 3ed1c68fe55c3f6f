"""What the kiosk and the dashboard both work with: built in haven/faces.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from assistants.office import Office
from assistants.records import Records
from assistants.round_table import RoundTable
from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Alerts
from assistants.waiting import WaitingRoom
from haven.access import Principal
from haven.changes.decisions import Changes
from haven.events import Bus
from haven.logbook import Recent
from haven.past import Past
from haven.store.database import Database


@dataclass(frozen=True)
class AtHand:
    """Each of the two adds what it alone needs."""

    round_table: RoundTable
    changes: Changes
    waiting: WaitingRoom
    records: Records
    bus: Bus
    database: Database
    status: Callable[[], Awaitable[list[StatusLine]]]
    alerts: Alerts
    verdict: Callable[[int, Principal, int], Awaitable[None]]
    """Takes the number of an outcome and 1 or -1."""
    cloud: Callable[[], str]
    """Who can be asked there, by name; "" for nobody."""
    lan: Callable[[], bool]
    """Whether models at home can be chosen."""
    office: Office
    settings_file: Path
    """haven.toml, as it was read at the start."""
    log: Recent
    past: Past
