"""Look at the database without changing it: for `haven doctor`, also while Haven runs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from haven.errors import StoreError
from haven.store.database import BUSY_S, explain, newest_schema


async def quick_check(path: Path) -> str:
    """SQLite's quick check, and the schema's number; returns what to know about it in one sentence.

    Raises StoreError where it is damaged, can't be read, or was written by a newer Haven.
    """
    try:
        async with opened_to_look(path) as connection:
            verdict = str(next(iter(await connection.execute_fetchall("pragma quick_check(1)")))[0])
            version = int(next(iter(await connection.execute_fetchall("pragma user_version")))[0])
    except sqlite3.Error as error:
        raise explain(error, path) from error
    if verdict != "ok":
        raise StoreError(f"The database {path} is damaged ({verdict}).", "Restore a backup; the file is left as it is.")
    newest = newest_schema()
    if version > newest:
        raise StoreError("The database was written by a newer Haven than this one.", "Update Haven.")
    return "It is whole." if version == newest else "It is whole; the next start brings it up to date."


async def has_owner(path: Path) -> bool:
    """Whether an owner can log in to the dashboard. Raises StoreError where it can't be read."""
    try:
        async with opened_to_look(path) as connection:
            if not await connection.execute_fetchall("select 1 from sqlite_master where name = 'account'"):
                return False
            return bool(await connection.execute_fetchall("select 1 from account where role = 3 and password <> ''"))
    except sqlite3.Error as error:
        raise explain(error, path) from error


@asynccontextmanager
async def opened_to_look(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """A connection that changes nothing and makes nothing. Raises sqlite3.Error where no file can be read.

    That is looked for first: where aiosqlite itself can't open a file, its thread still answers an event loop that may
    have ended, with a traceback.
    """
    address = await asyncio.to_thread(_read_only, path)
    async with aiosqlite.connect(address, uri=True, timeout=BUSY_S) as connection:
        yield connection


def _read_only(path: Path) -> str:
    if not path.is_file() or not os.access(path, os.R_OK):
        raise sqlite3.OperationalError("unable to open database file")
    return f"{path.absolute().as_uri()}?mode=ro"
