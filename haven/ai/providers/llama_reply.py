"""The reply of one sequence, token by token: stop words, and JSON that runs out of room closed inside its grammar."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from haven.ai.providers.llama_grammar import DRAWN, Grammar, heated, pick
from haven.ai.providers.llama_native import Logits, NativeModel

CLOSING_TOKENS = 128
"""Tokens over the limit that cut JSON may take for its closing brackets and the keys that its schema requires."""
_ESCAPED = re.compile(r"\\.", re.S)


@dataclass(frozen=True)
class Wish:
    """What the reply may be: `limit` in tokens, `schema` a JSON schema or None for plain text.

    The same `seed` draws the same tokens from the same scores. Stop words end plain text only: JSON ends by itself.
    """

    limit: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None

    @property
    def most(self) -> int:
        return self.limit + (CLOSING_TOKENS if self.schema is not None else 0)


class Reply:
    """Takes the scores of its sequence and says the next token. Raises ModelError for a schema that can't be used."""

    def __init__(self, native: NativeModel, wish: Wish) -> None:
        self.text, self.count = "", 0
        self.done = self.cut = False
        self._native, self._wish = native, wish
        self._grammar = Grammar(native, wish.schema) if wish.schema is not None else None
        self._random = np.random.default_rng(wish.seed)
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(word for word in wish.stop if word) if wish.schema is None else ()
        self._held = ""

    @property
    def remaining(self) -> int:
        """Tokens that it may still write."""
        return self._wish.most - self.count

    def take(self, logits: Logits) -> tuple[int, str]:
        """The next token, which has to be computed unless the reply is `done` now, and the text that it lets out."""
        wish = self._wish
        if self.count >= wish.limit:
            scores = self._closing(logits)
        else:
            scores = heated(logits, wish.temperature, wish.top_p, self._random)
        token = pick(scores, self._grammar)
        if self._native.ends(token):
            self.done, self.cut = True, self.count > wish.limit
            return token, self._let_out("", last=True)
        self.count += 1
        if self._grammar is not None:
            self._grammar.accept(token)
        if self.count == wish.most:
            self.done = self.cut = True
        return token, self._let_out(self._characters.decode(self._native.piece(token)), last=self.done)

    def close(self) -> None:
        """Free the grammar; harmless twice."""
        if self._grammar is not None:
            self._grammar.close()

    def _let_out(self, piece: str, *, last: bool) -> str:
        """What is surely part of the reply: nothing from a stop word on, and not yet what one may begin with."""
        if self._stop:
            piece, self._held = self._held + piece, ""
            found = [place for word in self._stop if (place := piece.find(word)) >= 0]
            if found:
                piece, self.done, self.cut = piece[: min(found)], True, False
            elif not last:
                keep = len(piece) - max(_beginning(piece, word) for word in self._stop)
                piece, self._held = piece[:keep], piece[keep:]
        self.text += piece
        return piece

    def _closing(self, logits: Logits) -> Logits:
        """Scores that prefer whatever ends the JSON soonest; the grammar still decides what is possible."""
        scores = logits.copy()
        inside_string = _ESCAPED.sub("", self.text).count('"') % 2 == 1
        for rank, mark in enumerate('"' if inside_string else '"]}', start=1):
            if mark in self._native.closers:
                scores[self._native.closers[mark]] += DRAWN * rank
        return scores


def _beginning(text: str, word: str) -> int:
    """How many characters at the text's end are the beginning of the word."""
    return next((size for size in range(min(len(word) - 1, len(text)), 0, -1) if text.endswith(word[:size])), 0)
