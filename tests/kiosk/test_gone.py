"""What still works for a dialog that was given up doesn't end the display."""

from __future__ import annotations

import asyncio
from functools import partial

from textual.app import ComposeResult
from textual.widgets import Static
from textual.worker import WorkType

from kiosk.screens.dialogs import Dialog
from kiosk.screens.pane import Pane
from tests.kiosk.conftest import OWNER, House, Show


class Question(Static):
    """Says that it is put away."""

    def on_unmount(self) -> None:
        assert isinstance(self.screen, Asking)
        self.screen.put_away.set()


class Asking(Dialog):
    """Looks something up, and has found it when its question has just been put away."""

    def __init__(self) -> None:
        super().__init__()
        self.put_away, self.missed = asyncio.Event(), asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Question("Which of them?")

    def on_mount(self) -> None:
        look: WorkType[None] = partial(self._look)
        self.run_worker(look)

    async def _look(self) -> None:
        await self.put_away.wait()
        self.missed.set()
        self.query_one(Question).update("This one.")


async def test_what_is_found_too_late_for_a_dialog_ends_nothing(house: House, show: Show) -> None:
    async with show(OWNER) as terminal:
        app, dialog = house.kiosks[-1], Asking()

        async def ask() -> None:
            await app.push_screen_wait(dialog)

        pane = app.floor.query_one("#home", Pane)
        pane.call_later(pane.attempt, ask, "test")
        await terminal.until("Which of them?")
        terminal.type("\x1b")
        await dialog.missed.wait()
        await terminal.tap("F3 Changes")
        await terminal.until("There are no changes yet")
        assert not app.failure
