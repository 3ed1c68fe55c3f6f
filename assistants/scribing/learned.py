"""What a text's words and its vector say of each tag that examples were at hand for: linear weights, tags.npz.

`benchmarks.tagging --fit` learns them from the hand-tagged entries in benchmarks/data/tagging. They hold for the
shipped vocabulary; a tag of somebody's own is judged by its words and its meaning alone (tagging.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from haven.world.words import plain, words

MEANING = 10.0
"""What a vector of length 1 counts beside the text's words, which are together as long as 1."""
SAID = 2.0
"""The most that a tag's own words count."""
MAX_CHARS = 4_000
"""Of a text: its beginning says what it is about."""

Floats = npt.NDArray[np.float32]


def things_of(text: str) -> frozenset[str]:
    """The words of a text in their plain form, and pairs of them; a number is `#` whichever it is."""
    row = ["#" if one.number else plain(one.bare) for one in words(text[:MAX_CHARS])]
    return frozenset(row) | {f"{one} {next}" for one, next in pairwise(row)}


def row_of(text: str, said: Mapping[str, float], tags: Sequence[str], rows: Mapping[str, int]) -> Floats:
    """A text in numbers; `said` is what the tags' own words say, by tag."""
    found = np.zeros(len(tags) + len(rows), dtype=np.float32)
    found[: len(tags)] = [min(SAID, said.get(tag, 0.0)) for tag in tags]
    if places := [len(tags) + rows[thing] for thing in things_of(text) if thing in rows]:
        found[places] = len(places) ** -0.5
    return found


@dataclass(frozen=True)
class Weights:
    """A row for each tag's own words, then one for each thing in a text; a column for each tag."""

    tags: tuple[str, ...]
    rows: Mapping[str, int]
    alone: Floats
    """The weights without a vector; the last row counts always."""
    beside: Floats
    """The weights beside a vector: those of the vector's numbers follow, and the last row counts always."""

    @classmethod
    def load(cls) -> Weights:
        """The weights that Haven comes with."""
        with (resources.files("assistants") / "tags.npz").open("rb") as file:
            kept = np.load(file, allow_pickle=False)
            rows = {thing: row for row, thing in enumerate(str(kept["things"]).split("\n"))}
            alone, beside = (kept[name].astype(np.float32) for name in ("alone", "beside"))
            return cls(tuple(map(str, kept["tags"])), rows, alone, beside)

    def scores(self, text: str, said: Mapping[str, float], vector: Floats | None) -> dict[str, float]:
        """About 1 for a tag that a text has and about 0 for one that it has not."""
        row = row_of(text, said, self.tags, self.rows)
        if vector is None:
            scores = np.append(row, 1) @ self.alone
        else:
            scores = np.concatenate([row, MEANING * vector, [1]]) @ self.beside
        return {tag: float(score) for tag, score in zip(self.tags, scores, strict=True)}
