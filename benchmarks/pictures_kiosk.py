"""Take pictures of every place of the kiosk from the running program, with a change in review and a charted world.

SVG always; PNG beside it where rsvg-convert or Chromium is installed. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import html
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
from kiosk.places import PLACES
from kiosk.widgets.entry import Entry

FOLDER = Path(__file__).parent.parent / "docs"
SIZE = (100, 28)
PIXELS = (1238, 755)
"""Of the SVG that Textual draws for that many cells."""
OWNER = Principal("unix:1000", "Ann", Role.OWNER, "kiosk")
ADA = Principal("discord:7", "Ada", Role.MEMBER, "bot")
QUESTION = "Which systems are within 40 units of Oculi?"
PATIENCE_S = 300
ROUNDS = 20
TEXT = re.compile(r'(<text [^>]*?)x="([\d.]+)"([^>]*?) textLength="([\d.]+)"([^>]*)>([^<]*)</text>')
BRAILLE = re.compile("[\u2801-\u28ff]")


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
    """Every place of the table, some with something on it."""
    kiosk = kiosk_of(house, OWNER, Pin(house.settings))
    about = {"review": change.id}
    made = []
    async with kiosk.run_test(size=SIZE) as pilot:
        kiosk.wish(theme="day", night_from="00:00", night_until="00:00")  # whenever they are taken
        for id in (*(place.id for place in PLACES), "more"):
            kiosk.action_pane(id, about.get(id, ""))
            if id == "ask":
                kiosk.query_one("#ask Entry", Entry).insert(QUESTION)
                await pilot.press("enter")
            await _settled(kiosk, pilot)
            made += await _picture(kiosk, folder / f"kiosk-{id}.svg")
        kiosk.action_pane("review", change.id)
        await _settled(kiosk, pilot)  # a tap at what was just drawn anew may have been meant for what stood there
        await pilot.press("3")
        await _settled(kiosk, pilot)
        made += await _picture(kiosk, folder / "kiosk-diff.svg")
        for theme in ("night", "contrast"):
            kiosk.theme = theme
            kiosk.action_pane("home")
            await _settled(kiosk, pilot)
            made += await _picture(kiosk, folder / f"kiosk-home-{theme}.svg")
    return made


async def _settled(kiosk: Kiosk, pilot: Pilot[None]) -> None:
    """Until the panes have what they asked for, and it is drawn; one that follows for ever is not waited for."""
    for _ in range(ROUNDS):
        await pilot.pause()
        busy = [worker for worker in kiosk.workers if not worker.is_finished and worker.group != "follow"]
        if not busy:
            break
        for worker in busy:
            await worker.wait()


async def _picture(kiosk: Kiosk, file: Path) -> list[Path]:
    # The SVG would fetch its font from the internet each time somebody looks at it.
    drawn = re.sub(r"@font-face\s*{.*?}", "", kiosk.export_screenshot(), flags=re.S)
    drawn = drawn.replace("Fira Code", "DejaVu Sans Mono").replace("<text ", '<text xml:space="preserve" ')
    svg = TEXT.sub(_cell_by_cell, drawn)
    await asyncio.to_thread(file.write_text, svg, encoding="utf-8")
    png = file.with_suffix(".png")
    command = _converter(file.resolve(), png.resolve())
    if not command:
        return [file]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return [file, png] if await process.wait() == 0 else [file]


def _cell_by_cell(found: re.Match[str]) -> str:
    """A run that holds braille with a place for each character: no font has it as wide as its letters."""
    before, x, middle, length, after, text = found.groups()
    words = html.unescape(text)
    if not BRAILLE.search(words):
        return found[0]
    cell = float(length) / len(words)
    places = " ".join(f"{float(x) + number * cell:.1f}" for number in range(len(words)))
    return f'{before}x="{places}"{middle}{after}>{text}</text>'


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
