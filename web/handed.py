"""What the dashboard works with beside what the kiosk has too: built in haven/faces.py."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from assistants.at_hand import AtHand
from haven.access import Principal
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
class Handed(AtHand):
    """One for the port."""

    importer: Importer
    kiosk: OpenKiosk
