"""What a text's words and its vector say of each tag that examples were at hand for: linear weights, tags.npz.

`benchmarks.tagging --fit` learns them from the hand-tagged entries in benchmarks/data/tagging. They hold for the
shipped vocabulary; a tag of somebody's own is judged by its words and its meaning alone (tagging.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np

from assistants.weights import Floats, Weights
from haven.world.words import plain, words

MEANING = 10.0
"""What a vector of length 1 counts beside the text's words, which are together as long as 1."""
SAID = 2.0
"""The most that a tag's own words count."""
MAX_CHARS = 4_000
"""Of a text: its beginning says what it is about."""


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


@cache
def shipped() -> Weights:
    """The weights that Haven comes with: a row for each tag's own words, then one for each thing in a text."""
    return Weights.load(resources.files("assistants") / "tags.npz", MEANING)


def scores(text: str, said: Mapping[str, float], vector: Floats | None, weights: Weights) -> dict[str, float]:
    """About 1 for a tag that a text has and about 0 for one that it has not."""
    return weights.scores(row_of(text, said, weights.names, weights.rows), vector)
