"""The ledger's rows: every call that leaves the house, and what it cost."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from haven.store.database import Database, Row, Transaction, now

SPENT = "coalesce(sum(coalesce(usd, worst_usd)), 0)"
"""An unsettled or orphaned call counts at its worst case."""


@dataclass(frozen=True)
class Entry:
    """One call. `usd` is None until it is settled."""

    process: str
    principal: str
    purpose: str
    tier: str
    model: str
    recipient: str
    sent_sha256: str
    sent_chars: int
    worst_usd: float
    change_id: str | None = None
    round: int = 0
    stand_in: bool = False
    redacted: dict[str, int] = field(default_factory=dict)
    state: str = "reserved"
    usd: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read: int = 0
    cache_write: int = 0
    seconds: float = 0.0
    outcome: str = ""
    id: int = 0
    at: float = 0.0


async def insert(tx: Transaction, entry: Entry, sent: str) -> int:
    """Write the row before the call leaves; `sent` is the redacted text, kept compressed."""
    cursor = await tx.execute(
        "insert into ledger (at, process, state, principal, change_id, round, purpose, tier, model, recipient,"
        " stand_in, sent, sent_sha256, sent_chars, redacted, worst_usd)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(now(), entry.process, entry.state, entry.principal, entry.change_id, entry.round, entry.purpose),
            *(
                entry.tier,
                entry.model,
                entry.recipient,
                int(entry.stand_in),
                zlib.compress(sent.encode()),
                entry.sent_sha256,
                entry.sent_chars,
            ),
            *(json.dumps(entry.redacted), entry.worst_usd),
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def settle(tx: Transaction, id: int, **fields: Any) -> None:
    """Put the true figures and the new state; a row leaves `reserved` once."""
    sets = ", ".join(f"{column} = ?" for column in fields)
    await tx.execute(f"update ledger set {sets} where id = ? and state = 'reserved'", [*fields.values(), id])


async def spent(tx: Transaction, since: float, *, principal: str | None = None, change_id: str | None = None) -> float:
    """US dollars since a moment; the stand-in's calls count nothing."""
    sql = f"select {SPENT} from ledger where at >= ? and not stand_in"
    values: list[Any] = [since]
    if principal is not None:
        sql += " and principal = ?"
        values.append(principal)
    if change_id is not None:
        sql += " and change_id = ?"
        values.append(change_id)
    for row in await tx.execute_fetchall(sql, values):
        return float(row[0])
    return 0.0


async def total(database: Database, since: float) -> float:
    """US dollars since a moment, for display."""
    row = await database.row(f"select {SPENT} from ledger where at >= ? and not stand_in", (since,))
    return float(row[0]) if row else 0.0


async def orphan(tx: Transaction, process: str) -> int:
    """Mark the reservations of a dead process: they stay charged at the worst case and are shown as unknown."""
    cursor = await tx.execute(
        "update ledger set state = 'unknown', outcome = 'the process ended before the answer was recorded'"
        " where state = 'reserved' and process = ?",
        (process,),
    )
    return cursor.rowcount


async def open_processes(database: Database) -> list[str]:
    return [row[0] for row in await database.rows("select distinct process from ledger where state = 'reserved'")]


async def sent(database: Database, id: int) -> str:
    """The redacted text of one call."""
    row = await database.row("select sent from ledger where id = ?", (id,))
    return zlib.decompress(row[0]).decode() if row else ""


async def of_change(database: Database, change_id: str) -> list[Entry]:
    return [
        _entry(row) for row in await database.rows("select * from ledger where change_id = ? order by id", (change_id,))
    ]


def _entry(row: Row) -> Entry:
    fields = {column: row[column] for column in row.keys() if column != "sent"}  # noqa: SIM118 - a Row iterates values
    return Entry(**fields | {"redacted": json.loads(row["redacted"]), "stand_in": bool(row["stand_in"])})
