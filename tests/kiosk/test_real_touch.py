"""The panel with a real finger: Xorg (no card, a test's touch device), labwc and foot as the units start them."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kiosk.app import Kiosk
from tests.kiosk.conftest import House, Serve
from tests.kiosk.test_attach import ENVIRONMENT, ROOT
from tests.kiosk.touch_screen import Finger, configuration

XORG = Path("/usr/lib/xorg")
NEEDED = {
    XORG / "Xorg": "xserver-xorg-core",
    XORG / "modules/input/inputtest_drv.so": "xserver-xorg-core",
    XORG / "modules/drivers/dummy_drv.so": "xserver-xorg-video-dummy",
}
PROGRAMS = {"labwc": "labwc", "foot": "foot", "xdotool": "xdotool"}
"""Each with the package of Debian 13 that holds it."""
MISSING = sorted(
    {package for file, package in NEEDED.items() if not file.exists()}
    | {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
)
WIDTH, HEIGHT = 800, 480
PATIENCE_S = 60

pytestmark = [
    pytest.mark.skipif(
        bool(MISSING), reason=f"nobody touched the panel: sudo apt-get install fonts-dejavu-core {' '.join(MISSING)}"
    ),
    pytest.mark.skipif(
        os.getuid() != 0, reason="nobody touched the panel: Xorg takes its configuration from root only"
    ),
]


async def until(what: Callable[[], bool]) -> None:
    """What is waited for lies in files and in the App: looked at twenty times a second."""
    async with asyncio.timeout(PATIENCE_S):
        while not what():  # noqa: ASYNC110 - the finger goes through other processes
            await asyncio.sleep(0.05)


async def said(*command: str, environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    return (await process.communicate())[0].decode().strip()


@asynccontextmanager
async def started(*command: str, environment: dict[str, str], fds: tuple[int, ...] = ()) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, pass_fds=fds, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def screen(folder: Path) -> AsyncIterator[dict[str, str]]:
    """An X server that a finger may touch; the environment that reaches it."""
    (folder / "xorg.conf").write_text(configuration(folder), encoding="utf-8")
    reads, writes = os.pipe()
    options = ("-noreset", "-nolisten", "tcp", "-novtswitch", "-sharevts", "-logfile", str(folder / "xorg.log"))
    xorg = (str(XORG / "Xorg"), "-displayfd", str(writes), "-config", str(folder / "xorg.conf"), *options)
    async with started(*xorg, environment=ENVIRONMENT, fds=(writes,)):
        os.close(writes)
        number = (await asyncio.wait_for(asyncio.to_thread(os.read, reads, 16), PATIENCE_S)).decode().strip()
        environment = ENVIRONMENT | {"DISPLAY": f":{number}", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        yield environment | {"WLR_BACKENDS": "x11", "WLR_RENDERER": "pixman", "COLORTERM": "truecolor"}
        os.close(reads)  # not before: the number's line feed comes after it


def compositor(socket_path: Path, environment: dict[str, str]) -> AbstractAsyncContextManager[Process]:
    """labwc and foot, with the panel's own configuration of both."""
    client = f"{sys.executable} -m kiosk.attach {socket_path}"
    foot = f"foot --config={ROOT}/systemd/kiosk/foot.ini --fullscreen {client}"
    return started("labwc", "-C", str(ROOT / "systemd/kiosk/labwc"), "-s", foot, environment=environment)


async def fills_the_panel(kiosk: Kiosk, environment: dict[str, str]) -> None:
    """Give the compositor's window, which begins with 1024 by 768 pixels, the panel's size until it takes it."""
    found = await said("xdotool", "search", "--onlyvisible", "--name", ".*", environment=environment)
    _, window = found.split()  # the first is the whole screen
    async with asyncio.timeout(PATIENCE_S):
        while kiosk.size != (100, 28):
            for width, height in ((1_024, 768), (WIDTH, HEIGHT)):
                size = ("windowsize", window, str(width), str(height))
                await said("xdotool", "windowmove", window, "0", "0", *size, environment=environment)
            await asyncio.sleep(0.5)


async def shown(house: House, place: str, number: int) -> Kiosk:
    """So many displays have come; the last one, which shows that place."""
    await until(lambda: len(house.kiosks) == number and bool(house.kiosks[-1].query(f"#nav-{place}.on")))
    return house.kiosks[-1]


def pixel(kiosk: Kiosk, x: float, y: float) -> tuple[float, float]:
    """The middle of a cell."""
    return (x + 0.5) * WIDTH / kiosk.size.width, (y + 0.5) * HEIGHT / kiosk.size.height


async def test_a_finger_taps_and_drags_on_the_panel(house: House, serving: Serve, socket_path: Path) -> None:
    for number in range(12):
        await house.in_review(f"Change number {number:02d}")
    folder = socket_path.parent
    async with serving(), screen(folder) as environment, compositor(socket_path, environment):
        kiosk = await shown(house, "home", 1)
        await fills_the_panel(kiosk, environment)
        finger = await asyncio.to_thread(Finger, folder / "touch", WIDTH, HEIGHT)
        at = kiosk.query_one("#nav-changes").region
        await asyncio.to_thread(finger.goes, [pixel(kiosk, at.x + 3, at.y + 1)])
        await until(lambda: bool(kiosk.query("#nav-changes.on")) and len(kiosk.query("#changes .change")) == 12)
        rows = kiosk.query_one("#changes ChangeList")
        x, y = rows.region.x + 20, rows.region.bottom - 2
        path = [pixel(kiosk, x, y - step) for step in range(11)]
        await asyncio.to_thread(finger.goes, path)
        await until(lambda: rows.scroll_y >= 5)
        assert not kiosk.query("#nav-home.on") and kiosk.query_one("#changes").display, "the drag pressed nothing"
        finger.close()


async def test_a_killed_compositor_comes_back_to_the_same_place(
    house: House, serving: Serve, socket_path: Path
) -> None:
    async with serving() as service, screen(socket_path.parent) as environment:
        async with compositor(socket_path, environment) as labwc:
            kiosk = await shown(house, "home", 1)
            kiosk.call_later(kiosk.action_pane, "changes")
            await until(lambda: bool(kiosk.query("#nav-changes.on")))
            labwc.kill()
            await labwc.wait()
            await until(lambda: not kiosk.is_running)
        async with compositor(socket_path, environment):  # as its unit starts it anew
            await shown(house, "changes", 2)
        assert not service.done()
