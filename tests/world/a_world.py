"""People and a few places for the tests of the world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from haven.access import Principal, Role
from haven.store import events, world_drafts
from haven.store.database import Database, Transaction, opened
from haven.world.drafts import Drafts
from haven.world.schema import Moon, Planet, Point, Station, System, Thing
from haven.world.world import World

OLGA = Principal("discord:1", "Olga", Role.REVIEWER, "bot")
SAM = Principal("discord:2", "Sam", Role.REVIEWER, "bot")
MEMBER = Principal("discord:3", "Mia", Role.MEMBER, "bot")
STRANGER = Principal("discord:4", "Zed", Role.STRANGER, "bot")
PANEL = Principal("panel", "The panel", Role.OWNER, "kiosk", needs_pin=True)


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[tuple[World, Database]]:
    async with opened(folder / "state" / "haven.db") as database:
        yield World(database), database


def system(name: str, **fields: Any) -> System:
    return System(name=name, **fields)


def at(x: float, y: float = 0, z: float = 0, frame: str = "map") -> Point:
    return Point(x=x, y=y, z=z, frame=frame)


def venture() -> list[Thing]:
    """A system with a planet, its moon and a station, all new."""
    return [
        System(
            id="new-1", name="Venture", aliases=("The Gate",), position=at(1, 2, 3), galaxy="Euclid", region="Oculi"
        ),
        Planet(id="new-2", name="Meridian", parent="new-1", biome="Lush", materials=("Emeril", "Salt")),
        Moon(id="new-3", name="Little Meridian", parent="new-2"),
        Station(name="Venture Station", parent="new-1", race="Gek"),
    ]


async def a_long_queue(drafts: Drafts, database: Database, count: int) -> None:
    """So many open drafts, more than any person may have."""
    first = await drafts.propose([system("Star")], MEMBER, "submit")

    async def work(tx: Transaction) -> None:
        row = await world_drafts.get(tx.execute_fetchall, first.id)
        assert row is not None
        for number in range(1, count):
            await world_drafts.insert(tx, replace(row, id=f"draft-{number:08x}", at=row.at + number))

    await database.write(work)


async def told(database: Database, *kinds: str) -> list[events.Event]:
    """Durable events of these kinds (all that begin so), the first one first."""
    return [event for event in await events.since(database, 0) if event.kind.startswith(kinds)]
