"""Trying a file of weights: its hash, whether it loads, and whether it answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from haven.ai.models.catalogue import Model
from haven.ai.models.weights import sha256_of
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Turn
from haven.errors import HavenError


@dataclass(frozen=True)
class Validation:
    """What trying a model showed; `hash_ok` is None where neither the catalogue nor a pin knows a sha256."""

    hash_ok: bool | None
    loads: bool
    answers: bool
    seconds: float
    sentence: str


async def attempt(model: Model, file: Path, sha256: str) -> Validation:
    """Hash the file (if `sha256` is known), load it and ask it one thing; raises nothing."""
    start = time.monotonic()
    # The hash is checked here, for its own answer; the provider would check it once more.
    provider = LlamaProvider(file, name=model.name, template=model.template, context_tokens=512)
    hash_ok, loads, answers, sentence = None, False, False, provider.missing()
    try:
        if not sentence and sha256:
            hash_ok = await asyncio.to_thread(sha256_of, file) == sha256
        if not sentence and hash_ok is not False:
            await provider.load()
            loads = True
            answers = await _answers(model, provider)
            sentence = f"{model.title} works." if answers else f"{model.title} loads but gives nothing back."
    except (HavenError, OSError) as error:
        sentence = str(error)
    finally:
        await provider.close()
    if hash_ok is False:
        sentence = f"The file of {model.title} is damaged. Run: haven models install {model.name}"
    return Validation(hash_ok, loads, answers, round(time.monotonic() - start, 2), sentence)


async def _answers(model: Model, provider: LlamaProvider) -> bool:
    if "embedding" in model.uses:
        [vector] = await provider.embed(["What is the capital of France?"])
        return any(vector)
    call = Call((Turn("user", "What is the capital of France?"),), ("Answer in one short sentence.",), max_tokens=24)
    text = ""
    async for item in provider.generate(call):
        if isinstance(item, Finish):
            text = item.text.strip()
    return bool(text)
