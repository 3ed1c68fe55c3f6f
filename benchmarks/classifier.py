"""How often is the classifier right, and how fast are its rules? One JSON line.

Goals: at least 90 % of the labelled requests right, no code change called simple, p99 under 2 ms. `dev` was looked at
while the classifier was made, so it is cross-validated: each request is judged by weights that were fitted without it,
three times with other folds. `--fresh` judges fresh.jsonl, which was not looked at. `--fit` fits the weights again, to
dev.jsonl and tuning.jsonl, and writes signs.toml and known.npz.

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
from haven.ai.judging import classify, known, signs
from haven.ai.judging.classify import LEVELS, NEVER_SIMPLE
from haven.ai.judging.embed import Embedder
from haven.ai.judging.known import Floats, Known, Requests
from haven.ai.kinds import of
from haven.ai.task import Task, Tier, Turn

ROOT = Path(__file__).parent.parent
REQUESTS = ROOT / "tests/ai/requests"
ASKER = Principal("bench", "bench", Role.MEMBER, "cli")
RIDGE = 1.0
FOLDS = 5
REPEATS = 3
IN_SMOKE = 10
"""One in so many of the requests shows that it runs."""

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


class Rules:
    """The rules' weights, fitted to labelled requests."""

    def __init__(self, asked: Sequence[Labelled]) -> None:
        seen = Counter(phrase for one in asked for phrase in signs.phrases(one.text))
        table = self.table = signs.table().without({phrase for phrase in signs.table().phrases if seen[phrase] < 2})
        self.names, self.kinds = (*table.signs, *table.facts), tuple(table.kinds)
        self.met, self.placed = self.met_by(asked), self.placed_by(asked)
        self.weights = _softmax_ridge(np.hstack([self.met, np.eye(len(self.kinds))[self.placed]]), levels_of(asked))

    def scores(self, asked: Sequence[Labelled]) -> Array:
        """A row for each request: how much speaks for each level, by the phrases that the fit knows."""
        return np.hstack([self.met_by(asked), np.eye(len(self.kinds))[self.placed_by(asked)]]) @ self.weights

    def beside_simple(self) -> dict[str, list[float]]:
        """The weights as they stand in signs.toml: logits towards medium and complex."""
        beside = (self.weights - self.weights[:, [0]])[:, 1:]
        named = zip((*self.names, *self.kinds), beside, strict=True)
        return {name: [round(float(one), 2) for one in row] for name, row in named}

    def met_by(self, asked: Sequence[Labelled]) -> Array:
        """A row for each request: how much it has of each sign and fact."""
        rows = np.zeros((len(asked), len(self.names)))
        for row, one in zip(rows, asked, strict=True):
            for name, value in classify.features(one.text, one.kind, one.material, self.table).items():
                row[self.names.index(name)] = value
        return rows

    def placed_by(self, asked: Sequence[Labelled]) -> npt.NDArray[np.uint8]:
        """The place of each request's kind."""
        return np.array([self.kinds.index(one.kind) for one in asked], dtype=np.uint8)


class Fit:
    """The rules' weights, and the labelled requests with what each has to say."""

    def __init__(self, asked: Sequence[Labelled], vectors: Floats) -> None:
        self.rules = rules = Rules(asked)
        middle = vectors.mean(0)
        directions = np.linalg.svd(vectors - middle, full_matrices=False)[2][: known.SIZE].T
        scale = 1 / (rules.met.std(0) + 0.15)
        none = Requests(np.zeros((0, known.SIZE), np.float32), np.zeros((0, len(scale)), np.float32), rules.placed[:0])
        form = Known(none, np.zeros((0, 3), np.float32), middle, directions, scale, rules.names, rules.kinds)
        shown = form.shown(vectors, rules.met.astype(np.float32), rules.placed)
        self.known = replace(form, requests=shown, voices=voices(shown, levels_of(asked)))

    def by_rules(self, asked: Sequence[Labelled]) -> Array:
        """A row of shares for each request, by the rules alone."""
        return _shares(_allowed(asked, self.rules.scores(asked)))

    def by_meaning(self, asked: Sequence[Labelled], vectors: Floats) -> Array:
        """The same by the labelled requests."""
        met = self.rules.met_by(asked).astype(np.float32)
        scores = self.known.scores(self.known.shown(vectors, met, self.rules.placed_by(asked)))
        return _shares(_allowed(asked, known.STEEP * scores.astype(np.float64)))

    def write(self) -> None:
        """Into signs.toml, as logits beside simple, and known.npz."""
        said = self.rules.beside_simple()
        file = ROOT / "haven/ai/judging/signs.toml"
        tree: Any = tomlkit.parse(file.read_text(encoding="utf-8"))
        for sign in tree["sign"]:
            sign["weight"] = said[sign["name"]]
        for part in ("facts", "kinds"):
            for name in tree[part]:
                tree[part][name] = said[name]
        file.write_text(tomlkit.dumps(tree), encoding="utf-8")
        with (ROOT / "haven/ai/judging/known.npz").open("wb") as out:
            self.known.save(out)


def voices(shown: Requests, levels: npt.NDArray[np.int_]) -> Floats:
    """What each labelled request has to say for the three levels: a kernel ridge regression."""
    likeness = shown.likeness(shown).astype(np.float64) + known.RIDGE * np.eye(len(levels))
    found: Floats = np.linalg.solve(likeness, np.eye(len(LEVELS))[levels] - 1 / len(LEVELS)).astype(np.float32)
    return found


def levels_of(asked: Sequence[Labelled]) -> npt.NDArray[np.int_]:
    return np.array([one.level for one in asked])


def _allowed(asked: Sequence[Labelled], sums: Array) -> Array:
    """As the classifier does: code is never simple, and what is only made here always is."""
    sums[[one.kind in NEVER_SIMPLE for one in asked], 0] = -np.inf
    sums[[of(one.kind).tiers == {Tier.LOCAL} for one in asked], 1:] = -np.inf
    return sums


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


def crossed(dev: list[Labelled], tuning: list[Labelled], vectors: Floats) -> dict[str, Any]:
    """The shares of dev requests that are right by weights that were fitted without them, and how they spread.

    By the rules alone; by the vectors alone; and as the engine does, which asks the vector where the rules are unsure.
    """
    every, levels = [*dev, *tuning], levels_of(dev)
    right = {name: np.zeros((REPEATS, len(dev))) for name in ("rules", "vectors", "engine")}
    for repeat in range(REPEATS):
        fold = np.random.default_rng(repeat).permutation(len(dev)) % FOLDS
        for part in range(FOLDS):
            held = np.flatnonzero(fold == part)
            kept = np.setdiff1d(np.arange(len(every)), held)
            fit, asked = Fit([every[place] for place in kept], vectors[kept]), [dev[place] for place in held]
            rules, meant = fit.by_rules(asked), fit.by_meaning(asked, vectors[held])
            engine = np.where(rules.max(1, keepdims=True) >= classify.SURE, rules, meant)
            for name, shares in (("rules", rules), ("vectors", meant), ("engine", engine)):
                right[name][repeat, held] = shares.argmax(1) == levels[held]
    return {name: _spread(found) for name, found in right.items()}


def _spread(right: Array) -> dict[str, float]:
    """The mean, the lowest and the highest of the repeats, and what chance adds to a set of this size."""
    means = right.mean(1)
    chance = float(np.sqrt(means.mean() * (1 - means.mean()) / right.shape[1]))
    found = {"right": float(means.mean()), "lowest": float(means.min()), "highest": float(means.max())}
    return {name: round(share, 3) for name, share in (found | {"standard_error": chance}).items()}


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


def main(fit: bool, fresh: bool, smoke: bool) -> None:
    dev, tuning = requests("dev")[:: IN_SMOKE if smoke else 1], [] if smoke or fresh else requests("tuning")
    if fresh:
        rest = requests("fresh")
        found = {"rules": judged(rest, None), "rules_and_vector": judged(rest, vectors_of(rest))}
        print(json.dumps({"benchmark": "classifier", "fresh": found, "requests": len(rest)}))
        return
    vectors = vectors_of([*dev, *tuning])
    if fit:
        Fit([*dev, *tuning], vectors).write()
        return
    line: dict[str, Any] = {"benchmark": "classifier", "smoke": smoke, "requests": len(dev)}
    line["p99_ms"] = p99_ms(dev, vectors[0])
    line["dev"] = crossed(dev, tuning, vectors)
    line["dev_seen_while_fitting"] = judged(dev, vectors[: len(dev)])
    print(json.dumps(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fit", "fresh", "smoke"):
        parser.add_argument(f"--{name}", action="store_true")
    main(**vars(parser.parse_args()))
