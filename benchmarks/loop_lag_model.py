"""How late does the event loop run while the local model reads and writes? One JSON line (goal: p99 < 20, max < 100).

`--smoke` is short. The lag is that of a 5 ms timer, in milliseconds; `idle` is the same timer with nothing running.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from haven.ai.models.registry import Registry
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Turn

TICK_S = 0.005


async def lag(work: Awaitable[Any]) -> tuple[dict[str, float], Any]:
    """The timer's lag in ms while `work` runs, and what it returns."""
    loop, late = asyncio.get_running_loop(), []
    task = asyncio.ensure_future(work)
    while not task.done():
        start = loop.time()
        await asyncio.sleep(TICK_S)
        late.append((loop.time() - start - TICK_S) * 1000)
    cuts = statistics.quantiles(late, n=100, method="inclusive")
    measured = {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(late)}
    return {key: round(value, 2) for key, value in measured.items()}, await task


async def write(provider: LlamaProvider, words: int, tokens: int) -> tuple[int, float]:
    """Read a prompt of about this many tokens and write at most so many: how many were written, and in what time."""
    start = time.perf_counter()
    prompt = f"{time.monotonic_ns()} " + "star " * words + "Tell a story."  # no prompt is held from the run before
    written = 0
    async for item in provider.generate(Call((Turn("user", prompt),), (), max_tokens=tokens, temperature=1.0)):
        if isinstance(item, Finish):
            written = item.usage.output
    return written, time.perf_counter() - start


async def several(provider: LlamaProvider, times: int, words: int, tokens: int) -> tuple[int, float]:
    runs = [await write(provider, words, tokens) for _ in range(times)]
    return sum(run[0] for run in runs), sum(run[1] for run in runs)


async def main(smoke: bool) -> None:
    name = "smollm2-135m"
    with tempfile.TemporaryDirectory() as folder:
        models = Registry(Path(folder))
        await models.install(name)
        provider = models.provider(name)
        loading, _ = await lag(provider.load())
        await write(provider, 10, 10)
        idle, _ = await lag(asyncio.sleep(0.5 if smoke else 3))
        work = several(provider, 1, 50, 60) if smoke else several(provider, 5, 400, 200)
        busy, (tokens, seconds) = await lag(work)
        await provider.close()
    answer = {"benchmark": "loop_lag_model", "model": provider.model, "smoke": smoke, **busy, "idle": idle}
    print(json.dumps(answer | {"loading": loading, "tokens": tokens, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
