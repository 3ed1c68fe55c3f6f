"""Distances on an atlas: nearest, within, in a box, the nearest neighbour of each. Exact; numpy, no index to keep.

Measured on 100,000 systems: see benchmarks/world_space.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from haven.world.atlas import Atlas, Floats, Ints

FEW = 64
"""So many points are compared with all others at once."""
PER_CELL = 2.0
"""Points in a cell of the grid, where they are spread evenly."""


@dataclass(frozen=True)
class Near:
    """A system, and how far it is in the atlas's unit."""

    id: str
    name: str
    distance: float


def distance(atlas: Atlas, one: str, other: str) -> float:
    """Straight-line distance between two systems, in the atlas's unit. Raises BadInput without a position."""
    return float(np.linalg.norm(atlas.point(one) - atlas.point(other)))


def distances(atlas: Atlas, point: Floats) -> Floats:
    """From a point to every system."""
    away = atlas.xyz - point
    found: Floats = np.sqrt(np.einsum("ij,ij->i", away, away))
    return found


def nearest(atlas: Atlas, point: Floats, count: int = 5, without: Collection[str] = ()) -> list[Near]:
    """The nearest systems, nearest first, ties by name; `without` the ids named (the start itself)."""
    away = distances(atlas, point)
    rows = [row for id in without if (row := atlas.rows.get(id)) is not None]
    away[rows] = np.inf
    count = min(count, len(atlas) - len(rows))
    if count <= 0:
        return []
    border = np.partition(away, count - 1)[count - 1]
    return _rows(atlas, away, np.flatnonzero(away <= border))[:count]


def within(atlas: Atlas, point: Floats, radius: float, without: Collection[str] = ()) -> list[Near]:
    """All systems at most `radius` away, nearest first."""
    away = distances(atlas, point)
    away[[row for id in without if (row := atlas.rows.get(id)) is not None]] = np.inf
    return _rows(atlas, away, np.flatnonzero(away <= radius))


def in_box(atlas: Atlas, one: Floats, other: Floats) -> list[int]:
    """The rows of the systems in the box that two of its corners span, edges included."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    inside = np.all((atlas.xyz >= low) & (atlas.xyz <= high), axis=1)
    return [int(row) for row in np.flatnonzero(inside)]


def _rows(atlas: Atlas, away: Floats, rows: Ints) -> list[Near]:
    found = [Near(atlas.ids[row], atlas.names[row], float(away[row])) for row in rows]
    return sorted(found, key=lambda near: (near.distance, near.name, near.id))


def spacing(xyz: Floats) -> Floats:
    """From each point to its nearest neighbour; infinite for a point that is alone."""
    found = np.full(len(xyz), np.inf)
    open_rows = np.arange(len(xyz))
    radius = _even_spacing(xyz)
    while len(open_rows) > FEW and radius > 0:
        grid = Grid(xyz, radius)
        for rows, _, away in grid.pairs(open_rows):
            near = away <= radius
            np.minimum.at(found, rows[near], away[near])
        open_rows = np.flatnonzero(np.isinf(found))
        radius *= 2.5
    for row in open_rows:
        away = np.linalg.norm(xyz - xyz[row], axis=1)
        away[row] = np.inf
        found[row] = away.min(initial=np.inf)
    return found


def _even_spacing(xyz: Floats) -> float:
    """The edge of a cube that holds PER_CELL points if they were spread evenly over the room they take."""
    if len(xyz) < 2:
        return 0.0
    extent = np.ptp(xyz, axis=0)
    wide = extent[extent > 0]
    return float((np.prod(wide) * PER_CELL / len(xyz)) ** (1 / len(wide))) if len(wide) else 0.0


class Grid:
    """Points sorted into cubes of one edge, so that who is at most an edge away stands in 27 cubes."""

    CHUNK = 2_000_000
    """Candidate pairs that are compared at once: about 100 MB."""

    MOST_CELLS = 1_000_000
    """Along one axis, so that a cell's number fits into 64 bits."""

    def __init__(self, xyz: Floats, edge: float) -> None:
        self._xyz = xyz
        self._low = xyz.min(axis=0)
        edge = max(edge, float(np.ptp(xyz, axis=0).max()) / self.MOST_CELLS)
        cells = np.floor((xyz - self._low) / edge).astype(np.int64)
        self._edge = edge
        self._size = cells.max(axis=0) + 3  # a rim of empty cells, so that a neighbour's key is never another row's
        keys = self._keys(cells)
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]

    def _keys(self, cells: Ints) -> Ints:
        found: Ints = ((cells[..., 0] + 1) * self._size[1] + cells[..., 1] + 1) * self._size[2] + cells[..., 2] + 1
        return found

    def near(self, point: Floats) -> Ints:
        """Rows that may be at most an edge away from a point."""
        starts, ends = self._ranges(np.floor((point - self._low) / self._edge).astype(np.int64)[None, :])
        return np.concatenate([self._order[start:end] for start, end in zip(starts[0], ends[0], strict=True)])

    def _ranges(self, cells: Ints) -> tuple[Ints, Ints]:
        """For each cell, where its 27 neighbours begin and end in the sorted order: two arrays of (n, 9).

        Three cells that follow one another along z are one range.
        """
        steps = np.array([(x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1)], dtype=np.int64)
        middle = self._keys(cells[:, None, :] + steps)
        starts = np.searchsorted(self._sorted, middle - 1, side="left")
        ends = np.searchsorted(self._sorted, middle + 1, side="right")
        return starts, ends

    def candidates(self) -> int:
        """How many pairs would have to be compared, both ways counted."""
        starts, ends = self._ranges(np.floor((self._xyz - self._low) / self._edge).astype(np.int64))
        return int((ends - starts).sum())

    def pairs(self, rows: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
        """For the given rows: row, another row in reach, and their distance, in pieces; never a row with itself."""
        starts, ends = self._ranges(np.floor((self._xyz[rows] - self._low) / self._edge).astype(np.int64))
        counts = (ends - starts).sum(axis=1)
        cuts = np.searchsorted(np.cumsum(counts), np.arange(self.CHUNK, counts.sum() + self.CHUNK, self.CHUNK)) + 1
        first = 0
        for cut in cuts:
            last = min(int(cut), len(rows))
            if last > first:
                yield self._compare(rows[first:last], starts[first:last], ends[first:last])
            first = last

    def _compare(self, rows: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Floats]:
        lengths = (ends - starts).ravel()
        left = np.repeat(np.repeat(rows, starts.shape[1]), lengths)
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        right = self._order[np.repeat(starts.ravel(), lengths) + offsets]
        other = left != right
        left, right = left[other], right[other]
        away = self._xyz[left] - self._xyz[right]
        return left, right, np.sqrt(np.einsum("ij,ij->i", away, away))
