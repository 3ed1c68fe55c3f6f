"""Will the local model's answer pass? Guessed from what became of similar requests before, kind by kind.

Two plain methods, averaged: a ridge regression over the vector and the facts of a text (what makes such requests hard
in general), and the nearest outcomes by cosine (what became of those like this one). Measured on public right/wrong
data by benchmarks/router_apgr.py. What was learned in one kind is never used for another: on foreign ground such
guesses were worse than chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from haven.store.outcomes import Past

ENOUGH = 30
"""Fewer outcomes teach nothing."""
NEAREST = 80
SHARPNESS = 30.0
"""How much more a nearer outcome counts: its weight is exp(SHARPNESS x cosine)."""
SHRINK = 10_000.0
"""The ridge: with few outcomes the guess stays near their mean."""
FACTS_COUNT = 3.0
"""How much one fact counts beside one of the vector's numbers."""
SIZE = 384
MAX_CHARS = 8_000
"""More of a text is not looked at: this runs on the event loop."""

Vector = npt.NDArray[np.float32]
_PIECE = re.compile(r"\w+|[^\w\s]")
_LETTERS = re.compile(r"[^\W\d_]+")
_ITEM = re.compile(r"\n\s*[A-D1-9][.)]\s")


@dataclass(frozen=True)
class Guess:
    """`passes`: how likely the local answer passes, 0 to 1; `gain`: what a larger model would add to that, -1 to 1."""

    passes: float
    gain: float
    of: int
    """How many outcomes it was learned from."""


def facts(words: str) -> Vector:
    """Length and make-up of a text's beginning as twelve numbers."""
    words = words[:MAX_CHARS]
    pieces = _PIECE.findall(words.lower())
    signs, letters = max(len(words), 1), max(len(pieces), 1)
    return np.array(
        [
            math.log1p(len(words)),
            math.log1p(len(pieces)),
            sum(one.isdigit() for one in words) / signs,
            math.log1p(sum(piece[0].isdigit() for piece in pieces)),
            words.count("\n") / letters,
            words.count("?"),
            "def " in words or "```" in words,
            len(set(pieces)) / letters,
            sum(map(len, pieces)) / letters,
            sum(not piece[0].isalnum() for piece in pieces) / letters,
            math.log1p(sum(len(piece) > 7 for piece in pieces)),
            bool(_ITEM.search(words)),
        ],
        dtype=np.float32,
    )


def hashed(words: str) -> Vector:
    """A stand-in for a vector where there are no embeddings: cosines then tell how many words two texts share."""
    vector = np.zeros(SIZE, dtype=np.float32)
    for word in set(_LETTERS.findall(words[:MAX_CHARS].lower())):
        code = crc32(word.encode())
        vector[code % SIZE] += 1 if code & 1 << 20 else -1
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


class Experience:
    """Outcomes of one kind. Making it takes a tenth of a second for 5,000 (off the loop); a guess under 2 ms."""

    def __init__(self, vectors: Vector, facts: Vector, outcomes: Vector) -> None:
        """A row for each: its vector (length 1), its facts, and (1 if the local answer passed, a larger one's gain)."""
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._outcomes = outcomes.astype(np.float32)
        both = np.hstack([self._vectors, facts])
        self._middle = both.mean(0)
        self._scale = 1 / (both.std(0) + 1e-6)
        self._scale[vectors.shape[1] :] *= FACTS_COUNT
        known = (both - self._middle) * self._scale
        self._mean = self._outcomes.mean(0)
        square = known.T @ known + SHRINK * np.eye(known.shape[1], dtype=np.float32)
        self._weights = np.linalg.solve(square, known.T @ (self._outcomes - self._mean))

    def __len__(self) -> int:
        return len(self._outcomes)

    def guess(self, vector: Vector, facts: Vector) -> Guess:
        """How a request with this vector (length 1) and these facts would go."""
        seen = (np.concatenate([vector, facts]) - self._middle) * self._scale
        learned = self._mean + seen @ self._weights
        # Not `@`: for so small a product the threads of the matrix library wait for each other (7 ms against 0.3).
        cosines = np.einsum("ij,j->i", self._vectors, vector)
        if len(cosines) > NEAREST:
            near = np.argpartition(-cosines, NEAREST)[:NEAREST]
            cosines, outcomes = cosines[near], self._outcomes[near]
        else:
            outcomes = self._outcomes
        weights = np.exp(SHARPNESS * (cosines - cosines.max()))
        passes, gain = (learned + weights @ outcomes / weights.sum()) / 2
        return Guess(min(max(float(passes), 0.0), 1.0), min(max(float(gain), -1.0), 1.0), len(self))


def experience(past: Sequence[Past], *, embedded: bool) -> Experience | None:
    """What outcomes of one kind teach; None where they are too few. `embedded`: by vectors, else by shared words."""
    usable = [one for one in past if _local(one) is not None and (one.vector or not embedded)]
    if len(usable) < ENOUGH:
        return None
    vectors = [np.frombuffer(one.vector or b"", dtype="<f4") if embedded else hashed(one.words) for one in usable]
    outcomes = [(_passed(one), _gain(one)) for one in usable]
    return Experience(
        np.stack(vectors), np.stack([facts(one.words) for one in usable]), np.array(outcomes, dtype=np.float32)
    )


def _local(one: Past) -> int | None:
    return one.score if one.tier == "local" else one.local_score


def _passed(one: Past) -> float:
    return float((_local(one) or 0) >= one.pass_mark)


def _gain(one: Past) -> float:
    """1 where a larger model's reply passed after the local one had not, -1 the other way round."""
    return 0.0 if one.tier == "local" else float(one.score >= one.pass_mark) - _passed(one)
