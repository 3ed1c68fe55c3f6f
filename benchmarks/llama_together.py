"""What do four people gain who ask at once, and how much longer does the slowest wait for the first word?

One JSON line; goals: aggregate tokens a second >= 1.6 of one after another, first word <= 2 times alone. A Q4_0 copy of
the small model (made here from Q4_1), rules shared by all, both sides with the same threads: `default` as the settings
have it, cores - 1; `all` with every core, which pays only where nothing else runs. `cold`: nothing is computed yet,
alone neither, so that the rules are read once for all; `warm`: the rules are kept, and what is left to compute for the
first word is each person's own. `--smoke` is short, without `all`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from pathlib import Path

from benchmarks.llama_model import Timed, as_q4_0, installed, timed
from haven.ai.providers.llama import LlamaProvider

RULES = "You look after a star map of many worlds and answer in plain words. "
THINGS = ("moon", "star", "ship", "sea")


async def both(model: Path, threads: int, repeats: int, tokens: int) -> dict[str, float]:
    """One round: the gain of asking together, and the longest wait for the first word against alone."""
    rules = RULES * repeats
    provider = LlamaProvider(model, name="four", context_tokens=2048, threads=threads)

    async def ask(thing: str, text: str = "Tell me the long story of the {}.") -> Timed:
        return await timed(provider, text.format(thing), rules, max_tokens=tokens)

    await provider.load()
    alone_cold = (await ask(THINGS[0])).first
    await provider.unload()
    await provider.load()
    cold = max(one.first for one in await asyncio.gather(*[ask(thing) for thing in THINGS])) / alone_cold
    start = time.perf_counter()
    apart = [await ask(thing, "Say all about the {}.") for thing in THINGS]
    between = time.perf_counter()
    together = await asyncio.gather(*[ask(thing, "Say more about a {}.") for thing in THINGS])
    end = time.perf_counter()
    await provider.close()
    slow = sum(one.finish.usage.output for one in apart) / (between - start)
    fast = sum(one.finish.usage.output for one in together) / (end - between)
    warm = max(one.first for one in together) / statistics.median(one.first for one in apart)
    return {"apart": slow, "together": fast, "gain": fast / slow, "wait_cold": cold, "wait_warm": warm}


async def main(smoke: bool) -> None:
    rounds, repeats, tokens = (1, 2, 6) if smoke else (5, 12, 48)
    cores = len(os.sched_getaffinity(0))
    ways = {"default": 0} if smoke else {"default": 0, "all": cores}
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    async with installed() as (_, path):
        model = as_q4_0(path)
        for _ in range(rounds):
            for name, threads in ways.items():
                rows[name].append(await both(model, threads, repeats, tokens))
    answer: dict[str, object] = {"benchmark": "llama_together", "smoke": smoke, "people": len(THINGS), "rounds": rounds}
    for name, found in rows.items():
        answer[name] = {key: round(statistics.median(row[key] for row in found), 2) for key in found[0]}
    print(json.dumps(answer))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
