"""The ledger's tables themselves: rows are only added, whoever writes, and what is derived from them stays true."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from haven.store import ledger
from haven.store.database import Database
from haven.store.ledger import Entry

NOON = 1_795_262_400.0
CALL = Entry("p", "discord:7", "a test", "cloud", "m", "r", "0" * 64, 4, 0.5, kind="answer", redacted={"EMAIL": 1})


async def add(database: Database, entry: Entry = CALL, at: float = NOON) -> int:
    return await database.write(lambda tx: ledger.insert(tx, entry, "text", at))


async def end(database: Database, id: int, **fields: Any) -> None:
    await database.write(lambda tx: ledger.settle(tx, id, NOON, **fields))


@pytest.mark.parametrize(
    "statement",
    [
        "update reservation set worst_usd = 0",
        "update settlement set usd = 0",
        "delete from reservation",
        "delete from settlement",
        "insert or replace into reservation select * from reservation",
        "update ledger set usd = 0",
        "delete from ledger",
        "insert into settlement (id, at, state, usd) values (99, 0, 'settled', 0)",
        "insert into settlement (id, at, state, usd) values (2, 0, 'settled', -1)",
        "insert into settlement (id, at, state) values (2, 0, 'settled')",
    ],
)
async def test_no_row_is_ever_changed_or_removed(database: Database, path: Path, statement: str) -> None:
    await end(database, await add(database), state="settled", usd=0.2)
    await add(database)
    before = [tuple(row) for row in await database.rows("select * from ledger")]
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.Error):
        other.execute("pragma foreign_keys = on")
        with other:
            other.execute(statement)
    assert [tuple(row) for row in await database.rows("select * from ledger")] == before
    assert sum((await ledger.by_day(database, 0)).values()) == pytest.approx(0.7)


@pytest.mark.parametrize("how", ["insert into", "insert or replace into"])
async def test_the_first_word_on_a_call_counts(database: Database, path: Path, how: str) -> None:
    id = await add(database)
    await end(database, id, state="unknown", outcome="broke off")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(f"{how} settlement (id, at, state, usd) values (?, 0, 'settled', 0)", (id,))
    [row] = await database.rows("select state, charged from ledger")
    assert tuple(row) == ("unknown", 0.5)
    assert sum((await ledger.by_day(database, 0)).values()) == pytest.approx(0.5)


@pytest.mark.parametrize("worst", [-0.01, float("nan")])
async def test_a_worst_case_that_is_no_amount_is_refused(database: Database, worst: float) -> None:
    with pytest.raises(Exception, match="database failed"):
        await add(database, Entry(**vars(CALL) | {"worst_usd": worst}))
    assert await database.rows("select id from ledger") == []


async def test_calls_are_read_back_as_they_were_written(database: Database) -> None:
    change = Entry(**vars(CALL) | {"change_id": "abc", "round": 2, "request": "r1"})
    id = await add(database, change)
    await end(database, id, state="settled", usd=0.25, input_tokens=3, cache_read=4, output_tokens=5, seconds=1.5)
    [seen] = await ledger.of_change(database, "abc")
    assert (seen.round, seen.request, seen.redacted, seen.usd, seen.charged) == (2, "r1", {"EMAIL": 1}, 0.25, 0.25)
    assert seen == (await ledger.calls(database, NOON, NOON + 1))[0]
    assert await ledger.sent(database, id) == "text"
    [cell] = await ledger.cells(database, 0, NOON + 1)
    assert (cell.calls, cell.unknown, cell.charged, cell.input_tokens, cell.output_tokens) == (1, 0, 0.25, 7, 5)


async def test_only_the_open_calls_of_a_dead_process_become_unknown(database: Database) -> None:
    settled, left = await add(database), await add(database)
    other = await add(database, Entry(**vars(CALL) | {"process": "q"}))
    await end(database, settled, state="settled", usd=0.1)
    assert sorted(await ledger.open_processes(database)) == ["p", "q"]
    assert await database.write(lambda tx: ledger.orphan(tx, "p")) == 1
    states = {row[0]: row[1] for row in await database.rows("select id, state from ledger")}
    assert states == {settled: "settled", left: "unknown", other: "reserved"}
    assert await ledger.open_processes(database) == ["q"]
