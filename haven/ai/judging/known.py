"""What a request is like among three thousand labelled ones, by its meaning, its signs and its kind.

A kernel ridge regression: every labelled request speaks for its level, the more the nearer it is. This finds what no
list of words does ("bot eats ram" is like "memory climbs every hour"). What it needs lies in known.npz, which
`python -m benchmarks.classifier --fit` makes; the texts themselves are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import IO

import numpy as np
import numpy.typing as npt

from haven.ai.judging.signs import Weight

SIZE = 128
"""Numbers that are kept of a vector's 384: its main directions among the labelled requests."""
MEANING, SIGNS, KIND = 0.5, 0.6, 0.5
"""How fast requests grow apart by each; these, SIZE and RIDGE were chosen by cross-validation."""
RIDGE = 0.1
STEEP = 7.0
"""From least-squares scores to logits: the shares then tell how often such a judgement is right."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Requests:
    """Rows that can be compared: vectors of length 1 in few directions, signs (scaled), and the place of the kind."""

    vectors: Floats
    signs: Floats
    kinds: npt.NDArray[np.uint8]

    def likeness(self, other: Requests) -> Floats:
        """A row for each of these and a column for each of the others: 1 for the same, near 0 for what is far apart."""
        meaning = 2 - 2 * self.vectors @ other.vectors.T
        squares = (self.signs**2).sum(1)[:, None] + (other.signs**2).sum(1) - 2 * self.signs @ other.signs.T
        kinds = 2.0 * (self.kinds[:, None] != other.kinds)
        apart = MEANING * meaning + SIGNS * squares / self.signs.shape[1] + KIND * kinds
        alike: Floats = np.exp(-apart).astype(np.float32)
        return alike


@dataclass(frozen=True)
class Known:
    """The labelled requests, what each says for the three levels, and how others are brought into their form."""

    requests: Requests
    voices: Floats
    middle: Floats
    directions: Floats
    scale: Floats
    names: tuple[str, ...]
    kinds: tuple[str, ...]

    def shown(self, vectors: Floats, signs: Floats, kinds: npt.NDArray[np.uint8]) -> Requests:
        """Full vectors and plain signs (a column for each of `names`) in the form that is compared."""
        short = (vectors - self.middle) @ self.directions
        return Requests(short / np.linalg.norm(short, axis=1, keepdims=True), signs * self.scale, kinds)

    def scores(self, requests: Requests) -> Floats:
        """A row for each request: how much speaks for simple, medium and complex."""
        found: Floats = requests.likeness(self.requests) @ self.voices
        return found

    def weight(self, vector: Floats, met: Mapping[str, float], kind: str) -> Weight:
        """What the labelled requests say to one: logits beside simple."""
        signs = np.array([[met.get(name, 0.0) for name in self.names]], dtype=np.float32)
        asked = self.shown(vector[None, :], signs, np.array([self.kinds.index(kind)], dtype=np.uint8))
        simple, medium, complex_ = (float(one) for one in STEEP * self.scores(asked)[0])
        return medium - simple, complex_ - simple

    def save(self, file: IO[bytes]) -> None:
        """Vectors as whole numbers up to 127, which costs nothing that can be measured."""
        largest = float(np.abs(self.requests.vectors).max())
        np.savez_compressed(
            file,
            vectors=np.round(self.requests.vectors * (127 / largest)).astype(np.int8),
            signs=self.requests.signs.astype("<f2"),
            placed=self.requests.kinds,
            voices=self.voices.astype("<f4"),
            middle=self.middle.astype("<f4"),
            directions=self.directions.astype("<f2"),
            scale=self.scale.astype("<f4"),
            names=np.array(self.names),
            kinds=np.array(self.kinds),
        )


@cache
def known() -> Known:
    """Read once, by the first who asks: about half a megabyte."""
    with files("haven.ai.judging").joinpath("known.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
        numbers = {name: kept[name].astype(np.float32) for name in ("vectors", "signs", "voices", "middle")}
        numbers |= {name: kept[name].astype(np.float32) for name in ("directions", "scale")}
        names, kinds, placed = tuple(kept["names"].tolist()), tuple(kept["kinds"].tolist()), kept["placed"]
    vectors = numbers["vectors"] / np.linalg.norm(numbers["vectors"], axis=1, keepdims=True)
    return Known(
        Requests(vectors, numbers["signs"], placed),
        numbers["voices"],
        numbers["middle"],
        numbers["directions"],
        numbers["scale"],
        names,
        kinds,
    )
