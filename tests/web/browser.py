"""Debian's Chromium without a window, over its DevTools: pages are opened, seen, clicked, typed into and pictured.

One Chromium serves all tests of a process; every page has cookies and storage of its own. Nothing sleeps: what a test
waits for is looked for by the page itself, at each of its frames.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.web.dashboard import Browser

FOUND = shutil.which("chromium")
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)
DESKTOP, PHONE = (1280, 900), (390, 844)
PATIENCE_S = 20.0
"""Seconds after which what is waited for will not come."""
KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "Backspace": (8, ""),
    " ": (32, " "),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
}
"""Keys that are no letters: their code, and what they type."""
SEEN = """(selector, words) => [...document.querySelectorAll(selector)].find((one) =>
  one.checkVisibility({visibilityProperty: true, opacityProperty: true})
  && (one.innerText || one.value || one.textContent || "").replace(/\\s+/g, " ").includes(words))"""
UNTIL = """(seen) => new Promise((found) => {
  const look = () => { if (seen()) { clearInterval(timer); found(true); } };
  const timer = setInterval(look, 16);
  look();
})"""
"""In the page; a navigation ends it, and the next page is asked."""


class Gone(Exception):
    """The page that was asked has been left meanwhile."""


class Page:
    """One tab. `wrong` is what its console, its policy and its scripts complained of; `asked` what it asked people."""

    def __init__(self, chromium: Chromium, session: str, url: str, phone: bool, context: str) -> None:
        self._chromium, self._session, self._phone = chromium, session, phone
        self.url, self.context = url, context
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self._loads: set[asyncio.Future[None]] = set()

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """A DevTools command of this page. Raises Gone where the page is being left."""
        return await self._chromium.call(method, given, self._session)

    async def open(self, path: str) -> None:
        """Until it has loaded; an address of elsewhere is given whole."""
        async with self.loading():
            await self.call("Page.navigate", url=path if "://" in path else self.url + path)

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """What is done in here leads to another page: done when that has loaded."""
        loaded = asyncio.get_running_loop().create_future()
        self._loads.add(loaded)
        try:
            yield
            async with asyncio.timeout(PATIENCE_S):
                await loaded
        except TimeoutError:
            raise AssertionError(f"it never loaded: {await self.run('location.href')} {self.wrong}") from None
        finally:
            self._loads.discard(loaded)

    async def run(self, script: str) -> Any:
        """The value of an expression, a promise's too. Raises AssertionError with what the script threw."""
        got = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if wrong := got.get("exceptionDetails"):
            raise AssertionError(wrong.get("exception", {}).get("description") or wrong["text"])
        return got["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression of JavaScript is true, across pages."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        return await self.run(f"({UNTIL})(() => {condition})")
                    except Gone:
                        continue
        except TimeoutError:
            raise AssertionError(f"never came: {condition}\n{await self.text()}\n{self.wrong}") from None

    async def see(self, words: str, selector: str = "body") -> None:
        """Wait until somebody could read that."""
        await self.until(f"({SEEN})({json.dumps(selector)}, {json.dumps(words)})")

    async def miss(self, words: str, selector: str = "body") -> None:
        """Wait until nobody can."""
        await self.until(f"!({SEEN})({json.dumps(selector)}, {json.dumps(words)})")

    async def text(self, selector: str = "body") -> str:
        """As a person reads it."""
        found = await self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return " ".join(str(found).split())

    async def click(self, selector: str, words: str = "") -> None:
        """With the mouse, or a finger on a phone: the first that is seen of these, with these words."""
        here = f"({SEEN})({json.dumps(selector)}, {json.dumps(words)})"
        await self.until(here)
        middle = "((one) => { one.scrollIntoView({block: 'center', behavior: 'instant'});"
        middle += " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })"
        x, y = await self.run(f"{middle}({here})")
        await self.tap(x, y)

    async def tap(self, x: float, y: float) -> None:
        """In CSS pixels from the upper left."""
        if self._phone:
            await self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
            await self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            return
        await self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """With the button held, or one finger, in ten steps."""
        points = [
            [begin + (stop - begin) * step / 10 for begin, stop in zip(start, end, strict=True)] for step in range(11)
        ]
        for step, (x, y) in enumerate(points):
            if self._phone:
                kind = "touchMove" if step else "touchStart"
                await self.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y}])
            else:
                kind, clicks = ("mouseMoved", 0) if step else ("mousePressed", 1)
                await self.call(
                    "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=clicks
                )
        if self._phone:
            await self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        else:
            await self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)

    async def type(self, selector: str, text: str) -> None:
        """Instead of what stands in that field."""
        await self.until(f"document.querySelector({json.dumps(selector)})")
        await self.run(f"((one) => {{ one.focus(); one.select?.(); }})(document.querySelector({json.dumps(selector)}))")
        await self.call("Input.insertText", text=text)

    async def press(self, *keys: str) -> None:
        """One key after another: letters, names of KEYS, and "Shift+Tab", "Control+Enter"."""
        for key in keys:
            *held, name = key.split("+") if len(key) > 1 else [key]
            code, typed = KEYS.get(name, (ord(name.upper()[0]), name if len(name) == 1 else ""))
            flags = {"Alt": 1, "Control": 2, "Shift": 8}
            more = {"key": name, "windowsVirtualKeyCode": code, "modifiers": sum(flags[one] for one in held)}
            shown = {"text": typed} if typed and "Control" not in held else {}
            await self.call("Input.dispatchKeyEvent", type="keyDown" if shown else "rawKeyDown", **more, **shown)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    async def colours(self, dark: bool) -> None:
        """Light or dark from now on; nothing moves."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme, still])

    async def picture(self, into: Path, *, whole: bool = True) -> None:
        """As a PNG: the `whole` page, or what the window shows of it."""
        got = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        into.write_bytes(base64.b64decode(got["data"]))

    async def pixels(self, wide: int, most: int) -> bytes:
        """The page from its top, at most so tall, as a PNG with a pixel of it for each of CSS."""
        tall = min(most, await self.run("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": wide, "height": tall, "scale": 1 / (await self.run("devicePixelRatio"))}
        got = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(got["data"])

    def told(self, method: str, said: Mapping[str, Any]) -> None:
        """An event of this page."""
        if method == "Page.loadEventFired":
            for one in self._loads:
                if not one.done():
                    one.set_result(None)
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.wrong.append(f"{said['entry']['source']}: {said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.wrong.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] == "error":
            self.wrong.append(" ".join(str(one.get("value", one.get("description"))) for one in said["args"]))
        elif method == "Page.javascriptDialogOpening":
            self.asked.append(said["message"])


class Chromium:
    """The connection of one test to the Chromium of this process."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._background: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def page(self, person: Browser, *, phone: bool = False, dark: bool = False) -> AsyncIterator[Page]:
        """An empty tab with that person's session."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        try:
            page = await self.tab(context, person, phone=phone, dark=dark)
            for cookie in person.session.cookie_jar:
                await page.call("Network.setCookie", name=cookie.key, value=cookie.value, url=person.url)
            yield page
        finally:
            for name in [name for name, one in self._pages.items() if one.context == context]:
                del self._pages[name]
            await self.call("Target.disposeBrowserContext", {"browserContextId": context})

    async def tab(self, context: str, person: Browser, *, phone: bool = False, dark: bool = False) -> Page:
        """One more of a page's window, in front of the others; it goes with that page."""
        made = await self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        there = await self.call("Target.attachToTarget", {"targetId": made["targetId"], "flatten": True})
        page = self._pages[there["sessionId"]] = Page(self, there["sessionId"], person.url, phone, context)
        await _dress(page, phone, dark)
        return page

    async def call(self, method: str, given: Mapping[str, Any] | None = None, session: str = "") -> dict[str, Any]:
        """Raises Gone where the page went meanwhile, AssertionError for anything else that Chromium refuses."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        to = {"sessionId": session} if session else {}
        await self._socket.send_json({"id": number, "method": method, "params": given or {}, **to})
        try:
            async with asyncio.timeout(3 * PATIENCE_S):
                answer = await self._waiting[number]
        except TimeoutError:
            del self._waiting[number]
            raise AssertionError(f"{method} was never answered: {given}") from None
        if wrong := answer.get("error"):
            said = wrong["message"]
            if any(word in said for word in ("context", "navigated", "Promise was collected")):
                raise Gone(said)
            raise AssertionError(f"{method}: {said}")
        return dict(answer["result"])

    async def read(self) -> None:
        """Until the connection ends."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                waits = self._waiting.pop(said["id"], None)
                if waits and not waits.done():
                    waits.set_result(said)
            elif page := self._pages.get(said.get("sessionId", "")):
                page.told(said["method"], said["params"])
                if said["method"] == "Page.javascriptDialogOpening":
                    self._answer(page)

    def _answer(self, page: Page) -> None:
        """Yes, to whatever a page asks."""
        task = asyncio.create_task(page.call("Page.handleJavaScriptDialog", accept=True))
        self._background.add(task)
        task.add_done_callback(self._background.discard)


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """Skips the test, loudly, where there is no Chromium."""
    if FOUND is None:
        pytest.skip("no Chromium is here to look at the dashboard with: apt-get install chromium")
    address = _address()
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        here = Chromium(socket)
        reading = asyncio.create_task(here.read())
        try:
            yield here
        finally:
            reading.cancel()
            await asyncio.wait([reading])


async def _dress(page: Page, phone: bool, dark: bool) -> None:
    """The size of its window, its colours, and that it tells what goes wrong."""
    for one in ("Page", "Runtime", "Log", "Network"):
        await page.call(f"{one}.enable")
    width, height = PHONE if phone else DESKTOP
    scale = 2 if phone else 1
    await page.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=scale,
        mobile=phone,
        screenWidth=width,
        screenHeight=height,
    )
    await page.call("Emulation.setTouchEmulationEnabled", enabled=phone)
    await page.colours(dark)


_running: list[str] = []


def _address() -> str:
    """Where the Chromium of this process listens; it is started for the first who asks."""
    if not _running:
        assert FOUND is not None
        folder = Path(tempfile.mkdtemp(prefix="haven-chromium-"))
        home = os.environ | {"HOME": str(folder)}
        process = subprocess.Popen(
            [FOUND, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=home,
        )
        atexit.register(_end, process, folder)
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "DevTools listening on " in line:
                _running.append(line.partition("DevTools listening on ")[2].strip())
                break
        assert _running, f"Chromium did not start: {''.join(said)}"
    return _running[0]


def _end(process: subprocess.Popen[str], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
