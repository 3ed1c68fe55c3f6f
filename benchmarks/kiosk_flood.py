"""How late does Haven's loop run while a display floods it as fast as it can? One JSON line; goal: p99 < 20, max < 100.

The lag of a 5 ms timer, in milliseconds, in the process of the service; the display is another process. `idle`: nothing
is attached. `places`: keys that each show another place. `sequences`: what looks like a terminal's words and is none.
`paste`: one that never ends. `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import sys
import tempfile
from pathlib import Path

from benchmarks.loop_lag_model import lag
from benchmarks.service import furnished, running
from kiosk import wire

SECONDS = 10.0
NUMBERS = (0, 1, 64, 55296, 99_999_999)


def _sequences() -> bytes:
    chance = random.Random(7)
    kinds = (b"\x1b[<%d;%d;%dM", b"\x1b[%d;%d;%du", b"\x1b[48;%d;%d;%dt", b"\x1b[%d;%d;%dR")
    return b"".join(chance.choice(kinds) % tuple(chance.choices(NUMBERS, k=3)) for _ in range(3_000))


FLOODS = {
    "places": b"\x1bOQ\x1bOR\x1bOS\x1bOT" * 5_000,
    "sequences": _sequences(),
    "paste": b"\x1b[200~" + b"x" * 60_000,
}


def pour(path: str, flood: str) -> None:
    """Be a display that sends and never stops, and reads what it is sent."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.sendall(wire.hello(100, 28, "truecolor"))
        line.setblocking(False)
        data = wire.frame(wire.DATA, FLOODS[flood])
        rest = data
        while True:
            try:
                rest = rest[line.send(rest) :] or data
            except BlockingIOError:
                try:
                    line.recv(65536)
                except BlockingIOError:
                    line.setblocking(True)
                    line.recv(1)
                    line.setblocking(False)


async def flooded(path: Path, flood: str, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.kiosk_flood", "--pour", flood, str(path)]
    display = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        await asyncio.sleep(seconds / 5)
        figures, _ = await lag(asyncio.sleep(seconds))
        assert display.returncode is None, "the display was gone before its time"
    finally:
        display.kill()
        await display.wait()
    return figures


async def main(smoke: bool) -> None:
    seconds = 1.0 if smoke else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        ready = await furnished(Path(folder))
        async with running(ready):
            idle, _ = await lag(asyncio.sleep(seconds / 2))
            floods = {flood: await flooded(ready.socket, flood, seconds) for flood in FLOODS}
    print(json.dumps({"benchmark": "kiosk_flood", "smoke": smoke, "idle": idle, **floods}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--pour", nargs=2, metavar=("FLOOD", "SOCKET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pour:
        pour(options.pour[1], options.pour[0])
    else:
        asyncio.run(main(options.smoke))
