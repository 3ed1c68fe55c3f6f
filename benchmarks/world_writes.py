"""How long does a large write of the world hold others up, and what does a small one cost then? One JSON line.

10,000 systems with 30,000 planets in one write. `others_wait_s`: the longest that somebody else's write waited while
it went on (goal: about 1 s); `loop_ms`: the longest that the event loop stood still meanwhile, and while all of that
was read and 20 watches looked at it. Then, in that world: one look-up by name, one change.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from haven.access import Principal, Role
from haven.store.database import Database, opened
from haven.world.schema import Planet, Point, System, Thing
from haven.world.watches import Watches
from haven.world.world import World

OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
NOTES = "A quiet place with a market, two moons in the sky and a storm that never quite arrives."


def records(systems: int) -> list[Thing]:
    found: list[Thing] = []
    for number in range(systems):
        star = System(
            id=f"new-{number}",
            name=f"Star {number}",
            position=Point(x=number % 97, y=number % 13, z=number % 31),
            galaxy="Euclid",
            region=f"Region {number % 50}",
            economy="Mining",
            star="Yellow",
            notes=NOTES,
        )
        planets = (
            Planet(
                name=f"Star {number} {letter}", parent=star.id, biome="Lush", materials=("Emeril", "Salt"), notes=NOTES
            )
            for letter in "bcd"
        )
        found += [star, *planets]
    return found


class Neighbour:
    """Somebody else who writes all the time, and the event loop's own clock beside them."""

    def __init__(self, database: Database) -> None:
        self.waited = self.lag = 0.0
        self._database = database
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._tick())]

    async def _write(self) -> None:
        while True:
            started = time.perf_counter()
            await self._database.write(lambda tx: tx.execute("insert or replace into note values ('k', 'v')"))
            self.waited = max(self.waited, time.perf_counter() - started)
            await asyncio.sleep(0.02)

    async def _tick(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            self.lag = max(self.lag, time.perf_counter() - started - 0.005)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


async def middle(times: int, work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of the middle one of so many runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        found.append(1000 * (time.perf_counter() - started))
    return statistics.median(found)


async def main(smoke: bool) -> None:
    systems, times = (200, 3) if smoke else (10_000, 30)
    given = records(systems)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "state" / "haven.db") as database:
            world, watches = World(database), Watches(database)
            await world.put([System(name="Centre", position=Point(x=0, y=0, z=0))], OWNER, "a benchmark")
            for number in range(20):
                await watches.add(f"planets with word{number} within 5 of Centre", OWNER, {})
            neighbour = Neighbour(database)
            started = time.perf_counter()
            kept = await world.put(given, OWNER, "a benchmark", imported="a file")
            figures = {"write_s": time.perf_counter() - started}
            started = time.perf_counter()
            await world.things()
            figures["read_all_s"] = time.perf_counter() - started
            started = time.perf_counter()
            await watches.catch_up()
            figures["20_watches_s"] = time.perf_counter() - started
            await neighbour.end()
            figures |= {"others_wait_s": neighbour.waited, "loop_ms": 1000 * neighbour.lag}
            one, turns = kept[0].thing, iter(range(times))
            figures["look_up_ms"] = await middle(times, lambda: world.one("star 17"))
            figures["change_ms"] = await middle(
                times, lambda: world.put([one.model_copy(update={"base": f"{next(turns)}"})], OWNER, "a benchmark")
            )
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"benchmark": "world_writes", "smoke": smoke, "records": len(given), **rounded}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
