"""How right are the tags that the Scribe gives? F1 over benchmarks/data/tagging.jsonl; one JSON line a half.

Goal: 0.8 on the half that nobody looked at (`--held`). The words of assistants/tags.toml and the figures in
assistants/scribing/tagging.py were made with the dev half in sight. `--no-vectors` judges by words alone, `--show`
prints each entry that is not all right (of the dev half only).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from pathlib import Path

from assistants.scribing.tagging import Vocabulary, tags_of
from haven.ai.judging.embed import Embedder

FILE = Path(__file__).parent / "data/tagging.jsonl"


def f1(hits: int, given: int, right: int) -> float:
    """The harmonic mean of precision and recall, 0 to 1."""
    return 2 * hits / (given + right) if given + right else 1.0


async def judge(half: str, vectors: bool, show: bool, most: int) -> dict[str, object]:
    rows = [one for line in FILE.read_text("utf-8").splitlines() if (one := json.loads(line))["half"] == half][:most]
    vocabulary, embedder = Vocabulary.load(), Embedder() if vectors else None
    counts: Counter[str] = Counter()
    took = []
    for row in rows:
        began = time.perf_counter()
        given = {one.tag for one in await tags_of(row["text"], vocabulary, embedder)}
        took.append(time.perf_counter() - began)
        right = set(row["tags"])
        counts += Counter(hits=len(given & right), given=len(given), right=len(right))
        if show and given != right:
            print(f"{row['text']}\n    missed: {sorted(right - given)}  wrong: {sorted(given - right)}")
    hits, given_, right_ = counts["hits"], counts["given"], counts["right"]
    return {
        "benchmark": "tagging",
        "half": half,
        "vectors": vectors,
        "entries": len(rows),
        "f1": round(f1(hits, given_, right_), 3),
        "precision": round(hits / max(1, given_), 3),
        "recall": round(hits / max(1, right_), 3),
        "ms_each": round(1_000 * sum(took) / max(1, len(took)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--no-vectors", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="a few entries only")
    given = parser.parse_args()
    half = "held" if given.held else "dev"
    most = 5 if given.smoke else 1_000
    print(json.dumps(asyncio.run(judge(half, not given.no_vectors, given.show and not given.held, most))))


if __name__ == "__main__":
    main()
