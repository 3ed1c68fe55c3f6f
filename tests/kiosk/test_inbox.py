"""The inbox: what came while nobody looked stays until it is read, for its person alone; watches end with the PIN."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistants.sentinel import HAVEN
from haven.store import events
from haven.store.transcripts import Said
from haven.world.schema import System
from kiosk.inbox import Inbox
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import PIN, enter
from tests.kiosk.test_layout import SIZES, assert_reachable


async def found(house: House, *names: str) -> None:
    """Something new for every watch."""
    await house.records.world.put([System(name=name) for name in names], HAVEN, "a test")
    await house.records.watches.catch_up()


async def digest(house: House, title: str) -> None:
    sections = [{"title": "Added", "lines": ["system Odd\x1b[2J", "system Even"]}]
    await house.database.write(lambda tx: events.record(tx, "digest.told", "world", title=title, sections=sections))


async def test_what_came_before_the_display_stays_until_it_is_read(house: House, show: Show) -> None:
    house.pin.set(PIN)
    await house.records.watches.add("new systems", PANEL, {})
    await house.records.watches.add("new systems", replace(PANEL, id="discord:5", face="bot"), {"channel": 1})
    await found(house, "Farlight")
    await digest(house, "Last week")
    await digest(house, "This week")
    for _ in range(2):  # looked at, and not read: it is there on the next display, too
        async with show(PANEL) as terminal:
            await terminal.tap("2 new")
            await terminal.until("This week", "system Odd[2J", "each new system", gone="Last week")
            await terminal.tap("Your watch: new systems")
            await terminal.until("Farlight (system)")
    async with show(PANEL) as first, show(PANEL) as second:
        await second.until("2 new")
        await first.tap("2 new")
        await first.until("This week")
        await first.tap("All read")
        await first.until("Nothing new.")
        await second.until("Inbox", gone="2 new")
        await found(house, "Nearlight")
        await second.until("1 new")
        await first.until("Your watch: new systems")
        await first.tap("All read")
        await first.until("Nothing new.")
        await first.tap("each new system")
        await first.until("Farlight", "Nearlight")
        await first.tap("End this watch")
        await enter(first, "1357")
        await first.until("That PIN is wrong")
        assert len(await house.records.watches.list(PANEL)) == 1
        await enter(first, PIN)
        await first.until("You watch for nothing yet")
    async with show(PANEL) as terminal:
        await terminal.until("Inbox", gone="new")


async def test_each_has_an_inbox_of_their_own(house: House) -> None:
    at_a_command = replace(OWNER, face="cli")
    for person in (PANEL, at_a_command):
        await house.records.watches.add("new systems", person, {})
    await found(house, "Farlight")
    boxes = [Inbox(house.database, house.bus, person) for person in (PANEL, OWNER)]
    [panels, owners] = [(await box.unread())[0] for box in boxes]
    await boxes[0].read(max(panels.id, owners.id))
    assert [len(await box.unread()) for box in boxes] == [0, 1]
    assert len(await Inbox(house.database, house.bus, PANEL).unread()) == 0
    await found(house, "Nearlight")
    assert [len(await box.unread()) for box in boxes] == [1, 2]


async def test_home_tells_the_last_step_of_the_round_table_but_not_whose_it_is(house: House, show: Show) -> None:
    step = Said("r1", "answers", "lorekeeper", "Ada", "discord:7", words="The salt war.", tier="local", model="small")
    async with show(PANEL) as panel, show(OWNER) as owner:
        house.round_table.transcript.say(step)
        await owner.until("Lorekeeper answers Ada · local")
        await panel.until("Lorekeeper answers somebody · local")
        assert "salt" not in panel.screen


@pytest.mark.parametrize("size", SIZES)
async def test_targets_of_the_inbox_are_reached_by_a_finger(house: House, size: tuple[int, int]) -> None:
    await house.records.watches.add("new systems", OWNER, {})
    await found(house, "Farlight")
    app = house.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        for pane, wanted in (("inbox", {"All read", "Back"}), ("home", {"Inbox\n1 new"})):
            app.action_pane(pane)
            await pilot.pause()
            for worker in [one for one in app.workers if one.group in ("inbox", "watches", "message")]:
                await worker.wait()
            await pilot.pause()
            assert wanted <= set(assert_reachable(app))
