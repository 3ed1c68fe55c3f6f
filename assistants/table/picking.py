"""Whose job a request is: by weights learned from requests whose assistant is known, else the local model is asked.

Where its words alone leave it open, the request's vector is heard as well. Each choice says why.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistants.base import Assistant
from assistants.table.reading import Shown, read, scores, shipped
from assistants.weights import Floats, Weights
from haven.ai.judging.embed import Embedder
from haven.errors import HavenError

SURE = 0.6
"""By so much the first must be ahead of the second for a vector not to be made: then its words alone were right in
99 of 100."""
OPEN = 0.03
"""Of two that are closer than this nothing is known: the local model is asked, or the person is."""
OWN_WORD = 1.0
"""What a word of an assistant's own counts where the owner has added it: as much as everything else together."""
NOBODY = "nobody"
"""Whose requests are greetings and questions about anything else: no assistant's."""
WHATS = 3

VECTOR_CHARS = 400
"""Of a request: a vector of more takes over half a second."""


class Picker:
    """One for the Round Table. Without an embedder requests are judged by their words alone."""

    def __init__(
        self, assistants: Sequence[Assistant], embedder: Embedder | None = None, weights: Weights | None = None
    ) -> None:
        """`weights`: others than those that Haven comes with."""
        self._assistants = tuple(assistants)
        self._embedder = embedder
        self._weights = weights

    async def pick(self, text: str, names: Sequence[str] = ()) -> tuple[Assistant | None, str]:
        """The assistant and why; None where nothing tells. `names` are those of the world that the text speaks of."""
        shown = read(text, names)
        own = {one.name: OWN_WORD * len(one.matches(text)) for one in self._assistants if one.is_own}
        if shown.empty and not any(own.values()):
            return None, ""
        weights = self._weights or shipped()
        found, vector = own | scores(shown, None, weights), None
        if _lead(found) < SURE and (vector := await self._vector(text)) is not None:
            found = own | scores(shown, vector, weights)
        first = max(found, key=lambda name: found[name])
        chosen = next((one for one in self._assistants if one.name == first), None)
        if chosen is None or _lead(found) < OPEN:
            return None, ""
        return chosen, _why(chosen, shown, text)

    async def _vector(self, text: str) -> Floats | None:
        if self._embedder is None or self._embedder.missing():
            return None
        try:
            found = await self._embedder.vectors([text[:VECTOR_CHARS]])
        except HavenError:
            return None  # it says so itself, once
        vector: Floats = found[0]
        return vector


def _lead(scores: dict[str, float]) -> float:
    """By how much the first is ahead of the second."""
    first, second = sorted(scores.values(), reverse=True)[:2]
    return first - second


def _why(chosen: Assistant, shown: Shown, text: str) -> str:
    words = [f"“{word}”" for word in chosen.matches(text)] if chosen.is_own else []
    whats = words or [one.what for one in shown.signs if one.assistant == chosen.name]
    if not whats:
        return "requests like it are this assistant's"
    return f"rules: {', '.join(dict.fromkeys(whats[:WHATS]))}"
