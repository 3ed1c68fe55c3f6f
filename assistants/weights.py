"""Linear weights over the things that a text holds and, where there is one, its vector.

The benchmarks that judge them learn them (`python -m benchmarks.seats --fit`, `benchmarks.tagging --fit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """A row for each thing and a column for each of `names`; `rows` is where a thing's row stands."""

    names: tuple[str, ...]
    rows: Mapping[str, int]
    alone: Floats
    """The weights without a vector; the last row counts always."""
    beside: Floats
    """The weights beside a vector: those of the vector's numbers follow, and the last row counts always."""
    meaning: float
    """What a vector of length 1 counts beside the things."""

    @classmethod
    def load(cls, file: Traversable, meaning: float) -> Weights:
        """Weights that `save` has written. Raises OSError, and KeyError for a file of something else."""
        with file.open("rb") as opened:
            kept = np.load(opened, allow_pickle=False)
            rows = {thing: row for row, thing in enumerate(str(kept["things"]).split("\n"))}
            alone, beside = (kept[name].astype(np.float32) for name in ("alone", "beside"))
            return cls(tuple(map(str, kept["names"])), rows, alone, beside, meaning)

    def save(self, file: Path) -> None:
        """As half-precision numbers."""
        alone, beside = self.alone.astype(np.float16), self.beside.astype(np.float16)
        things = np.array("\n".join(self.rows))
        np.savez_compressed(file, names=np.array(self.names), things=things, alone=alone, beside=beside)

    def scores(self, row: Floats, vector: Floats | None) -> dict[str, float]:
        """About 1 for each of `names` that a text in numbers fits, and about 0 for the others."""
        if vector is None:
            scores = np.append(row, 1) @ self.alone
        else:
            scores = np.concatenate([row, self.meaning * vector, [1]]) @ self.beside
        return {name: float(score) for name, score in zip(self.names, scores, strict=True)}
