"""What the next token may be: a JSON schema as a grammar, temperature, top-p; sampled first and checked after.

The bindings' own way masks the whole vocabulary at every token, which halves the speed.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from haven.ai.providers.llama_native import Logits, NativeModel, library
from haven.errors import ModelError

MAX_STRING, MAX_ITEMS = 240, 8
"""Bounds for strings (characters) and arrays that a schema leaves open: a small model never stops by itself."""
MOST_STRING, MOST_ITEMS = 1000, 64
"""The largest bounds that are kept: llama.cpp unrolls a repetition rule by rule and refuses long ones."""
CHARACTER = r"""char ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]"""
"""One character of a JSON string. The bindings' own rule lets raw newlines and halves of surrogate pairs through."""
MIN_P = 0.05
"""With a temperature, tokens under this share of the best one's probability are not drawn."""
DRAWN = 1000
"""Added to the scores of tokens that are drawn, so that all others come after them."""
NEAR = np.float32(4)
"""Tokens whose scores are this near to a refused favourite's are checked next, then those twice as far."""
_ENTRY = np.dtype([("id", np.intc), ("logit", np.single), ("p", np.single)], align=True)


class Grammar:
    """Where a reply stands in the JSON that a schema allows. Raises ModelError for a schema that can't be a grammar."""

    def __init__(self, native: NativeModel, schema: Mapping[str, Any]) -> None:
        self._c = c = library()
        self._sampler = c.llama_sampler_init_grammar(native.vocab, _gbnf(json.dumps(bounded(schema))).encode(), b"root")
        if self._sampler is None:
            raise ModelError("The wanted format is too complex for the local model.")
        self._one = c.llama_token_data()
        self._array = c.llama_token_data_array(data=ctypes.pointer(self._one), size=1, selected=-1, sorted=False)

    def permits(self, token: int) -> bool:
        """Whether this token can come next."""
        self._one.id, self._one.logit, self._array.size = token, 0.0, 1
        self._c.llama_sampler_apply(self._sampler, self._array)
        return bool(self._one.logit == 0.0)

    def allowed(self, ids: npt.NDArray[np.intp], scores: Logits) -> Logits:
        """The scores of these tokens, -inf for those that can't come next."""
        entries = np.zeros(len(ids), dtype=_ENTRY)
        entries["id"], entries["logit"] = ids, scores
        data = entries.ctypes.data_as(ctypes.POINTER(self._c.llama_token_data))
        array = self._c.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)
        self._c.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return entries["logit"]

    def accept(self, token: int) -> None:
        self._c.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        if self._sampler is not None:
            self._c.llama_sampler_free(self._sampler)
        self._sampler = None


def pick(scores: Logits, grammar: Grammar | None) -> int:
    """The best token that the grammar allows: the favourite is checked first, more only where it is refused."""
    best = int(scores.argmax())
    if grammar is None or grammar.permits(best):
        return best
    left, distance = scores.copy(), NEAR
    while np.isfinite(top := left.max()):
        ids = np.flatnonzero(left >= top - distance)
        allowed = grammar.allowed(ids, left[ids])
        if np.isfinite(allowed).any():
            return int(ids[allowed.argmax()])
        left[ids], distance = -np.inf, distance * 2
    raise ModelError("The local model found no way to go on in the wanted format.")


def heated(logits: Logits, temperature: float, top_p: float, random: np.random.Generator) -> Logits:
    """Scores whose maximum is a draw at this temperature (Gumbel's trick: masking afterwards keeps the odds right).

    Drawn are the likeliest tokens that together have `top_p` of the probability; nothing is drawn at temperature 0.
    """
    if temperature <= 0:
        return logits
    scores = logits / np.float32(temperature)
    best = scores.max()
    likely = np.flatnonzero(scores >= best + math.log(MIN_P))
    if top_p < 1:
        likely = likely[np.argsort(-scores[likely], kind="stable")]
        odds = np.exp(scores[likely] - best)
        total = np.exp(scores - best).sum()
        likely = likely[: max(1, int(np.searchsorted(odds.cumsum(), top_p * total)) + 1)]
    scores[likely] += DRAWN + random.gumbel(size=len(likely)).astype(np.float32)
    return scores


def bounded(schema: Any) -> Any:
    """The same JSON schema with an upper bound on every string and array; `maxLength` None leaves a string open."""
    if isinstance(schema, list | tuple):
        return [bounded(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    tight = {key: bounded(value) for key, value in schema.items()}
    if tight.get("type") == "string" and not tight.keys() & {"enum", "const", "pattern", "format"}:
        least = min(tight.get("minLength", 0), MOST_STRING)
        most = tight.pop("maxLength", MAX_STRING)
        if most is not None:
            tight["maxLength"] = max(least, min(most, MOST_STRING))
    if tight.get("type") == "array":
        least = min(tight.get("minItems", 0), MOST_ITEMS)
        tight["maxItems"] = max(least, min(tight.get("maxItems", MAX_ITEMS), MOST_ITEMS))
    return tight


@functools.lru_cache(maxsize=32)
def _gbnf(schema: str) -> str:
    library()
    grammars = importlib.import_module("llama_cpp.llama_grammar")
    try:
        rules = str(grammars.LlamaGrammar.from_json_schema(schema, verbose=False)._grammar)
    except Exception as error:  # the converter raises whatever its dictionary look-ups raise
        raise ModelError(f"The wanted format can't be made into a grammar: {type(error).__name__}: {error}.") from None
    return re.sub(r"^char ::= .*$", lambda _: CHARACTER, rules, flags=re.M)
