"""How long until the first word: after 1,000 tokens of rules cold, kept in memory, kept on the disk; and from nothing?

One JSON line; goals: memory <= .03 of cold, disk after a restart <= .05, a new process's first word <= .8 s. The model
is a Q4_0 copy of the small one (made here from Q4_1); the new process loads the Q4_1 file and checks its hash. The
prefix's file is in the system's page cache, as after a restart of the program, not of the machine. `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.llama_model import MODEL, as_q4_0, installed, timed
from haven.ai.providers.llama import LlamaProvider

RULES = "You look after a star map of many worlds and answer in plain words. "
QUESTION = "Name a moon."
NEW_PROCESS = """
import asyncio, sys
from pathlib import Path
from haven.ai.providers.base import Call
from haven.ai.models.registry import Registry
from haven.ai.task import Turn
async def main():
    provider = Registry(Path(sys.argv[1])).provider(sys.argv[2])
    async for item in provider.generate(Call((Turn("user", "Name a moon."),), (), max_tokens=1)):
        print("first", flush=True)
        break
    await provider.close()
asyncio.run(main())
"""


def new_process(folder: Path) -> float:
    """Seconds from starting Python to the first word."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", NEW_PROCESS, folder, MODEL], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        return time.perf_counter() - start


async def one_round(model: Path, folder: Path, repeats: int) -> dict[str, float]:
    """Seconds to the first word: cold, from memory (median), and from the disk by a provider of its own."""
    rules = RULES * (repeats + 1)
    times = {}
    for name in ("cold", "disk"):
        provider = LlamaProvider(model, name="first", context_tokens=2048, prefix_folder=folder)
        await timed(provider, "Hello.", max_tokens=1)
        times[name] = (await timed(provider, QUESTION, rules, max_tokens=1)).first
        if name == "cold":
            again = [await timed(provider, f"{QUESTION[:-1]} {n}.", rules, max_tokens=1) for n in range(3)]
            times["memory"] = statistics.median(one.first for one in again)
            times["tokens"] = again[-1].finish.usage.cache_read
        await provider.close()
    for file in folder.iterdir():
        file.unlink()
    return times


async def main(smoke: bool) -> None:
    rounds, repeats = (1, 15) if smoke else (5, 70)
    async with installed() as (folder, path):
        starts = [await asyncio.to_thread(new_process, folder) for _ in range(rounds)]
        model = as_q4_0(path)
        rows = [await one_round(model, folder / "prefixes", repeats) for _ in range(rounds)]
    middle = {name: round(statistics.median(row[name] for row in rows), 4) for name in rows[0]}
    tokens = middle.pop("tokens")
    answer = {"benchmark": "llama_first_token", "smoke": smoke, "prefix_tokens": tokens, "seconds": middle}
    for name in ("memory", "disk"):
        answer[f"{name}_of_cold"] = round(statistics.median(row[name] / row["cold"] for row in rows), 4)
    print(json.dumps(answer | {"new_process_s": round(statistics.median(starts), 3), "rounds": rounds}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
