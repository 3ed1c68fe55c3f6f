"""Models on the kiosk: the shelf with sizes and licences, and one brought here after the PIN, stopped, and deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haven.ai.models.registry import Registry
from tests.ai.hub_by_hand import FILE, REPO, brought, hub_by_hand, write_catalogue
from tests.kiosk.conftest import PANEL, House, Show
from tests.kiosk.terminal import Terminal
from tests.kiosk.test_journeys import PIN, enter

WEIGHTS = b"GGUF" + bytes(range(256)) * 8000
CUT = 3 << 18


async def shelf(terminal: Terminal) -> None:
    await terminal.tap("More")
    await terminal.tap("Models")
    await terminal.until("Tiny", "○ not here")


async def bring(terminal: Terminal) -> None:
    await terminal.tap("Tiny ·")  # a second quick tap where Stop stood would be none
    await terminal.tap("Install")
    await terminal.until("Bring Tiny here?", "licence: MIT")
    await terminal.tap("Bring it")
    await enter(terminal, PIN)


async def test_a_model_is_brought_here_stopped_and_gone_on_with_by_finger(
    house: House, show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    house.pin.set(PIN)
    source = f'{{ kind = "hub", repo = "{REPO}", file = "{FILE}" }}'
    registry = Registry(tmp_path / "models", write_catalogue(tmp_path / "c.toml", source))
    house.office = replace(house.office, registry=registry)
    async with hub_by_hand(WEIGHTS) as far, show(PANEL) as terminal:
        monkeypatch.setenv("HF_ENDPOINT", far.hub)
        far.faults = [("stall", CUT), ("stall", 1), ("stall", 1)]
        await shelf(terminal)
        for _ in range(2):
            await bring(terminal)
            await terminal.until(" of 2 MB, ", "Stop", gone="Install")
            await far.stalled.wait()
            await brought(tmp_path, CUT)
            await terminal.tap("Stop")
            await terminal.until("○ not here", "Install", gone="Stop")
            await far.hung_up.wait()
            far.stalled.clear()
            far.hung_up.clear()
        async with show(PANEL) as other:
            await shelf(other)
            await bring(other)
            await far.stalled.wait()
        await far.hung_up.wait()  # a display that goes away ends what it has brought
        await bring(terminal)
        await terminal.until("Tiny is here. It is used from Haven's next start on", "● here", "Remove", gone="Stop")
    assert [one.range for one in far.fetched] == ["", *[f"bytes={CUT}-"] * 3], "what had come was not fetched again"
    assert registry.path("tiny").read_bytes() == WEIGHTS and "failed" not in caplog.text


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
