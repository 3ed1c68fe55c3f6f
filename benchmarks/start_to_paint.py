"""How long from `haven up` to the first screen, without loading a model? One JSON line; goal under 1.5 s.

`raw_s` is the start of an interpreter that only imports textual and discord, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.service import attach, furnished, process


async def paint(folder: Path) -> float:
    """Seconds to the first frame that draws something."""
    ready = await furnished(folder)
    started = time.perf_counter()
    with process(ready):
        reader, writer = await attach(ready.socket)
        while b"\x1b[" not in await reader.read(65536):
            pass
        seconds = time.perf_counter() - started
        writer.close()
    return seconds


def raw() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app, discord"], check=True)
    return time.perf_counter() - started


async def main(smoke: bool) -> None:
    times, bare = [], []
    for _ in range(1 if smoke else 5):
        with tempfile.TemporaryDirectory() as folder:
            times.append(await paint(Path(folder)))
        bare.append(await asyncio.to_thread(raw))
    median, raw_s = statistics.median(times), statistics.median(bare)
    answer = {"median_s": round(median, 3), "raw_s": round(raw_s, 3), "ratio": round(median / raw_s, 2)}
    print(json.dumps({"benchmark": "start_to_paint", "smoke": smoke, **answer, "all_s": [round(t, 3) for t in times]}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
