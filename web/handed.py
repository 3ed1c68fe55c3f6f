"""What the dashboard works with: built in haven/faces.py, as for the other faces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
from haven.world.exchange.loading import Importer


class Screen(Protocol):
    """A display of the kiosk whose terminal is elsewhere."""

    ended: str
    """Why, once nothing more is shown."""

    async def typed(self, data: bytes) -> None:
        """What its terminal sends: keys, touches, pastes."""

    def resize(self, columns: int, rows: int) -> None:
        """In cells."""

    async def shown(self) -> bytes:
        """What its terminal gets next; b"" at the end."""


OpenKiosk = Callable[[Principal, int, int], AbstractAsyncContextManager[Screen]]
"""For a person, with so many columns and rows."""


@dataclass(frozen=True)
class Handed:
    """One for the port."""

    round_table: RoundTable
    changes: Changes
    waiting: WaitingRoom
    records: Records
    importer: Importer
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
    kiosk: OpenKiosk
