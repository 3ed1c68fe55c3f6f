"""Home: what the assistants are at, what the day has cost, what the queue holds, what waits for whom."""

from __future__ import annotations

import asyncio

from haven.store import jobs
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_answers import answered_meanwhile
from tests.kiosk.test_roundtable import said


async def test_assistants_show_what_they_are_at_and_to_others_not_whose_words(house: House, show: Show) -> None:
    await house.database.write(lambda tx: jobs.add(tx, "change", "abc123", "change:abc123", 9e12))
    house.model.go_on.clear()
    async with show(OWNER) as terminal, show(PANEL) as panel:
        await terminal.until("○ idle", "Today 0.00 of 2.00 USD", "Queue: 0 running, 1 waiting")
        asking = asyncio.create_task(said(house, "Who named Vega?"))
        await terminal.until("● writing", "Who named Vega?")
        await panel.until("● writing", "a question")
        assert "Vega" not in panel.screen and "Ada" not in panel.screen
        async with show(OWNER) as later:
            await later.until("● thinking")
        house.model.go_on.set()
        await asking
        await terminal.until("Scribe answers Ada", gone="●  writing")
        await panel.until("Scribe answers somebody", gone="writing")


async def test_an_answer_that_came_back_is_counted_and_leads_there(house: House, show: Show) -> None:
    await answered_meanwhile(house, show)
    async with show() as terminal:
        await terminal.until("1 came back", "F2 Ask (1)")
        await terminal.tap("1 came back")
        await terminal.until("Make this")
