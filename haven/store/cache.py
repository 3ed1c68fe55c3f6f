"""Open replies that may be used again; what is private is never written here."""

from __future__ import annotations

from dataclasses import dataclass

from haven.store.database import Database, Transaction


@dataclass(frozen=True)
class Cached:
    """A reply, as JSON, to the question `words`, given at `at` (seconds since 1970)."""

    exact: str
    """Stands for the question and for all that was known with it."""
    asks: str
    """The same for every recognised way of asking; "" where there is none."""
    words: str
    reply: str
    at: float
    expires: float


COLUMNS = "exact, asks, words, reply, at, expires"


async def find(database: Database, exact: str, asks: str, at: float) -> Cached | None:
    """The reply to the same question, else the newest to one that asks the same."""
    row = await database.row(
        f"select {COLUMNS} from reply_cache where (exact = ?1 or (asks = ?2 and asks <> '')) and expires > ?3"
        " order by exact = ?1 desc, id desc limit 1",
        (exact, asks, at),
    )
    return Cached(*tuple(row)) if row else None


async def put(tx: Transaction, one: Cached, most: int) -> None:
    """Keep it in the place of an older one, and drop what has expired and then the oldest beyond `most` rows."""
    await drop_expired(tx, one.at)
    await tx.execute(
        f"insert or replace into reply_cache ({COLUMNS}) values (?, ?, ?, ?, ?, ?)",
        (one.exact, one.asks, one.words, one.reply, one.at, one.expires),
    )
    await tx.execute(
        "delete from reply_cache where id in (select id from reply_cache order by id desc limit -1 offset ?)", (most,)
    )


async def drop_expired(tx: Transaction, at: float) -> int:
    """How many were dropped."""
    return (await tx.execute("delete from reply_cache where expires <= ?", (at,))).rowcount


async def clear(tx: Transaction) -> int:
    """How many there were."""
    return (await tx.execute("delete from reply_cache")).rowcount
