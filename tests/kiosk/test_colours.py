"""Displays of several sorts at once: each is sent the colours that it knows, whichever drew the same first."""

from __future__ import annotations

import asyncio
import re

from kiosk.driver import Display, driver_for
from tests.kiosk.conftest import OWNER, House
from tests.kiosk.terminal import Terminal

DRESS = re.compile(rb"\x1b\[([\d;]*)m")
TRUE, PALETTE = re.compile(rb"[34]8;2;"), re.compile(rb"[34]8;5;")


async def drawn(house: House, colours: str) -> bytes:
    """The colours and attributes of Home, on a display that knows these."""
    terminal, sent = Terminal(), bytearray()

    def send(data: bytes) -> None:
        sent.extend(data)
        terminal.feed(data)

    screen = Display(send, 100, 28, colours)
    running = asyncio.create_task(house.kiosk(OWNER, driver_for(screen)).run_async())
    try:
        await terminal.until("All looked at", "F1 Home")
    finally:
        screen.hang_up()
        await asyncio.wait_for(running, 20)
    return b"\n".join(DRESS.findall(bytes(sent)))


async def test_each_display_has_its_own_colours_whichever_was_there_before(house: House) -> None:
    ssh, panel, console = [await drawn(house, colours) for colours in ("256", "truecolor", "standard")]
    again = await drawn(house, "256")
    for palette in (ssh, again):
        assert PALETTE.search(palette) and not TRUE.search(palette)
    assert TRUE.search(panel) and not PALETTE.search(panel)
    assert re.search(rb"\b(3|4|9|10)[0-7]\b", console) and not TRUE.search(console) and not PALETTE.search(console)
