"""Models on the kiosk: the shelf with sizes and licences, and one brought here after the PIN, stopped, and deleted."""

from __future__ import annotations

from tests.kiosk.conftest import PANEL, House, Show
from tests.kiosk.test_journeys import PIN


async def test_the_shelf_is_read_and_a_model_that_is_here_is_deleted_with_the_pin(house: House, show: Show) -> None:
    house.pin.set(PIN)
    registry = house.office.registry
    first = registry.list()[0].model
    place = registry.path(first.name)
    place.parent.mkdir(parents=True)
    with place.open("wb") as weights:
        weights.truncate(first.bytes)  # a file with a hole: as large as it must be, and nothing on the disk
    async with show(PANEL, rows=60) as terminal:
        terminal.type("\x0e")
        await terminal.until(first.title, "● here, verified", f"{first.bytes / 1e6:,.0f} MB", first.licence)
        await terminal.until("○ not here", "of memory", "Memory █", f"MB: {first.name}", gone="Install")
        await terminal.tap("Remove")
        await terminal.until("from this", "Delete it")
        await terminal.tap("Delete it")
        await terminal.until("Enter the PIN to")
        assert place.exists()
        terminal.type(f"{PIN}\r")
        await terminal.until("no model is here", "Install", gone="● here")
        assert not place.exists()
