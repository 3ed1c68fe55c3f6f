"""What a request shows to the weights that pick an assistant: its words, pieces of words, and signs (signs.toml).

`benchmarks.seats --fit` learns the weights from requests whose assistant is known, and writes them to weights.npz.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from assistants.weights import Floats, Weights
from haven.world.words import plain, words

MAX_CHARS = 1_500
"""A request's job is told at its beginning."""
PIECES = (4, 5)
"""Lengths of the pieces of words, in characters: they forgive typos and hear German compounds."""
SIGN = 0.6
"""What a sign counts beside words that are together as long as 1; the fit is as good from .4 to 1."""
MEANING = 5.0
"""What a vector of length 1 counts beside them: vectors of all texts lie close together."""
NAME, NUMBER, START = "@", "#", "^"
"""A name of the world, a number, and the beginning: it is the same whose name or which number it is."""


@dataclass(frozen=True)
class Sign:
    """Words that mostly mean an assistant's job; `what` is told to the person."""

    assistant: str
    what: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Shown:
    """What a request shows, by kind: each kind is as long as 1 together, but a sign counts by itself."""

    words: frozenset[str]
    pieces: frozenset[str]
    signs: tuple[Sign, ...]
    named: bool

    @property
    def empty(self) -> bool:
        """Whether it says nothing but names and numbers."""
        return not any(word.strip(NAME + NUMBER + START + " ") for word in self.words)

    @property
    def all(self) -> frozenset[str]:
        """Each with a mark of its kind, as the weights know it."""
        signs = {f"!{one.assistant}: {one.what}" for one in self.signs}
        if self.named:  # the temperature of what has a name is hardly the machine's
            signs |= {f"{one}, of a name" for one in signs} | {"!a name"}
        return self.words | {f"~{piece}" for piece in self.pieces} | signs


@cache
def signs() -> tuple[Sign, ...]:
    """The table of signs, read once."""
    text = resources.files("assistants.table").joinpath("signs.toml").read_text(encoding="utf-8")
    return tuple(
        Sign(one["assistant"], one["what"], re.compile(rf"\b(?:{one['pattern']})", re.IGNORECASE))
        for one in tomllib.loads(text)["sign"]
    )


def read(text: str, names: Sequence[str] = ()) -> Shown:
    """What a request shows; `names` are those of the world in it, as it spells them."""
    text = " ".join(text[:MAX_CHARS].split())
    met = tuple(one for one in signs() if one.pattern.search(text))
    if names:
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        bare = re.sub(rf"\b(?:{'|'.join(longest)})(?!\w)", " \0 ", text, flags=re.IGNORECASE)
    else:
        bare = text
    row: list[str] = []
    for part in re.split("(\0)", bare):
        row += [NAME] if part == "\0" else [NUMBER if one.number else plain(one.bare) for one in words(part)]
    pairs = {f"{one} {next}" for one, next in zip([START, *row], row, strict=False)}
    line = f" {' '.join(row)} "
    pieces = {line[at : at + size] for size in PIECES for at in range(len(line) - size + 1)}
    return Shown(frozenset({*row, *pairs}), frozenset(pieces), met, bool(names))


@cache
def shipped() -> Weights:
    """The weights that Haven comes with: a row for each thing that a request shows."""
    return Weights.load(resources.files("assistants.table") / "weights.npz", MEANING)


def scores(shown: Shown, vector: Floats | None, weights: Weights) -> dict[str, float]:
    """About 1 for whose job it is and about 0 for the others."""
    return weights.scores(row_of(shown, weights.rows), vector)


def row_of(shown: Shown, rows: Mapping[str, int]) -> Floats:
    """A request in numbers, as the weights take it."""
    found = np.zeros(len(rows), dtype=np.float32)
    kinds: tuple[Callable[[str], bool], ...] = (lambda thing: thing[0] == "~", lambda thing: thing[0] not in "~!")
    known = [thing for thing in shown.all if thing in rows]
    for kind in kinds:
        places = [rows[thing] for thing in known if kind(thing)]
        if places:
            found[places] = len(places) ** -0.5
    found[[rows[thing] for thing in known if thing[0] == "!"]] = SIGN
    return found
