"""How often does the right assistant take a request, and how long does it take to see whose job it is? One JSON line.

Goal: at least 95 % right of a set that was not looked at. The requests of `dev` are among the examples, so each is
judged by the others alone. `--set` names one of the files in benchmarks/data/seats, or a file elsewhere. `--fit` writes
assistants/table/examples.npz from examples.jsonl and dev.jsonl.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from assistants.cartographer import CARTOGRAPHER
from assistants.lorekeeper import LOREKEEPER
from assistants.scribe import SCRIBE
from assistants.sentinel import SENTINEL
from assistants.table.picking import Known, Picker
from haven.ai.judging.embed import Embedder

ROOT = Path(__file__).parent.parent
REQUESTS = ROOT / "benchmarks/data/seats"
EXAMPLES = ROOT / "assistants/table/examples.jsonl"
SEATED = (SENTINEL, CARTOGRAPHER, SCRIBE, LOREKEEPER)
SAME = 0.9999
"""A cosine from which on two requests are one."""


def rows(file: Path) -> list[tuple[str, str]]:
    """Requests and whose job each is."""
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [(one["text"], one["assistant"]) for one in found]


async def fit(embedder: Embedder) -> None:
    """Write the vectors of all examples, as half-precision numbers."""
    known = [*rows(EXAMPLES), *rows(REQUESTS / "dev.jsonl")]
    vectors = await embedder.vectors([text for text, _ in known])
    names = np.array([name for _, name in known])
    np.savez_compressed(EXAMPLES.with_suffix(".npz"), vectors=vectors.astype(np.float16), names=names)


async def others(text: str, embedder: Embedder) -> Known:
    """The examples without this very request."""
    known = Known.load()
    stays = known.vectors @ (await embedder.vectors([text]))[0] < SAME
    return Known(known.vectors[stays], tuple(name for name, kept in zip(known.names, stays, strict=True) if kept))


def shipped_names() -> list[str]:
    """The names of the shipped world, in small letters: the requests speak of it."""
    things = json.loads((ROOT / "haven/demo/world/world.json").read_text(encoding="utf-8"))["things"]
    return [one["name"].casefold() for one in things]


async def judge(asked: list[tuple[str, str]], embedder: Embedder | None, show: bool) -> dict[str, object]:
    """How many are right, what was mistaken for what, and the time that picking takes in milliseconds."""
    right, times, mistaken, names = 0, list[float](), Counter[str](), shipped_names()
    decided = Counter[str]()
    for text, name in asked:
        known = None if embedder is None else await others(text, embedder)
        picker = Picker(SEATED, embedder, known)
        began = time.perf_counter()
        chosen, why = await picker.pick(text, any(name in text.casefold() for name in names))
        times.append(1000 * (time.perf_counter() - began))
        right += chosen is not None and chosen.name == name
        decided["signs" if why.startswith("rules:") else "likeness" if chosen else "left to the model"] += 1
        if chosen is None or chosen.name != name:
            mistaken[f"{name} -> {chosen.name if chosen else 'open'}"] += 1
            if show:
                print(f"{name}: {text}\n    got {chosen.name if chosen else 'nobody'}: {why}", file=sys.stderr)
    return {
        "requests": len(asked),
        "right": round(right / len(asked), 3),
        "decided by": dict(decided),
        "mistaken": dict(mistaken),
        "p50 ms": round(float(np.percentile(times, 50)), 2),
        "p95 ms": round(float(np.percentile(times, 95)), 2),
    }


async def measured(name: str, smoke: bool, show: bool) -> dict[str, object]:
    asked = rows(Path(name) if name.endswith(".jsonl") else REQUESTS / f"{name}.jsonl")[: 10 if smoke else None]
    return {
        "benchmark": "seats",
        "set": name,
        "with vectors": await judge(asked, Embedder(), show),
        "words alone": await judge(asked, None, False),
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--set", default="dev", help="a file of benchmarks/data/seats without .jsonl, or any file")
    words.add_argument("--show", action="store_true", help="print what was mistaken")
    words.add_argument("--fit", action="store_true", help="write examples.npz anew")
    words.add_argument("--smoke", action="store_true", help="ten requests")
    chosen = words.parse_args()
    if chosen.fit:
        asyncio.run(fit(Embedder()))
    else:
        print(json.dumps(asyncio.run(measured(chosen.set, chosen.smoke, chosen.show))))


if __name__ == "__main__":
    main()
