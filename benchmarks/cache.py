"""How long does it take to find a reply of before among 2,000, and how many paraphrases are recognised? One JSON line.

`alike` is found by other words; `recall` and `precision` are those of the pairs in tests/ai/question_pairs.py.
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
from typing import Any

from haven.access import Principal, Role
from haven.ai.memory.alike import alike
from haven.ai.memory.cache import Cache
from haven.ai.task import Reply, Route, Step, Task, Tier, Turn
from haven.store.database import opened
from tests.ai.question_pairs import FRESH, OTHER, SAME, TRAPS

ROUTE = Route((Step(Tier.LOCAL, "small"),), ("a benchmark",))
WHO = Principal("unix:0", "owner", Role.OWNER, "cli")
ASKED = (
    ("How far is {a} from {b}?", "What's the distance between {b} and {a}?"),
    ("How many moons does {a} {b} have?", "how many moons are there around {a} {b}"),
    ("Which planets are in {a} {b}?", "List all the planets of {a} {b}, please"),
    ("Who discovered {a} {b}?", "By whom was {a} {b} discovered?"),
)
NAMES = ("Venture", "Oculi", "Korvax", "Pell", "Ember", "Thalassa", "Lyra", "Corvus", "Meridian", "Aurelia")


def questions(count: int) -> list[tuple[str, str]]:
    """Question and paraphrase, all different."""
    places = [f"{name}-{number}" for number in range(count) for name in NAMES]
    return [
        tuple(way.format(a=places[at], b=NAMES[at * 7 % 10]) for way in ASKED[at % len(ASKED)])  # type: ignore[misc]
        for at in range(count)
    ]


def asked(text: str) -> Task:
    return Task("answer", (Turn("user", text),), WHO, "a benchmark asks", system=("Answer in one sentence.",))


async def timed(calls: int, call: Callable[[int], Awaitable[Reply | None]]) -> tuple[dict[str, float], int]:
    """Milliseconds, and how many found something."""
    took, found = [], 0
    for number in range(calls):
        started = time.perf_counter()
        found += await call(number) is not None
        took.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": round(statistics.median(took), 2), "p99_ms": round(sorted(took)[int(calls * 0.99)], 2)}, found


async def measured(folder: Path, rows: int, calls: int) -> dict[str, Any]:
    pairs = questions(rows)
    step = max(1, rows // calls)
    chosen = [pairs[at * step % rows] for at in range(calls)]
    async with opened(folder / "haven.db") as database:
        cache = Cache(database)
        reply = Reply("An answer of one sentence, as long as most are. " * 4, Tier.LOCAL, "small", "p", ROUTE, score=90)
        await asyncio.gather(*(cache.keep(asked(one), ROUTE, reply, 24) for one, _ in pairs))
        exact, hits = await timed(calls, lambda at: cache.find(asked(chosen[at][0]), ROUTE))
        same, found = await timed(calls, lambda at: cache.find(asked(chosen[at][1]), ROUTE))
        miss, _ = await timed(calls, lambda _: cache.find(asked("Which creatures eat kelp?"), ROUTE))
    return {"exact": exact, "exact_found": hits / calls, "alike": same, "alike_found": found / calls, "miss": miss}


def recognised() -> dict[str, Any]:
    true = [alike(*pair) for pair in (*SAME, *FRESH)]
    false = [alike(*pair) for pair in (*OTHER, *TRAPS)]
    return {"recall": round(sum(true) / len(true), 3), "precision": sum(true) / max(1, sum(true) + sum(false))} | {
        "pairs": [len(true), len(false)]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    rows, calls = (100, 20) if parser.parse_args().smoke else (2000, 400)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(Path(folder), rows, calls))
    print(json.dumps({"benchmark": "cache", "rows": rows, "calls": calls} | figures | recognised()))


if __name__ == "__main__":
    main()
