"""A Lorekeeper over a few records, and what it is held to: answers with their sources, or that nothing is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from assistants.findings import Nature
from assistants.lorekeeper import Lorekeeper
from haven.world.names import Names
from haven.world.schema import Thing
from haven.world.search import Search
from tests.world.a_world import MEMBER, OLGA, world_in


@asynccontextmanager
async def lorekeeper_of(folder: Path, things: Iterable[Thing]) -> AsyncIterator[Lorekeeper]:
    async with world_in(folder) as (world, database):
        search = Search(database, folder / "search.db", Names(database), None)
        await world.put(list(things), OLGA, "test", allow_same_name=True)
        try:
            yield Lorekeeper(world, search)
        finally:
            await search.close()


async def hold(lorekeeper: Lorekeeper, told: Iterable[tuple[str, str]], not_told: Iterable[str]) -> None:
    """Each of `told` is answered with a source and these words; nothing is made of the others."""
    for question, says in told:
        found = await lorekeeper.answer(question, MEMBER)
        assert found is not None and found.sources and says in found.text, (question, found and found.text)
    for question in not_told:
        found = await lorekeeper.answer(question, MEMBER)
        assert found is None or found.kind is Nature.NOT_RECORDED, (question, found.text)
