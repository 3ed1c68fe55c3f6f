"""How long does one frame of the star map take, and how many a second? One JSON line.

Goals: 10,000 systems at most 2.5 ms a frame and 60 frames a second, 100,000 at most 8 ms. `draw_ms` is a frame from the
arrays to strips, everything in sight and nearer; `raw_ms` what numpy alone takes to project the same points in the same
run; `paint_ms` from the finger's move to the bytes for the terminal, through the kiosk's own driver; `flight_frames_s`
while the map flies by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from textual.app import ComposeResult

from benchmarks.world_space import world
from haven.world.gazetteer import Gazetteer
from haven.world.schema import System
from kiosk.driver import Display, driver_for
from kiosk.touch import TouchApp
from kiosk.widgets.star_map import StarMap
from kiosk.widgets.stars.chart import Chart, Pins
from kiosk.widgets.stars.shown import Shown
from kiosk.widgets.stars.view import View
from kiosk.widgets.stars.window import FLIGHT_S, fitting

COLUMNS, ROWS = 100, 20
"""Of the map on a panel of 100 x 28."""
NEARER = {"all in sight": 1.0, "a part in sight": 4.0, "a few in sight": 30.0}
FRAME_S = 1 / 60


class Alone(TouchApp):
    """The map with nothing around it."""

    def compose(self) -> ComposeResult:
        yield StarMap()


def timed(work: Callable[[int], object], runs: int) -> dict[str, float]:
    """Milliseconds: the median, and what 99 of 100 stay below."""
    taken = []
    for run in range(runs + 3):
        began = time.perf_counter()
        work(run)
        taken.append((time.perf_counter() - began) * 1_000)
    return _figures(taken[3:])


def _figures(taken: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(taken), 3), "p99": round(float(np.percentile(taken, 99)), 3)}


async def drawn(shown: Shown, runs: int) -> dict[str, Any]:
    chart, sky = Chart(shown), shown.sky
    palette = StarMap.palette(Alone(), shown.voices)
    whole = fitting(sky.low, sky.high, COLUMNS, ROWS)
    pins = Pins(chosen=len(sky) - 1, stops=tuple(range(len(sky) - 12, len(sky))), stop=len(sky) - 5)

    def frame(nearer: float, run: int) -> None:
        window = whole.nearer(nearer, whole).moved(run % 40 / 2, 0)
        chart.draw(window, COLUMNS, ROWS, pins).canvas.strips(palette)

    def raw(run: int) -> None:
        scale = np.float32(1 / whole.dot)
        across, down = (sky.x - np.float32(run)) * scale, (np.float32(run) - sky.y) * scale
        dots = np.zeros((4 * ROWS, 2 * COLUMNS), dtype=np.uint8)
        there = (across >= -COLUMNS) & (across < COLUMNS) & (down >= -2 * ROWS) & (down < 2 * ROWS)
        dots[(down[there] + 2 * ROWS).astype(np.int64), (across[there] + COLUMNS).astype(np.int64)] = 1

    frames = {name: timed(lambda run, nearer=nearer: frame(nearer, run), runs) for name, nearer in NEARER.items()}
    bare = timed(raw, runs)
    slowest = max(one["p50"] for one in frames.values())
    return {"draw_ms": frames, "raw_ms": bare, "ratio": round(slowest / max(bare["p50"], 1e-6), 1)}


async def painted(shown: Shown, runs: int) -> dict[str, Any]:
    """A finger that drags without rest, and a tap."""
    sent: list[bytes] = []
    arrived = asyncio.Event()

    def take(data: bytes) -> None:
        sent.append(data)
        arrived.set()

    display = Display(take, COLUMNS, ROWS)
    app = Alone(driver_for(display))
    running = asyncio.create_task(app.run_async())
    while not sent:
        await _quiet(arrived)
    stars = app.query_one(StarMap)
    stars.show(shown)
    await _quiet(arrived)
    display.receive(b"\x1b[<0;50;10M")
    taken, sizes = [], []
    began, busy = time.perf_counter(), time.process_time()
    for run in range(runs):
        sent.clear()
        arrived.clear()
        start = time.perf_counter()
        display.receive(f"\x1b[<32;{20 + run % 60};{8 + run % 5}M".encode())
        await asyncio.wait_for(arrived.wait(), 10)
        taken.append((time.perf_counter() - start) * 1_000)
        sizes.append(sum(map(len, sent)))
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    await asyncio.sleep(0.3)
    display.receive(b"\x1b[<0;50;10m")
    await _quiet(arrived)
    flown = await _flown(stars, sent, 1 if runs < 10 else 6)
    await _quiet(arrived)
    sent.clear()
    stars.pin(Pins(chosen=stars.nearest))
    await _quiet(arrived)
    chosen = sum(map(len, sent))
    display.hang_up()
    await running
    return {
        "paint_ms": _figures(taken),
        "frames_s": round(runs / seconds, 1),
        "flight_frames_s": flown,
        "cpu_ms_a_frame": round(busy * 1_000 / runs, 2),
        "bytes_a_frame": round(statistics.median(sizes)),
        "bytes_a_choice": chosen,
    }


async def _flown(stars: StarMap, sent: list[bytes], times: int) -> float:
    """Frames a second of flights there and back."""
    sent.clear()
    for number in range(times):
        stars.zoom(number % 2 == 0)
        await asyncio.sleep(FLIGHT_S)
    return round(len(sent) / (times * FLIGHT_S), 1)


async def _quiet(arrived: asyncio.Event) -> None:
    """Until nothing was sent for a while."""
    while True:
        arrived.clear()
        try:
            await asyncio.wait_for(arrived.wait(), 0.3)
        except TimeoutError:
            return


def measure(count: int, runs: int) -> dict[str, Any]:
    gazetteer = Gazetteer(one for one in world(count) if isinstance(one, System))
    gc.freeze()  # as a Haven that is up does with what stays
    began = time.perf_counter()
    shown = View(colour="star").read(gazetteer)
    assert isinstance(shown, Shown)
    read_s = round(time.perf_counter() - began, 2)
    return {"systems": count, "read_s": read_s, **asyncio.run(drawn(shown, runs)), **asyncio.run(painted(shown, runs))}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smoke", action="store_true", help="show that it runs; the figures mean nothing")
    given = options.parse_args()
    counts, runs = ((500,), 5) if given.smoke else ((10_000, 100_000), 200)
    found = [measure(count, runs) for count in counts]
    print(json.dumps({"benchmark": "kiosk_map", "smoke": given.smoke, "worlds": found}))


if __name__ == "__main__":
    main()
