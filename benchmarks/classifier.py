"""How often is the classifier right, and how fast are its rules? One JSON line.

Goals: at least 90 % of the labelled requests right, no code change called simple, p99 under 2 ms. `dev` is
cross-validated (each request judged by weights that were fitted without it), because it was tuned on; `--heldout`
judges the other half, which was not. `--fit` fits the weights again, to dev.jsonl and tuning.jsonl, and writes
signs.toml and known.npz.

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomlkit

from haven.access import Principal, Role
from haven.ai import classify, known, signs
from haven.ai.classify import LEVELS, NEVER_SIMPLE
from haven.ai.embed import Embedder
from haven.ai.known import Floats, Known, Requests
from haven.ai.task import Task, Turn

ROOT = Path(__file__).parent.parent
REQUESTS = ROOT / "tests/ai/requests"
ASKER = Principal("bench", "bench", Role.MEMBER, "cli")
RIDGE = 1.0
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


def vectors_of(asked: Sequence[Labelled]) -> Floats:
    return asyncio.run(Embedder().vectors([one.text for one in asked]))


class Fit:
    """The rules' weights, and the labelled requests with what each has to say."""

    def __init__(self, asked: Sequence[Labelled], vectors: Floats) -> None:
        seen = Counter(phrase for one in asked for phrase in signs.phrases(one.text))
        table = self.table = signs.table().without({phrase for phrase in signs.table().phrases if seen[phrase] < 2})
        self.names, self.kinds = (*table.signs, *table.facts), tuple(table.kinds)
        met, kinds = self._met(asked), self._kinds(asked)
        levels = np.array([one.level for one in asked])
        self.weights = _softmax_ridge(np.hstack([met, np.eye(len(self.kinds))[kinds]]), levels)
        self.known = self._known(vectors, met, kinds, levels)

    def rules(self, asked: Sequence[Labelled]) -> Array:
        """A row for each request: how much speaks for each level, by the phrases that the fit knows."""
        known = np.hstack([self._met(asked), np.eye(len(self.kinds))[self._kinds(asked)]])
        return self._allowed(asked, known @ self.weights)

    def with_vectors(self, asked: Sequence[Labelled], vectors: Floats) -> Array:
        """The same by the labelled requests."""
        shown = self.known.shown(vectors, self._met(asked).astype(np.float32), self._kinds(asked))
        return self._allowed(asked, self.known.scores(shown).astype(np.float64))

    def _known(self, vectors: Floats, met: Array, kinds: npt.NDArray[np.uint8], levels: npt.NDArray[np.int_]) -> Known:
        middle = vectors.mean(0)
        directions = np.linalg.svd(vectors - middle, full_matrices=False)[2][: known.SIZE].T
        scale = 1 / (met.std(0) + 0.15)
        none = Requests(np.zeros((0, known.SIZE), np.float32), np.zeros((0, len(scale)), np.float32), kinds[:0])
        form = Known(none, np.zeros((0, 3), np.float32), middle, directions, scale, self.names, self.kinds)
        shown = form.shown(vectors, met.astype(np.float32), kinds)
        likeness = shown.likeness(shown).astype(np.float64) + known.RIDGE * np.eye(len(levels))
        voices = np.linalg.solve(likeness, np.eye(len(LEVELS))[levels] - 1 / len(LEVELS))
        return replace(form, requests=shown, voices=voices.astype(np.float32))

    def _met(self, asked: Sequence[Labelled]) -> Array:
        rows = np.zeros((len(asked), len(self.names)))
        for row, one in zip(rows, asked, strict=True):
            for name, value in classify.features(one.text, one.kind, one.material, self.table).items():
                row[self.names.index(name)] = value
        return rows

    def _kinds(self, asked: Sequence[Labelled]) -> npt.NDArray[np.uint8]:
        return np.array([self.kinds.index(one.kind) for one in asked], dtype=np.uint8)

    def _allowed(self, asked: Sequence[Labelled], sums: Array) -> Array:
        sums[[one.kind in NEVER_SIMPLE for one in asked], 0] = -np.inf
        return sums

    def write(self) -> None:
        """Into signs.toml, as logits beside simple, and known.npz."""
        beside = (self.weights - self.weights[:, [0]])[:, 1:]
        said = {
            name: [round(float(one), 2) for one in row]
            for name, row in zip((*self.names, *self.kinds), beside, strict=True)
        }
        file = ROOT / "haven/ai/signs.toml"
        tree: Any = tomlkit.parse(file.read_text(encoding="utf-8"))
        for sign in tree["sign"]:
            sign["weight"] = said[sign["name"]]
        for part in ("facts", "kinds"):
            for name in tree[part]:
                tree[part][name] = said[name]
        file.write_text(tomlkit.dumps(tree), encoding="utf-8")
        with (ROOT / "haven/ai/known.npz").open("wb") as out:
            self.known.save(out)


def _shares(sums: Array) -> Array:
    raised = np.exp(sums - sums.max(1, keepdims=True))
    shares: Array = raised / raised.sum(1, keepdims=True)
    return shares


def _softmax_ridge(rows: Array, levels: npt.NDArray[np.int_], steps: int = 2_000) -> Array:
    """Accelerated gradient descent: no more is needed for a few thousand rows."""
    wanted = np.eye(len(LEVELS))[levels]
    pace = 1 / (0.5 * float(np.linalg.norm(rows, 2)) ** 2 + RIDGE)
    weights = ahead = np.zeros((rows.shape[1], len(LEVELS)))
    momentum = 1.0
    for _ in range(steps):
        moved = ahead - pace * (rows.T @ (_shares(rows @ ahead) - wanted) + RIDGE * ahead)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        weights, momentum = moved, following
    return weights


def crossed(dev: list[Labelled], tuning: list[Labelled], vectors: Floats) -> dict[str, float]:
    """The share of dev requests that are right by weights that were fitted without them: by rules, and with vectors."""
    every = [*dev, *tuning]
    fold = np.random.default_rng(0).permutation(len(dev)) % FOLDS
    right = {"rules": 0, "with_vector": 0}
    for part in range(FOLDS):
        held = np.flatnonzero(fold == part)
        kept = np.setdiff1d(np.arange(len(every)), held)
        fit = Fit([every[place] for place in kept], vectors[kept])
        asked = [dev[place] for place in held]
        levels = np.array([one.level for one in asked])
        right["rules"] += int((fit.rules(asked).argmax(1) == levels).sum())
        right["with_vector"] += int((fit.with_vectors(asked, vectors[held]).argmax(1) == levels).sum())
    return {name: round(count / len(dev), 3) for name, count in right.items()}


def judged(asked: list[Labelled], vectors: Floats | None) -> dict[str, float]:
    """As the engine does, which looks at the vector where the rules are unsure; `vectors` None is the rules alone.

    The shares that are right, sure, and right of the sure; and how many code changes are called simple.
    """
    sure = right = both = never = 0
    for place, one in enumerate(asked):
        said = classify.classify(task(one))
        if not said.sure and vectors is not None:
            said = classify.classify(task(one), vector=vectors[place])
        good = said.complexity is LEVELS[one.level]
        right, sure, both = right + good, sure + said.sure, both + (good and said.sure)
        never += one.kind in NEVER_SIMPLE and said.complexity is LEVELS[0]
    shares = {"right": right / len(asked), "sure": sure / len(asked), "right_where_sure": both / max(sure, 1)}
    return {name: round(share, 3) for name, share in shares.items()} | {"code_called_simple": never}


def task(one: Labelled) -> Task:
    material = ("x" * one.material,) if one.material else ()
    return Task(one.kind, (Turn("user", one.text),), ASKER, "benchmark", material=material)


def p99_ms(asked: list[Labelled], vector: Floats) -> float:
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
    line["p99_ms"] = p99_ms(dev, vectors[0])
    line["dev"] = {} if smoke else crossed(dev, tuning, vectors)
    line["dev_seen_while_fitting"] = judged(dev, vectors[: len(dev)])
    if heldout:
        rest = requests("heldout")
        line["heldout"] = {"rules": judged(rest, None), "rules_and_vector": judged(rest, vectors_of(rest))}
    print(json.dumps(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fit", "heldout", "smoke"):
        parser.add_argument(f"--{name}", action="store_true")
    main(**vars(parser.parse_args()))
