"""llama.cpp's low-level API, made quiet: weights, one context of several sequences, tokens in, scores out.

Only the thread that made a NativeModel may use it, `abort` aside. The high-level `llama_cpp.Llama` is not used: while
it loads it points file descriptors 1 and 2 of the whole process elsewhere, and it serves one sequence only.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import itertools
import logging
import mmap
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haven.errors import ModelError

log = logging.getLogger("haven.llama")
log.addHandler(logging.NullHandler())  # else Python's handler of last resort would print llama.cpp's warnings

ROWS = 128
"""Tokens of one step, all sequences together: larger steps gain little on these CPUs and hold the cores for longer."""
ROOM = 2
"""The sequences together have this many times the context of one: several short ones fit, and memory stays small."""
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
"""ggml's levels DEBUG, INFO, WARN, ERROR; its INFO is a page for every load."""

Logits = npt.NDArray[np.float32]
State = npt.NDArray[np.uint8]


class Stopped(Exception):
    """`abort` was called while the model computed."""


class NoRoom(Exception):
    """The context has no room for this step; nothing was computed."""


@functools.cache
def library() -> Any:
    """The bindings, loaded once, their log sent to the logger `haven.llama`. Raises ModelError if they can't load."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    try:
        c = _imported("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"llama-cpp-python can't be loaded: {error}.", "Install it again, or set models.local = false."
        ) from None
    c.haven_log = c.llama_log_callback(_to_log)  # kept alive with the module: C holds a bare pointer
    c.llama_log_set(c.haven_log, None)
    c.llama_backend_init()
    return c


def _imported(name: str) -> Any:
    """Import without a full garbage collection: it would stop every thread for 70 ms, four frames of the kiosk.

    What lives by now mostly lives for ever, so that later collections need not look through it again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        module = importlib.import_module(name)
        gc.freeze()
    finally:
        if was_on:
            gc.enable()
    return module


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


def _layers(path: Path, wanted: int, memory_mb: int) -> int:
    """Of the wanted layers (-1: all) as many as fit into so many MB (10^6 bytes), each taken to be of the same size."""
    c = library()
    params = c.llama_model_default_params()
    params.vocab_only = True
    model = c.llama_model_load_from_file(os.fsencode(path), params)
    if model is None:
        return 0  # the real load says what is wrong
    layers = int(_fact(model, f"{_fact(model, 'general.architecture')}.block_count") or 0) + 1  # and the output
    c.llama_model_free(model)
    fitting = int(memory_mb * 1_000_000 * layers / path.stat().st_size)
    return min(layers if wanted < 0 else wanted, fitting)


def _fact(model: Any, name: str) -> str:
    """One value of the file's head; "" where it is not there."""
    value = ctypes.create_string_buffer(64)
    size = library().llama_model_meta_val_str(model, name.encode(), value, len(value))
    return value.value.decode("utf-8", "replace") if size > 0 else ""


class NativeModel:
    """Weights, one context of `seats` sequences and a spare one. Raises ModelError where llama.cpp refuses the file.

    `context`: tokens that one sequence may take; `room`: tokens of all of them together, shared ones counted once.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        context_tokens: int,
        seats: int = 1,
        batch_threads: int = 0,
        gpu_layers: int = 0,
        gpu_memory_mb: int = 0,
    ) -> None:
        c = self._c = library()
        self._ctx: Any = None
        self.handle: Any = None
        self.seats, self.spare = seats, seats
        self._threads, self._batch_threads = threads, batch_threads or threads
        params = c.llama_model_default_params()
        params.n_gpu_layers = _layers(path, gpu_layers, gpu_memory_mb) if gpu_layers and gpu_memory_mb else gpu_layers
        self.handle = c.llama_model_load_from_file(os.fsencode(path), params)
        if self.handle is None:
            raise ModelError(f"{path.name} is not a model that llama.cpp can load.", "Run: haven models install")
        self.vocab = c.llama_model_get_vocab(self.handle)
        self._words = c.llama_vocab_n_tokens(self.vocab)
        self.context = min(context_tokens, c.llama_model_n_ctx_train(self.handle))
        self.room = self.context * (ROOM if seats > 1 else 1)
        self.writes = bool(c.llama_model_has_decoder(self.handle)) and not c.llama_model_has_encoder(self.handle)
        self.partial = not (c.llama_model_is_recurrent(self.handle) or c.llama_model_is_hybrid(self.handle))
        self._flag = ctypes.create_string_buffer(2)
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._views: dict[tuple[int, int], Logits] = {}
        if self.writes:
            self._make_context(path.name)

    def _make_context(self, name: str) -> None:
        c = self._c
        params = c.llama_context_default_params()
        params.n_ctx, params.n_seq_max, params.kv_unified = self.room, self.seats + 1, True
        params.n_batch = params.n_ubatch = ROWS
        params.n_outputs_max = self.seats + 1  # else there is room for the scores of a whole step: 78 MB for Qwen
        params.n_threads, params.n_threads_batch = self._threads, self._batch_threads
        params.no_perf = True
        self._ctx = c.llama_init_from_model(self.handle, params)
        self._memory: Any = c.llama_get_memory(self._ctx) if self._ctx is not None else None
        if self._memory is None:
            self.close()
            raise ModelError(
                f"There is not enough memory for {name} with {self.room} tokens of context.",
                "Lower models.context_tokens, or use a smaller model.",
            )
        self._batch: Rows = Rows(c, ROWS)
        self._get_logits: Any = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("llama_get_logits", c._lib))
        # llama.cpp asks after every node of the graph, thousands of times a second. Python would have to take its
        # lock each time, so libc answers: strlen of this buffer is 0 until `abort` puts a character into it.
        self._strlen = ctypes.cast(ctypes.CDLL(None).strlen, c.ggml_abort_callback)
        c.llama_set_abort_callback(self._ctx, self._strlen, ctypes.addressof(self._flag))

    def abort(self, on: bool = True) -> None:
        """Make the computation under way raise Stopped (from any thread); `abort(False)` allows the next one."""
        self._flag[0] = b"\1" if on else b"\0"

    def close(self) -> None:
        """Free everything; harmless twice."""
        if self._ctx is not None:
            self._c.llama_free(self._ctx)
        if self.handle is not None:
            self._c.llama_model_free(self.handle)
        self._ctx = self.handle = None

    @functools.cached_property
    def size(self) -> int:
        """Bytes: weights as llama.cpp reports them; the context by estimate (keys and values in half floats)."""
        c, model = self._c, self.handle
        wide: int = c.llama_model_n_embd(model) // max(1, c.llama_model_n_head(model)) * c.llama_model_n_head_kv(model)
        return int(c.llama_model_size(model)) + int(self.room * c.llama_model_n_layer(model) * wide * 2 * 2)

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
        if (known := self._pieces.get(token)) is not None:
            return known
        room = 256
        out = ctypes.create_string_buffer(room)
        count = self._c.llama_token_to_piece(self.vocab, token, out, room, 0, False)
        self._pieces[token] = out.raw[: max(count, 0)]
        return self._pieces[token]

    def ends(self, token: int) -> bool:
        """Whether the token ends the reply."""
        if (known := self._ends.get(token)) is None:
            c = self._c
            known = bool(c.llama_vocab_is_eog(self.vocab, token) or c.llama_vocab_is_control(self.vocab, token))
            self._ends[token] = known
        return known

    @functools.cached_property
    def closers(self) -> dict[str, int]:
        """The tokens that are exactly a quotation mark or a closing bracket."""
        found: dict[str, int] = {}
        for mark, before in itertools.product('"]}', ("", "a", " 1", "}")):
            token = self.tokenize(before + mark)[-1]
            if self.piece(token) == mark.encode():
                found[mark] = token
        return found

    def decode(
        self, tokens: Sequence[int], places: Sequence[int], seats: Sequence[int], wanted: Sequence[int]
    ) -> Logits:
        """Compute at most ROWS tokens, each at its place in its sequence; the scores after those with `wanted` 1.

        The scores (one line each, in this order) are llama.cpp's own memory: right until the next call.
        Raises NoRoom, Stopped (the sequences are as before) or ModelError (they are not to be trusted).
        """
        batch = self._batch.fill(tokens, places, seats, wanted)
        lines: list[tuple[int, str]] = []
        _kept_back.lines = lines
        try:
            code = self._c.llama_decode(self._ctx, batch)
        finally:
            del _kept_back.lines
        for severity, line in lines:
            log.log(logging.DEBUG if code in (1, 2) else severity, line)
        if code == 1:
            raise NoRoom
        if code == 2:
            raise Stopped
        if code != 0:
            raise ModelError(f"The local model failed while it computed (llama.cpp code {code}).", "Try again.")
        return self._scores(sum(wanted))

    def _scores(self, lines: int) -> Logits:
        if not lines:
            return np.empty((0, self._words), np.float32)
        key = (self._get_logits(self._ctx), lines)
        if key not in self._views:
            data = (ctypes.c_float * (lines * self._words)).from_address(key[0])
            self._views[key] = np.frombuffer(data, np.float32).reshape(lines, self._words)
        return self._views[key]

    def forget(self, seat: int, start: int = 0) -> int:
        """Drop a sequence from a place on; where that is impossible (recurrent models), all of it. What is left."""
        if self._c.llama_memory_seq_rm(self._memory, seat, start, -1):
            return start
        self._c.llama_memory_seq_rm(self._memory, seat, -1, -1)
        return 0

    def copy(self, source: int, seat: int, count: int) -> None:
        """Let an empty sequence share the first tokens of another: nothing is computed and no room is taken."""
        self._c.llama_memory_seq_cp(self._memory, source, seat, 0, count)

    def save(self, seat: int) -> State:
        """What was computed for a sequence, as bytes: about 23 MB for 1,000 tokens of SmolLM2-135M.

        Pages of its own: what is given up goes back to the system, where an allocator would keep it in pieces.
        """
        size = self._c.llama_state_seq_get_size(self._ctx, seat)
        state = np.frombuffer(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.uint8)
        self._c.llama_state_seq_get_data(self._ctx, pointer(state, ctypes.c_uint8), state.size, seat)
        return state

    def restore(self, seat: int, state: State) -> bool:
        """Put saved bytes back; False, and an empty sequence, where they don't fit."""
        if self._c.llama_state_seq_set_data(self._ctx, pointer(state, ctypes.c_uint8), state.size, seat):
            return True
        self._c.llama_memory_seq_rm(self._memory, seat, -1, -1)
        return False


class Rows:
    """llama.cpp's batch over arrays that are made once: a step only writes numbers into them."""

    def __init__(self, c: Any, most: int) -> None:
        self._tokens, self._places, self._seats = (np.zeros(most, np.int32) for _ in range(3))
        self._ones, self._wanted = np.ones(most, np.int32), np.zeros(most, np.int8)
        address = self._seats.ctypes.data
        self._each = np.array([address + 4 * row for row in range(most)], np.uintp)
        self._batch = c.llama_batch()
        self._batch.token = pointer(self._tokens, ctypes.c_int32)
        self._batch.pos = pointer(self._places, ctypes.c_int32)
        self._batch.n_seq_id = pointer(self._ones, ctypes.c_int32)
        self._batch.seq_id = pointer(self._each, ctypes.POINTER(ctypes.c_int32))
        self._batch.logits = pointer(self._wanted, ctypes.c_int8)

    def fill(self, tokens: Sequence[int], places: Sequence[int], seats: Sequence[int], wanted: Sequence[int]) -> Any:
        count = self._batch.n_tokens = len(tokens)
        self._tokens[:count], self._places[:count] = tokens, places
        self._seats[:count], self._wanted[:count] = seats, wanted
        return self._batch


def pointer(array: npt.NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
