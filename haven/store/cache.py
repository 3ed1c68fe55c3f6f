"""Replies that may be used again, and the questions that they answered."""

from __future__ import annotations

from dataclasses import dataclass

from haven.store.database import Database, Transaction

OPEN = "open"
"""The one scope on the disk: what is private is never written here."""


@dataclass(frozen=True)
class Cached:
    """A reply, as JSON, to the question `words`, given at `at` (seconds since 1970)."""

    exact: str
    """Stands for the question and for all that was known with it."""
    facts: str
    """Stands for all that was known with the question."""
    words: str
    vector: bytes | None
    """Little-endian float32."""
    reply: str
    at: float
    expires: float


@dataclass(frozen=True)
class Candidate:
    """A question that was answered with the same facts."""

    id: int
    words: str
    vector: bytes


COLUMNS = "exact, facts, words, vector, reply, at, expires"


async def exact(database: Database, key: str, at: float) -> Cached | None:
    row = await database.row(
        f"select {COLUMNS} from reply_cache where scope = ? and exact = ? and expires > ?", (OPEN, key, at)
    )
    return Cached(*tuple(row)) if row else None


async def get(database: Database, id: int, at: float) -> Cached | None:
    row = await database.row(f"select {COLUMNS} from reply_cache where id = ? and expires > ?", (id, at))
    return Cached(*tuple(row)) if row else None


async def newest(database: Database) -> int:
    """The highest row number; 0 where there is none."""
    row = await database.row("select coalesce(max(id), 0) from reply_cache")
    return int(row[0]) if row else 0


async def candidates(database: Database, facts: str, after: int) -> list[Candidate]:
    """Those that came after the row `after`, oldest first; some may have expired."""
    # By the row's number and not by the index, because nearly always there is none or one.
    rows = await database.rows(
        "select id, words, vector from reply_cache not indexed where id > ? and scope = ? and facts = ?"
        " and vector is not null order by id",
        (after, OPEN, facts),
    )
    return [Candidate(*tuple(row)) for row in rows]


async def put(tx: Transaction, one: Cached, most: int) -> None:
    """Keep it in the place of an older one, and drop what has expired and then the oldest beyond `most` rows."""
    await drop_expired(tx, one.at)
    await tx.execute(
        f"insert or replace into reply_cache (scope, {COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (OPEN, one.exact, one.facts, one.words, one.vector, one.reply, one.at, one.expires),
    )
    await tx.execute(
        "delete from reply_cache where id in (select id from reply_cache order by id desc limit -1 offset ?)", (most,)
    )


async def drop_expired(tx: Transaction, at: float) -> int:
    """How many were dropped."""
    # By way of the ids, so that only the index is read and not every vector.
    cursor = await tx.execute(
        "delete from reply_cache where id in (select id from reply_cache where expires <= ?)", (at,)
    )
    return cursor.rowcount


async def clear(tx: Transaction) -> int:
    """How many there were."""
    return (await tx.execute("delete from reply_cache")).rowcount
