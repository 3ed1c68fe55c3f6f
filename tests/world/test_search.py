"""The world is searched by names, words and meaning; what is written is found, what is removed is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from haven.ai.judging.embed import SIZE, Embedder
from haven.world.names import Names
from haven.world.schema import Kind, Lore, Planet, System, Thing
from haven.world.search import Search
from haven.world.vectors import Nearest, packed
from haven.world.world import World
from tests.world.a_world import OLGA, world_in

LANTERN = "The lamp was lit in the year 8. It turns once in nine seconds and is seen from far away."
HOSTILE = (
    *('"', "'", '"unclosed', "NEAR(a b)", "a AND OR NOT", "*", "a*", "name:x", "^start", "(((", "-minus", "🚀🚀"),
    *("x'; drop table word; --", "\x00\x1b[31m", "a" * 5_000, "und oder der die das", "who what when", "", "   "),
    *("{col}: x", "ñandú Ünïcödé", "日本語", "\ud800", "%s %d", "1e400", "=cmd|' /C calc'!A0"),
)


def things() -> list[Thing]:
    return [
        System(id="new-1", name="Oculi", aliases=("Two Eyes",), region="Sillow Deep", star="Yellow"),
        System(name="Venture", notes="An ocean under a yellow sun."),
        Planet(name="Left Eye", parent="new-1", biome="Lush"),
        Lore(name="The Lighting of the Lantern", text=LANTERN, canon=True, tags=("technology",)),
        Lore(name="Bluewort", text="A tea of this moss cures the sick.", canon=True),
        Lore(name="The Grey Sleep", text="People grew slow, then pale, then could not be woken.", canon=True),
    ]


@asynccontextmanager
async def a_search(folder: Path, embedder: Embedder | None = None) -> AsyncIterator[tuple[World, Search]]:
    async with world_in(folder) as (world, database):
        search = Search(database, folder / "search.db", Names(database), embedder)
        try:
            yield world, search
        finally:
            await search.close()


async def test_names_come_first_then_words_and_what_changes_is_followed(tmp_path: Path) -> None:
    async with a_search(tmp_path) as (world, search):
        assert await search.find("Oculi") == []
        await world.put(things(), OLGA, "test")
        assert [hit.name for hit in await search.find("oculi")][:1] == ["Oculi"]
        assert (await search.find("two eyes"))[0].why.startswith("name 'Two Eyes': alias")
        [lit] = await search.find("who lit the lamp", Kind.LORE)
        assert lit.name == "The Lighting of the Lantern" and "lamp was lit" in lit.excerpt and lit.why == "words"
        assert (await search.find("Sillow"))[0].name == "Oculi"
        assert (await search.find("wok"))[0].name == "The Grey Sleep"  # the beginning of a word
        assert {hit.kind for hit in await search.find("eye", Kind.PLANET)} == {Kind.PLANET}
        [oculi] = await world.named("Oculi")
        await world.put([oculi.model_copy(update={"name": "Ocularis", "region": "Far Bight"})], OLGA, "test")
        assert (await search.find("bight"))[0].name == "Ocularis" == (await search.find("Ocularis"))[0].name
        assert not [hit for hit in await search.find("Sillow") if hit.thing_id == oculi.id]
        gone = (await world.named("Bluewort"))[0].id
        await world.remove([gone], OLGA, "test")
        assert not [hit for query in ("moss", "Bluewort") for hit in await search.find(query) if hit.thing_id == gone]
        assert await search.knows("pale") and not await search.knows("purple")
        first = await search.find("lamp sun people")
        assert first == await search.find("lamp sun people") and len(first) >= 2


async def test_any_text_is_a_query(tmp_path: Path) -> None:
    async with a_search(tmp_path) as (world, search):
        await world.put(things(), OLGA, "test")
        for query in HOSTILE:
            assert isinstance(await search.find(query, limit=3), list), query
            assert isinstance(await search.names.resolve(query), list), query
        assert (await search.find("NEAR lamp* AND"))[0].name == "The Lighting of the Lantern"


async def test_the_index_is_made_anew_where_it_is_damaged_or_of_another_world(tmp_path: Path) -> None:
    async with a_search(tmp_path) as (world, search):
        await world.put(things(), OLGA, "test")
        assert await search.find("moss")
    (tmp_path / "search.db").write_bytes(b"this is no database" * 500)
    async with a_search(tmp_path) as (_, search):
        assert (await search.find("moss"))[0].name == "Bluewort"
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "search.db").rename(other / "search.db")
    async with a_search(other) as (world, search):
        await world.put([*things()[:2], Lore(name="Peat Bread", text="Baked in peat.", canon=True)], OLGA, "test")
        assert (await search.find("peat"))[0].name == "Peat Bread" and await search.find("moss") == []


async def test_meaning_is_compared_once_vectors_are_there_and_they_are_made_a_few_at_a_time(tmp_path: Path) -> None:
    async with a_search(tmp_path, Embedder()) as (world, search):
        await world.put(things(), OLGA, "test")
        question = "an illness in which nobody wakes up"
        assert "The Grey Sleep" not in [hit.name for hit in await search.find(question)]
        assert await search.embed(4) == 4
    async with a_search(tmp_path, Embedder()) as (world, search):
        assert [await search.embed(4), await search.embed(4)] == [2, 0]  # it goes on where it ended
        assert "The Grey Sleep" not in [hit.name for hit in await search.find(question)]  # no search waits for a vector
        assert [await search.learn(question), await search.learn(question.upper())] == [True, False]
        best = (await search.find(question, Kind.LORE))[0]
        assert best.name == "The Grey Sleep" and best.why == "meaning"
        assert await search.learn("Venture") and (await search.find("Venture"))[0].name == "Venture"
        [sleep] = await world.named("The Grey Sleep")
        await world.put([sleep.model_copy(update={"text": "A long song of sailors."})], OLGA, "test")
        await search.refresh()
        assert await search.embed(4) == 1


async def test_what_is_written_gets_its_vectors_in_the_background(tmp_path: Path) -> None:
    async with a_search(tmp_path, Embedder()) as (world, search):
        kept = asyncio.create_task(search.keep())

        async def all_made() -> None:
            await search.refresh()
            while await asyncio.to_thread(search.file.without_vector, 1):
                pass

        async with asyncio.timeout(60):
            await world.put(things(), OLGA, "test")
            await all_made()
            await world.put([Lore(name="Peat Bread", text="A black loaf.", canon=True)], OLGA, "test")
            await all_made()
        assert await search.learn("something to eat")
        assert (await search.find("something to eat", Kind.LORE))[0].name == "Peat Bread"
        kept.cancel()
        await asyncio.wait([kept])
        assert kept.cancelled() and await search.find("loaf")


async def test_a_long_question_is_shortened_to_what_says_something_and_means_the_same(tmp_path: Path) -> None:
    async with a_search(tmp_path, Embedder()) as (world, search):
        await world.put(things(), OLGA, "test")
        await search.refresh()
        assert await search.embed(10) == 6
        long = "could you please tell me whether there is or was some illness anywhere in which nobody of them wakes up"
        for question in (f"{long} again {long}", long):
            await search.learn(question)
            assert "The Grey Sleep" in [hit.name for hit in await search.find(question)][:2], question
        for hostile in HOSTILE:
            await search.learn(hostile)
            assert isinstance(await search.find(hostile), list), hostile


def test_nearest_finds_nearly_all_that_an_exact_search_finds_and_forgets_what_is_replaced() -> None:
    rng = np.random.default_rng(7)
    middles = rng.normal(size=(40, SIZE))
    rows = (middles[rng.integers(40, size=3_000)] + rng.normal(size=(3_000, SIZE)) * 0.7).astype(np.float32)
    packs = [packed(one) for one in rows]
    nearest = Nearest(list(enumerate(packs)))
    query = (rows[0] / np.linalg.norm(rows[0])).astype(np.float32)
    cosines = rows @ query / np.linalg.norm(rows, axis=1)
    best = set(np.argsort(-cosines)[:10].tolist())
    assert nearest.find(query, 1)[0][0] == 0 and len(best & {number for number, _ in nearest.find(query, 10)}) >= 9
    nearest.add([(0, packed(-rows[0])), (5_000, packs[0])])
    found = nearest.find(query, len(nearest))
    assert found[0][0] == 5_000 and found[-1][0] == 0 and len(found) == 3_001
