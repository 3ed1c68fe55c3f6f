"""Home: what the assistants are at, what the day has cost, what the queue holds, what waits for whom."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from haven.store import jobs
from haven.store.database import Transaction
from haven.world.fields import made
from haven.world.schema import Kind
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_answers import answered_meanwhile
from tests.kiosk.test_roundtable import ADA, said


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


async def test_what_one_may_not_decide_oneself_does_not_wait_for_one(house: House, show: Show) -> None:
    others = house.settings.changes.model_copy(update={"requester_may_approve": False})
    house.office = replace(house.office, settings=house.settings.model_copy(update={"changes": others}))
    await house.in_review("Mine is mine")
    await house.in_review("Add a zoom button")

    async def mine(tx: Transaction) -> None:
        await tx.execute("update change set requester = ? where title = ?", (OWNER.id, "Mine is mine"))

    await house.database.write(mine)
    for by, name in ((OWNER, "Farlight"), (ADA, "Dimlight")):
        system = made(Kind.SYSTEM, {"name": name, "position": "10, 20, 30", "economy": "Mining"})
        await house.records.drafts.propose([system], by, "/submit", "seen")
    async with show(PANEL) as panel, show(replace(OWNER, id="discord:9", name="Rea")) as other:
        await panel.until("1 for you to look at", "Add a zoom button", "1 to decide", "More (1)")
        assert "Mine is mine" not in panel.screen, "the panel with its PIN is the owner's hand"
        await other.until("2 for you to look at", "Mine is mine", "2 to decide")
        await panel.tap("More (1)")
        await panel.tap("F6 Drafts (1)")
        await panel.until("Farlight", "Dimlight")
