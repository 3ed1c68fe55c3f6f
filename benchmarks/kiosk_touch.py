"""How fast does the kiosk answer a finger while the local model writes? One JSON line.

In the driver, bytes in and bytes out, one process with the whole house. Goals: tap to paint p50 <= 6 ms and p99 <= 30
ms, at most 1,000 bytes for a tap that changes one tile, a pane switch <= 15 ms, a streamed answer <= 2 ms of CPU a
token, each further display <= 6 MB. `bare` is the same tap in a Textual App of twelve tiles and nothing else, in the
same run. `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Grid
from textual.driver import Driver
from textual.widget import Widget
from textual.widgets import Static

from benchmarks.loop_lag_model import write
from benchmarks.service import furnished
from haven.access import Principal, Role
from haven.ai.models.registry import Registry
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Delta
from haven.app import House, open_house
from haven.demo import charts
from haven.faces import kiosk_of
from haven.settings import cache_dir
from kiosk.app import Kiosk
from kiosk.driver import Display, driver_for
from kiosk.pin import Pin
from kiosk.places import PLACES
from kiosk.widgets.answer import Answer

OWNER = Principal("unix:1000", "Ann", Role.OWNER, "kiosk")
MODEL = "smollm2-135m"
SIZE = (100, 28)
QUIET_S = 0.05
"""No byte for so long: that was all there is to see."""
PATIENCE_S = 10.0
TALE = "The star **Oculi** has *three* moons, and each of them is named after a door that nobody opens. "
TOKENS_A_SECOND = 60
"""About what the small model writes here."""


class Finger:
    """A display whose touches are timed to the first byte that is drawn for them, and whose bytes are counted."""

    def __init__(self) -> None:
        self.display = Display(self._drawn, *SIZE)
        self.app: App[Any]
        self._first = self._last = self._began = 0.0
        self.bytes = 0
        self._seen = asyncio.Event()

    def _drawn(self, data: bytes) -> None:
        now = time.perf_counter()
        self._first, self._last = self._first or now, now
        self.bytes += len(data)
        self._seen.set()

    async def send(self, data: bytes) -> tuple[float, int]:
        """Seconds until something is drawn, and the bytes of all that is."""
        self._seen.clear()
        self._first, self.bytes = 0.0, 0
        self._began = time.perf_counter()
        self.display.receive(data)
        async with asyncio.timeout(PATIENCE_S):
            await self._seen.wait()
        await self.quiet()
        return self._first - self._began, self.bytes

    @property
    def seconds(self) -> float:
        """From what was sent last to the last that was drawn for it."""
        return self._last - self._began

    async def quiet(self) -> None:
        """Until nothing more is drawn."""
        with suppress(TimeoutError):
            while True:
                self._seen.clear()
                await asyncio.wait_for(self._seen.wait(), QUIET_S)

    async def tap(self, tile: Widget) -> tuple[float, int]:
        x, y = tile.region.x + 3, tile.region.y + 2
        return await self.send(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m".encode())


class Bare(App[None]):
    """Twelve tiles that change when they are tapped."""

    ALLOW_SELECT = False
    CSS = """
    Grid { grid-size: 4 3; grid-gutter: 1; }
    Static { height: 1fr; background: #1d274d; }
    .on { background: #2f5fd0; }
    """

    def compose(self) -> ComposeResult:
        with Grid():
            for number in range(12):
                yield Toggle(f"Tile {number}")


class Toggle(Static):
    def on_click(self) -> None:
        self.toggle_class("on")


@asynccontextmanager
async def shown(make: Callable[[type[Driver]], App[Any]]) -> AsyncIterator[Finger]:
    """A display that has drawn its first screen."""
    finger = Finger()
    finger.app = make(driver_for(finger.display))
    running = asyncio.create_task(finger.app.run_async())
    try:
        await finger.quiet()
        yield finger
    finally:
        finger.display.hang_up()
        await running


async def taps(finger: Finger, tile: Widget, times: int) -> dict[str, float]:
    """A tile that changes at each tap, and nothing else with it."""
    done = [await finger.tap(tile) for _ in range(times)]
    cuts = statistics.quantiles([seconds * 1000 for seconds, _ in done], n=100, method="inclusive")
    sizes = [size for _, size in done]
    figures = {"p50_ms": cuts[49], "p99_ms": cuts[98], "bytes": statistics.median(sizes), "most_bytes": max(sizes)}
    return {key: round(value, 2) for key, value in figures.items()}


async def switches(finger: Finger, times: int) -> dict[str, object]:
    """Each place that has a key, from Home and back: the median of each, and the slowest one's name.

    Until the first bytes, and these hold all that is there; what has to be looked up comes with later ones. `first_ms`:
    a place that was never shown is made, and drawn for the first time: until nothing more is drawn.
    """
    keys = {place.id: place.key for place in PLACES if place.key}
    took: dict[str, list[float]] = {id: [] for id in keys}
    first = []
    for lap in range(times + 1):
        for id in keys:
            for to in (id, "home") if id != "home" else ():
                seconds, _ = await finger.send(pressed(keys[to]))
                if lap:
                    took[to].append(seconds * 1000)
                elif to == id:
                    first.append(finger.seconds * 1000)
    medians = {id: statistics.median(ones) for id, ones in took.items()}
    slowest = max(medians, key=lambda id: medians[id])
    every = statistics.quantiles([one for ones in took.values() for one in ones], n=100, method="inclusive")
    return {
        "p50_ms": round(statistics.median(medians.values()), 2),
        "slowest": {slowest: round(medians[slowest], 2)},
        "p99_ms": round(every[98], 2),
        "first_ms": round(statistics.median(first), 1),
    }


def pressed(key: str) -> bytes:
    """What a terminal sends for a key of places.py."""
    if key.startswith("ctrl+"):
        return bytes([ord(key[-1]) - ord("a") + 1])
    number = int(key[1:])
    if number < 5:
        return b"\x1bO" + b"PQRS"[number - 1 : number]
    return b"\x1b[%d~" % (15, 17, 18, 19, 20, 21, 23, 24)[number - 5]


async def streamed(finger: Finger, tokens: int) -> dict[str, float]:
    """CPU of the loop's thread for each token of an answer, less what the same time costs without one."""
    answer = finger.app.query_one(Answer)
    words = TALE.split(" ")

    async def speak() -> None:
        await answer.begin("Tell me of Oculi")
        for number in range(tokens):
            end = "\n\n" if number % 60 == 59 else " "
            await answer.show(Delta(words[number % len(words)] + end))
            await asyncio.sleep(1 / TOKENS_A_SECOND)
        await answer.end()

    async def idle() -> None:
        for _ in range(tokens):
            await asyncio.sleep(1 / TOKENS_A_SECOND)

    await finger.send(pressed("f2"))
    cost = [await cpu(finger.app, speak), await cpu(finger.app, idle)]
    return {"cpu_ms_a_token": round((cost[0] - cost[1]) * 1000 / tokens, 3), "tokens": tokens}


async def cpu(app: App[Any], work: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """Seconds of the loop's thread while a worker of this App does it."""
    done = asyncio.Event()

    async def whole() -> None:
        await work()
        done.set()

    before = time.thread_time()
    app.call_later(lambda: app.run_worker(whole()))
    await done.wait()
    return time.thread_time() - before


async def further(make: Callable[[type[Driver]], App[Any]], count: int) -> float:
    """MB for each display after the first one, which is there."""
    before = resident()
    async with AsyncExitStack() as stack:
        for _ in range(count):
            await stack.enter_async_context(shown(make))
        return round((resident() - before) / count, 2)


def resident() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


@asynccontextmanager
async def writing(state: Path) -> AsyncIterator[LlamaProvider]:
    """The local model, which writes one story after the other."""
    models = Registry(state)
    await models.install(MODEL)
    provider = models.provider(MODEL)
    await provider.load()

    async def stories() -> None:
        while True:
            await write(provider, 50, 200)

    task = asyncio.create_task(stories())
    try:
        yield provider
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await provider.close()


async def measured(house: House, state: Path, smoke: bool) -> dict[str, object]:
    make: Callable[[type[Driver]], Kiosk] = partial(kiosk_of, house, OWNER, Pin(house.settings))
    times = 5 if smoke else 200
    answer: dict[str, object] = {}
    async with shown(make) as finger:
        answer["further_display_mb"] = await further(make, 2 if smoke else 6)
        await finger.send(pressed("f2"))
        tile = finger.app.query_one("#where")
        answer["idle"] = await taps(finger, tile, times)
        async with writing(state):
            answer["tap"] = busy = await taps(finger, tile, times)
            async with shown(Bare) as plain:
                answer["bare"] = bare = await taps(plain, plain.app.query(Toggle).first(), times)
            answer["ratio"] = round(busy["p50_ms"] / bare["p50_ms"], 2)
            answer["switch"] = await switches(finger, 1 if smoke else 20)
            answer["stream"] = await streamed(finger, 30 if smoke else 600)
    return answer


async def main(smoke: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ready = await furnished(Path(folder))
        async with open_house(ready, cache_dir()) as house:
            await charts.bring_in(house)
            gc.freeze()  # as a Haven that is up does, so that the displays alone are collected
            answer = await measured(house, Path(folder) / "models", smoke)
    print(json.dumps({"benchmark": "kiosk_touch", "smoke": smoke, **answer}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
