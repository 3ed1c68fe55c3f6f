"""Durable events: committed with the row they describe, numbered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from haven.store.database import Database, Row, Transaction, now


@dataclass(frozen=True)
class Event:
    """One fact. `id` counts up for durable events and is 0 for live ones."""

    kind: str
    subject: str
    data: dict[str, Any]
    actor: str = "haven"
    id: int = 0
    at: float = 0.0


async def record(tx: Transaction, kind: str, subject: str, actor: str = "haven", /, **data: Any) -> None:
    """Write one durable event inside the transaction of what it tells."""
    await tx.execute(
        "insert into event (at, kind, subject, actor, data) values (?, ?, ?, ?, ?)",
        (now(), kind, subject, actor, json.dumps(data)),
    )


async def since(database: Database, last: int, limit: int = 500) -> list[Event]:
    """Events after number `last`, oldest first."""
    return [
        _event(row)
        for row in await database.rows("select * from event where id > ? order by id limit ?", (last, limit))
    ]


async def of(database: Database, subject: str, limit: int = 200) -> list[Event]:
    """The newest events of one subject, oldest first."""
    rows = await database.rows("select * from event where subject = ? order by id desc limit ?", (subject, limit))
    return [_event(row) for row in reversed(rows)]


async def beginning_with(database: Database, prefix: str, last: int, limit: int = 100) -> list[Event]:
    """Events after number `last` whose kind begins so, oldest first."""
    rows = await database.rows(
        "select * from event where id > ? and substr(kind, 1, ?) = ? order by id limit ?",
        (last, len(prefix), prefix, limit),
    )
    return [_event(row) for row in rows]


async def lately(database: Database, kind: str, at: float, limit: int = 100) -> list[Event]:
    """The newest events of one kind from the moment `at` on, oldest first."""
    rows = await database.rows(
        "select * from event where kind = ? and at >= ? order by id desc limit ?", (kind, at, limit)
    )
    return [_event(row) for row in reversed(rows)]


async def newest(database: Database) -> int:
    row = await database.row("select coalesce(max(id), 0) from event")
    return int(row[0]) if row else 0


def _event(row: Row) -> Event:
    return Event(row["kind"], row["subject"], json.loads(row["data"]), row["actor"], row["id"], row["at"])
