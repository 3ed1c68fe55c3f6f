"""What every place looks like in two sizes and each theme, beside what is kept in `golden/`; and the README's pictures,
which are drawn of what is kept. After a wanted change, make both anew with
`GOLDEN=write python -m pytest -n 0 tests/kiosk/test_looks.py`, look at the pictures, and commit them.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from kiosk.places import PLACES
from tests.kiosk.clock import FakeClock
from tests.kiosk.furnished import ANN, Furnished, furnished, still  # noqa: F401
from tests.kiosk.looks import Cells, Look, cells, masked, settled
from tests.kiosk.pictures import Style, drawn
from tests.kiosk.sights import ANSWERED, DIALOGS, SIGHTS, Walk
from tests.kiosk.test_themes import LEAST, contrast
from tests.kiosk.test_world import charted  # noqa: F401

ROOT = Path(__file__).parent.parent.parent
GOLDEN, PICTURES = Path(__file__).parent / "golden", ROOT / "docs" / "kiosk"
WRITE = os.environ.get("GOLDEN") == "write"
SIZES = {"panel": (100, 28), "portrait": (48, 50)}
THEMES = ("day", "night")
IN_CONTRAST = frozenset({"home", "map-star", "review-diff", "words"})
PLACED = (*(place.id for place in PLACES), "more")
PAGES = ("review-diff", "review-tests", "map-route", "lore-keyboard", "pin", "resting")
SHOWN = {
    **{name: (name, "panel", "day") for name in (*PLACED, *PAGES)},
    "ask": (ANSWERED, "panel", "day"),
    "home-night": ("home", "panel", "night"),
    "home-contrast": ("home", "panel", "contrast"),
    "map-portrait": ("map-star", "portrait", "day"),
}
"""The pictures in `docs/kiosk/`: what each is of, its size and its theme."""
MOST_BYTES, TOGETHER, MOST_OF_A_PICTURE = 16_000, 600_000, 60_000


@pytest.mark.parametrize("size", SIZES)
async def test_places_look_as_they_did(furnished: Furnished, size: str) -> None:  # noqa: F811
    clock = FakeClock()
    kiosk = furnished.house.kiosk(ANN, clock=clock)
    async with kiosk.run_test(size=SIZES[size]) as pilot:
        found = await looked(Walk(kiosk, pilot, clock, furnished))
    if WRITE:
        for name, text in found.items():
            (GOLDEN / f"{name}-{size}.txt").write_text(text, encoding="utf-8")
    kept = {name: read(name, size) for name in found}
    different = [line for name, text in found.items() for line in difference(name, kept[name], text)]
    assert not different, "\n".join(different)


def test_each_look_is_kept_and_small() -> None:
    sizes = {file.stem: file.stat().st_size for file in GOLDEN.glob("*.txt")}
    assert sizes.keys() == {f"{name}-{size}" for name in (*SIGHTS, ANSWERED) for size in SIZES}
    assert {place.id for place in PLACES} <= SIGHTS.keys()
    assert max(sizes.values()) <= MOST_BYTES and sum(sizes.values()) <= TOGETHER, sizes


def test_what_is_read_stands_out_on_every_screen() -> None:
    """But for what lies dimmed under a dialog."""
    pale = set()
    for name in (*(name for name in SIGHTS if name not in DIALOGS), ANSWERED):
        for size in SIZES:
            look = Look.read(read(name, size))
            for text, row in zip(look.letters, look.styles, strict=True):
                styles = {row[x] for x, one in cells(text) if one.isalnum()}
                pale |= {
                    (name, size, *one)
                    for style in styles
                    for one in zip(look.themes, style, strict=True)
                    if _pale(*one)
                }
    assert not pale


def test_pictures_of_the_readme_are_of_what_is_kept() -> None:
    """One of each place; none is of something else, and the README shows them all."""
    assert {place.id for place in PLACES} <= SHOWN.keys()
    pictures = {name: drawn(Look.read(read(of, size)), theme, name) for name, (of, size, theme) in SHOWN.items()}
    if WRITE:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
    there = {file.stem: file.read_text(encoding="utf-8") for file in PICTURES.iterdir()}
    assert there.keys() == pictures.keys()
    assert [name for name, picture in pictures.items() if there[name] != picture] == [], "make them anew"
    assert max(len(picture.encode()) for picture in pictures.values()) <= MOST_OF_A_PICTURE
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in pictures if f"(docs/kiosk/{name}.svg)" not in readme] == []


async def looked(walk: Walk) -> dict[str, str]:
    """Every sight in its themes, as it is kept. One theme after another: to put another one on takes longer than to go
    anywhere; and what somebody did in the one must be gone in the next."""
    seen: dict[str, dict[str, tuple[list[str], Cells]]] = {}
    for theme in (*THEMES, "contrast"):
        walk.kiosk.wish(theme=theme)
        walk.anew()
        for name, go in SIGHTS.items():
            if theme in THEMES or name in IN_CONTRAST:
                await go(walk)
                seen.setdefault(name, {})[theme] = await settled(walk.kiosk)
                await walk.leave()
    await walk.ask()
    for theme in THEMES:
        walk.kiosk.wish(theme=theme)
        seen.setdefault(ANSWERED, {})[theme] = await settled(walk.kiosk)
    known = walk.furnished.known
    stable = {name: {theme: (masked(one[0], known), one[1]) for theme, one in of.items()} for name, of in seen.items()}
    return {name: Look.of(of).kept() for name, of in stable.items()}


def read(name: str, size: str) -> str:
    """What is kept; "" where nothing is."""
    file = GOLDEN / f"{name}-{size}.txt"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def difference(name: str, kept: str, seen: str) -> list[str]:
    """In lines; none where they are the same."""
    lines = difflib.unified_diff(kept.split("\n"), seen.split("\n"), f"{name}, kept", "seen", lineterm="", n=0)
    return list(lines)


def _pale(theme: str, style: str) -> bool:
    one = Style.of(style)
    return round(contrast(one.ink, one.ground), 1) < LEAST[theme]
