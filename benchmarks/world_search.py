"""How long does a search of the world take with 100,000 entries? One JSON line.

The world is made by a seeded generator; its words are as uneven as those of a language. `words` has no vector of the
query, as where somebody types; `meaning` counts it, among 100,000 (random ones: only time is measured); `learn` is the
making of it, which no search waits for. `resolve` is names alone, `mentions` a text of 200 words, `raw_fts5` all words
of a query, those that say nothing as well, weighed by SQLite and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from haven.access import Principal, Role
from haven.ai.judging.embed import SIZE, Embedder
from haven.store.database import opened
from haven.world.names import Names
from haven.world.schema import Kind, Lore, Planet, System, Thing
from haven.world.search import Search
from haven.world.vectors import packed
from haven.world.words import words
from haven.world.world import World

WHO = Principal("unix:0", "owner", Role.OWNER, "cli")
SYLLABLES = [
    "ve",
    "ka",
    "lo",
    "ri",
    "thal",
    "mor",
    "quin",
    "ash",
    "bel",
    "dor",
    "ex",
    "fin",
    "gar",
    "hol",
    "isk",
    "jun",
    "ker",
    "lum",
    "nar",
    "oph",
    "pell",
    "sor",
    "tam",
    "ul",
    "vard",
    "wyn",
]
PUT = 5_000
LONG = "I have been looking for this the whole evening: does anybody still know who it was that wrote about"
ODD = ('"unclosed NEAR(', "a* AND b*", "🚀🚀", "Wer fand die Ruinen?", "x'; drop table word; --")


def made_world(entries: int, rng: random.Random) -> Iterator[Thing]:
    """A fifth systems, three fifths planets, a fifth lore."""
    known = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))) for _ in range(20_000)]
    common = [1 / (rank + 1) for rank in range(len(known))]
    prose = rng.choices(known, common, k=2_000_000 if entries > 10_000 else 200_000)

    def text(size: int) -> str:
        at = rng.randrange(len(prose) - size)
        return " ".join(prose[at : at + size])

    def name(number: int) -> str:
        return f"{''.join(rng.choices(SYLLABLES, k=2)).title()} {''.join(rng.choices(SYLLABLES, k=2)).title()}-{number}"

    systems = [
        System(id=f"system-{at:010x}", name=name(at), region=text(1), notes=text(20)) for at in range(entries // 5)
    ]
    yield from systems
    for number, at in enumerate(range(3 * entries // 5)):
        parent = systems[at // 3]
        letter = "bcd"[at % 3]
        yield Planet(
            id=f"planet-{number:010x}", name=f"{parent.name} {letter}", parent=parent.id, biome=text(1), notes=text(20)
        )
    for at in range(entries // 5):
        yield Lore(id=f"lore-{at:010x}", name=f"The {text(2).title()} {at}", text=text(60), canon=True)


def queries(things: Sequence[Thing], rng: random.Random, count: int) -> list[tuple[str, tuple[Kind, ...]]]:
    """As people type: names, beginnings, slips, words out of texts, whole questions, and odd things."""
    found: list[tuple[str, tuple[Kind, ...]]] = []
    for number in range(count):
        thing = rng.choice(things)
        prose = (getattr(thing, "text", "") or thing.notes).split()
        some = rng.sample(prose, 3)
        slip = rng.randrange(1, len(thing.name) - 1)
        found.append(
            (
                (thing.name, ()),
                (thing.name[: rng.randint(3, 8)], ()),
                (thing.name[:slip] + thing.name[slip + 1 :], (thing.kind,)),
                (" ".join(some), ()),
                (f"who found the {some[0]} near {some[1]} and why was it {some[2]}?", ()),
                (some[0], (Kind.LORE,)),
                (f"{LONG} the {some[0]} and the {some[1]} of {thing.name}, and what was said of {some[2]}?", ()),
                (f"{rng.choice(ODD)} {some[0]}", ()),
            )[number % 8]
        )
    return found


async def timed(calls: Sequence[Callable[[], Awaitable[object]]]) -> dict[str, float]:
    return spread([await milliseconds(call) for call in calls])


async def milliseconds(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def spread(took: Sequence[float]) -> dict[str, float]:
    ranked = sorted(took)
    p99 = ranked[min(int(len(took) * 0.99), len(took) - 1)]
    return {"p50_ms": round(statistics.median(took), 2), "p99_ms": round(p99, 2), "max_ms": round(ranked[-1], 2)}


async def measured(folder: Path, entries: int, calls: int) -> dict[str, Any]:
    rng = random.Random(7)
    things = list(made_world(entries, rng))
    asked = queries(things, rng, calls)
    text = " ".join(rng.choice(things).name if at % 10 == 0 else "and then" for at in range(100))
    async with opened(folder / "haven.db") as database:
        world, search = World(database), Search(database, folder / "search.db", Names(database), Embedder())
        figures: dict[str, Any] = {"entries": len(things)}
        for at in range(0, len(things), PUT):
            await world.put(things[at : at + PUT], WHO, "benchmark", allow_same_name=True)
        for name, work in (
            ("read_all_s", search.refresh),
            ("names_s", lambda: search.names.resolve("Vekalo Rithal-1")),
        ):
            began = time.perf_counter()
            await work()
            figures[name] = round(time.perf_counter() - began, 2)
        figures["words"] = await timed([lambda one=one: search.find(one[0], *one[1]) for one in asked])  # type: ignore[misc]
        figures["resolve"] = await timed([lambda one=one: search.names.resolve(one[0]) for one in asked])  # type: ignore[misc]
        figures["mentions"] = await timed([lambda: search.names.mentions(text)] * 20)
        raw = [" OR ".join(f'"{one.folded}"' for one in words(text) if one.folded) for text, _ in asked]
        figures["raw_fts5"] = await timed(
            [lambda one=one: asyncio.to_thread(search.file.ranked, one, (), 10) for one in raw if one]  # type: ignore[misc]
        )
        figures |= await with_vectors(search, len(things), asked)
        figures["meaning_to_raw_p99"] = round(figures["meaning"]["p99_ms"] / figures["raw_fts5"]["p99_ms"], 2)
        await search.close()
    return figures


async def with_vectors(search: Search, entries: int, asked: Sequence[tuple[str, tuple[Kind, ...]]]) -> dict[str, Any]:
    rows = np.random.default_rng(7).normal(size=(entries, SIZE)).astype(np.float32)
    hashes = await asyncio.to_thread(search.file.without_vector, entries)
    vectors = [(number, body, packed(row)) for (number, body, _), row in zip(hashes, rows, strict=True)]
    await asyncio.to_thread(search.file.put_vectors, vectors)
    began = time.perf_counter()
    await search.learn("first of all")
    await search.find("first of all")
    figures: dict[str, Any] = {"vectors_loaded_s": round(time.perf_counter() - began, 2)}
    learned, found = [], []
    for text, kinds in asked:
        learned.append(await milliseconds(lambda text=text: search.learn(text)))  # type: ignore[misc]
        found.append(await milliseconds(lambda text=text, kinds=kinds: search.find(text, *kinds)))  # type: ignore[misc]
    return figures | {"learn": spread(learned), "meaning": spread(found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    entries, calls = (500, 35) if parser.parse_args().smoke else (100_000, 1_400)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(Path(folder), entries, calls))
    print(json.dumps({"benchmark": "world_search", "calls": calls} | figures))


if __name__ == "__main__":
    main()
