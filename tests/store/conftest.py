"""A database in the test's own folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from haven.store.database import Database, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "haven.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with opened(path) as ready:
        yield ready
