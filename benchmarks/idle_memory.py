"""How much memory does `haven up` hold when nobody asks and no model is loaded? One JSON line; goal under 150 MB.

Resident and proportional set size in MB (10^6 bytes), with no display and with one; `raw_mb` is an interpreter that
only imports textual, discord and aiohttp.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.service import attach, furnished, process


def held(pid: int) -> dict[str, float]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = {name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) for name in ("Rss", "Pss")}  # type: ignore[index]
    return {f"{name.lower()}_mb": round(kilobytes * 1024 / 1e6, 1) for name, kilobytes in found.items()}


def raw() -> float:
    code = "import textual.app, discord, aiohttp, re; print(open('/proc/self/smaps_rollup').read())"
    text = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return round(int(re.search(r"^Rss:\s+(\d+)", text, re.M)[1]) * 1024 / 1e6, 1)  # type: ignore[index]


async def main(smoke: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ready = await furnished(Path(folder))
        with process(ready) as started:
            reader, writer = await attach(ready.socket)
            await reader.read(65536)
            with_display = held(started.pid)
            writer.close()
            while await reader.read(65536):
                pass
            idle = held(started.pid)
    answer = {**idle, "with_display": with_display, "raw_mb": raw()}
    print(json.dumps({"benchmark": "idle_memory", "smoke": smoke, **answer}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
