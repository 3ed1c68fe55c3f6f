"""How right are the tags that the Scribe gives? F1 over hand-tagged entries; one JSON line.

Goal: 0.8 on a set that was not looked at. `--set` names a file of benchmarks/data/tagging, or a file elsewhere. A set
that the shipped weights were learned from is judged by weights that are learned from all other entries. `--fit` writes
assistants/tags.npz from all sets of the folder but the fresh ones. `--no-vectors` judges by words alone, `--unlearned`
as if the tags were somebody's own, with no examples; `--show` prints each entry that is not all right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistants.scribing.learned import MEANING, row_of, shipped, things_of
from assistants.scribing.tagging import Tag, Vocabulary, shipped_tags, tags_of
from assistants.weights import Weights
from benchmarks.fitting import Floats, ridge, vectors
from haven.ai.judging.embed import Embedder

ROOT = Path(__file__).parent.parent
ENTRIES = ROOT / "benchmarks/data/tagging"
WEIGHTS = ROOT / "assistants/tags.npz"
UNSEEN = "fresh"
"""What the names of the sets begin with that nothing is learned from."""
OFTEN = 2
"""A word that fewer entries have is not learned."""
STRENGTH = 20.0
"""Of the ridge; F1 hardly changes from 10 to 40."""

Entries = list[tuple[str, frozenset[str]]]


def f1(hits: int, given: int, right: int) -> float:
    """The harmonic mean of precision and recall, 0 to 1."""
    return 2 * hits / (given + right) if given + right else 1.0


def entries(file: Path) -> Entries:
    """Texts and their tags."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [(row["text"], frozenset(row["tags"])) for row in rows]


def known() -> Entries:
    return [
        one for file in sorted(ENTRIES.glob("*.jsonl")) if not file.name.startswith(UNSEEN) for one in entries(file)
    ]


def learned(tagged: Entries) -> Weights:
    """Weights from entries whose tags are known, and from the tags' meanings."""
    tags = tuple(shipped_tags().tags)
    tagged = tagged + [(f"{name}: {tag.meaning}", frozenset({name})) for name, tag in shipped_tags().tags.items()]
    counts = Counter(thing for text, _ in tagged for thing in things_of(text))
    things = {thing: row for row, thing in enumerate(sorted(one for one in counts if counts[one] >= OFTEN))}
    table = np.array([row_of(text, _said(text), tags, things) for text, _ in tagged])
    wanted = np.array([[float(tag in right) for tag in tags] for _, right in tagged], dtype=np.float32)
    meant: Floats = MEANING * vectors([text for text, _ in tagged])
    alone, beside = ridge(table, wanted, STRENGTH), ridge(np.hstack([table, meant]), wanted, STRENGTH)
    return Weights(tags, things, alone, beside, MEANING)


def _said(text: str) -> dict[str, float]:
    return {name: score for name, (score, _) in shipped_tags().by_words(text).items()}


def without(tagged: Entries) -> Weights:
    """The shipped weights, or where they have seen one of these entries, others that have not."""
    judged = {text for text, _ in tagged}
    others = [one for one in known() if one[0] not in judged]
    return shipped() if len(others) == len(known()) else learned(others)


def unlearned() -> Vocabulary:
    """The shipped tags as somebody's own: with the same words, and a meaning that no weights know."""
    return Vocabulary({name: tag.model_copy(update={"meaning": tag.meaning + "."}) for name, tag in _tags()})


def _tags() -> Sequence[tuple[str, Tag]]:
    return tuple(shipped_tags().tags.items())


async def judge(
    tagged: Entries, weights: Weights, vocabulary: Vocabulary, embedder: Embedder | None, show: bool = False
) -> dict[str, object]:
    """How many of the tags are right, and how long it takes to give them."""
    counts: Counter[str] = Counter()
    took = []
    for text, right in tagged:
        began = time.perf_counter()
        given = {one.tag for one in await tags_of(text, vocabulary, embedder, weights)}
        took.append(time.perf_counter() - began)
        counts += Counter(hits=len(given & right), given=len(given), right=len(right))
        if show and given != right:
            print(f"{text}\n    missed {sorted(right - given)}  wrong {sorted(given - right)}", file=sys.stderr)
    hits, given_, right_ = counts["hits"], counts["given"], counts["right"]
    return {
        "entries": len(tagged),
        "f1": round(f1(hits, given_, right_), 3),
        "precision": round(hits / max(1, given_), 3),
        "recall": round(hits / max(1, right_), 3),
        "ms_each": round(1_000 * sum(took) / max(1, len(took)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="dev", help="a file of benchmarks/data/tagging without .jsonl, or any file")
    parser.add_argument("--fit", action="store_true", help="write the weights anew")
    parser.add_argument("--no-vectors", action="store_true")
    parser.add_argument("--unlearned", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="a few entries only")
    given = parser.parse_args()
    if given.fit:
        learned(known()).save(WEIGHTS)
        return
    file = Path(given.set) if given.set.endswith(".jsonl") else ENTRIES / f"{given.set}.jsonl"
    tagged = entries(file)[: 5 if given.smoke else None]
    weights = shipped() if given.smoke or given.unlearned else without(tagged)
    vocabulary = unlearned() if given.unlearned else shipped_tags()
    told = judge(tagged, weights, vocabulary, None if given.no_vectors else Embedder(), given.show)
    head = {"benchmark": "tagging", "set": given.set, "vectors": not given.no_vectors}
    print(json.dumps(head | asyncio.run(told)))


if __name__ == "__main__":
    main()
