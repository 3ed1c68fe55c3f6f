"""`haven up` on a terminal: it shows the kiosk there by itself, and who leaves it ends Haven."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command import configured, environment
from tests.kiosk.test_attach import ENVIRONMENT, Pty


async def test_up_shows_the_kiosk_on_its_terminal_and_leaving_it_is_the_end(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    terminal = Pty(home)
    terminal.program = ("haven", "up")
    terminal.environment = environment(home) | ENVIRONMENT
    async with terminal:
        await terminal.tap("F3 Changes")
        await terminal.until("There are no changes yet")
        terminal.type("\x11")
        assert await terminal.process.wait() == 0
        assert terminal.restored()
