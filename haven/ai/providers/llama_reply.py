"""One reply of a local model, token by token; JSON that runs out of room is closed inside its grammar."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from haven.ai.providers.llama_native import Grammar, Logits, NativeModel, heated, pick

CLOSING_TOKENS = 128
"""Tokens over the limit that cut JSON may take for its closing brackets and the keys that its schema requires."""
_ESCAPED = re.compile(r"\\.", re.S)


@dataclass(frozen=True)
class Written:
    text: str
    tokens: int
    cut: bool


@dataclass(frozen=True)
class Wish:
    """What the reply may be: `limit` in tokens, `schema` a JSON schema or None for plain text."""

    limit: int
    temperature: float
    schema: Mapping[str, Any] | None

    @property
    def most(self) -> int:
        return self.limit + (CLOSING_TOKENS if self.schema is not None else 0)


def write(native: NativeModel, wish: Wish, random: np.random.Generator) -> Generator[str, None, Written]:
    """Continue the prefilled prompt: yields text as it grows, returns the whole. Raises Stopped or ModelError."""
    grammar = native.grammar(wish.schema) if wish.schema is not None else None
    try:
        return (yield from _write(native, wish, grammar, random))
    finally:
        if grammar is not None:
            grammar.close()


def _write(
    native: NativeModel, wish: Wish, grammar: Grammar | None, random: np.random.Generator
) -> Generator[str, None, Written]:
    characters = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    for count in range(wish.most):
        logits = native.logits()
        over = count >= wish.limit
        token = pick(_closing(native, logits, text) if over else heated(logits, wish.temperature, random), grammar)
        if native.ends(token):
            return Written(text, count, cut=count > wish.limit)
        if grammar is not None:
            grammar.accept(token)
        piece = characters.decode(native.piece(token))
        text += piece
        if piece:
            yield piece
        if count + 1 < wish.most:
            native.feed([token])
    return Written(text, wish.most, cut=True)


def _closing(native: NativeModel, logits: Logits, text: str) -> Logits:
    """Scores that prefer whatever ends the JSON soonest; the grammar still decides what is possible."""
    inside_string = _ESCAPED.sub("", text).count('"') % 2 == 1
    for rank, mark in enumerate('"' if inside_string else '"]}', start=1):
        if mark in native.closers:
            logits[native.closers[mark]] += 1000 * rank
    return logits
