"""The kill switch on the wall panel: off with a tap, on only with the PIN."""

from __future__ import annotations

import asyncio

from haven.ai.switch import CloudSwitch
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import PIN, enter


async def test_the_panel_switches_the_cloud_off_with_a_tap_and_on_with_its_pin(house: House, show: Show) -> None:
    await asyncio.to_thread(house.pin.set, PIN)
    switch = CloudSwitch(house.database)
    async with show(PANEL) as terminal:
        await terminal.until("Cloud on")
        await terminal.tap("Cloud on")
        await terminal.until("Local only", "Nothing leaves")
        state = await switch.state()
        assert not state.on and state.by_id == PANEL.id
        await terminal.tap("Local only")
        await terminal.until("Enter the PIN to let the cloud be asked again.")
        await enter(terminal, "1111")
        await terminal.until("That PIN is wrong")
        assert not (await switch.state()).on
        await enter(terminal, PIN)
        await terminal.until("Cloud on")
        assert (await switch.state()).on
        await switch.off(OWNER)
        await terminal.until("Local only")
