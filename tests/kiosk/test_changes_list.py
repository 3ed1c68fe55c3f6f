"""The list of changes: filtered, longer at a tap, and each with how far it has come."""

from __future__ import annotations

from haven.changes.proposal import Kind, Proposal
from haven.store import changes as table
from kiosk.screens import changes as pane
from tests.kiosk.conftest import OWNER, House, Show


async def test_filters_by_touch_and_stages_live(house: House, show: Show) -> None:
    await house.in_review()
    work = Proposal(Kind.FIX, "Mend the map", "Mend the map", "cartographer", ("rules",))
    mine = await house.changes.submit(work, OWNER)
    await house.database.write(lambda tx: table.update(tx, mine.id, state="editing"))
    gone = await house.in_review("Paint it red", path="red.py")
    await house.changes.reject(gone.id, OWNER, round=1)
    async with show(OWNER, 96, 26) as terminal:
        await terminal.tap("F3 Changes")
        await terminal.until("Add a zoom button", "Mend the map", "Paint it red", "✓✓●○○○ model")
        house.bus.live("change.progress", mine.id, text="round 1: applying the edits", stage="editing")
        await terminal.until("✓✓✓●○○ edits · round 1: applying the edits")
        await terminal.tap("Waits for me")
        await terminal.until("Add a zoom button", "Waits for me", gone="Mend the map")
        await terminal.tap("Mine")
        await terminal.until("Mend the map", gone="zoom button")
        terminal.type("2")
        await terminal.until("Mend the map", "Add a zoom button", gone="Paint it red")
        terminal.type("4")
        await terminal.until("Paint it red")


async def test_older_changes_come_at_a_tap(house: House, show: Show) -> None:
    for number in range(pane.PAGE + 2):
        work = Proposal(Kind.FIX, f"Mend map {number}.", f"Mend map {number}", "cartographer", ("rules",))
        made = await house.changes.submit(work, OWNER)
        await house.changes.cancel(made.id, OWNER)
    async with show(OWNER, 100, 150) as terminal:
        await terminal.tap("F3 Changes")
        await terminal.until("Mend map 31.", "Mend map 2.", gone="Mend map 1.")
        await terminal.tap("Show older ones")
        await terminal.until("Mend map 1.", "Mend map 0.", gone="Show older ones")
