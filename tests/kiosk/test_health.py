"""Health on the kiosk: reached from Home, live, and an alert is taken charge of with the PIN."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from assistants.sentry.alerts import Sign
from haven.health import snapshot
from kiosk.app import Kiosk
from kiosk.widgets.trends import drawn, gathered
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import PIN, enter
from tests.kiosk.test_layout import SIZES, assert_reachable

NOON = datetime(2026, 11, 21, 12).timestamp()
QUIET = replace(snapshot(Path("/"), root=Path("/nowhere")), memory_total_mb=4000.0)
FULL = Sign("status:disk", "Disk: 0.1 GB free\x1b[2J", "urgent", "Free some room.")


async def test_an_alert_is_seen_at_once_taken_charge_of_with_the_pin_and_gone_when_it_is_over(
    house: House, show: Show
) -> None:
    await asyncio.to_thread(house.pin.set, PIN)
    async with show(PANEL) as terminal:
        await terminal.tap("12 GB free")
        await terminal.until("No alert is open.", "Backup: 5 h old", gone="I look after it")
        await house.alerts.look(["status"], [FULL], NOON)
        await terminal.until("urgent since 21 Nov 12:00", "nobody looks", "0.1 GB free[2J", "Free some room.")
        await terminal.tap("I look after it")
        await enter(terminal, "1111")
        await terminal.until("That PIN is wrong")
        assert not (await house.alerts.open())[0].acknowledged_by
        await enter(terminal, PIN)
        await terminal.until("Wall panel looks after it", gone="I look after it")
        assert (await house.alerts.open())[0].acknowledged_by == "Wall panel"
        for minute in (1, 20):
            await house.alerts.look(["status"], [], NOON + 60 * minute)
        await terminal.until("No alert is open.")
        terminal.type("\x1b")
        await terminal.until("All looked at")
        terminal.type("\x1b[18~")
        await terminal.until("No alert is open.")


@pytest.mark.parametrize("size", SIZES)
async def test_targets_of_health_are_reached_by_a_finger(house: House, size: tuple[int, int]) -> None:
    await house.alerts.look(["status"], [Sign("status:a", "words " * 60, mend="more " * 50)], NOON)
    app: Kiosk = house.kiosk(PANEL)
    async with app.run_test(size=size) as pilot:
        for worker in [worker for worker in app.workers if worker.group == "status"]:
            await worker.wait()
        app.action_pane("health")
        await pilot.pause()
        found = assert_reachable(app)
        assert {"Back", "I look after it", "F1 Home"} <= set(found)
        [row] = app.query(".alarm")
        assert row.size.height > 8, "a part of the alert can't be read"


async def test_figures_of_the_last_hours_are_drawn_beside_what_they_are_now(house: House, show: Show) -> None:
    for minute in range(60):
        heat = 40 + minute / 2
        machine = replace(QUIET, cpu_celsius=heat, memory_available_mb=1000.0, disk_free_mb=None)
        house.past.add(machine, 4.0, None if minute % 2 else 12.0)
    async with show(OWNER) as terminal:
        terminal.type("\x1b[18~")
        await terminal.until("Heat", "▅▆", "70 °C", "Memory used", "75 %", "Loop lag", "4 ms", "Tokens a second", "12")
        assert "Disk used" not in terminal.screen, "what this machine does not say has no line"
    assert gathered([1, None, 3, None, None], 3) == [1, 3, None]
    assert drawn([None, 0, 50, 100, 400], 100) == " ▁▁▂▇"
