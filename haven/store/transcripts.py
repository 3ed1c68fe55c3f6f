"""The transcript of the Round Table: its rows, and who may read which."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from haven.store.database import Database, Row, Transaction, now


@dataclass(frozen=True)
class Said:
    """One step of a request, as a message: `who` did `move` to `whom`.

    `words` is what was said and `why` the reason; of a private request neither is kept. `sent`: what left the house.
    """

    request: str
    move: str
    who: str
    whom: str
    person: str
    """The id of the principal whose request it is."""
    assistant: str = ""
    private: bool = False
    words: str = ""
    why: str = ""
    tier: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    sent: str = ""
    at: float = 0.0
    id: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which steps: "" means any. `reader` may see the private steps of their own requests alone; None sees all."""

    reader: str | None
    request: str = ""
    """An id, or its beginning."""
    assistant: str = ""
    person: str = ""
    tier: str = ""
    after: int | None = None
    """Only steps with a higher number, the oldest first; None: the newest of all."""


@dataclass(frozen=True)
class Talk:
    """One request in a line: when, whose, who took it, how it began, and what it cost in US dollars."""

    request: str
    at: float
    person: str
    assistant: str
    private: bool
    words: str
    steps: int
    tiers: str
    usd: float


async def add(tx: Transaction, said: Said) -> int:
    """The number of the new row. Words and reasons of a private step are left out here, whoever calls."""
    row = {field.name: getattr(said, field.name) for field in fields(said) if field.name != "id"}
    row |= {"private": int(said.private), "at": said.at or now()}
    row |= {"words": "", "why": ""} if said.private else {}
    marks = ", ".join("?" * len(row))
    cursor = await tx.execute(f"insert into transcript ({', '.join(row)}) values ({marks})", [*row.values()])
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def steps(database: Database, wanted: Wanted, limit: int = 500) -> list[Said]:
    """The next after `wanted.after` where that is set, else the newest; oldest first either way."""
    where, values = _where(wanted)
    order = "desc" if wanted.after is None else "asc"
    rows = await database.rows(f"select * from transcript where {where} order by id {order} limit ?", [*values, limit])
    return [_said(row) for row in (reversed(rows) if wanted.after is None else rows)]


async def talks(database: Database, wanted: Wanted, limit: int = 50) -> list[Talk]:
    """The newest requests that have such a step, the newest first."""
    where, values = _where(wanted)
    rows = await database.rows(
        "select request, min(at) as at, max(person) as person, max(assistant) as assistant, max(private) as private,"
        " coalesce(max(case when move = 'asks' then words end), '') as words, count(*) as steps,"
        " coalesce(group_concat(distinct nullif(tier, '')), '') as tiers,"
        " sum(case when move = 'sends to' then usd else 0 end) as usd from transcript"
        f" where request in (select request from transcript where {where})"
        " group by request order by min(id) desc limit ?",
        [*values, limit],
    )
    return [Talk(**dict(row) | {"private": bool(row["private"])}) for row in rows]


async def newest(database: Database) -> int:
    """The number of the newest step; 0 before the first."""
    row = await database.row("select coalesce(max(id), 0) from transcript")
    return int(row[0]) if row else 0


async def is_known(database: Database, request: str) -> bool:
    """Whether there is a step of a request with that id, whoever's."""
    return await database.row("select 1 from transcript where request = ? limit 1", (request,)) is not None


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    parts: list[tuple[str, Any]] = [("id > ?", wanted.after or 0)]
    if wanted.reader is not None:
        parts.append(("(not private or person = ?)", wanted.reader))
    if wanted.request:
        parts.append(("instr(request, ?) = 1", wanted.request))
    parts += [(f"{name} = ?", value) for name in ("assistant", "person", "tier") if (value := getattr(wanted, name))]
    return " and ".join(part for part, _ in parts), [value for _, value in parts]


def _said(row: Row) -> Said:
    return Said(**dict(row) | {"private": bool(row["private"])})
