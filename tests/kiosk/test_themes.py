"""The looks: readable each, by the clock, worn by everything at once; and the help, which names each key."""

from __future__ import annotations

import asyncio
import re
from datetime import time
from itertools import pairwise
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.color import Color

import kiosk.app
from haven.settings import Kiosk as Wanted
from kiosk.app import Kiosk
from kiosk.places import PLACES
from kiosk.themes import LOOKS, colour, look_at, style
from kiosk.widgets.keyboard import Keyboard
from tests.kiosk.clock import settled
from tests.kiosk.conftest import OWNER, House, Show
from tests.kiosk.terminal import PATIENCE_S

READ = ("ink", "quiet", "title", "note", "fine", "wrong", "hunk", *(f"voice-{number}" for number in range(1, 9)))
LEAST = {"day": 4.5, "night": 4.0, "contrast": 7.0}
"""WCAG 2.2, 1.4.3 and 1.4.6; the night is dimmer by intent, its texts are large enough for 3."""
PAIRS = (
    *((ink, ground) for ink in READ for ground in ("ground", "paper", "raised")),
    *(("ink", ground) for ground in ("tile", "field", "cap", "good", "bad", "alarm")),
    *(("chosen-ink", "chosen"), ("added-ink", "added"), ("removed-ink", "removed")),
    *(("added-ink", "added-word"), ("removed-ink", "removed-word")),
)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' relative luminances, 1 to 21 (WCAG 2.2)."""

    def luminance(name: str) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in Color.parse(name).normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_is_read_stands_out_from_what_it_stands_on(look: kiosk.themes.Look) -> None:
    found = {pair: round(contrast(look.colours[pair[0]], look.colours[pair[1]]), 1) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in found.items() if ratio < LEAST[look.id]} == {}


@pytest.mark.parametrize(
    ("start", "until", "worn"),
    [
        (
            "21:00",
            "07:00",
            {"20:59": "contrast", "21:00": "night", "00:00": "night", "06:59": "night", "07:00": "contrast"},
        ),
        ("01:00", "05:00", {"00:59": "contrast", "01:00": "night", "05:00": "contrast"}),
        ("00:00", "00:00", {"00:00": "contrast", "12:00": "contrast", "23:59": "contrast"}),
    ],
)
def test_the_night_comes_by_the_clock(start: str, until: str, worn: dict[str, str]) -> None:
    wanted = Wanted(theme="contrast", night_from=start, night_until=until)
    assert {at: look_at(wanted, time.fromisoformat(at)) for at in worn} == worn


def test_no_style_has_a_colour_of_its_own() -> None:
    sheet = Path(kiosk.app.__file__).with_name("kiosk.tcss").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{6}\b", sheet) == []


async def test_settings_hold_at_once_on_every_display(house: House, show: Show) -> None:
    async with show(OWNER) as first, show(OWNER) as second:
        for terminal in (first, second):
            await terminal.tap("F2 Ask")
            await terminal.tap("Ask, or say")
            await terminal.until("⇧ shift", "EN")
        house.bus.live("kiosk.wish", "", keyboard="de")
        for terminal in (first, second):
            await terminal.until("DE", "ü")
        one, two = house.kiosks
        first.type("\x14")  # Ctrl+T; a key that is typed puts the keyboard on the screen away
        await first.until(gone="⇧ shift")
        async with asyncio.timeout(PATIENCE_S):
            while one.theme != "night":  # the key goes on from the field, upwards
                await settled(one)
    assert (one.theme, two.theme) == ("night", "day"), "a look that is chosen by key is this display's alone"
    assert (colour(one, "ink"), style(one, "ink", "cap", bold=True).bold) == (LOOKS["night"].colours["ink"], True)
    with pytest.raises(ValueError, match="keyboard"):
        two.wish(keyboard="xx")


async def test_help_names_each_place_and_each_key_in_words(house: House, show: Show) -> None:
    async with show(columns=100, rows=200) as terminal:
        terminal.type("?")
        screen = " ".join((await terminal.until("With a keyboard, everywhere", "F12 Help", "Ctrl+L")).split())
        for place in PLACES:
            assert place.words in screen
            assert place.help in screen
            for key in Binding.make_bindings(place.pane.BINDINGS):
                assert key.description and key.description in screen, f"{place.id}: {key.key} has no label"
        await terminal.tap("F6 Drafts")
        await terminal.until(gone="With a keyboard")


def test_no_key_of_a_place_is_one_that_works_everywhere() -> None:
    everywhere = {key.key for key in Binding.make_bindings(Kiosk.BINDINGS)}
    for place in PLACES:
        own = [key.key for key in Binding.make_bindings(place.pane.BINDINGS)]
        assert not everywhere.intersection(own), place.id
    keys = sorted(place.key for place in PLACES if place.key)
    assert all(one != other for one, other in pairwise(keys))
    assert Keyboard.can_focus is False
