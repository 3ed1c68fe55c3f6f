"""What each place looks like in two sizes and two themes, beside what is kept in `golden/`. After a wanted change, take
them anew with `GOLDEN=write python -m pytest tests/kiosk/test_looks.py`, look at the pictures of
`python -m benchmarks.pictures_kiosk`, and commit them.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from haven.world.schema import Kind
from kiosk.places import PLACES
from tests.kiosk.conftest import OWNER, House
from tests.kiosk.looks import settled
from tests.kiosk.test_world import ADA, charted, made  # noqa: F401

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("GOLDEN") == "write"
SIZES = {"panel": (100, 28), "portrait": (48, 50)}
THEMES = ("day", "contrast")
NOT_KEPT = frozenset({"health", "models", "log", "queue"})
"""What stands there is of this machine or this moment: their own tests look at it."""
MOST_BYTES, TOGETHER = 16_000, 300_000
SOURCE = {"zoom.py": "def zoom(level: int) -> int:\n    return max(1, level * 2)\n"}


@pytest.fixture
async def furnished(charted: House) -> tuple[House, str]:  # noqa: F811
    """A house with something in each place, and the change that is looked at."""
    change = await charted.in_review(files=SOURCE)
    await charted.records.drafts.propose([made(Kind.SYSTEM, {"name": "Farlight", "economy": "Mining"})], ADA, "/submit")
    return charted, change.id


@pytest.mark.parametrize("size", SIZES)
async def test_places_look_as_they_did(furnished: tuple[House, str], size: str, tmp_path: Path) -> None:
    house, change = furnished
    kiosk = house.kiosk(OWNER)
    different = []
    async with kiosk.run_test(size=SIZES[size]) as pilot:
        for place in PLACES:
            if place.id in NOT_KEPT:
                continue
            kiosk.action_pane(place.id, change if place.id == "review" else "")
            parts = []
            for theme in THEMES:
                kiosk.wish(theme=theme)
                letters, colours = await settled(kiosk, pilot.pause)
                parts += [f"== {theme}", *([] if parts else letters), *colours]
            different += compared(f"{place.id}-{size}", "\n".join(parts).replace(change, "·" * len(change)), tmp_path)
    assert not different, "\n".join(different)


def compared(name: str, seen: str, folder: Path) -> list[str]:
    """How it differs from what is kept; empty where it does not. With GOLDEN=write it is kept."""
    kept = GOLDEN / f"{name}.txt"
    if WRITE:
        kept.write_text(seen + "\n", encoding="utf-8")
        return []
    if not kept.exists():
        return [f"{name}: nothing is kept of it yet"]
    before = kept.read_text(encoding="utf-8").rstrip("\n")
    lines = difflib.unified_diff(before.split("\n"), seen.split("\n"), "kept", "seen", lineterm="", n=0)
    return [f"{name}:", *lines] if before != seen else []


def test_what_is_kept_is_small_and_of_each_place() -> None:
    wanted = {f"{place.id}-{size}" for place in PLACES if place.id not in NOT_KEPT for size in SIZES}
    sizes = {file.stem: file.stat().st_size for file in GOLDEN.glob("*.txt")}
    assert sizes.keys() == wanted
    assert all(size <= MOST_BYTES for size in sizes.values()) and sum(sizes.values()) <= TOGETHER, sizes
