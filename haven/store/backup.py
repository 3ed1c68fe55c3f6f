"""Backups by VACUUM INTO: consistent under load, small, checked before they count (FIELD_NOTES part 8)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from haven.errors import StoreError
from haven.store.database import explain


async def make(database: Path, folder: Path, keep: int = 7) -> Path:
    """Write one checked backup and drop the oldest beyond `keep`. Raises StoreError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, final = folder / f".{stamp}.part", folder / f"haven-{stamp}.db"
    await asyncio.to_thread(_prepare, folder, aside)
    try:
        async with aiosqlite.connect(database) as source:
            await source.execute("vacuum into ?", (str(aside),))
        async with aiosqlite.connect(aside) as copy:
            verdict = next(iter(await copy.execute_fetchall("pragma quick_check")))[0]
    except sqlite3.Error as error:
        await asyncio.to_thread(_keep, aside, final, -1)
        raise explain(error, aside) from error
    await asyncio.to_thread(_keep, aside, final, keep if verdict == "ok" else -1)
    if verdict != "ok":
        raise StoreError(f"The new backup did not pass its check ({verdict}).", "Check the disk.")
    return final


def _prepare(folder: Path, aside: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    aside.unlink(missing_ok=True)


def _keep(aside: Path, final: Path, keep: int) -> None:
    if keep < 0:
        aside.unlink(missing_ok=True)
        return
    aside.chmod(0o600)
    os.replace(aside, final)
    for old in sorted(final.parent.glob("haven-*.db"))[:-keep]:
        old.unlink(missing_ok=True)
