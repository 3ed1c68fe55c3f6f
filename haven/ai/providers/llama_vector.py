"""Vectors of texts from a local model's weights, in a small context of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from haven.ai.providers.llama_native import NativeModel, Rows, library
from haven.errors import ModelError

MOST_TOKENS = 512
"""A text is computed in one step, because pooling sees one step only; what is longer is cut."""
MEAN = 1
"""llama.cpp's pooling type for models that name none: the mean over the tokens."""


class Embedder:
    """Used by the thread that made the NativeModel, and closed before it. Raises ModelError where memory is short."""

    def __init__(self, native: NativeModel, threads: int) -> None:
        c = self._c = library()
        self._native, self._most = native, min(native.context, MOST_TOKENS)
        params = c.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self._most
        params.n_threads = params.n_threads_batch = threads
        params.embeddings, params.no_perf = True, True
        self._context: Any = c.llama_init_from_model(native.handle, params)
        if self._context is not None and c.llama_pooling_type(self._context) < MEAN:
            c.llama_free(self._context)
            params.pooling_type = MEAN
            self._context = c.llama_init_from_model(native.handle, params)
        if self._context is None:
            raise ModelError("There is not enough memory for the local model's vectors.")
        self._memory: Any = c.llama_get_memory(self._context)
        self._rows = Rows(c, self._most)

    def vector(self, text: str) -> list[float]:
        """Of length 1; of an empty text nothing can be said, so that all is 0."""
        tokens = self._native.tokenize(text, first=True)[: self._most]
        if self._memory is not None:
            self._c.llama_memory_clear(self._memory, True)
        size = self._c.llama_model_n_embd_out(self._native.handle)
        if not tokens:
            return [0.0] * size
        count = len(tokens)
        if self._c.llama_decode(self._context, self._rows.fill(tokens, range(count), [0] * count, [1] * count)) != 0:
            raise ModelError("The local model could not make a vector of the text.")
        found = np.ctypeslib.as_array(self._c.llama_get_embeddings_seq(self._context, 0), shape=(size,))
        return [float(x) for x in found / (np.linalg.norm(found) or 1.0)]

    def close(self) -> None:
        """Free the context; harmless twice."""
        if self._context is not None:
            self._c.llama_free(self._context)
        self._context = None
