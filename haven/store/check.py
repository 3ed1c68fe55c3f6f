"""Look at the database without changing it: for `haven doctor`, also while Haven runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import aiosqlite

from haven.errors import StoreError
from haven.store.database import BUSY_S, explain, newest_schema


async def quick_check(path: Path) -> str:
    """SQLite's quick check, and the schema's number; returns what to know about it in one sentence.

    Raises StoreError where it is damaged, can't be read, or was written by a newer Haven.
    """
    try:
        async with aiosqlite.connect(read_only(path), uri=True, timeout=BUSY_S) as connection:
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
        async with aiosqlite.connect(read_only(path), uri=True, timeout=BUSY_S) as connection:
            if not await connection.execute_fetchall("select 1 from sqlite_master where name = 'account'"):
                return False
            return bool(await connection.execute_fetchall("select 1 from account where role = 3 and password <> ''"))
    except sqlite3.Error as error:
        raise explain(error, path) from error


def read_only(path: Path) -> str:
    """The address of a database that SQLite opens only to look, and never makes."""
    return f"{path.absolute().as_uri()}?mode=ro"
