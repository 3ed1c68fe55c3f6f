"""How often is the classifier right, and how fast are its rules? One JSON line.

Goals: at least 90 % of the labelled requests right, no code change called simple, p99 under 2 ms. `dev` is
cross-validated (each request judged by weights that were fitted without it), because it was tuned on; `--heldout`
judges the other half, which was not. `--fit` fits the weights again, to dev.jsonl and tuning.jsonl, and writes
signs.toml and classify.npz.

Many phrases came to the table because one of these requests has them. They fit it perfectly and say nothing about how
much the table can be trusted, so weights are fitted, and dev is judged, without the phrases that only one request has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomlkit

from haven.access import Principal, Role
from haven.ai import classify, signs
from haven.ai.classify import LEVELS, MEANINGS, NEVER_SIMPLE
from haven.ai.embed import SIZE, Embedder
from haven.ai.task import Task, Turn

ROOT = Path(__file__).parent.parent
REQUESTS = ROOT / "tests/ai/requests"
ASKER = Principal("bench", "bench", Role.MEMBER, "cli")
RIDGE = 1.0
MEANT = 5.0
"""How large the vector's numbers are beside the signs: chosen on requests written for tuning."""
WITHOUT = 0.5
"""Every request is learned from twice: with its vector, and with this weight without, so that the rules stand alone."""
FOLDS = 5

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    text: str
    kind: str
    material: int
    level: int


def requests(name: str) -> list[Labelled]:
    """One of the labelled files."""
    rows = [json.loads(line) for line in (REQUESTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [Labelled(row["text"], row["kind"], row["context_chars"], LEVELS.index(row["label"])) for row in rows]


def vectors_of(asked: Sequence[Labelled]) -> Array:
    found = asyncio.run(Embedder().vectors([one.text for one in asked]))
    return found.astype(np.float64)


class Fit:
    """Ridge regression of the three levels on signs, kinds and, if wanted, the vector."""

    def __init__(self, asked: Sequence[Labelled], vectors: Array) -> None:
        known = Counter(phrase for one in asked for phrase in signs.phrases(one.text))
        table = self.table = signs.table().without({phrase for phrase in signs.table().phrases if known[phrase] < 2})
        self.names = [*table.signs, *table.facts]
        self.kinds = list(table.kinds)
        self.middle = vectors.mean(0)
        plain, meant = self._plain(asked), self._meant(asked, vectors)
        both = np.vstack([np.hstack([plain, meant]), np.hstack([plain, 0 * meant])])
        levels = np.array([one.level for one in asked] * 2)
        counts = np.repeat([1.0, WITHOUT], len(asked))
        self.weights = _softmax_ridge(both, levels, counts)

    def shares(self, asked: Sequence[Labelled], vectors: Array | None) -> Array:
        """A row for each request: how much speaks for each level, by the phrases that the fit knows."""
        zeros = np.zeros((len(asked), SIZE)) + self.middle
        rows = np.hstack([self._plain(asked), self._meant(asked, zeros if vectors is None else vectors)])
        shares = _shares(rows @ self.weights)
        shares[[one.kind in NEVER_SIMPLE for one in asked], 0] = 0
        return shares

    def _plain(self, asked: Sequence[Labelled]) -> Array:
        rows = np.zeros((len(asked), len(self.names) + len(self.kinds)))
        for row, one in zip(rows, asked, strict=True):
            for name, value in classify.features(one.text, one.kind, one.material, self.table).items():
                row[self.names.index(name)] = value
            row[len(self.names) + self.kinds.index(one.kind)] = 1
        return rows

    def _meant(self, asked: Sequence[Labelled], vectors: Array) -> Array:
        meant = (vectors - self.middle) * MEANT
        groups = np.eye(len(MEANINGS))[[classify.group(one.kind) for one in asked]]
        return np.hstack([meant, *(meant * groups[:, [place]] for place in range(len(MEANINGS)))])

    def write(self) -> None:
        """Into signs.toml and classify.npz, as logits beside simple."""
        beside = (self.weights - self.weights[:, [0]])[:, 1:]
        first, last = len(self.names), len(self.names) + len(self.kinds)
        file = ROOT / "haven/ai/signs.toml"
        tree: Any = tomlkit.parse(file.read_text(encoding="utf-8"))
        said = {name: [round(float(one), 2) for one in row] for name, row in zip(self.names, beside, strict=False)}
        for sign in tree["sign"]:
            sign["weight"] = said[sign["name"]]
        for name in tree["facts"]:
            tree["facts"][name] = said[name]
        for name, row in zip(self.kinds, beside[first:last], strict=True):
            tree["kinds"][name] = [round(float(one), 2) for one in row]
        file.write_text(tomlkit.dumps(tree), encoding="utf-8")
        sets = (beside[last:] * MEANT).reshape(1 + len(MEANINGS), SIZE, 2)
        offsets = np.einsum("d,gdl->gl", self.middle, sets)
        np.savez_compressed(ROOT / "haven/ai/classify.npz", weights=sets.astype("<f2"), offsets=offsets.astype("<f4"))


def _shares(sums: Array) -> Array:
    raised = np.exp(sums - sums.max(1, keepdims=True))
    shares: Array = raised / raised.sum(1, keepdims=True)
    return shares


def _softmax_ridge(rows: Array, levels: npt.NDArray[np.int_], counts: Array, steps: int = 300) -> Array:
    """Accelerated gradient descent: no more is needed for a few thousand rows."""
    wanted = np.eye(len(LEVELS))[levels]
    steepest = np.ones(rows.shape[1])
    for _ in range(20):
        steepest = rows.T @ (counts * (rows @ steepest))
        largest = float(np.linalg.norm(steepest))
        steepest /= largest
    pace = 1 / (0.55 * largest + RIDGE)
    weights = ahead = np.zeros((rows.shape[1], len(LEVELS)))
    momentum = 1.0
    for _ in range(steps):
        slope = rows.T @ ((_shares(rows @ ahead) - wanted) * counts[:, None]) + RIDGE * ahead
        moved = ahead - pace * slope
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        weights, momentum = moved, following
    return weights


def crossed(dev: list[Labelled], tuning: list[Labelled], vectors: Array) -> dict[str, float]:
    """The share of dev requests that are right by weights that were fitted without them: by rules, and with vectors."""
    fold = np.random.default_rng(0).permutation(len(dev)) % FOLDS
    right = {"rules": 0, "rules_and_vector": 0}
    for part in range(FOLDS):
        held = np.flatnonzero(fold == part)
        kept = np.flatnonzero(np.concatenate([fold != part, np.ones(len(tuning), dtype=bool)]))
        every = [*dev, *tuning]
        fit = Fit([every[place] for place in kept], vectors[kept])
        asked = [dev[place] for place in held]
        levels = np.array([one.level for one in asked])
        for name, known in (("rules", None), ("rules_and_vector", vectors[held])):
            right[name] += int((fit.shares(asked, known).argmax(1) == levels).sum())
    return {name: round(count / len(dev), 3) for name, count in right.items()}


def judged(asked: list[Labelled], vectors: Array | None) -> dict[str, float]:
    """As the engine does, which looks at the vector where the rules are unsure; `vectors` None is the rules alone.

    The shares that are right, sure, and right of the sure; and how many code changes are called simple.
    """
    sure = right = both = never = 0
    for place, one in enumerate(asked):
        said = classify.classify(task(one))
        if not said.sure and vectors is not None:
            said = classify.classify(task(one), vector=vectors[place].astype(np.float32))
        good = said.complexity is LEVELS[one.level]
        right, sure, both = right + good, sure + said.sure, both + (good and said.sure)
        never += one.kind in NEVER_SIMPLE and said.complexity is LEVELS[0]
    shares = {"right": right / len(asked), "sure": sure / len(asked), "right_where_sure": both / max(sure, 1)}
    return {name: round(share, 3) for name, share in shares.items()} | {"code_called_simple": never}


def task(one: Labelled) -> Task:
    material = ("x" * one.material,) if one.material else ()
    return Task(one.kind, (Turn("user", one.text),), ASKER, "benchmark", material=material)


def p99_ms(asked: list[Labelled], vector: npt.NDArray[np.float32]) -> float:
    """Of the rules, with 200,000 characters of material and a vector that is there; making it is not counted."""
    tasks = [task(Labelled(one.text, one.kind, 200_000, one.level)) for one in asked]
    classify.classify(tasks[0], vector=vector)
    taken = []
    for one in tasks * 3:
        start = time.perf_counter()
        classify.classify(one, vector=vector)
        taken.append(time.perf_counter() - start)
    return round(float(np.percentile(taken, 99)) * 1000, 3)


def main(fit: bool, heldout: bool, smoke: bool) -> None:
    dev, tuning = requests("dev"), [] if smoke else requests("tuning")
    vectors = vectors_of([*dev, *tuning])
    if fit:
        Fit([*dev, *tuning], vectors).write()
        return
    line: dict[str, Any] = {"benchmark": "classifier", "smoke": smoke, "requests": len(dev)}
    line["p99_ms"] = p99_ms(dev, vectors[0].astype(np.float32))
    line["dev"] = {} if smoke else crossed(dev, tuning, vectors)
    line["dev_fitted"] = judged(dev, vectors[: len(dev)])
    if heldout:
        rest = requests("heldout")
        line["heldout"] = {"rules": judged(rest, None), "rules_and_vector": judged(rest, vectors_of(rest))}
    print(json.dumps(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fit", "heldout", "smoke"):
        parser.add_argument(f"--{name}", action="store_true")
    main(**vars(parser.parse_args()))
