"""What is gone: what still works for it ends no display, and nothing of it stays on the screen."""

from __future__ import annotations

import asyncio
from functools import partial

from textual.app import ComposeResult
from textual.widgets import Static
from textual.widgets._toast import ToastHolder, ToastRack
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


async def test_a_notice_is_drawn_over_even_if_the_map_is_made_anew_as_it_goes(house: House, show: Show) -> None:
    async with show(OWNER) as terminal:
        app = house.kiosks[-1]
        rack, compositor, laid_out = app.floor.query_one(ToastRack), app.floor._compositor, asyncio.Event()

        def go() -> None:
            """As Textual prunes it, and something new is drawn before the next layout."""
            rack._nodes._remove(rack.query_one(ToastHolder))
            compositor.update_widgets({Static()})
            assert compositor.full_map
            app.floor.screen_layout_refresh_signal.subscribe(app.floor, lambda _: laid_out.set(), immediate=True)
            rack.refresh(layout=True)

        app.call_later(partial(app.notify, "It is done.", timeout=600))
        await terminal.until("It is done.")
        app.call_later(go)
        await laid_out.wait()
        assert "It is done." not in terminal.screen
