"""How many frames does another thread lose while models load and unload, and who touches the terminal's descriptors?

One JSON line; goal: 0 frames lost, nothing touched. A thread wants to draw 60 frames a second; a frame is lost where it
comes more than one frame late. `elsewhere` is the same with the model loading in another process, in turns: what is
lost there too is the machine's doing, and so is what `idle` loses, where nothing loads. `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from benchmarks.llama_model import installed
from haven.ai.models.weights import sha256_of
from haven.ai.providers.llama import LlamaProvider

FRAME_S = 1 / 60


class Screen(threading.Thread):
    """Draws nothing 60 times a second and counts the frames that it missed; sees where descriptors 1 and 2 point."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = self.frames = 0
        self.seen: set[tuple[int, ...]] = set()
        self._over = threading.Event()

    def run(self) -> None:
        due = time.perf_counter()
        while not self._over.is_set():
            due += FRAME_S
            time.sleep(max(0.0, due - time.perf_counter()))
            self.frames += 1
            if (late := time.perf_counter() - due) > FRAME_S:
                self.lost += int(late / FRAME_S)
                due = time.perf_counter()
            self.seen.add(tuple(os.fstat(number).st_ino for number in (1, 2)))

    def stop(self) -> None:
        self._over.set()
        self.join()


async def watched(work: Callable[[], Awaitable[None]]) -> Screen:
    screen = Screen()
    screen.start()
    await work()
    await asyncio.to_thread(screen.stop)
    return screen


async def load(path: Path) -> None:
    """Check, load and unload the model once, as Haven does."""
    digest = await asyncio.to_thread(sha256_of, path)
    provider = LlamaProvider(path, name="loading", sha256=digest)
    await provider.load()
    await provider.unload()
    await provider.close()


async def load_elsewhere(path: Path) -> None:
    """The same in another process."""
    code = "import asyncio, sys, pathlib, benchmarks.llama_loading as l; asyncio.run(l.load(pathlib.Path(sys.argv[1])))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(path))
    await process.wait()


async def main(smoke: bool) -> None:
    loads = 2 if smoke else 10
    here, elsewhere, idle = [], [], []
    async with installed() as (_, path):
        for _ in range(loads):
            here.append(await watched(partial(load, path)))
            elsewhere.append(await watched(partial(load_elsewhere, path)))
            idle.append(await watched(partial(asyncio.sleep, here[-1].frames * FRAME_S)))
    answer: dict[str, object] = {"benchmark": "llama_loading", "smoke": smoke, "loads": loads}
    for name, screens in (("here", here), ("elsewhere", elsewhere), ("idle", idle)):
        answer[name] = {"frames": sum(one.frames for one in screens), "lost": sum(one.lost for one in screens)}
    print(json.dumps(answer | {"descriptors_touched": len({seen for one in here for seen in one.seen}) > 1}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
