"""Places are made when they are first shown; whoever is quicker than that still ends where they wanted to."""

from __future__ import annotations

from tests.kiosk.conftest import OWNER, House, Show

LORE, QUEUE, HOME = "\x1b[15~", "\x1b[21~", "\x1bOP"


async def test_of_several_places_asked_for_at_once_the_last_is_shown(show: Show) -> None:
    async with show(OWNER) as terminal:
        await terminal.until("All looked at")
        terminal.type(f"{LORE}{QUEUE}{HOME}{QUEUE}{LORE}")
        await terminal.until("No lore is recorded yet", gone="the queue is empty")
        terminal.type("\x1b")
        await terminal.until("the queue is empty", gone="No lore is recorded yet")


async def test_back_leads_to_where_one_was_by_tile_as_by_key(house: House, show: Show) -> None:
    await house.in_review()
    async with show(OWNER) as terminal:
        await terminal.tap("More")
        await terminal.tap("F7 Health")
        await terminal.until("No alert is open")
        await terminal.tap("Queue")
        await terminal.until("1 … waits")
        await terminal.tap("Back")
        await terminal.until("No alert is open")
        await terminal.tap("Back")
        await terminal.until("F7 Health", gone="No alert is open")
        await terminal.tap("F1 Home")
        await terminal.tap("Add a zoom button")
        await terminal.until("Adds a zoom.")
        await terminal.tap("Back")
        await terminal.until("1 for you to look at", gone="Adds a zoom.")
