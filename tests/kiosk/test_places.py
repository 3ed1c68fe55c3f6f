"""Places are made when they are first shown; whoever is quicker than that still ends where they wanted to."""

from __future__ import annotations

from tests.kiosk.conftest import OWNER, Show

LORE, QUEUE, HOME = "\x1b[15~", "\x1b[21~", "\x1bOP"


async def test_of_several_places_asked_for_at_once_the_last_is_shown(show: Show) -> None:
    async with show(OWNER) as terminal:
        await terminal.until("All looked at")
        terminal.type(f"{LORE}{QUEUE}{HOME}{QUEUE}{LORE}")
        await terminal.until("No lore is recorded yet", gone="the queue is empty")
        terminal.type("\x1b")
        await terminal.until("the queue is empty", gone="No lore is recorded yet")
