"""How often does the right assistant take a request, and how long does it take to see whose job it is? One JSON line.

Goal: at least 95 % right of a set that was not looked at. `--set` names one of the files in benchmarks/data/seats, or a
file elsewhere. A set that the shipped weights were learned from is judged by weights that are learned from all other
requests. `--fit` writes assistants/table/weights.npz from all sets of the folder but the fresh ones, which stay unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from assistants.cartographer import CARTOGRAPHER
from assistants.lorekeeper import LOREKEEPER
from assistants.scribe import SCRIBE
from assistants.sentinel import SENTINEL
from assistants.table.picking import NOBODY, Picker
from assistants.table.reading import MEANING, read, row_of, shipped
from assistants.weights import Weights
from benchmarks.fitting import ridge, vectors
from haven.ai.judging.embed import Embedder

ROOT = Path(__file__).parent.parent
REQUESTS = ROOT / "benchmarks/data/seats"
WEIGHTS = ROOT / "assistants/table/weights.npz"
UNSEEN = "fresh"
"""What the names of the sets begin with that nothing is learned from."""
SEATED = (SENTINEL, CARTOGRAPHER, SCRIBE, LOREKEEPER)
NAMES = (*(one.name for one in SEATED), NOBODY)
OFTEN = 3
"""A word or piece that fewer requests have is not learned."""
STRENGTH = 2.0
"""Of the ridge; what is right hardly changes from 1 to 6."""
STARS = ("Sirius", "Vega", "Fomalhaut", "Deneb", "Altair", "51 Peg", "TRAPPIST-1", "WASP-12 b", "HD 209458 b", "Sol")
"""Names in the examples that the shipped world does not have."""

Rows = list[tuple[str, str]]


def rows(file: Path) -> Rows:
    """Requests and whose job each is."""
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [(one["text"], one["assistant"]) for one in found]


@cache
def known() -> re.Pattern[str]:
    """The names of the shipped world: the requests speak of it."""
    things = json.loads((ROOT / "haven/demo/world/world.json").read_text(encoding="utf-8"))["things"]
    names = sorted((*(one["name"] for one in things), *STARS), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def learned(asked: Rows) -> Weights:
    """Weights from requests whose assistant is known."""
    shown = [read(text, known().findall(text)) for text, _ in asked]
    counts = Counter(thing for one in shown for thing in one.all)
    things = {thing: row for row, thing in enumerate(sorted(one for one in counts if counts[one] >= OFTEN))}
    table = np.array([row_of(one, things) for one in shown])
    wanted = np.array([[float(name == whose) for name in NAMES] for _, whose in asked], dtype=np.float32)
    meant = MEANING * vectors([text for text, _ in asked])
    alone, beside = ridge(table, wanted, STRENGTH), ridge(np.hstack([table, meant]), wanted, STRENGTH)
    return Weights(NAMES, things, alone, beside, MEANING)


def all_known() -> Rows:
    return [row for file in sorted(REQUESTS.glob("*.jsonl")) if not file.name.startswith(UNSEEN) for row in rows(file)]


def without(asked: Rows) -> Weights:
    """The shipped weights, or where they have seen one of these requests, others that have not."""
    judged = {text for text, _ in asked}
    others = [row for row in all_known() if row[0] not in judged]
    return shipped() if len(others) == len(all_known()) else learned(others)


async def judge(asked: Rows, weights: Weights, embedder: Embedder | None, show: bool) -> dict[str, object]:
    """How many are right, what was mistaken for what, and the time that picking takes in milliseconds."""
    right, times, mistaken = 0, list[float](), Counter[str]()
    picker = Picker(SEATED, embedder, weights)
    for text, name in asked:
        names = known().findall(text)
        began = time.perf_counter()
        chosen, why = await picker.pick(text, names)
        times.append(1000 * (time.perf_counter() - began))
        right += chosen is not None and chosen.name == name
        if chosen is None or chosen.name != name:
            mistaken[f"{name} -> {chosen.name if chosen else 'open'}"] += 1
            if show:
                print(f"{name}: {text}\n    got {chosen.name if chosen else 'nobody'}: {why}", file=sys.stderr)
    return {
        "requests": len(asked),
        "right": round(right / len(asked), 3),
        "mistaken": dict(mistaken),
        "p50 ms": round(float(np.percentile(times, 50)), 2),
        "p95 ms": round(float(np.percentile(times, 95)), 2),
    }


def measured(name: str, smoke: bool, show: bool) -> dict[str, object]:
    asked = rows(Path(name) if name.endswith(".jsonl") else REQUESTS / f"{name}.jsonl")[: 10 if smoke else None]
    weights = shipped() if smoke else without(asked)
    return {
        "benchmark": "seats",
        "set": name,
        "with vectors": asyncio.run(judge(asked, weights, Embedder(), show)),
        "words alone": asyncio.run(judge(asked, weights, None, False)),
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--set", default="dev", help="a file of benchmarks/data/seats without .jsonl, or any file")
    words.add_argument("--show", action="store_true", help="print what was mistaken")
    words.add_argument("--fit", action="store_true", help="write the weights anew")
    words.add_argument("--smoke", action="store_true", help="ten requests")
    chosen = words.parse_args()
    if chosen.fit:
        learned(all_known()).save(WEIGHTS)
    else:
        print(json.dumps(measured(chosen.set, chosen.smoke, chosen.show)))


if __name__ == "__main__":
    main()
