"""What a monitor counts: calls and answers since a row, without anybody's name or words."""

from __future__ import annotations

import json
from dataclasses import dataclass

from haven.store.database import Database, Row


@dataclass(frozen=True)
class Call:
    """A call that left the house; `usd` is what it is charged with, final once it is not `open` any more."""

    id: int
    kind: str
    tier: str
    model: str
    open: bool
    usd: float
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Answer:
    """A task that was answered; `asked`: tier and model of each that was asked, in order; none for a cached reply."""

    id: int
    kind: str
    tier: str
    model: str
    cached: bool
    passed: bool
    asked: tuple[tuple[str, str], ...]
    input_tokens: int
    output_tokens: int
    seconds: float


async def newest(database: Database) -> tuple[int, int]:
    """The newest call's and the newest answer's number; 0 before the first."""
    sql = "select (select coalesce(max(id), 0) from reservation), (select coalesce(max(id), 0) from outcome)"
    row = await database.row(sql)
    assert row is not None
    return row[0], row[1]


async def calls_after(database: Database, id: int) -> list[Call]:
    """Prompts that a person carried by hand are no calls."""
    rows = await database.rows(
        "select id, kind, tier, model, state = 'reserved' as open, charged as usd,"
        " input_tokens + cache_read + cache_write as input_tokens, output_tokens"
        " from ledger where id > ? and state <> 'by hand' order by id",
        (id,),
    )
    return [Call(**dict(row) | {"open": bool(row["open"])}) for row in rows]


async def answers_after(database: Database, id: int) -> list[Answer]:
    rows = await database.rows(
        "select id, kind, tier, model, cached, score >= pass_mark as passed, tried as asked, input_tokens,"
        " output_tokens, seconds from outcome where id > ? order by id",
        (id,),
    )
    return [_answer(row) for row in rows]


def _answer(row: Row) -> Answer:
    asked = tuple((tier, model) for tier, model, _ in json.loads(row["asked"]))
    flags = {name: bool(row[name]) for name in ("cached", "passed")}
    return Answer(**dict(row) | flags | {"asked": asked})


async def held(database: Database) -> dict[str, int]:
    """How many requests are in each state of the waiting room; states without any are left out."""
    rows = await database.rows("select state, count(*) from waiting group by state")
    return {row[0]: row[1] for row in rows}
