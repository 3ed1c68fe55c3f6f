"""A panel that nobody touches, by a clock that goes as told; and its light."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from textual.strip import Strip
from textual.widgets import ContentSwitcher
from textual.widgets._toast import ToastHolder

from haven.settings import Kiosk
from kiosk.backlight import set_light
from kiosk.driver import StreamDriver
from kiosk.idle import DEAF_S, LIGHT, Idle, Step
from kiosk.screens.dialogs import Choice, Dialog, Words
from kiosk.screens.pane import Pane
from kiosk.widgets.entry import Entry
from tests.kiosk.clock import FakeClock, settled
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.terminal import PATIENCE_S, Terminal

WANTED = Kiosk(dim_after_s=100, clock_after_s=200, blank_after_s=300)


@pytest.mark.parametrize(
    ("wanted", "panel", "steps"),
    [
        (WANTED, True, [(99, Step.AWAKE), (2, Step.DIM), (100, Step.CLOCK), (100, Step.BLANK), (9999, Step.BLANK)]),
        (WANTED, False, [(150, Step.AWAKE), (51, Step.CLOCK), (9999, Step.CLOCK)]),
        (WANTED.model_copy(update={"clock_after_s": 0.0}), True, [(250, Step.DIM), (51, Step.BLANK)]),
        (Kiosk(dim_after_s=0, clock_after_s=0, blank_after_s=0), True, [(99999, Step.AWAKE)]),
    ],
)
def test_the_steps_come_by_the_settings(wanted: Kiosk, panel: bool, steps: list[tuple[float, Step]]) -> None:
    clock = FakeClock()
    idle = Idle(clock, wanted, lambda step: None, panel=panel)
    for seconds, step in steps:
        clock.pass_by(seconds)
        assert idle.step is step


def test_a_touch_puts_it_off_and_the_one_that_wakes_presses_nothing_for_a_second() -> None:
    clock, shown = FakeClock(), list[Step]()
    idle = Idle(clock, WANTED, shown.append, panel=True)
    clock.pass_by(90)
    assert idle.touched()
    clock.pass_by(90)
    assert shown == []
    clock.pass_by(20)
    assert shown == [Step.DIM]
    assert not idle.touched()
    clock.pass_by(DEAF_S - 0.1)
    assert not idle.touched()
    assert idle.touched(tap=False), "who types on a real keyboard loses the waking key alone"
    clock.pass_by(0.2)
    assert idle.touched()
    assert shown == [Step.DIM, Step.AWAKE]
    idle.wants(WANTED.model_copy(update={"dim_after_s": 10.0}))
    clock.pass_by(11)
    assert shown[-1] is Step.DIM


async def left_alone(house: House, clock: FakeClock, seconds: float) -> None:
    clock.pass_by(seconds)
    await settled(house.kiosks[-1])


async def test_a_panel_left_alone_forgets_who_was_there_and_its_waking_tap_presses_nothing(
    house: House, show: Show
) -> None:
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        app = house.kiosks[-1]
        lights: list[int] = []
        driver = app._driver
        assert isinstance(driver, StreamDriver)
        driver.display.light = lights.append
        await terminal.tap("F2 Ask")
        await terminal.until("Ask, or say")
        asked = asyncio.ensure_future(_asked(app.query_one("#ask", Pane)))
        await terminal.until("Which of them?")
        await left_alone(house, clock, app.wanted.clock_after_s + 1)
        await terminal.until("Touch to wake", gone="Which of them?")
        assert await asked is None, "the dialog was put away"
        assert lights[-1] == LIGHT[Step.CLOCK]
        await left_alone(house, clock, app.wanted.blank_after_s)
        await terminal.until(gone="Touch to wake")
        assert lights[-1] == LIGHT[Step.BLANK] == 0
        assert not [line for line in _lines() if "Which of them?" in line], "what was drawn of it is forgotten too"
        x, y = 50, 26
        for seconds in (0.0, DEAF_S / 2):
            clock.pass_by(seconds)
            terminal.press(x, y)
            terminal.lift(x, y)
            await settled(app)
        await terminal.until("F1 Home")
        assert lights[-1] == 100
        assert app.query_one("#panes", ContentSwitcher).current == "home", "what lay below the finger was not pressed"
        clock.pass_by(DEAF_S)
        await terminal.tap("F3 Changes")
        await terminal.until("There are no changes yet")


async def test_nothing_stays_of_what_a_dialog_was_told_nor_of_notices(house: House, show: Show) -> None:
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        app = house.kiosks[-1]
        asked = asyncio.ensure_future(_asked(app.query_one("#ask", Pane), Words("In your own words?", "Send")))
        await terminal.until("In your own words?")
        terminal.type("Their own affair")
        await terminal.until("Their own affair")
        app.floor.query_one("#ask", Pane).complain("It cannot be sent.")
        await terminal.until("It cannot be sent.")
        await left_alone(house, clock, app.wanted.clock_after_s + 1)
        await terminal.until("Touch to wake", gone="It cannot be sent.")
        assert await asked is None
        assert not app.floor.query(ToastHolder)
        async with asyncio.timeout(PATIENCE_S):
            while _fields("affair"):
                await settled(app)


def _fields(words: str) -> list[Entry]:
    gc.collect()
    return [one for one in gc.get_objects() if type(one) is Entry and words in one.text]


def _lines() -> list[str]:
    """All that Textual holds as drawn, in the whole process."""
    gc.collect()
    return [one.text for one in gc.get_objects() if type(one) is Strip]


async def _asked(pane: Pane, dialog: Dialog | None = None, after: asyncio.Event | None = None) -> str | None:
    answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def ask() -> None:
        if after is not None:
            await after.wait()
        answer.set_result(await pane.app.push_screen_wait(dialog or Choice("Which of them?", {"a": "This"})))

    pane.call_later(pane.attempt, ask, "test")
    return await answer


@pytest.mark.parametrize(("left", "back"), [("", "\x1a"), ("\x18", "\x16")], ids=["undo", "cut and paste"])
async def test_what_was_typed_on_the_panel_does_not_come_back_by_a_key(
    house: House, show: Show, left: str, back: str
) -> None:
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        app = house.kiosks[-1]
        await terminal.tap("F2 Ask")
        await terminal.until("Ask, or say")
        terminal.type("Their own affair")
        await terminal.until("Their own affair")
        terminal.type(left)
        await terminal.until("Ask, or say" if left else "Their own")
        await left_alone(house, clock, app.wanted.clock_after_s + 1)
        await terminal.until("Touch to wake")
        terminal.type("x")
        await terminal.until("F1 Home", gone="Touch to wake")
        clock.pass_by(DEAF_S)
        await terminal.tap("F2 Ask")
        await terminal.until("Ask, or say")
        terminal.type(back)
        await settled(app)  # such a key goes through more hands than a letter, which would come before it
        terminal.type("Mine")
        await terminal.until("Mine", gone="Their own")


async def test_a_display_of_ones_own_shows_the_time_and_keeps_what_was_there(house: House, show: Show) -> None:
    clock = FakeClock()
    async with show(OWNER, clock=clock) as terminal:
        await terminal.tap("F2 Ask")
        await terminal.until("Ask, or say")
        terminal.type("How far is")
        await terminal.until("How far is")
        await left_alone(house, clock, 100_000)
        await terminal.until("Touch to wake")
        terminal.type("x")
        await terminal.until("How far is", gone="Touch to wake")
        assert "How far isx" not in terminal.screen


async def test_a_notice_that_still_holds_is_there_again_and_no_frame_stays_of_others(house: House, show: Show) -> None:
    clock = FakeClock()
    async with show(OWNER, clock=clock) as terminal:
        app = house.kiosks[-1]
        app.notify("The backup is made.", timeout=1000)
        await terminal.until("The backup is made.")
        await left_alone(house, clock, app.wanted.clock_after_s + 1)
        await terminal.until("Touch to wake")
        assert not app.floor.query(ToastHolder)
        terminal.type("x")
        await terminal.until("The backup is made.", gone="Touch to wake")


async def test_what_is_asked_while_nobody_is_there_waits_or_is_given_up(house: House, show: Show) -> None:
    clock = FakeClock()
    async with show(PANEL, clock=clock) as panel, show(OWNER, clock=clock) as own:
        apps = house.kiosks[-2:]
        clock.pass_by(apps[0].wanted.clock_after_s + 1)
        for app, terminal in zip(apps, (panel, own), strict=True):
            await terminal.until("Touch to wake")
            await settled(app)
        given_up, asked = (asyncio.ensure_future(_asked(app.floor.query_one("#ask", Pane))) for app in apps)
        assert await given_up is None, "whoever it was for has left the wall panel"
        for terminal in (panel, own):
            terminal.type("x")
            await terminal.until("F1 Home", gone="Touch to wake")
        await own.until("Which of them?")
        assert "Which of them?" not in panel.screen
        clock.pass_by(DEAF_S)
        await own.tap("This")
        assert await asked == "a"
        await own.until("F1 Home", gone="Which of them?")


async def test_what_was_begun_for_whoever_left_asks_nobody_who_came_since(house: House, show: Show) -> None:
    clock, worked = FakeClock(), asyncio.Event()
    async with show(PANEL, clock=clock) as terminal:
        app = house.kiosks[-1]
        asked = asyncio.ensure_future(_asked(app.floor.query_one("#ask", Pane), after=worked))
        await settled(app)
        await left_alone(house, clock, app.wanted.clock_after_s + 1)
        await terminal.until("Touch to wake")
        terminal.type("x")
        await terminal.until("F1 Home", gone="Touch to wake")
        clock.pass_by(DEAF_S)
        worked.set()
        assert await asked is None, "it may have been given the PIN of whoever left"
        own = asyncio.ensure_future(_asked(app.floor.query_one("#ask", Pane)))
        await terminal.tap("This")
        assert await own == "a", "whoever came is asked what is theirs"


async def test_ctrl_c_tells_how_to_close_the_display(house: House, show: Show) -> None:
    async with show(OWNER) as terminal:
        terminal.type("\x03")
        await terminal.until("Ctrl+Q closes this display")


async def test_an_alert_wakes_the_panel_and_is_shown(house: House, show: Show) -> None:
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        await left_alone(house, clock, 100_000)
        await _dark(terminal)
        house.bus.live("alert.raised", "alert-1", text="The disk is nearly full.")
        await terminal.until("The disk is nearly full.", "Disk: 12 GB free")


async def _dark(terminal: Terminal) -> None:
    await terminal.until(gone="F1 Home")


@pytest.mark.parametrize(("percent", "level"), [(100, "255"), (25, "64"), (1, "3"), (0, "0"), (400, "255")])
def test_the_light_is_turned_by_sysfs(tmp_path: Path, percent: int, level: str) -> None:
    panel = tmp_path / "rpi_backlight"
    panel.mkdir()
    (panel / "max_brightness").write_text("255\n")
    (panel / "brightness").write_text("255\n")
    assert set_light(percent, tmp_path)
    assert (panel / "brightness").read_text() == level


def test_of_few_steps_a_dimmed_panel_is_not_dark(tmp_path: Path) -> None:
    panel = tmp_path / "switch"
    panel.mkdir()
    (panel / "max_brightness").write_text("1")
    assert set_light(25, tmp_path)
    assert (panel / "brightness").read_text() == "1"


def test_without_sysfs_it_is_the_compositors_and_without_that_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "wlopm"
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not set_light(0, tmp_path / "none")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert set_light(0, tmp_path / "none")
    assert set_light(25, tmp_path / "none")
    assert (tmp_path / "said").read_text() == "--off *\n--on *\n"
