"""Take pictures of the kiosk from the running program: Home, Ask with an answer, Review with its diff, the world.

SVG always; PNG beside it where rsvg-convert or Chromium is installed. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.app import House, open_house
from haven.app import run as run_house
from haven.changes.proposal import Kind
from haven.changes.states import RESTING
from haven.demo import charts
from haven.demo.journey import REQUEST, demo_settings, stand_in_running
from haven.faces import kiosk_of
from haven.settings import cache_dir
from haven.store.changes import Change
from haven.world.fields import edited
from haven.world.schema import Kind as WorldKind
from kiosk.app import Kiosk
from kiosk.pin import Pin
from kiosk.screens.review import ReviewPane
from kiosk.widgets.entry import Entry

FOLDER = Path(__file__).parent.parent / "docs"
SIZE = (100, 28)
PIXELS = (1238, 755)
"""Of the SVG that Textual draws for that many cells."""
OWNER = Principal("unix:1000", "Ann", Role.OWNER, "kiosk")
ADA = Principal("discord:7", "Ada", Role.MEMBER, "bot")
QUESTION = "Which systems are within 40 units of Oculi?"
PATIENCE_S = 300


async def take(folder: Path) -> list[Path]:
    """Ask for the demo's change, wait for its review, and photograph the panes."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="haven-picture-") as state:
        async with (
            stand_in_running(demo_settings(Path(state))) as settings,
            open_house(settings, cache_dir()) as house,
        ):
            await charts.bring_in(house)
            await _propose(house)
            running = asyncio.create_task(run_house(house, []))
            try:
                change = await _reviewed(house)
                return await _photograph(house, change, folder)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def _propose(house: House) -> None:
    """Two drafts for the queue: a new system, and a change of one that is there."""
    await house.scribe.record("System Farlight at 24, 21, -9: yellow star, mining economy.", ADA)
    oculi = (await house.world.one("Oculi", WorldKind.SYSTEM)).thing
    await house.drafts.propose([edited(oculi, {"economy": "Tourism", "conflict": ""})], ADA, "/submit")


async def _reviewed(house: House) -> Change:
    with house.bus.subscribe() as subscription:
        change = await house.round_table.propose(Request(REQUEST, OWNER), Kind.FEATURE)
        async with asyncio.timeout(PATIENCE_S):
            async for _ in subscription:
                change = await house.changes.get(change.id)
                if change.state in RESTING:
                    break
    return change


async def _photograph(house: House, change: Change, folder: Path) -> list[Path]:
    kiosk = kiosk_of(house, OWNER, Pin(house.settings))
    made = []
    async with kiosk.run_test(size=SIZE) as pilot:
        await _settled(kiosk, pilot, "status", "reload")
        made += await _picture(kiosk, folder / "kiosk-home.svg")
        kiosk.action_pane("ask")
        kiosk.query_one("#ask Entry", Entry).insert(QUESTION)
        await pilot.press("enter")
        await _settled(kiosk, pilot, "answer")
        made += await _picture(kiosk, folder / "kiosk-ask.svg")
        kiosk.action_pane("review")
        kiosk.query_one(ReviewPane).open(change.id)
        await _settled(kiosk, pilot, "review")
        made += await _picture(kiosk, folder / "kiosk-review.svg")
        await pilot.click("#tab-diff")
        await pilot.pause()
        made += await _picture(kiosk, folder / "kiosk-diff.svg")
        for pane, *groups in (("map", "map"), ("lore", "lore list", "lore entry"), ("drafts", "draft")):
            kiosk.action_pane(pane)
            for group in groups:  # one asks for what the next shows
                await _settled(kiosk, pilot, group)
            made += await _picture(kiosk, folder / f"kiosk-{pane}.svg")
    return made


async def _settled(kiosk: Kiosk, pilot: Pilot[None], *groups: str) -> None:
    """Until the panes have what they asked for, and it is drawn."""
    await pilot.pause()
    for worker in [worker for worker in kiosk.workers if worker.group in groups]:
        await worker.wait()
    await pilot.pause()


async def _picture(kiosk: Kiosk, file: Path) -> list[Path]:
    # The SVG would fetch its font from the internet each time somebody looks at it.
    drawn = re.sub(r"@font-face\s*{.*?}", "", kiosk.export_screenshot(), flags=re.S)
    svg = drawn.replace("Fira Code", "DejaVu Sans Mono")
    await asyncio.to_thread(file.write_text, svg, encoding="utf-8")
    png = file.with_suffix(".png")
    command = _converter(file.resolve(), png.resolve())
    if not command:
        return [file]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return [file, png] if await process.wait() == 0 else [file]


def _converter(svg: Path, png: Path) -> list[str]:
    """The command line that makes a PNG of it; empty where nothing here can."""
    rsvg = shutil.which("rsvg-convert")
    if rsvg:
        return [rsvg, "-o", str(png), str(svg)]
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        return []
    options = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--window-size={PIXELS[0]},{PIXELS[1]}"]
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root Chromium runs only without its sandbox
    return [chromium, *options, *as_root, f"--screenshot={png}", svg.as_uri()]


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print(json.dumps({"pictures": [str(file) for file in asyncio.run(take(folder))]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
