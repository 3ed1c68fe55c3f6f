"""Requests that wait for the cloud: their rows, and every move between their states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from haven.store.database import Database, Row, Transaction, now

OPEN = ("asked", "waiting")


@dataclass(frozen=True)
class Waiting:
    """One request. `state`: asked (the person has not chosen), waiting, answered, cancelled or failed."""

    id: str
    principal: str
    face: str
    place: dict[str, Any]
    """Where the face shows it, in that face's own words."""
    task: str
    reason: str
    state: str
    can_wait: bool = True
    """False where time alone mends nothing, such as a cap for one request."""
    at: float = 0.0
    retry_at: float | None = None
    attempts: int = 0
    reply: str = ""
    told: bool = False


async def insert(tx: Transaction, one: Waiting) -> None:
    await tx.execute(
        "insert into waiting (id, at, principal, face, place, task, reason, state, can_wait, retry_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(one.id, now(), one.principal, one.face, json.dumps(one.place)),
            *(one.task, one.reason, one.state, one.can_wait, one.retry_at),
        ),
    )


async def move(tx: Transaction, id: str, before: tuple[str, ...], **fields: Any) -> bool:
    """Compare and swap: False where it is in none of the states `before` any more."""
    sets = ", ".join(f"{column} = ?" for column in fields)
    marks = ", ".join("?" * len(before))
    cursor = await tx.execute(
        f"update waiting set {sets} where id = ? and state in ({marks})", [*fields.values(), id, *before]
    )
    return cursor.rowcount == 1


async def expire(tx: Transaction, before: float, why: str) -> list[tuple[str, str, str]]:
    """End what was asked before that moment and never decided; the id, the principal and the face of each.

    `why` comes before the reason that stands there.
    """
    rows = await tx.execute_fetchall(
        "update waiting set state = 'failed', reason = ? || reason where state = 'asked' and at < ?"
        " returning id, principal, face",
        (why, before),
    )
    return [(row["id"], row["principal"], row["face"]) for row in rows]


async def count_open(tx: Transaction, principal: str) -> int:
    """How many requests of this person have no end yet."""
    marks = ", ".join("?" * len(OPEN))
    sql = f"select count(*) as n from waiting where principal = ? and state in ({marks})"
    [row] = await tx.execute_fetchall(sql, [principal, *OPEN])
    return int(row["n"])


async def get(database: Database, id: str) -> Waiting | None:
    row = await database.row("select * from waiting where id = ?", (id,))
    return _waiting(row) if row else None


async def of(database: Database, principal: str | None = None, limit: int = 50) -> list[Waiting]:
    """The newest first; with `principal`, that person's alone."""
    rows = await database.rows(
        "select * from waiting where ?1 is null or principal = ?1 order by at desc limit ?2", (principal, limit)
    )
    return [_waiting(row) for row in rows]


def _waiting(row: Row) -> Waiting:
    fields = {column: row[column] for column in row.keys()}  # noqa: SIM118 - a Row iterates values
    flags = {name: bool(row[name]) for name in ("can_wait", "told")}
    return Waiting(**fields | flags | {"place": json.loads(row["place"])})
