"""What the benchmarks of the local engine share: a model in a temporary folder, one timed reply, a Q4_0 copy."""

from __future__ import annotations

import ctypes
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haven.ai.models.registry import Registry
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_native import library
from haven.ai.task import Turn

MODEL = "smollm2-135m"
Q4_0 = 2
"""llama.cpp's LLAMA_FTYPE_MOSTLY_Q4_0, which is repacked for this CPU: what the catalogue names most."""


@dataclass(frozen=True)
class Timed:
    """Seconds to the first text, tokens a second after it, and the end."""

    first: float
    rate: float
    finish: Finish


@asynccontextmanager
async def installed() -> AsyncIterator[tuple[Path, Path]]:
    """A folder that goes away, and the small model in it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder), await Registry(Path(folder)).install(MODEL)


def as_q4_0(path: Path) -> Path:
    """The same model with weights in Q4_0, made from Q4_1 by llama.cpp: good for speed, not for judging answers."""
    c, made = library(), path.with_name("q4_0.gguf")
    params = c.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize, params.nthread = Q4_0, True, 1
    if c.llama_model_quantize(os.fsencode(path), os.fsencode(made), ctypes.byref(params)) != 0:
        raise RuntimeError("llama.cpp could not make a Q4_0 copy")
    return made


async def timed(provider: LlamaProvider, text: str, *system: str, **options: Any) -> Timed:
    """Ask once, with `max_tokens` 64 unless told otherwise."""
    call = Call((Turn("user", text),), system, **{"max_tokens": 64, **options})
    start, first, finish = time.perf_counter(), 0.0, None
    async for item in provider.generate(call):
        first = first or time.perf_counter() - start
        if isinstance(item, Finish):
            finish = item
    assert finish is not None
    writing = time.perf_counter() - start - first
    return Timed(first, (finish.usage.output - 1) / writing if writing > 0 else 0.0, finish)
