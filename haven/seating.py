"""The part of the roof that seats the assistants: what each can look up, and those that the owner has added."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistants.base import Answerer
from assistants.cartographer import Cartographer
from assistants.local_words import LocalWords
from assistants.lore.tales import Tales
from assistants.lorekeeper import Lorekeeper
from assistants.own import FOLDER, TOOLS, Own, Problem, load
from assistants.round_table import RoundTable
from assistants.scribe import Scribe
from assistants.sentinel import Sentinel
from assistants.table.facts import Facts
from assistants.table.hops import Hops
from assistants.table.transcript import Transcript
from assistants.waiting import WaitingRoom
from haven.ai.engine import Engine
from haven.changes.decisions import Changes
from haven.events import Bus
from haven.settings import Settings
from haven.store.database import Database
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.search import Search
from haven.world.watches import Watches
from haven.world.world import World

log = logging.getLogger("haven")


@dataclass(frozen=True)
class Seated:
    """The Round Table with everybody at it; `broken` are files of one's own assistants that can't be used."""

    round_table: RoundTable
    cartographer: Cartographer
    scribe: Scribe
    broken: Sequence[Problem]


async def seat_all(
    settings: Settings,
    database: Database,
    bus: Bus,
    engine: Engine,
    changes: Changes,
    waiting: WaitingRoom,
    world: World,
    drafts: Drafts,
    search: Search,
    watches: Watches,
    sentinel: Sentinel,
) -> Seated:
    """Everybody by name, the four and the owner's own."""
    atlases = Atlases(world)
    cartographer, lorekeeper = (
        Cartographer(atlases, LocalWords(engine)),
        Lorekeeper(world, search, settings.world.persona),
    )
    tags, embedder = settings.world.tags, search.embedder
    scribe = Scribe(world, drafts, atlases, changes, tags=tags, embedder=embedder, engine=engine, names=search.names)
    answerers: dict[str, Answerer] = {"lorekeeper": lorekeeper, "cartographer": cartographer, "scribe": scribe}
    answerers["sentinel"] = sentinel
    own, broken = await _own(settings, world, search, answerers)
    for problem in broken:
        log.warning("the assistant of %s is not used: %s", problem.file, problem.why)
        sentinel.note("Assistants", f"{problem.file.name} is not used: {problem.why}", "alert")
    answerers |= {one.assistant.name: one.answerer for one in own if one.answerer is not None}
    tales = Tales(world, search, drafts)
    facts = Facts(
        answerers, world, search.names, watches, Hops(lorekeeper, cartographer), {"scribe": scribe.act}, tales
    )
    seats = [one.assistant for one in own]
    table = RoundTable(engine, changes, waiting, Transcript(database, bus), facts, seats, search.embedder)
    return Seated(table, cartographer, scribe, broken)


async def _own(
    settings: Settings, world: World, search: Search, four: Mapping[str, Answerer]
) -> tuple[list[Own], list[Problem]]:
    tools = {tool: four[name] for tool, name in TOOLS.items() if name in four}
    folder = settings.paths.config_dir / FOLDER
    return await asyncio.to_thread(load, folder, world, search, tools, settings.project.repository)
