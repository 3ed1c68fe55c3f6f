"""Linear weights from labelled texts, and the texts' vectors: for the benchmarks that also write what they measure."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from haven.ai.judging.embed import SIZE, Embedder

Floats = npt.NDArray[np.float32]
KEPT = Path(tempfile.gettempdir()) / "haven-benchmark-vectors.npz"
"""Vectors of texts that were made before: a thousand take a minute."""


def ridge(rows: Floats, wanted: Floats, strength: float) -> Floats:
    """Weights for each column of `wanted`, shrunk by `strength`; the last row is the constant, which is not."""
    texts, centre = np.asarray(rows, dtype=np.float64), wanted.mean(axis=0)
    middle = texts.mean(axis=0)
    texts = texts - middle
    inner = np.linalg.solve(texts @ texts.T + strength * np.eye(len(texts)), wanted - centre)
    weights = texts.T @ inner
    return np.vstack([weights, centre - middle @ weights]).astype(np.float32)


def vectors(texts: Sequence[str]) -> Floats:
    """A row of length 1 for each text, as a question's."""
    kept: dict[str, Floats] = {}
    if KEPT.exists():
        with np.load(KEPT, allow_pickle=False) as file:
            kept = dict(zip(map(str, file["keys"]), file["vectors"], strict=True))
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    if new := {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}:
        kept |= dict(zip(new, asyncio.run(Embedder().vectors(list(new.values()))), strict=True))
        np.savez(KEPT, keys=np.array(list(kept)), vectors=np.array(list(kept.values())))
    return np.array([kept[key] for key in keys], dtype=np.float32).reshape(-1, SIZE)
