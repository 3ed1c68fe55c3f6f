"""The kiosk in a real terminal with a real pointer and real pixels: Xvfb, xterm, xdotool and ImageMagick's import."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from kiosk.app import Kiosk
from tests.kiosk.conftest import House, Serve, Show
from tests.kiosk.test_attach import ENVIRONMENT

PROGRAMS = {"Xvfb": "xvfb", "xterm": "xterm", "xdotool": "xdotool", "import": "imagemagick"}
"""Each with the package of Debian that holds it."""
MISSING = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
COLUMNS, ROWS = 100, 28
PATIENCE_S = 30
Colour = tuple[int, ...]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"nobody saw the kiosk's pixels: sudo apt-get install fonts-dejavu-core {' '.join(MISSING)}"
)


class Window:
    """An xterm of 100 by 28 cells with the attach client in it."""

    def __init__(self, environment: dict[str, str], screen: asyncio.subprocess.Process) -> None:
        self.screen = screen
        """The X server."""
        self._environment = environment
        self._id = ""
        self._width = self._height = 0

    async def run(self, *command: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment
        )
        return (await process.communicate())[0]

    async def opened(self) -> None:
        """Until it is on the screen."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._id:
                self._id = (await self.run("xdotool", "search", "--onlyvisible", "--class", "xterm")).decode().strip()
        shape = dict(
            line.split("=")
            for line in (await self.run("xdotool", "getwindowgeometry", "--shell", self._id)).decode().split()
        )
        self._width, self._height = int(shape["WIDTH"]), int(shape["HEIGHT"])
        await self.run("xdotool", "windowmove", "--sync", self._id, "0", "0")

    def pixel(self, x: int, y: int) -> tuple[int, int]:
        """The top left corner of a cell, a little inside."""
        return x * self._width // COLUMNS + 2, y * self._height // ROWS + 2

    async def tap(self, x: int, y: int) -> None:
        at = map(str, self.pixel(x, y))
        await self.run("xdotool", "mousemove", *at, "mousedown", "1", "mouseup", "1")

    async def colour(self, x: int, y: int) -> Colour:
        """Of a cell's corner, where no letter is."""
        png = await self.run("import", "-window", "root", "png:-")
        return Image.open(io.BytesIO(png)).convert("RGB").getpixel(self.pixel(x, y))  # type: ignore[return-value]

    async def turns(self, x: int, y: int, wanted: Colour) -> None:
        """Until a cell has this colour. Each look is a process of its own: no need for a pause."""
        seen: Colour = ()
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (seen := await self.colour(x, y)) != wanted:
                    pass
        except TimeoutError:
            raise AssertionError(f"the cell {x}, {y} is {seen}, not {wanted}") from None


@asynccontextmanager
async def xterm(socket_path: Path) -> AsyncIterator[Window]:
    reads, writes = os.pipe()
    # Without -noreset it begins anew when its last client leaves: an early look by xdotool would end the xterm.
    screen = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", str(writes), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"),
        pass_fds=(writes,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writes)
    terminal = None
    try:
        number = (await asyncio.wait_for(asyncio.to_thread(os.read, reads, 16), PATIENCE_S)).decode().strip()
        environment = ENVIRONMENT | {"DISPLAY": f":{number}", "HOME": str(socket_path.parent)}
        font = (
            "-fa",
            "DejaVu Sans Mono",
            "-fs",
            "9",
            "-geometry",
            f"{COLUMNS}x{ROWS}+0+0",
            "-b",
            "0",
            "-bw",
            "0",
            "+sb",
        )
        terminal = await asyncio.create_subprocess_exec(
            *("xterm", "-tn", "xterm-256color", *font, "-xrm", "XTerm*directColor: true"),
            *("-e", "env", "COLORTERM=truecolor", sys.executable, "-m", "kiosk.attach", str(socket_path)),
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        window = Window(environment, screen)
        await window.opened()
        yield window
    finally:
        os.close(reads)
        for process in (terminal, screen):
            if process is not None and process.returncode is None:
                process.kill()  # an X server that is told to end as it falls asleep sleeps on until somebody comes
                await process.wait()


async def shown(house: House, window: Window, before: int = 0) -> Kiosk:
    """The display that came after so many others, once its Home is on the screen."""
    found: list[Kiosk] = []
    async with asyncio.timeout(PATIENCE_S):
        while not found:
            await window.colour(0, 0)
            running = [one for one in house.kiosks[before:] if one.is_running]
            found = [one for one in running if any(tile.region for tile in one.query("#nav-home.on"))]
    home = found[-1].query_one("#nav-home")
    await window.turns(*home.region.offset, home.background_colors[1].rgb)
    return found[-1]


async def test_a_tap_in_a_real_terminal_changes_the_pixels(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving(), xterm(socket_path) as window:
        kiosk = await shown(house, window)
        home, changes = (kiosk.query_one(f"#nav-{place}") for place in ("home", "changes"))
        chosen, other = (tile.background_colors[1].rgb for tile in (home, changes))
        assert chosen != other
        await window.turns(*changes.region.offset, other)
        await window.tap(changes.region.x + 3, changes.region.y + 1)
        await window.turns(*changes.region.offset, chosen)
        await window.turns(*home.region.offset, other)


async def test_a_killed_screen_is_noticed_by_no_other_and_a_new_one_shows_haven_again(
    house: House, serving: Serve, socket_path: Path, show: Show
) -> None:
    async with serving() as service, show() as other:
        for is_shown, place, words in ((False, "F3 Changes", "There are no changes"), (True, "F1 Home", "All looked")):
            before = len(house.kiosks)
            async with xterm(socket_path) as window:
                if is_shown:  # the first one dies while it is being drawn, or before
                    await shown(house, window, before)
                window.screen.kill()
                await window.screen.wait()
            await other.tap(place)
            await other.until(words)
        before = len(house.kiosks)
        async with xterm(socket_path) as window:
            await shown(house, window, before)
        assert not service.done()
    assert not any(kiosk.failure for kiosk in house.kiosks)
