"""What every page looks like on a desktop and on a phone, light and dark, beside the pictures of `docs/dashboard/`, of
which the README shows some. After a wanted change, take them anew with
`GOLDEN=write python -m pytest -n 0 tests/web/test_looks.py`, look at each, and commit them.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.kept_pictures import small, unlike
from tests.web.browser import Page, chromium
from tests.web.pictured import Pictured, pictured
from web.places import PLACES

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "docs" / "dashboard"
WRITE = os.environ.get("GOLDEN") == "write"
SIZES = {"desktop": (1280, 1100), "phone": (390, 1500)}
"""How wide each is, and how much of a long page is kept."""
STRANGERS = {"sign-in": "/enter"}
SIGHTS = STRANGERS | {
    "overview": "/",
    "changes": "/changes",
    "request": "/changes/new",
    "review": "{change}",
    "diff": "{diff}",
    "chat": "{chat}",
    "roundtable": "/roundtable",
    "world": "/world",
    "map": "/world/map?colour=star",
    "lore": "{lore}",
    "drafts": "/world/drafts",
    "models": "/models",
    "costs": "/costs",
    "people": "/people",
    "settings": "/settings",
    "backups": "/backups",
    "log": "/log",
    "kiosk": "/kiosk",
    "me": "/me",
}
READY = {"map": "havenMap.seen().labels.length > 3"}
"""What is waited for beside the page itself."""
MOST_BYTES, TOGETHER = 60_000, 2_000_000
LETTERS = """["system-ui", '"DejaVu Sans Mono"'].map((name) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `100px ${name}`;
  return Math.round(pen.measureText("Haven keeps 42 worlds").width);
})"""
WIDTHS = [1164, 1264]
"""Of the pictures' letters, in pixels: with others all of a page is elsewhere, and nothing can be compared."""
STEADY = """(known) => {
  document.activeElement.blur();
  const varies = [
    [/\\b[01]\\.\\d s\\b/g, "0.1 s"],
    [/\\d+ KB, [\\d,]+ rows/, "578 KB, 896 rows"],
    [/Python\\/\\S+ aiohttp\\/\\S+/, "Chromium"],
  ];
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (all.nextNode()) {
    let text = all.currentNode.data;
    for (const [found, shown] of varies) text = text.replace(found, shown);
    for (const [id, shown] of Object.entries(known)) text = text.replaceAll(id, shown);
    if (text !== all.currentNode.data) all.currentNode.data = text;
  }
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
}"""
"""What chance, the clock and the versions here have made is shown as something else, and nothing blinks."""


async def test_pages_look_as_they_did(tmp_path: Path) -> None:
    different = []
    async with chromium() as browser, pictured(tmp_path) as seen:
        owner, stranger = seen.here.browsers[0], seen.here.browser()
        for size in SIZES:
            phone = size == "phone"
            async with browser.page(owner, phone=phone) as inside, browser.page(stranger, phone=phone) as outside:
                for page in (inside, outside):
                    await unscaled(page, SIZES[size][0], phone)
                await check_letters(outside)
                for name in SIGHTS:
                    page = outside if name in STRANGERS else inside
                    for look, picture in (await taken(page, name, seen, size)).items():
                        file = f"{name}-{size}-{look}.webp"
                        fresh = tmp_path / f"{file}.png"
                        fresh.write_bytes(picture)
                        if WRITE:
                            (PICTURES / file).write_bytes(small(Image.open(fresh)))
                        elif why := unlike(PICTURES / file, fresh):
                            different.append(f"{file}: {why}")
                assert not inside.wrong + outside.wrong, (size, inside.wrong, outside.wrong)
    assert not different, f"{different}; the new pictures lie in {tmp_path}"


async def unscaled(page: Page, wide: int, phone: bool) -> None:
    """A pixel of the picture is one of the screen: made smaller, the edges of letters are not the same twice."""
    screen = {"width": wide, "height": 900, "deviceScaleFactor": 1, "mobile": phone}
    await page.call("Emulation.setDeviceMetricsOverride", **screen)


async def check_letters(page: Page) -> None:
    await page.open("/enter")
    if (found := await page.run(LETTERS)) != WIDTHS:
        pytest.skip(
            f"the pictures are drawn with DejaVu Sans, and pages here are not ({found}): apt-get install fonts-dejavu"
        )


async def taken(page: Page, name: str, seen: Pictured, size: str) -> dict[str, bytes]:
    """A page, light and dark."""
    await page.open(SIGHTS[name].format(**seen.places))
    await page.until(f"document.querySelector('#live.ok') || {json.dumps(name in STRANGERS)}")
    found = {}
    for look in ("light", "dark"):
        await page.colours(look == "dark")
        await page.until(READY.get(name, "true"))
        await page.run(f"({STEADY})({json.dumps(dict(seen.known))})")
        found[look] = await page.pixels(*SIZES[size])
    return found


def test_a_picture_of_each_page_is_kept_and_small() -> None:
    assert {place.path for place in PLACES} <= {path.partition("?")[0] for path in SIGHTS.values()} | {
        "/world",
        "/chat",
    }
    sizes = {one.name: one.stat().st_size for one in PICTURES.iterdir()}
    assert sizes.keys() == {
        f"{name}-{size}-{look}.webp" for name in SIGHTS for size in SIZES for look in ("light", "dark")
    }
    assert max(sizes.values()) <= MOST_BYTES and sum(sizes.values()) <= TOGETHER, sizes


def test_the_readme_shows_pictures_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(docs/dashboard/([\w-]+\.webp)\)", readme)
    assert len(shown) >= 9 and [name for name in shown if not (PICTURES / name).exists()] == []
