"""Small lasting facts: cards of the faces, cached baselines, single values."""

from __future__ import annotations

import json
from typing import Any

from haven.store.database import Database, now
from haven.store.transaction import Transaction


async def card(database: Database, face: str, subject: str) -> dict[str, Any] | None:
    """Where a face shows a subject (message ids and the like)."""
    row = await database.row("select data from card where face = ? and subject = ?", (face, subject))
    return dict(json.loads(row[0])) if row else None


async def set_card(database: Database, face: str, subject: str, data: dict[str, Any]) -> None:
    await database.write(
        lambda tx: tx.execute("insert or replace into card values (?, ?, ?)", (face, subject, json.dumps(data)))
    )


async def baseline(database: Database, key: str) -> dict[str, Any] | None:
    """The stored test report of a tree."""
    row = await database.row("select report from baseline where key = ?", (key,))
    return dict(json.loads(row[0])) if row else None


async def set_baseline(database: Database, key: str, report: dict[str, Any]) -> None:
    await database.write(
        lambda tx: tx.execute("insert or replace into baseline values (?, ?, ?)", (key, json.dumps(report), now()))
    )


async def get(database: Database, key: str) -> str | None:
    row = await database.row("select value from note where key = ?", (key,))
    return str(row[0]) if row else None


async def put(database: Database, key: str, value: str) -> None:
    await database.write(lambda tx: keep(tx, key, value))


async def keep(tx: Transaction, key: str, value: str) -> None:
    """As `put`, together with what else a transaction writes."""
    await tx.execute("insert or replace into note values (?, ?)", (key, value))
