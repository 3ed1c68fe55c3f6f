"""How long do 10,000 systems with 30,000 planets and moons take to come in, is the house awake? One JSON line.

The file is Haven_mdev's database with its defects, made here. `again_s`: the same content with --again, compared with
what is there; `known_s`: without. `lag_ms`: the longest time that the event loop was held up. Goal: under 30 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from haven.access import Principal, Role
from haven.settings import WorldSettings
from haven.store.database import opened
from haven.world.drafts import Drafts
from haven.world.exchange.exporting import export
from haven.world.exchange.loading import Importer, Options
from haven.world.world import World

WHO = Principal("unix:0", "owner", Role.OWNER, "cli")
TICK_S = 0.005
PROSE = (
    "Region: Sea of {at}\nDistance From Core: 719,{at} LY\nPrimary lifeform: Gek\nEconomy: Mining // Wealthy\n"
    "Conflict Level: Low // 1\nDiscoverd By: Traveller{who}\nStellar Class: Yellow"
)
TABLES = """
create table systems (id text, name text, x real, y real, z real, region text, sentinel text, attributes text);
create table planets (id integer, system_id text, name text, sentinel text, fauna text, flora text, properties text,
  materials text, notes text);
create table moons (id integer, planet_id integer, name text, sentinel text, properties text, materials text);
"""


def source(folder: Path, systems: int) -> Path:
    """Two planets and a moon in every system."""
    path = folder / "VH-Database.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"pragma synchronous=off; {TABLES}")
        for at in range(systems):
            place = (at % 211 - 105.5, at % 97 - 48.25, at % 50 - 24.75)
            prose = PROSE.format(at=100 + at % 900, who=at % 300)
            connection.execute(
                "insert into systems values (?, ?, ?, ?, ?, 'Euclid', 'Low', ?)",
                (f"SYS_{at}", f"System {at}", *place, prose),
            )
            for number in (1, 2):
                connection.execute(
                    "insert into planets values (?, ?, ?, 'Mid', 'High', 'N/A', 'Type: Lush', ?, 'N/A')",
                    (2 * at + number, f"SYS_{at}", f"Planet {at}-{number}", "Magnetized Ferrite\nGold\nCadmium"),
                )
            connection.execute(
                "insert into moons values (?, ?, ?, 'None', 'Type: Frozen', 'Silver')", (at, 2 * at + 1, f"Moon {at}")
            )
    return path


class Lag:
    """The longest that a tick came late, in milliseconds."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_S)
            self.worst = max(self.worst, (time.perf_counter() - before - TICK_S) * 1000)


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await work()
    return round(time.perf_counter() - started, 2)


async def measured(folder: Path, systems: int) -> dict[str, Any]:
    path = source(folder, systems)
    lag = Lag()
    async with opened(folder / "state" / "haven.db") as database:
        world = World(database)
        importer = Importer(world, Drafts(database, WorldSettings()), database)
        watch = asyncio.create_task(lag.watch())
        figures: dict[str, Any] = {
            "seconds": await timed(lambda: importer.bring_in(path, WHO)),
            "known_s": await timed(lambda: importer.bring_in(path, WHO)),
            "again_s": await timed(lambda: importer.bring_in(path, WHO, Options(again=True))),
        }
        watch.cancel()
        records = sum((await world.counts()).values())
        figures["export_json_s"] = await timed(lambda: export(world, folder / "world.json", "json"))
        figures["export_csv_s"] = await timed(lambda: export(world, folder / "world.csv", "csv"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"records": records, **figures, "lag_ms": round(lag.worst, 1), "peak_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    systems = 50 if parser.parse_args().smoke else 10_000
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(Path(folder), systems))
    print(json.dumps({"benchmark": "world_import", "systems": systems, **figures}))


if __name__ == "__main__":
    main()
