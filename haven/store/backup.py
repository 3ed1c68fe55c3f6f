"""Backups by VACUUM INTO: consistent under load, small, checked before they count (FIELD_NOTES part 8)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from haven.errors import StoreError
from haven.store.check import read_only
from haven.store.database import explain


async def make(database: Path, folder: Path, keep: int = 7) -> Path:
    """Write today's checked backup, in place of an earlier one of today; days beyond `keep` go. Raises StoreError."""
    final = folder / f"haven-{datetime.now(UTC):%Y%m%d}.db"
    aside = folder / f".{final.name}.part"
    try:
        await asyncio.to_thread(_prepare, folder, aside)
        async with aiosqlite.connect(read_only(database), uri=True) as source:
            await source.execute("vacuum into ?", (str(aside),))
        async with aiosqlite.connect(aside) as copy:
            verdict = next(iter(await copy.execute_fetchall("pragma quick_check")))[0]
        if verdict != "ok":
            raise StoreError(f"The new backup did not pass its check ({verdict}).", "Check the disk.")
        await asyncio.to_thread(_keep, aside, final, keep)
    except (sqlite3.Error, OSError) as error:
        raise explain(error) from error
    finally:
        with suppress(OSError):
            aside.unlink()
    return final


def _prepare(folder: Path, aside: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    aside.unlink(missing_ok=True)


def _keep(aside: Path, final: Path, keep: int) -> None:
    """On the disk before it replaces anything."""
    aside.chmod(0o600)
    with aside.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(aside, final)
    for old in sorted(final.parent.glob("haven-*.db"))[:-keep]:
        old.unlink(missing_ok=True)
