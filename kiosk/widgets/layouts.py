"""What stands on the keys, as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Cap(NamedTuple):
    """One key: its words, what it stands for, and how many times as wide as its neighbours it is."""

    label: str
    key: str
    width: int = 1


Row = Sequence[Cap]

LETTERS = {
    "en": ("1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm,.?"),
    "de": ("1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-?"),
}
LABELS = {"en": "EN", "de": "DE"}
"""What the key says that goes on to the next of them."""
SIGNS = ("!@#$%^&*()", '-_=+/\\|:;"', "[]{}<>~`€£", "àéèöüäßñç°")
CAPITALS = str.maketrans({"ß": "ẞ"})
SHIFTS = ("⇧ shift", "⇧ SHIFT", "⇪ CAPS")
"""Small letters, one capital, capitals until it is tapped again."""
SHORT = {"⇧ shift": "⇧", "⇧ SHIFT": "⇧·", "⇪ CAPS": "⇪", "space": "␣", "hide": "▾", "!#é": "!#", "abc": "ab"}
"""What stands on keys that are too narrow for words."""

NUMBERS: Sequence[Row] = (
    (Cap("1", "1"), Cap("2", "2"), Cap("3", "3"), Cap("⌫", "backspace")),
    (Cap("4", "4"), Cap("5", "5"), Cap("6", "6"), Cap("-", "-")),
    (Cap("7", "7"), Cap("8", "8"), Cap("9", "9"), Cap(".", ".")),
    (Cap("◀", "left"), Cap("0", "0"), Cap("▶", "right"), Cap("⏎", "enter")),
)


def characters(row: str) -> Row:
    return tuple(Cap(character, character) for character in row)


def letters(layout: str, *, signs: bool, shift: int) -> Sequence[Row]:
    """The keyboard without its row of suggestions; `shift` counts into SHIFTS."""
    rows: tuple[str, ...] = SIGNS if signs else LETTERS[layout]
    if shift and not signs:
        rows = tuple(row.translate(CAPITALS).upper() for row in rows)
    controls = (
        Cap(SHIFTS[shift], "shift"),
        Cap("abc" if signs else "!#é", "signs"),
        Cap(LABELS[layout], "layout"),
        Cap("space", " ", 2),
        Cap("◀", "left"),
        Cap("▶", "right"),
        Cap("⌫", "backspace"),
        Cap("hide", "hide"),
        Cap("⏎", "enter"),
    )
    return (*(characters(row) for row in rows), controls)


def pin(digits: str) -> Sequence[Row]:
    """Ten digits, in the order given, as on a telephone."""
    rows = (digits[:3], digits[3:6], digits[6:9])
    last = (Cap("⌫", "backspace"), Cap(digits[9], digits[9]), Cap("OK", "enter"))
    return (*(characters(row) for row in rows), last)
