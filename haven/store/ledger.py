"""The ledger's rows: every call that leaves the house, and what it cost. Rows are only ever added.

`reservation` is written before a call leaves and `settlement` when it has ended; the view `ledger` shows both.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from haven.store.database import Database, Row, Transaction, now

DAY_S = 86_400
"""Days are counted from 1970 in UTC, so that no change of the clocks makes one longer or shorter."""
SHOWN = (
    "id, at, process, state, principal, request, change_id, round, kind, purpose, tier, model, recipient, stand_in,"
    " sent_sha256, sent_chars, redacted, worst_usd, usd, input_tokens, output_tokens, cache_read, cache_write,"
    " seconds, outcome, charged"
)
"""All but the text itself."""


@dataclass(frozen=True)
class Entry:
    """One call. `usd` is None until it is settled; `charged` is what caps count (the worst case until then)."""

    process: str
    principal: str
    purpose: str
    tier: str
    model: str
    recipient: str
    sent_sha256: str
    sent_chars: int
    worst_usd: float
    kind: str = ""
    request: str = ""
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
    charged: float = 0.0
    id: int = 0
    at: float = 0.0


@dataclass(frozen=True)
class Cell:
    """Calls that have these in common, added up; `unknown` of them are charged at their worst case."""

    day: int
    principal: str
    kind: str
    purpose: str
    tier: str
    model: str
    stand_in: bool
    calls: int
    unknown: int
    charged: float
    input_tokens: int
    output_tokens: int


async def insert(tx: Transaction, entry: Entry, sent: str, at: float) -> int:
    """Write the row before the call leaves; `sent` is the redacted text, kept compressed."""
    columns = {
        "at": at,
        "process": entry.process,
        "principal": entry.principal,
        "request": entry.request,
        "change_id": entry.change_id,
        "round": entry.round,
        "kind": entry.kind,
        "purpose": entry.purpose,
        "tier": entry.tier,
        "model": entry.model,
        "recipient": entry.recipient,
        "stand_in": int(entry.stand_in),
        "sent": zlib.compress(sent.encode()),
        "sent_sha256": entry.sent_sha256,
        "sent_chars": entry.sent_chars,
        "redacted": json.dumps(entry.redacted),
        "worst_usd": entry.worst_usd,
    }
    return await _added(tx, "reservation", columns)


async def settle(tx: Transaction, id: int, at: float, **fields: Any) -> None:
    """Say how a call ended, with its true figures; only the first word on a call counts."""
    await _added(tx, "settlement", {"id": id, "at": at, **fields})


async def worst(tx: Transaction, id: int) -> float:
    """US dollars that one call was reserved with."""
    return await _number(tx, "select coalesce(max(worst_usd), 0) from reservation where id = ?", id)


async def newest(tx: Transaction) -> float:
    """When the newest call was reserved; 0 before the first."""
    return await _number(tx, "select coalesce(max(at), 0) from reservation")


async def spent(tx: Transaction, first_day: int, *, principal: str | None = None) -> float:
    """US dollars charged since the begin of a day, all people together or one; the stand-in's calls count nothing."""
    if principal is None:
        return await _number(tx, "select coalesce(sum(usd), 0) from spending where day >= ?", first_day)
    sql = "select coalesce(sum(usd), 0) from spending where day >= ? and principal = ?"
    return await _number(tx, sql, first_day, principal)


async def spent_by_change(tx: Transaction, change_id: str) -> float:
    return await _number(tx, "select coalesce(sum(charged), 0) from ledger where change_id = ?", change_id)


async def spent_by_request(tx: Transaction, request: str) -> float:
    sql = "select coalesce(sum(charged), 0) from ledger where request = ? and request <> ''"
    return await _number(tx, sql, request)


async def orphan(tx: Transaction, process: str) -> int:
    """Mark the reservations of a dead process: they stay charged at the worst case and are shown as unknown."""
    said = "the process ended before the answer was recorded"
    left = list(await tx.execute_fetchall("select id from open_call where process = ?", (process,)))
    for row in left:
        await settle(tx, row[0], now(), state="unknown", outcome=said)
    return len(left)


async def open_processes(database: Database) -> list[str]:
    """The processes that have calls under way, or died over them."""
    return [row[0] for row in await database.rows("select distinct process from open_call")]


async def sent(database: Database, id: int) -> str:
    """The redacted text of one call."""
    row = await database.row("select sent from reservation where id = ?", (id,))
    return zlib.decompress(row[0]).decode() if row else ""


async def of_change(database: Database, change_id: str) -> list[Entry]:
    rows = await database.rows(f"select {SHOWN} from ledger where change_id = ? order by id", (change_id,))
    return [_entry(row) for row in rows]


async def of_request(database: Database, request: str) -> list[Entry]:
    """What left for one request, oldest first."""
    sql = f"select {SHOWN} from ledger where request = ? and request <> '' order by id"
    rows = await database.rows(sql, (request,))
    return [_entry(row) for row in rows]


async def calls(database: Database, since: float, until: float) -> list[Entry]:
    """Every call that was reserved in that time, oldest first."""
    sql = f"select {SHOWN} from ledger where at >= ? and at < ? order by id"
    return [_entry(row) for row in await database.rows(sql, (since, until))]


async def cells(database: Database, since: float, until: float) -> list[Cell]:
    """The same, added up by all that they have in common; prompts carried by hand are left out, they cost nothing."""
    sql = (
        f"select cast(at / {DAY_S} as integer) as day, principal, kind, purpose, tier, model, stand_in,"
        " count(*) as calls, sum(state in ('reserved', 'unknown')) as unknown, sum(charged) as charged,"
        " sum(input_tokens + cache_read + cache_write) as input_tokens, sum(output_tokens) as output_tokens"
        " from ledger where at >= ? and at < ? and state <> 'by hand' group by 1, 2, 3, 4, 5, 6, 7 order by 1"
    )
    rows = await database.rows(sql, (since, until))
    return [Cell(**dict(row) | {"stand_in": bool(row["stand_in"])}) for row in rows]


async def by_day(database: Database, first_day: int) -> dict[int, float]:
    """US dollars charged each day since one; days without a call are left out."""
    rows = await database.rows("select day, sum(usd) from spending where day >= ? group by day", (first_day,))
    return {row[0]: row[1] for row in rows}


async def first_day(database: Database) -> int | None:
    """The day of the first call that counted, or None before it."""
    row = await database.row("select min(day) from spending")
    return row[0] if row else None


async def _added(tx: Transaction, table: str, columns: dict[str, Any]) -> int:
    marks = ", ".join("?" * len(columns))
    cursor = await tx.execute(f"insert into {table} ({', '.join(columns)}) values ({marks})", [*columns.values()])
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def _number(tx: Transaction, sql: str, *values: Any) -> float:
    return float(next(iter(await tx.execute_fetchall(sql, values)))[0])


def _entry(row: Row) -> Entry:
    fields = dict(row)
    return Entry(**fields | {"redacted": json.loads(row["redacted"]), "stand_in": bool(row["stand_in"])})
