"""What is old goes, what is under way and the accounts stay, and nobody's write waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from haven.settings import Keep
from haven.store import events, jobs, ledger, retention
from haven.store.database import Database, Transaction, now
from haven.store.ledger import DAY_S, Entry

NOW = 1_795_262_400.0
CALL = Entry("p", "discord:7", "a test", "cloud", "m", "r", "0" * 64, 4, 0.5, kind="answer", redacted={"EMAIL": 1})


async def run(database: Database, *statements: str) -> None:
    async def work(tx: Transaction) -> None:
        for statement in statements:
            await tx.execute(statement)

    await database.write(work)


async def ids(database: Database, table: str) -> list[object]:
    return [row[0] for row in await database.rows(f"select * from {table} order by 1")]


def change(id: str, state: str) -> str:
    return (
        "insert into change (id, key, kind, title, request, assistant, reasons, requester, requester_name, face, state,"
        f" target, created_at, updated_at) values ('{id}', '{id}', 'fix', '', '', '', '', '', '', '', '{state}', '',"
        " 0, 0)"
    )


def event(id: int, days: float, subject: str = "x") -> str:
    return f"insert into event values ({id}, {NOW - days * DAY_S}, 'k', '{subject}', 'haven', '{{}}')"


def outcome(id: int, days: float) -> str:
    return (
        "insert into outcome (id, at, principal, face, kind, complexity, hardness, tier, model, prompt_version, score,"
        f" pass_mark) values ({id}, {NOW - days * DAY_S}, 'p', 'cli', 'answer', 'simple', 0, 'local', 'm', '1', 80, 70)"
    )


def held(id: str, state: str, days: float) -> str:
    return (
        "insert into waiting (id, at, principal, face, task, reason, state)"
        f" values ('{id}', {NOW - days * DAY_S}, 'p', 'cli', '{{}}', '', '{state}')"
    )


async def test_old_events_go_but_those_of_changes_under_way_stay(database: Database) -> None:
    await run(database, change("done", "merged"), change("open", "review"), change("stuck", "failed"))
    await run(database, event(1, 31, "done"), event(2, 31, "open"), event(3, 31, "stuck"), event(4, 31), event(5, 29))
    due = await retention.overdue(database, Keep(), NOW)
    assert await retention.sweep(database, Keep(), NOW) == due and due["events"] == 2
    assert await ids(database, "event") == [2, 3, 5]
    await database.write(lambda tx: events.record(tx, "k", "x"))
    assert await events.newest(database) == 6, "numbers go on, so that a face that catches up misses nothing"


async def test_outcomes_go_with_what_people_thought_of_them(database: Database) -> None:
    verdict = "insert into verdict (outcome_id, at, principal, value) values ({0}, 0, 'p', 1)"
    await run(database, outcome(1, 366), outcome(2, 364), verdict.format(1), verdict.format(2))
    step = "insert into learned (id, at, kind, shift, reason) values ({0}, 0, '{1}', 1, '')"
    await run(database, step.format(1, "answer"), step.format(2, "answer"), step.format(3, "code"))
    await retention.sweep(database, Keep(), NOW)
    assert await ids(database, "outcome") == [2] and len(await ids(database, "verdict")) == 1
    assert await ids(database, "learned") == [2, 3], "the pass marks are where they were"


async def test_only_decided_requests_go(database: Database) -> None:
    states = ("asked", "waiting", "answered", "cancelled", "failed")
    await run(database, *(held(f"old {state}", state, 31) for state in states), held("new", "answered", 1))
    await retention.sweep(database, Keep(), NOW)
    assert await ids(database, "waiting") == ["new", "old asked", "old waiting"]


async def test_of_the_ledger_only_the_words_go(database: Database, path: Path) -> None:
    old = await database.write(lambda tx: ledger.insert(tx, CALL, "old words", NOW - 31 * DAY_S))
    new = await database.write(lambda tx: ledger.insert(tx, CALL, "new words", NOW - 29 * DAY_S))
    await database.write(lambda tx: ledger.settle(tx, old, NOW, state="settled", usd=0.2))
    accounts = f"select {ledger.SHOWN} from ledger"
    before = [tuple(row) for row in await database.rows(accounts)]
    assert (await retention.sweep(database, Keep(), NOW))["texts"] == 1
    assert [tuple(row) for row in await database.rows(accounts)] == before
    assert (await ledger.sent(database, old), await ledger.sent(database, new)) == ("", "new words")
    assert await retention.sweep(database, Keep(), NOW) == dict.fromkeys(
        await retention.overdue(database, Keep(), NOW), 0
    )
    for tampering in ("set sent = x'00'", "set sent_sha256 = '', sent = x'789c030000000001'", "set worst_usd = 0"):
        with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.Error, match="only added to"), other:
            other.execute(f"update reservation {tampering}")


async def test_what_faces_keep_of_a_question_goes_with_it(database: Database) -> None:
    card = "insert into card values ('discord.{0}', '{1}', '{{}}', " + str(NOW) + " - {2} * 86400)"
    old = [card.format(face, f"old {face}", 31) for face in ("answer", "talk", "price")]
    drafts = [card.format("draft", "gone", 91), card.format("draft", "there", 91)]
    draft = "insert into world_draft (id, at, by_id, by_name, stranger, face, tool, things)"
    await run(database, *old, *drafts, f"{draft} values ('there', 0, 'p', 'P', 0, 'bot', 'x', '[]')")
    await run(database, card.format("answer", 7, 31), held("open", "waiting", 31), card.format("price", "new", 0.5))
    await run(database, """update waiting set place = '{"channel": 1, "message": 7}'""")
    assert sum((await retention.sweep(database, Keep(), NOW)).values()) == 4
    left = await database.rows("select subject from card order by 1")
    assert [row[0] for row in left] == ["7", "new", "there"], "a question that waits is still asked"


async def test_finished_jobs_go_and_others_stay(database: Database) -> None:
    for key in ("finished", "failed", "due", "again"):
        await database.write(lambda tx, key=key: jobs.add(tx, "k", key, key))  # type: ignore[misc]
    for error in ("", "no"):
        job = await database.write(lambda tx: jobs.claim(tx, "w", 60, ["k"]))
        assert job is not None
        await database.write(lambda tx, job=job, error=error: jobs.finish(tx, job, "w", error))  # type: ignore[misc]
    assert (await retention.sweep(database, Keep(), now()))["jobs"] == 0, "they have only just ended"
    assert (await retention.sweep(database, Keep(), now() + 31 * DAY_S))["jobs"] == 2
    assert [row["subject"] for row in await database.rows("select subject from job order by id")] == ["due", "again"]


async def test_nought_keeps_for_ever(database: Database) -> None:
    await run(database, event(1, 9999), outcome(1, 9999), held("one", "failed", 9999))
    await database.write(lambda tx: ledger.insert(tx, CALL, "words", 0.0))
    assert await retention.sweep(database, Keep(**dict.fromkeys(Keep.model_fields, 0)), NOW) == {"prices": 0}
    assert await ledger.sent(database, 1) == "words"


async def test_others_write_between_its_small_transactions(database: Database) -> None:
    many = retention.BATCH * 5
    await run(database, *(event(number, 40) for number in range(1, many + 1)))
    sweeping = asyncio.create_task(retention.sweep(database, Keep(), NOW))
    left = []

    async def write(tx: Transaction) -> None:
        await tx.execute("insert or replace into note values ('k', 'v')")
        left.extend(count for (count,) in await tx.execute_fetchall("select count(*) from event"))

    while not sweeping.done():
        await database.write(write)
    assert any(0 < one < many for one in left), "somebody else wrote before all of it was done"
    assert (await sweeping)["events"] == many


async def test_alerts_that_are_over_go_and_open_ones_stay(database: Database) -> None:
    def alert(id: str, over: float | None) -> str:
        ended = "null, null" if over is None else f"{NOW - over * DAY_S}, {NOW - over * DAY_S}"
        return (
            "insert into alert (id, cause, level, text, raised_at, cleared_at, clear_told_at)"
            f" values ('{id}', '{id}', 'warning', '', 0, {ended})"
        )

    await run(database, alert("old", 31), alert("new", 29), alert("open", None))
    await retention.sweep(database, Keep(), NOW)
    assert await ids(database, "alert") == ["new", "open"]
