"""The approval queue: what people and models propose for the world, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from haven.store.database import Row, Transaction, now
from haven.store.world import Read

State = Literal["open", "approved", "rejected"]


@dataclass(frozen=True)
class DraftRow:
    """`things`: the records as JSON; `made_from`: the version of each id that it was made from."""

    id: str
    at: float
    by_id: str
    by_name: str
    stranger: bool
    face: str
    tool: str
    things: str
    made_from: dict[str, int]
    reason: str = ""
    key: str = ""
    state: State = "open"
    decided_at: float | None = None
    decided_by: str = ""
    why: str = ""
    write: int | None = None
    decided_by_id: str = ""


async def insert(tx: Transaction, one: DraftRow) -> None:
    await tx.execute(
        "insert into world_draft (id, key, at, by_id, by_name, stranger, face, tool, reason, things, made_from)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(one.id, one.key, one.at, one.by_id, one.by_name, one.stranger, one.face, one.tool, one.reason),
            *(one.things, json.dumps(one.made_from)),
        ),
    )


async def decide(
    tx: Transaction, id: str, state: State, by_id: str, by_name: str, why: str = "", write: int | None = None
) -> bool:
    """Compare and swap: False where it is not open any more."""
    cursor = await tx.execute(
        "update world_draft set state = ?, decided_at = ?, decided_by = ?, decided_by_id = ?, why = ?, write = ?"
        " where id = ? and state = 'open'",
        (state, now(), by_name, by_id, why, write, id),
    )
    return cursor.rowcount == 1


async def get(read: Read, id: str) -> DraftRow | None:
    rows = await read("select * from world_draft where id = ?", (id,))
    return _row(rows[0]) if rows else None


async def by_key(read: Read, by_id: str, key: str) -> DraftRow | None:
    """The draft of a delivery that came before."""
    rows = await read("select * from world_draft where key <> '' and by_id = ? and key = ?", (by_id, key))
    return _row(rows[0]) if rows else None


async def count_open(read: Read, by_id: str, *, tales: bool, tool: str) -> int:
    """How many a person has open: those of that tool, which writes tales, or all others."""
    sql = "select count(*) from world_draft where by_id = ? and state = 'open' and (tool = ?) = ?"
    [row] = await read(sql, (by_id, tool, tales))
    return int(row[0])


async def count_since(read: Read, by_id: str, at: float) -> int:
    """How many a person has proposed since then, whatever became of them."""
    [row] = await read("select count(*) from world_draft where by_id = ? and at > ?", (by_id, at))
    return int(row[0])


async def count_of_strangers(read: Read) -> int:
    """How many open drafts there are of people without a role."""
    [row] = await read("select count(*) from world_draft where stranger and state = 'open'")
    return int(row[0])


async def count(read: Read) -> int:
    """How many open drafts there are."""
    [row] = await read("select count(*) from world_draft where state = 'open'", ())
    return int(row[0])


async def of(read: Read, state: State | None, limit: int) -> list[DraftRow]:
    """Open ones the oldest first, as they wait; else the newest first."""
    order = "at" if state == "open" else "at desc"
    rows = await read(
        f"select * from world_draft where ?1 is null or state = ?1 order by {order}, id limit ?2", (state, limit)
    )
    return [_row(row) for row in rows]


def _row(row: Row) -> DraftRow:
    fields: dict[str, Any] = {column: row[column] for column in row.keys()}  # noqa: SIM118 - a Row iterates values
    return DraftRow(**fields | {"made_from": json.loads(row["made_from"]), "stranger": bool(row["stranger"])})
