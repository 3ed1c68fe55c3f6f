"""Whose job a request is: by what its words ask for, and where they leave it open, by requests like it.

Rules first (signs.toml, weighed and added up), then the vectors of known requests (examples.npz), then the local model
with a closed list. Each says why.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from assistants.base import Assistant
from haven.ai.judging.embed import Embedder
from haven.errors import HavenError

SURE = 3
"""By so much the best must be ahead of the second for the words alone to count."""
WORD = 1
"""What a word of an assistant's own list weighs; four of them are as good as a strong sign."""
OWN_WORD = 6
"""The same for an assistant that the owner has added: no sign of the table speaks for it."""
MOST_WORDS = 4
ALIKE = 40.0
"""What a difference of 1.0 between cosines weighs against the signs: they lie close together (see embed.py)."""
NEIGHBOURS = 3
OPEN = 0.12
"""Of two that are closer than this the likeness says nothing: measured, it is right no more often than not."""
NOBODY = "nobody"
"""Whose examples are greetings and questions about anything else: no assistant's."""
MAX_CHARS = 1_500
"""A request's job is told at its beginning."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sign:
    """Words that point to an assistant, and how strongly."""

    assistant: str
    what: str
    weight: float
    pattern: re.Pattern[str]
    named: bool | None = None
    """True: counts only where the request names a record of the world; False: only where it names none."""


@dataclass(frozen=True)
class Weighed:
    """How much speaks for each assistant, and what."""

    points: Mapping[str, float]
    whats: Mapping[str, tuple[str, ...]]

    @property
    def order(self) -> list[str]:
        """Names, the likeliest first; of two alike the one that is named first."""
        return sorted(self.points, key=lambda name: -self.points[name])

    @property
    def lead(self) -> float:
        """By how much the first is ahead of the second."""
        first, second = (self.points[name] for name in self.order[:2])
        return first - second


@cache
def signs() -> tuple[Sign, ...]:
    """The table of signs, read once."""
    text = resources.files("assistants.table").joinpath("signs.toml").read_text(encoding="utf-8")
    return tuple(
        Sign(**one | {"pattern": re.compile(rf"\b(?:{one['pattern']})", re.IGNORECASE)})
        for one in tomllib.loads(text)["sign"]
    )


def weigh(text: str, assistants: Sequence[Assistant], named: bool = False) -> Weighed:
    """What the words of a request say; signs and each assistant's own words together.

    `named`: the request names a record of the world, so that a temperature is hardly the machine's.
    """
    text = " ".join(text[:MAX_CHARS].split())
    points = {one.name: 0.0 for one in assistants}
    whats: dict[str, list[str]] = {one.name: [] for one in assistants}
    for sign in signs():
        counts = sign.assistant in points and sign.named in (None, named)
        if counts and sign.pattern.search(text):
            points[sign.assistant] += sign.weight
            whats[sign.assistant].append(sign.what)
    for one in assistants:
        if words := one.matches(text)[:MOST_WORDS]:
            points[one.name] += (OWN_WORD if one.is_own else WORD) * len(words)
            whats[one.name] += [f"“{word}”" for word in words]
    return Weighed(points, {name: tuple(dict.fromkeys(found)) for name, found in whats.items()})


@dataclass(frozen=True)
class Known:
    """Vectors of requests whose assistant is known, one a row of length 1."""

    vectors: Floats
    names: tuple[str, ...]

    @classmethod
    def load(cls) -> Known:
        """The examples that Haven comes with."""
        with resources.files("assistants.table").joinpath("examples.npz").open("rb") as file:
            kept = np.load(file, allow_pickle=False)
            return cls(kept["vectors"].astype(np.float32), tuple(map(str, kept["names"])))

    def likeness(self, vector: Floats) -> dict[str, float]:
        """How alike each assistant's nearest examples are to a request: the mean of their cosines."""
        cosines = self.vectors @ vector
        of = np.array(self.names)
        return {name: float(np.sort(cosines[of == name])[-NEIGHBOURS:].mean()) for name in dict.fromkeys(self.names)}


def together(weighed: Weighed, likeness: Mapping[str, float]) -> Weighed:
    """The signs, and on top of them how much more alike each one's examples are than the least alike one's."""
    least = min(likeness.values())
    given = {**weighed.points, NOBODY: 0.0}
    points = {name: score + ALIKE * (likeness.get(name, least) - least) for name, score in given.items()}
    return Weighed(points, {**weighed.whats, NOBODY: ()})


class Picker:
    """One for the Round Table. Without an embedder requests are judged by their words alone."""

    def __init__(
        self, assistants: Sequence[Assistant], embedder: Embedder | None = None, known: Known | None = None
    ) -> None:
        """`known`: other examples than those that Haven comes with."""
        self._assistants = tuple(assistants)
        self._embedder = embedder
        self._known = known

    async def pick(self, text: str, named: bool = False) -> tuple[Assistant | None, str]:
        """The assistant and why; None where neither the words nor requests like it tell. `named` as in `weigh`."""
        weighed = weigh(text, self._assistants, named)
        if weighed.lead >= SURE:
            return self._named(weighed.order[0]), f"rules: {self._whats(weighed)}"
        if (likeness := await self._likeness(text)) is not None:
            both = together(weighed, likeness)
            if both.order[0] == NOBODY or both.lead < OPEN:
                return None, ""
            whats = self._whats(both)
            why = f"rules, and requests like it: {whats}" if whats else "requests like it are this assistant's"
            return self._named(both.order[0]), why
        if weighed.lead > 0:
            return self._named(weighed.order[0]), f"rules, but hardly: {self._whats(weighed)}"
        return None, ""

    def _named(self, name: str) -> Assistant:
        return next(one for one in self._assistants if one.name == name)

    def _whats(self, weighed: Weighed) -> str:
        return ", ".join(weighed.whats[weighed.order[0]][:3])

    async def _likeness(self, text: str) -> dict[str, float] | None:
        if self._embedder is None or self._embedder.missing():
            return None
        try:
            vector = (await self._embedder.vectors([text[:MAX_CHARS]]))[0]
        except HavenError:
            return None  # it says so itself, once
        self._known = self._known or Known.load()
        return self._known.likeness(vector)
