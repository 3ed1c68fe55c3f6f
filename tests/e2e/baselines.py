"""What a house has seen the tests of a base do is known to later houses of this process that begin with the same one.

Haven itself runs a base once for all changes to it; so do the tests, each worker of theirs once for all of its houses.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from haven.store import notes
from haven.store.database import Database

_known: dict[str, dict[str, Any]] = {}
"""Reports by the baseline's key: tree, project file and test environment."""


@asynccontextmanager
async def known_baselines(database: Database) -> AsyncIterator[None]:
    """The database begins with what is known; what it knows beyond that at the end is kept for the next."""
    for key, report in _known.items():
        await notes.set_baseline(database, key, report)
    yield
    _known.update({row["key"]: json.loads(row["report"]) for row in await database.rows("select * from baseline")})
