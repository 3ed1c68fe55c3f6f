"""Hostile acts: somebody at a door of the world that is built here; records.py, people.py and places.py hold them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from haven.errors import HavenError
from haven.settings import WorldSettings
from haven.store.database import Database
from haven.world.drafts import Drafts
from haven.world.exchange.loading import Importer
from haven.world.world import World
from tests.world.a_world import OLGA, venture


@dataclass(frozen=True)
class Place:
    """A world with Venture, its planet, moon and station, whose queue is open to strangers."""

    world: World
    drafts: Drafts
    database: Database
    folder: Path
    there: dict[str, str]
    """Ids by name."""


Act = Callable[[Place], Awaitable[None]]
Acts = dict[str, Act]


async def built(world: World, database: Database, folder: Path) -> Place:
    stored = await world.put(venture(), OLGA, "test")
    drafts = Drafts(database, WorldSettings(strangers_may_propose=True))
    return Place(world, drafts, database, folder, {one.thing.name: one.thing.id for one in stored})


def into(acts: Acts) -> Callable[[str], Callable[[Act], Act]]:
    """A decorator that puts an act under its name into these."""

    def named(name: str) -> Callable[[Act], Act]:
        def kept(work: Act) -> Act:
            acts[name] = work
            return work

        return kept

    return named


async def refused(
    work: Awaitable[object], says: str | None, error: type[HavenError] | tuple[type[HavenError], ...]
) -> None:
    with pytest.raises(error, match=says) as caught:
        await work
    assert str(caught.value).endswith((".", "?")), "a sentence"


def importer(place: Place) -> Importer:
    return Importer(place.world, place.drafts, place.database)
