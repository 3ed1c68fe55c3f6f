"""Backups by VACUUM INTO: consistent under load, small, checked before they count (FIELD_NOTES part 8)."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from haven.errors import StoreError
from haven.store.database import explain


async def make(database: Path, folder: Path, keep: int = 7) -> Path:
    """Write one checked backup and drop the oldest beyond `keep`. Raises StoreError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, final = folder / f".{stamp}.part", folder / f"haven-{stamp}.db"
    aside.unlink(missing_ok=True)
    try:
        async with aiosqlite.connect(database) as source:
            await source.execute("vacuum into ?", (str(aside),))
        async with aiosqlite.connect(aside) as copy:
            verdict = list(await copy.execute_fetchall("pragma quick_check"))[0][0]
    except sqlite3.Error as error:
        aside.unlink(missing_ok=True)
        raise explain(error, aside) from error
    if verdict != "ok":
        aside.unlink(missing_ok=True)
        raise StoreError(f"The new backup did not pass its check ({verdict}).", "Check the disk.")
    aside.chmod(0o600)
    os.replace(aside, final)
    for old in sorted(folder.glob("haven-*.db"))[:-keep]:
        old.unlink(missing_ok=True)
    return final
