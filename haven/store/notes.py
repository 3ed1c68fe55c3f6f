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


async def cards(database: Database, face: str) -> dict[str, dict[str, Any]]:
    """All of a face, by their subjects."""
    rows = await database.rows("select subject, data from card where face = ? order by rowid", (face,))
    return {str(row["subject"]): dict(json.loads(row["data"])) for row in rows}


async def cards_with(database: Database, face: str, limit: int, **values: str) -> dict[str, dict[str, Any]]:
    """The newest of a face that have these values, by their subjects, the newest first."""
    one = " and instr(data, ?) and json_extract(data, '$.' || ?) = ?"  # the first is quick, and true of few
    given = [part for name, value in values.items() for part in (json.dumps(value), name, value)]
    rows = await database.rows(
        f"select subject, data from card where face = ?{one * len(values)} order by at desc limit ?",
        [face, *given, limit],
    )
    return {str(row["subject"]): dict(json.loads(row["data"])) for row in rows}


async def subject(database: Database, face: str, field: str, value: int) -> str | None:
    """Whose card has this value: the change of a thread, say."""
    sql = "select subject from card where face = ? and json_extract(data, '$.' || ?) = ?"
    row = await database.row(sql, (face, field, value))
    return str(row[0]) if row else None


async def set_card(database: Database, face: str, subject: str, data: dict[str, Any]) -> None:
    await database.write(
        lambda tx: tx.execute(
            "insert or replace into card values (?, ?, ?, ?)", (face, subject, json.dumps(data), now())
        )
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


async def take_card(database: Database, face: str, subject: str) -> dict[str, Any] | None:
    """The card, which is gone with that: of two who take it, one gets None."""

    async def work(tx: Transaction) -> dict[str, Any] | None:
        sql = "delete from card where face = ? and subject = ? returning data"
        rows = await tx.execute_fetchall(sql, (face, subject))
        return dict(json.loads(rows[0][0])) if rows else None

    return await database.write(work)


async def forget_cards(database: Database, face: str, before: float) -> None:
    """Those that were drawn last before that moment."""
    await database.write(lambda tx: tx.execute("delete from card where face = ? and at < ?", (face, before)))
