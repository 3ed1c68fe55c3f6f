"""What people want to be told of, and what each was told already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from haven.store.database import Row, Transaction, now
from haven.store.world import Read


@dataclass(frozen=True)
class WatchRow:
    """`said` is how the person put it, `wants` what was understood, as JSON; `seen` the last write looked at for it."""

    id: str
    at: float
    principal: str
    name: str
    face: str
    place: dict[str, Any]
    """Where the face tells them, in that face's own words."""
    said: str
    wants: str
    seen: int


@dataclass(frozen=True, slots=True)
class Step:
    """A record from one version to the next, as JSON; `before` is "" where it was not there."""

    thing: str
    before: str
    after: str
    by: str


async def insert(tx: Transaction, one: WatchRow) -> None:
    await tx.execute(
        "insert into watch (id, at, principal, name, face, place, said, wants, seen)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (one.id, one.at, one.principal, one.name, one.face, json.dumps(one.place), one.said, one.wants, one.seen),
    )


async def delete(tx: Transaction, id: str) -> None:
    await tx.execute("delete from watch where id = ?", (id,))


async def get(read: Read, id: str) -> WatchRow | None:
    rows = await read("select * from watch where id = ?", (id,))
    return _watch(rows[0]) if rows else None


async def of(read: Read, principal: str | None) -> list[WatchRow]:
    """Everybody's (None) or one person's, the oldest first."""
    rows = await read("select * from watch where ?1 is null or principal = ?1 order by at, id", (principal,))
    return [_watch(row) for row in rows]


async def behind(read: Read, write: int) -> list[WatchRow]:
    """Those that have not seen that write yet."""
    return [_watch(row) for row in await read("select * from watch where seen < ? order by at, id", (write,))]


async def steps(read: Read, after: int, until: int, from_row: int, limit: int) -> tuple[list[Step], int]:
    """What writes after `after`, up to `until`, did to records that are still there, and the row to go on from."""
    rows = await read(
        "select v.rowid as at_row, v.thing, coalesce(old.data, '') as before, v.data as after, w.by_name as by"
        " from thing_version v join world_write w on w.id = v.write join thing t on t.id = v.thing"
        " left join thing_version old on old.thing = v.thing and old.version = v.version - 1"
        " where v.rowid > ? and v.write > ? and v.write <= ? and v.data <> '' order by v.rowid limit ?",
        (from_row, after, until, limit),
    )
    return [Step(row["thing"], row["before"], row["after"], row["by"]) for row in rows], (
        rows[-1]["at_row"] if rows else from_row
    )


async def advance(tx: Transaction, one: WatchRow, seen: int) -> bool:
    """Compare and swap: False where somebody else looked meanwhile, or nobody watches any more."""
    cursor = await tx.execute("update watch set seen = ? where id = ? and seen = ?", (seen, one.id, one.seen))
    return cursor.rowcount == 1


async def tell(tx: Transaction, id: str, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of these records (id and name) those that this watch was not told of before; they are from now on."""
    fresh = []
    for thing, name in found:
        cursor = await tx.execute(
            "insert or ignore into watch_told (watch, thing, name, at) values (?, ?, ?, ?)", (id, thing, name, now())
        )
        if cursor.rowcount:
            fresh.append((thing, name))
    return fresh


async def told(read: Read, ids: Sequence[str], limit: int) -> dict[str, list[tuple[str, str, float]]]:
    """Id, name and moment of what each watch was told, the newest first."""
    found: dict[str, list[tuple[str, str, float]]] = {}
    for id in ids:
        rows = await read(
            "select thing, name, at from watch_told where watch = ? order by at desc, name limit ?", (id, limit)
        )
        found[id] = [(row["thing"], row["name"], row["at"]) for row in rows]
    return found


def _watch(row: Row) -> WatchRow:
    fields: dict[str, Any] = {column: row[column] for column in row.keys()}  # noqa: SIM118 - a Row iterates values
    return WatchRow(**fields | {"place": json.loads(row["place"])})
