"""How right are the tags that the Scribe gives? F1 over hand-tagged entries; one JSON line.

Goal: 0.8 on a set that was not looked at while the words of assistants/tags.toml and the figures in
assistants/scribing/tagging.py were made. `--set` names a half of benchmarks/data/tagging.jsonl, or a file.
`--no-vectors` judges by words alone, `--show` prints each entry that is not all right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from assistants.scribing.tagging import Vocabulary, tags_of
from haven.ai.judging.embed import Embedder

FILE = Path(__file__).parent / "data/tagging.jsonl"


def f1(hits: int, given: int, right: int) -> float:
    """The harmonic mean of precision and recall, 0 to 1."""
    return 2 * hits / (given + right) if given + right else 1.0


def entries(name: str) -> list[dict[str, Any]]:
    """The entries of a half, or all of a file."""
    file = Path(name) if name.endswith(".jsonl") else FILE
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return rows if file != FILE else [one for one in rows if one["half"] == name]


async def judge(name: str, vectors: bool, show: bool, most: int) -> dict[str, object]:
    rows = entries(name)[:most]
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
            print(f"{row['text']}\n    missed {sorted(right - given)}  wrong {sorted(given - right)}", file=sys.stderr)
    hits, given_, right_ = counts["hits"], counts["given"], counts["right"]
    return {
        "benchmark": "tagging",
        "set": name,
        "vectors": vectors,
        "entries": len(rows),
        "f1": round(f1(hits, given_, right_), 3),
        "precision": round(hits / max(1, given_), 3),
        "recall": round(hits / max(1, right_), 3),
        "ms_each": round(1_000 * sum(took) / max(1, len(took)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="dev")
    parser.add_argument("--no-vectors", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="a few entries only")
    given = parser.parse_args()
    most = 5 if given.smoke else 1_000
    print(json.dumps(asyncio.run(judge(given.set, not given.no_vectors, given.show, most))))


if __name__ == "__main__":
    main()
