"""Groups of systems on an atlas: clusters (friends of friends) and the ones that stand alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haven.errors import BadInput
from haven.world.atlas import Atlas, Floats, Ints
from haven.world.lengths import written
from haven.world.space import Grid, Near, spacing

MOST_PAIRS = 60_000_000
"""More comparisons than this take minutes on a Raspberry Pi."""


@dataclass(frozen=True)
class Cluster:
    """Systems of which each has another of them within the length. `centre` is their mean position."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    centre: tuple[float, float, float]
    radius: float
    """From the centre to the farthest of them."""


def clusters(atlas: Atlas, length: float, fewest: int = 2) -> list[Cluster]:
    """All groups of at least `fewest` systems by the friends-of-friends rule, largest first.

    Two are friends at most `length` apart; the method and its name are astronomy's (Huchra and Geller 1982).
    Raises BadInput for a length that is not above 0 or that makes nearly everybody a friend of everybody.
    """
    found = [_cluster(atlas, rows) for rows in _groups(_labels(atlas.xyz, length)) if len(rows) >= fewest]
    return sorted(found, key=lambda one: (-len(one.ids), one.names))


def _groups(labels: Ints) -> list[Ints]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(labels) else []


def _cluster(atlas: Atlas, rows: Ints) -> Cluster:
    centre = atlas.xyz[rows].mean(axis=0)
    ordered = sorted((int(row) for row in rows), key=lambda row: (atlas.names[row], atlas.ids[row]))
    return Cluster(
        tuple(atlas.ids[row] for row in ordered),
        tuple(atlas.names[row] for row in ordered),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        float(np.linalg.norm(atlas.xyz[rows] - centre, axis=1).max()),
    )


def _labels(xyz: Floats, length: float) -> Ints:
    """The smallest row that each row is joined with, over any number of friends."""
    if length <= 0:
        raise BadInput("A cluster needs a length above 0.", "Say how far apart two friends may be, as in 20.")
    labels: Ints = np.arange(len(xyz), dtype=np.int64)
    if len(xyz) < 2:
        return labels
    grid = Grid(xyz, length)
    if grid.candidates() > MOST_PAIRS:
        raise BadInput(
            f"At {written(length, '')} apart nearly all systems are friends of one another.", "Name a shorter length."
        )
    for left, right, away in grid.pairs(labels.copy()):
        friends = away <= length
        _join(labels, left[friends], right[friends])
    return labels


def _join(labels: Ints, left: Ints, right: Ints) -> None:
    """Give both ends of every pair the smaller label until nothing changes; each round also jumps along the chain."""
    while True:
        low = np.minimum(labels[left], labels[right])
        before = labels.copy()
        np.minimum.at(labels, before[left], low)
        np.minimum.at(labels, before[right], low)
        while not np.array_equal(labels, jumped := labels[labels]):
            labels[:] = jumped
        if np.array_equal(labels, before):
            return


def isolated(atlas: Atlas, length: float) -> list[Near]:
    """Systems whose nearest neighbour is farther than `length`, loneliest first; `distance` is to that neighbour.

    One that is alone on its map has no neighbour and is not among them.
    """
    alone = spacing(atlas.xyz)
    lonely = np.flatnonzero((alone > length) & np.isfinite(alone))
    found = [Near(atlas.ids[row], atlas.names[row], float(alone[row])) for row in lonely]
    return sorted(found, key=lambda near: (-near.distance, near.name))


def loneliest(atlas: Atlas, count: int = 5) -> list[Near]:
    """The systems that are farthest from their nearest neighbour."""
    alone = spacing(atlas.xyz)
    order = sorted(np.flatnonzero(np.isfinite(alone)), key=lambda row: (-alone[row], atlas.names[row]))[:count]
    return [Near(atlas.ids[row], atlas.names[row], float(alone[row])) for row in order]
