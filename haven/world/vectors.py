"""The entries nearest in meaning to a question, by the vectors of their words: numpy, on one core.

A vector is kept as 384 whole numbers from -127 to 127 (its length says nothing). In memory stand the first 128 of the
directions in which the world's vectors differ most; the best of those are compared in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from haven.ai.judging.embed import SIZE

Matrix = npt.NDArray[np.float32]

DIRECTIONS = 128
FEW = 1_000
"""Up to so many vectors all 384 numbers stand in memory: too few to tell the directions."""
FULL = 200
"""Entries that are compared in full."""
LEARN_FROM = 4_000


class Nearest:
    """Entries by number. A later vector of the same number counts as well until the next `fill`."""

    def __init__(self) -> None:
        self._numbers: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._mean: Matrix = np.zeros(SIZE, dtype=np.float32)
        self._directions: Matrix = np.eye(SIZE, dtype=np.float32)
        self._rows: Matrix = np.empty((0, SIZE), dtype=np.float32)
        self._learnt_from = 0

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def grown(self) -> bool:
        """Whether there are so many more than when the directions were learnt that they should be learnt anew."""
        return len(self) > FEW and len(self) > 4 * self._learnt_from

    def fill(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Hold these alone, and learn from them in which directions they differ."""
        self.__init__()  # type: ignore[misc]
        self._learnt_from = len(rows)
        if len(rows) > FEW:
            some = unpacked([data for _, data in rows[:: max(1, len(rows) // LEARN_FROM)]])
            self._mean = some.mean(axis=0)
            _, _, across = np.linalg.svd(some - self._mean, full_matrices=False)
            self._directions = np.ascontiguousarray(across[:DIRECTIONS].T)
            self._rows = np.empty((0, DIRECTIONS), dtype=np.float32)
        self.add(rows)

    def add(self, rows: Sequence[tuple[int, bytes]]) -> None:
        if not rows:
            return
        parts = [self._rows]
        for at in range(0, len(rows), LEARN_FROM):  # not all at once: in full they would take four times the memory
            vectors = unpacked([data for _, data in rows[at : at + LEARN_FROM]])
            turned: Matrix = ((vectors - self._mean) @ self._directions).astype(np.float32, copy=False)
            parts.append(turned)
        self._rows = np.concatenate(parts)
        self._numbers = np.concatenate([self._numbers, np.array([number for number, _ in rows], dtype=np.int64)])

    def find(
        self, query: Matrix, limit: int, data: Callable[[Sequence[int]], dict[int, bytes]]
    ) -> list[tuple[int, float]]:
        """Numbers and cosines, the nearest first; `data` gives the full vectors of some numbers."""
        if not len(self):
            return []
        rough = self._rows @ ((query - self._mean) @ self._directions)
        most = min(max(limit, FULL), len(rough))
        best = np.argpartition(-rough, most - 1)[:most]
        full = data(sorted({int(number) for number in self._numbers[best]}))
        numbers = list(full)
        cosines = unpacked(list(full.values())) @ query
        ranked = sorted(zip(numbers, cosines.tolist(), strict=True), key=lambda one: (-one[1], one[0]))
        return ranked[:limit]


def packed(vector: Matrix) -> bytes:
    """384 bytes that hold a vector but for its length."""
    return np.round(vector * (127 / max(float(np.abs(vector).max()), 1e-9))).astype(np.int8).tobytes()


def unpacked(data: Sequence[bytes]) -> Matrix:
    """Vectors of length 1, a row each."""
    rows = np.frombuffer(b"".join(data), dtype=np.int8).reshape(len(data), SIZE).astype(np.float32)
    lengths: Matrix = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)
    return rows / lengths
