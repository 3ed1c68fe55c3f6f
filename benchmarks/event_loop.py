"""How late does the loop run while the local model writes and the kiosk redraws? One JSON line.

Goal: p99 under 20 ms, max under 100 ms, after a warm-up. `raw` is an empty loop in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from assistants.round_table import Request
from benchmarks.loop_lag_model import lag
from benchmarks.service import attach, furnished, running
from haven.access import Principal, Role
from haven.ai.models.registry import Registry
from haven.ai.task import Where
from haven.app import House
from kiosk import wire

KEYS = (b"\t", b"\x1b[Z", b"\x1b[<35;20;10M", b"\x1b[<35;60;14M")
"""Tab, back-tab and two moves of a finger: each makes the kiosk draw."""


async def work(house: House, writer: asyncio.StreamWriter, questions: int) -> int:
    """Answers by the local model, while a display is touched every 50 ms; the characters written."""

    async def touch() -> None:
        for turn in range(1_000_000):
            writer.write(wire.frame(wire.DATA, KEYS[turn % len(KEYS)]))
            await asyncio.sleep(0.05)

    touching = asyncio.create_task(touch())
    written = 0
    for number in range(questions):
        text = f"Tell me a long story about star number {number}, its planets and the people who found it."
        request = Request(text, Principal("unix:0", "owner", Role.OWNER, "cli"), where=Where.LOCAL)
        async for piece in house.round_table.ask(request):
            written += len(getattr(piece, "text", ""))
    touching.cancel()
    return written


async def drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def main(smoke: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ready = await furnished(Path(folder))
        await Registry(ready.paths.state_dir).install(ready.models.default)
        raw, _ = await lag(asyncio.sleep(0.5 if smoke else 3))
        async with running(ready) as house:
            reader, writer = await attach(ready.socket)
            shown = asyncio.create_task(drain(reader))
            await work(house, writer, 1)
            busy, written = await lag(work(house, writer, 1 if smoke else 8))
            writer.close()
            await shown
    print(json.dumps({"benchmark": "event_loop", "smoke": smoke, **busy, "raw": raw, "characters": written}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
