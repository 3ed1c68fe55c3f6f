"""The keyboard on the screen, by touch: what is typed, repeated, offered, and never hidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.driver import Driver
from textual.widgets import Static

from haven.settings import Kiosk
from haven.world.name_index import NameIndex
from haven.world.schema import Kind
from kiosk.completing import completions
from kiosk.driver import Display, driver_for
from kiosk.screens.dialogs import PinPad
from kiosk.touch import TouchApp
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import REPEAT_AFTER_S, REPEAT_EVERY_S, Keyboard, Keys, NumberKeys, PinKeys
from tests.kiosk.clock import FakeClock, settled
from tests.kiosk.terminal import Terminal


class Desk(TouchApp):
    """A field far down a page, and the keys."""

    CSS = "Entry { height: 3; } #page { height: 1fr; } .far { height: 40; }"

    def __init__(self, driver: type[Driver], clock: FakeClock, wanted: Kiosk, keys: Callable[[], Keys]) -> None:
        super().__init__(driver, clock, wanted)
        self._keys = keys

    def compose(self) -> ComposeResult:
        with Vertical():
            with VerticalScroll(id="page"):
                yield Static("far above", classes="far")
                yield Entry("Type here")
                yield Static("far below", classes="far")
            yield self._keys()

    def on_mount(self) -> None:
        self.query_one(Entry).focus()

    def on_keys_typed(self, event: Keys.Typed) -> None:
        self.query_one(Entry).take(event.key)

    def on_keyboard_turned(self, event: Keyboard.Turned) -> None:
        self.query_one(Keyboard).speak(event.layout)


class Writer:
    """Fingers on the keys."""

    def __init__(self, app: Desk, terminal: Terminal, clock: FakeClock) -> None:
        self.app, self.terminal, self.clock = app, terminal, clock

    @property
    def text(self) -> str:
        return self.app.query_one(Entry).text

    async def types(self, *keys: str, holds_s: float = 0.0) -> str:
        """Press keys by what they stand for, one after the other; the text then."""
        for key in keys:
            keyboard = self.app.query_one(Keys)
            region = next(region for region, _, one in keyboard.targets() if one == key)
            x, y = region.translate(keyboard.region.offset).center
            self.terminal.press(int(x), int(y))
            await settled(self.app)
            passed = 0.0
            while passed < holds_s:  # in steps: each repeat asks for the next
                self.clock.pass_by(0.01)
                passed += 0.01
                await settled(self.app)
            self.terminal.lift(int(x), int(y))
            await settled(self.app)
        return self.text


@asynccontextmanager
async def writing(
    wanted: Kiosk | None = None, keys: Callable[[], Keys] = Keyboard, size: tuple[int, int] = (100, 28)
) -> AsyncIterator[Writer]:
    clock, terminal = FakeClock(), Terminal(*size)
    display = Display(terminal.feed, *size)
    terminal.send = display.receive
    app = Desk(driver_for(display), clock, wanted or Kiosk(), keys)
    running = asyncio.create_task(app.run_async())
    await terminal.until("⏎")
    try:
        yield Writer(app, terminal, clock)
    finally:
        display.hang_up()
        await asyncio.wait_for(running, 20)


async def test_shift_is_for_one_letter_caps_until_it_is_tapped_again_and_signs_are_behind_a_key() -> None:
    async with writing() as writer:
        assert await writer.types("shift", "V", "e", "g", "a", " ") == "Vega "
        assert await writer.types("shift", "shift", "I", "I", "shift", "i") == "Vega IIi"
        assert await writer.types("signs", "€", "signs", "left", "backspace", "right", "backspace") == "Vega II"


async def test_german_is_a_setting_and_a_key() -> None:
    async with writing(Kiosk(keyboard="de")) as writer:
        assert await writer.types("z", "ö", "ß", "shift", "Ü", "layout", "y") == "zößÜy"
        assert await writer.types("layout", "shift", "shift", "ẞ", "Ä") == "zößÜyẞÄ"


async def test_what_is_held_repeats_after_a_while_and_letters_do_not() -> None:
    async with writing() as writer:
        await writer.types(*"abcdefgh")
        assert await writer.types("backspace", holds_s=REPEAT_AFTER_S - 0.05) == "abcdefg"
        assert await writer.types("backspace", holds_s=REPEAT_AFTER_S + 2.6 * REPEAT_EVERY_S) == "abc"
        writer.clock.pass_by(5)
        await settled(writer.app)
        assert await writer.types("x", holds_s=1) == "abcx"


async def test_a_name_that_is_offered_takes_the_place_of_what_was_typed_and_no_key_moves() -> None:
    async with writing() as writer:
        keyboard = writer.app.query_one(Keyboard)
        await writer.types(*"to veg")
        before = [(region, key) for region, _, key in keyboard.targets()]
        keyboard.suggest("veg", ["Vega", "Vega Prime"])
        await writer.terminal.until("Vega Prime")
        (offered,) = [key for _, label, key in keyboard.targets() if label == "Vega Prime"]
        assert {(region, key) for region, _, key in keyboard.targets()} >= set(before)
        assert await writer.types(offered) == "to Vega Prime "


@pytest.mark.parametrize("size", [(100, 28), (96, 26), (48, 50)])
async def test_the_field_stays_in_sight_above_the_keys_however_far_down_it_stands(size: tuple[int, int]) -> None:
    async with writing(size=size) as writer:
        writer.app.query_one(Keyboard).display = False
        await writer.terminal.until(gone="⏎")
        writer.app.query_one(Keyboard).display = True
        await writer.terminal.until("⏎")
        assert await writer.types("v", "x") == "vx"
        await writer.terminal.until("vx")
        place = writer.app.screen.find_widget(writer.app.query_one(Entry))
        assert place.visible_region == place.region
        assert place.region.bottom <= writer.app.query_one(Keyboard).region.y


async def test_numbers_have_keys_of_their_own() -> None:
    async with writing(keys=NumberKeys) as writer:
        assert await writer.types("-", "1", "2", ".", "5", "0", "backspace", "left", "left", "backspace") == "-1.5"


def test_a_shuffled_pad_has_each_digit_once_and_seldom_where_it_was() -> None:
    pads = [[cap.key for row in PinKeys(shuffled=True)._rows for cap in row] for _ in range(20)]
    plain = [cap.key for row in PinKeys()._rows for cap in row]
    assert plain == [*"123456789", "backspace", "0", "enter"]
    assert all(sorted(pad) == sorted(plain) and pad[-1] == "enter" for pad in pads)
    assert len({tuple(pad) for pad in pads}) > 1
    assert PinPad("Enter the PIN.").is_modal


@pytest.mark.parametrize(
    ("before", "typed", "names"),
    [
        ("how far is veg", "veg", ["Vega", "Vega Prime"]),
        ("how far is Vega", "Vega", ["Vega Prime"]),
        ("from vega pr", "vega pr", ["Vega Prime"]),
        ("from vega ", "", []),
        ("v", "", []),
        ("the xyz", "", []),
        ("", "", []),
    ],
)
def test_names_of_the_world_that_begin_like_the_end_of_what_is_typed(before: str, typed: str, names: list[str]) -> None:
    index = NameIndex()
    for number, name in enumerate(("Vega Prime", "Vega", "Altair")):
        index.put(f"system-{number}", Kind.SYSTEM, name)
    assert completions(index, before, 4) == (typed, names)
