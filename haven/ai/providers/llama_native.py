"""llama.cpp's low-level API, made quiet: one model, one sequence, tokens in, the next token out, grammars.

Only the thread that made a NativeModel may use it, `abort` aside. The high-level `llama_cpp.Llama` is not used: while
it loads it points file descriptors 1 and 2 of the whole process elsewhere, and its grammars mask the whole vocabulary
at every token.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import logging
import math
import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haven.errors import ModelError

log = logging.getLogger("haven.llama")
log.addHandler(logging.NullHandler())  # else Python's handler of last resort would print llama.cpp's warnings

PREFILL_CHUNK = 128
"""Tokens a prefill step: larger ones gain little on these CPUs and hold the cores for longer."""
MAX_STRING, MAX_ITEMS = 240, 8
"""Bounds for strings (characters) and arrays that a schema leaves open: a small model never stops by itself."""
MOST_STRING, MOST_ITEMS = 1000, 64
"""The largest bounds that are kept: llama.cpp unrolls a repetition rule by rule and refuses long ones."""
CHARACTER = r"""char ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]"""
"""One character of a JSON string. The bindings' own rule lets raw newlines and halves of surrogate pairs through."""
MIN_P = 0.05
"""With a temperature, tokens under this share of the best one's probability are not drawn."""
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
"""ggml's levels DEBUG, INFO, WARN, ERROR; its INFO is a page for every load."""

Logits = npt.NDArray[np.float32]
_ENTRY = np.dtype([("id", np.intc), ("logit", np.single), ("p", np.single)], align=True)


class Stopped(Exception):
    """`abort` was called while the model computed."""


@functools.cache
def library() -> Any:
    """The bindings, loaded once, their log sent to the logger `haven.llama`. Raises ModelError if they can't load."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    try:
        c: Any = importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"llama-cpp-python can't be loaded: {error}.", "Install it again, or set models.local = false."
        ) from None
    c.haven_log = c.llama_log_callback(_to_log)  # kept alive with the module: C holds a bare pointer
    c.llama_log_set(c.haven_log, None)
    c.llama_backend_init()
    return c


_kept_back = threading.local()
"""`lines`, while this thread computes: an abort makes llama.cpp report errors that are none."""


def _to_log(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if not line or level not in _LEVELS:
        return
    if (kept := getattr(_kept_back, "lines", None)) is not None:
        kept.append((_LEVELS[level], line))
    else:
        log.log(_LEVELS[level], line)


class NativeModel:
    """Weights and one context. Raises ModelError where llama.cpp refuses the file."""

    def __init__(self, path: Path, *, threads: int, context_tokens: int) -> None:
        c = self._c = library()
        self._ctx = self._model = None
        self._model = c.llama_model_load_from_file(os.fsencode(path), c.llama_model_default_params())
        if self._model is None:
            raise ModelError(f"{path.name} is not a model that llama.cpp can load.", "Run: haven models install")
        self.context = min(context_tokens, c.llama_model_n_ctx_train(self._model))
        params = c.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = self.context, PREFILL_CHUNK, PREFILL_CHUNK
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self._ctx = c.llama_init_from_model(self._model, params)
        if self._ctx is None:
            self.close()
            raise ModelError(
                f"There is not enough memory for {path.name} with {context_tokens} tokens of context.",
                "Lower models.context_tokens, or use a smaller model.",
            )
        self.vocab = c.llama_model_get_vocab(self._model)
        self._size = c.llama_vocab_n_tokens(self.vocab)
        self._memory = c.llama_get_memory(self._ctx)
        self._held: list[int] = []
        self._arm_abort()

    def _arm_abort(self) -> None:
        # llama.cpp asks after every node of the graph, thousands of times a second. Python would have to take its
        # lock each time, so libc answers: strlen of this buffer is 0 until `abort` puts a character into it.
        self._flag = ctypes.create_string_buffer(2)
        self._strlen = ctypes.cast(ctypes.CDLL(None).strlen, self._c.ggml_abort_callback)
        self._c.llama_set_abort_callback(self._ctx, self._strlen, ctypes.addressof(self._flag))

    def abort(self, on: bool = True) -> None:
        """Make the computation under way raise Stopped (from any thread); `abort(False)` allows the next one."""
        self._flag[0] = b"\1" if on else b"\0"

    def close(self) -> None:
        """Free everything; harmless twice."""
        if self._ctx is not None:
            self._c.llama_free(self._ctx)
        if self._model is not None:
            self._c.llama_model_free(self._model)
        self._ctx = self._model = None

    def tokenize(self, text: str, *, special: bool = False, first: bool = False) -> list[int]:
        """Tokens of a text; only with `special` are control words such as `<|im_end|>` more than their letters."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        out = (ctypes.c_int32 * room)()
        count = self._c.llama_tokenize(self.vocab, raw, len(raw), out, room, first, special)
        if count < 0:
            raise ModelError("The local model's tokenizer could not read the request.")
        return out[:count]

    def piece(self, token: int) -> bytes:
        """The bytes of one token, perhaps only a part of a character; empty for control tokens."""
        room = 256
        out = ctypes.create_string_buffer(room)
        count = self._c.llama_token_to_piece(self.vocab, token, out, room, 0, False)
        return out.raw[: max(count, 0)]

    def ends(self, token: int) -> bool:
        """Whether the token ends the reply."""
        return bool(self._c.llama_vocab_is_eog(self.vocab, token) or self._c.llama_vocab_is_control(self.vocab, token))

    def prefill(self, tokens: Sequence[int]) -> int:
        """Make the sequence exactly these tokens and compute what follows; returns how many were held already."""
        shared, most = 0, min(len(self._held), len(tokens) - 1)
        while shared < most and self._held[shared] == tokens[shared]:
            shared += 1
        shared = self._forget(shared)
        for start in range(shared, len(tokens), PREFILL_CHUNK):
            self.feed(tokens[start : start + PREFILL_CHUNK])
        return shared

    def feed(self, tokens: Sequence[int]) -> None:
        """Append at most PREFILL_CHUNK tokens. Raises Stopped or ModelError; the sequence is then as before."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)  # a name of its own: the batch holds a bare pointer into it
        lines: list[tuple[int, str]] = []
        _kept_back.lines = lines
        try:
            code = self._c.llama_decode(self._ctx, self._c.llama_batch_get_one(array, len(tokens)))
        finally:
            del _kept_back.lines
        for severity, line in lines:
            log.log(logging.DEBUG if code == 2 else severity, line)
        if code == 0:
            self._held += tokens
            return
        self._forget(len(self._held))
        if code == 2:
            raise Stopped
        raise ModelError(
            f"The local model failed while it computed (llama.cpp code {code}).", "Try again, or shorten the request."
        )

    def _forget(self, start: int) -> int:
        """Drop what is held from a position on; recurrent models can only forget everything."""
        if not self._c.llama_memory_seq_rm(self._memory, 0, start, -1):
            self._c.llama_memory_clear(self._memory, True)
            start = 0
        del self._held[start:]
        return start

    def logits(self) -> Logits:
        """A copy of the scores for the next token."""
        pointer = self._c.llama_get_logits_ith(self._ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._size,)).astype(np.float32, copy=True)

    @functools.cached_property
    def closers(self) -> dict[str, int]:
        """The tokens that are exactly a quotation mark or a closing bracket."""
        wanted = {b'"': '"', b"]": "]", b"}": "}"}
        pieces = ((self.piece(token), token) for token in range(self._size))
        return {wanted[piece]: token for piece, token in pieces if piece in wanted}

    def grammar(self, schema: Mapping[str, Any]) -> Grammar:
        return Grammar(self._c, self.vocab, schema)


class Grammar:
    """Where a reply stands in the JSON that a schema allows. Raises ModelError for a schema that can't be a grammar."""

    def __init__(self, c: Any, vocab: Any, schema: Mapping[str, Any]) -> None:
        self._c = c
        self._sampler = c.llama_sampler_init_grammar(vocab, _gbnf(json.dumps(bounded(schema))).encode(), b"root")
        if self._sampler is None:
            raise ModelError("The wanted format is too complex for the local model.")

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
    """The best token that the grammar allows: the favourite is checked first, everything else only if it is refused."""
    if grammar is None:
        return int(scores.argmax())
    for width in (1, 64, len(scores)):
        ids = np.array([scores.argmax()]) if width == 1 else np.argpartition(-scores, width - 1)[:width]
        left = grammar.allowed(ids, scores[ids])
        if np.isfinite(left).any():
            return int(ids[left.argmax()])
    raise ModelError("The local model found no way to go on in the wanted format.")


def heated(logits: Logits, temperature: float, random: np.random.Generator) -> Logits:
    """Scores whose maximum is a draw at this temperature (Gumbel's trick: masking afterwards keeps the odds right)."""
    if temperature <= 0:
        return logits
    scores = logits / np.float32(temperature)
    likely = np.flatnonzero(scores >= scores.max() + math.log(MIN_P))
    scores[likely] += 1000 + random.gumbel(size=len(likely)).astype(np.float32)
    return scores


def bounded(schema: Any) -> Any:
    """The same JSON schema with an upper bound on every string and array."""
    if isinstance(schema, list | tuple):
        return [bounded(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    tight = {key: bounded(value) for key, value in schema.items()}
    if tight.get("type") == "string" and not tight.keys() & {"enum", "const", "pattern", "format"}:
        least = min(tight.get("minLength", 0), MOST_STRING)
        tight["maxLength"] = max(least, min(tight.get("maxLength", MAX_STRING), MOST_STRING))
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
