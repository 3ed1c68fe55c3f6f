"""How well does Haven tell which requests are worth a larger model? One JSON line, or "not measured" without the data.

Public right/wrong data of a weak and a strong model, kept outside the repository in the folder that is given (or named
by HAVEN_ROUTING_SETS): `RouteLLM/` and `LLMRouter/`, copies of lm-sys/RouteLLM and ulab-uiuc/LLMRouter. MMLU and GSM8K:
Mixtral 8x7B and GPT-4 (2023); dcrouter: Mistral 7B and Nemotron 51B.

APGR, as in the paper on RouteLLM: requests are sent to the strong model in the order of a score, and the share of the
gap between the two that is closed is averaged over all budgets; chance is .5. `ours` learns as the engine does, from
other requests of the same set whose outcomes are known (dcrouter: its own training half; the others: five folds), so no
request ever sees its own outcome. `passes` orders by the weak model's failure alone, `ours` by what the strong one
would gain. `length` sends the longest first.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haven.ai.judging.embed import Embedder
from haven.ai.judging.similar import Experience, facts

FOLDS = 5
BATCH = 64
WEAK, STRONG = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
DC_WEAK, DC_STRONG = "mistral-7b-instruct-v0.3", "llama-3.1-nemotron-51b-instruct"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """One set of requests and whether each model was right: 1 or 0."""

    name: str
    texts: list[str]
    weak: Array
    strong: Array

    @property
    def gain(self) -> Array:
        return self.strong - self.weak


def routellm(name: str, files: Iterable[Path]) -> Asked:
    rows = []
    csv.field_size_limit(10**8)
    for file in files:
        with file.open(encoding="utf-8", newline="") as open_file:
            rows += list(csv.DictReader(open_file))
    right = {model: np.array([float(row[model] == "True") for row in rows]) for model in (WEAK, STRONG)}
    return Asked(name, [row["prompt"] for row in rows], right[WEAK], right[STRONG])


def dcrouter(name: str, file: Path) -> Asked:
    rows = json.loads(file.read_text(encoding="utf-8"))
    right = {model: np.array([float(row["scores"][model] >= 0.5) for row in rows]) for model in (DC_WEAK, DC_STRONG)}
    return Asked(name, [row["question"] for row in rows], right[DC_WEAK], right[DC_STRONG])


def apgr(score: Array, asked: Asked) -> float:
    """The area under the share of the gap closed, when the requests with the highest scores leave first."""
    order = np.argsort(-score, kind="stable")
    closed = np.concatenate([[0], np.cumsum(asked.gain[order])]) / asked.gain.sum()
    return float(np.trapezoid(closed, np.linspace(0, 1, len(closed))))


async def vectors(asked: Asked, folder: Path) -> npt.NDArray[np.float32]:
    """Made once and kept beside the data: a quarter of an hour and more for the largest set."""
    kept = folder / f"vectors-{asked.name}.npy"
    if kept.is_file():
        found: npt.NDArray[np.float32] = np.load(kept)
        return found
    embedder = Embedder()
    batches = [asked.texts[start : start + BATCH] for start in range(0, len(asked.texts), BATCH)]
    made = np.vstack([await embedder.vectors(batch) for batch in batches])
    np.save(kept, made)
    return made


def learned(known: Asked, known_vectors: npt.NDArray[np.float32]) -> Experience:
    outcomes = np.stack([known.weak, known.gain], axis=1).astype(np.float32)
    return Experience(known_vectors, np.stack([facts(text) for text in known.texts]), outcomes)


def guessed(experience: Experience, texts: list[str], rows: npt.NDArray[np.float32]) -> Array:
    """A row for each: how likely the weak model fails, and what the strong one would gain."""
    guesses = [experience.guess(row, facts(text)) for text, row in zip(texts, rows, strict=True)]
    return np.array([(1 - guess.passes, guess.gain) for guess in guesses])


def crossed(asked: Asked, rows: npt.NDArray[np.float32]) -> Array:
    fold = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    scores = np.zeros((len(rows), 2))
    for part in range(FOLDS):
        kept, held = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        known = Asked(asked.name, [asked.texts[place] for place in kept], asked.weak[kept], asked.strong[kept])
        scores[held] = guessed(learned(known, rows[kept]), [asked.texts[place] for place in held], rows[held])
    return scores


def compared(asked: Asked, scores: Array) -> dict[str, Any]:
    random = np.random.default_rng(0)
    length = np.array([float(len(text)) for text in asked.texts])
    found = {
        "random": float(np.mean([apgr(random.random(len(length)), asked) for _ in range(50)])),
        "length": apgr(length, asked),
        "passes": apgr(scores[:, 0], asked),
        "ours": apgr(scores[:, 1], asked),
        "oracle": apgr(asked.gain, asked),
    }
    return {"requests": len(length), **{name: round(value, 3) for name, value in found.items()}}


async def main(folder: Path | None, smoke: bool) -> None:
    line: dict[str, Any] = {"benchmark": "router_apgr", "smoke": smoke}
    if folder is None or not all((folder / name).is_dir() for name in ("RouteLLM", "LLMRouter")):
        print(json.dumps(line | {"result": "not measured", "why": "the public sets are not on this machine"}))
        return
    evals, dc = folder / "RouteLLM/routellm/evals", folder / "LLMRouter/data/dcrouter_preprocessed"
    before, asked = dcrouter("dcrouter-train", dc / "train.json"), dcrouter("dcrouter", dc / "test.json")
    experience = learned(before, await vectors(before, folder))
    line["dcrouter"] = compared(asked, guessed(experience, asked.texts, await vectors(asked, folder)))
    sets = [routellm("gsm8k", [evals / "gsm8k/gsm8k_responses.csv"])]
    if not smoke:
        sets.append(routellm("mmlu", sorted((evals / "mmlu/responses").glob("*.csv"))))
    for asked in sets:
        line[asked.name] = compared(asked, crossed(asked, await vectors(asked, folder)))
    print(json.dumps(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("HAVEN_ROUTING_SETS"))
    parser.add_argument("--smoke", action="store_true", help="without MMLU, the largest set")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.folder and Path(arguments.folder), arguments.smoke))
