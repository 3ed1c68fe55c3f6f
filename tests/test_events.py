"""The bus: every durable event reaches every face once and in order; live ones show the newest."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from haven.events import BACKLOG, Bus, Subscription
from haven.store import events as table
from haven.store.database import Database, opened
from haven.store.events import Event


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "haven.db") as ready:
        yield ready


@pytest.fixture
async def bus(database: Database) -> AsyncIterator[Bus]:
    ready = Bus(database)
    await ready.start()
    running = asyncio.create_task(ready.run())
    yield ready
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


async def tell(database: Database, *subjects: str) -> None:
    for subject in subjects:
        await database.write(lambda tx, subject=subject: table.record(tx, "change.state", subject))  # type: ignore[misc]


async def take(subscription: Subscription, count: int) -> list[str]:
    async with asyncio.timeout(10):
        return [(await anext(subscription)).subject for _ in range(count)]


async def test_every_face_sees_every_durable_event_in_order(database: Database, bus: Bus) -> None:
    with bus.subscribe() as one, bus.subscribe() as two:
        await tell(database, "a", "b", "c")
        assert await take(one, 3) == await take(two, 3) == ["a", "b", "c"]


async def test_an_event_of_another_process_arrives_too(tmp_path: Path, database: Database, bus: Bus) -> None:
    with bus.subscribe() as subscription:
        with closing(sqlite3.connect(tmp_path / "haven.db")) as other:
            other.execute("insert into event (at, kind, subject, actor, data) values (1, 'k', 'far', 'unix:0', '{}')")
            other.commit()
        assert await take(subscription, 1) == ["far"]


async def test_rows_of_another_process_that_nobody_here_can_read_stop_no_event(
    database: Database, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    readable, looked = asyncio.Event(), asyncio.Event()

    async def look() -> list[Event]:
        if not readable.is_set():
            looked.set()
            raise ValueError("a state of a newer Haven")
        return [Event("change.progress", "far", {})]

    bus.beside(look)
    with bus.subscribe() as subscription:
        for subject in ("a", "b", "c"):
            await tell(database, subject)
            assert await take(subscription, 1) == [subject]
            async with asyncio.timeout(10):
                await looked.wait()
            looked.clear()
        readable.set()
        await tell(database, "d")
        assert sorted(await take(subscription, 2)) == ["d", "far"]
    assert len(caplog.records) == 1, "it is in the log, once"


async def test_what_was_before_the_start_is_not_told_again(database: Database) -> None:
    await tell(database, "old")
    bus = Bus(database)
    await bus.start()
    await tell(database, "new")
    with bus.subscribe() as subscription:
        await bus.pump()
        assert await take(subscription, 1) == ["new"]


async def test_a_slow_face_catches_up_and_loses_nothing(database: Database) -> None:
    async def many(tx: object) -> None:
        for number in range(2 * BACKLOG + 7):
            await table.record(tx, "change.state", str(number))  # type: ignore[arg-type]

    bus = Bus(database)
    await bus.start()
    with bus.subscribe() as slow, bus.subscribe() as quick:
        await database.write(many)
        await bus.pump()
        assert len(quick.drain()) == BACKLOG, "its memory is bounded"
        assert await take(slow, BACKLOG + 3) == [str(number) for number in range(BACKLOG + 3)]
        await tell(database, "late")
        await bus.pump()
        rest = await take(slow, BACKLOG + 5)
        assert rest == [*(str(number) for number in range(BACKLOG + 3, 2 * BACKLOG + 7)), "late"]
        await tell(database, "and on")
        await bus.pump()
        assert await take(slow, 1) == ["and on"]


async def test_rows_that_are_gone_do_not_hold_a_slow_face(tmp_path: Path, database: Database) -> None:
    bus = Bus(database)
    with bus.subscribe() as slow:
        for number in range(1, BACKLOG + 9):
            slow.put(table.Event("change.state", str(number), {}, id=number))
        assert len(await take(slow, BACKLOG)) == BACKLOG
        bus.live("change.progress", "x", text="now")
        assert await take(slow, 1) == ["x"]


async def test_only_the_newest_live_event_of_a_subject_waits(bus: Bus) -> None:
    with bus.subscribe() as subscription:
        for text in ("one", "two", "three"):
            bus.live("change.progress", "a", text=text)
        bus.live("change.progress", "b", text="other")
        assert [(event.subject, event.data["text"]) for event in subscription.drain()] == [
            ("a", "three"),
            ("b", "other"),
        ]
        for number in range(2 * BACKLOG):
            bus.live("ask.text", str(number))
        assert len(subscription.drain()) == BACKLOG


async def test_breaking_off_and_going_on_loses_nothing(database: Database, bus: Bus) -> None:
    with bus.subscribe() as subscription:
        await tell(database, "a", "b")
        async for event in subscription:
            assert event.subject == "a"
            break
        waiting = asyncio.ensure_future(anext(subscription))
        assert (await waiting).subject == "b"
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0)
        waiting.cancel()
        await tell(database, "c")
        assert await take(subscription, 1) == ["c"]


async def test_nothing_is_kept_for_a_face_that_left(database: Database, bus: Bus) -> None:
    with bus.subscribe() as gone:
        pass
    with bus.subscribe() as here:
        await tell(database, "a")
        assert await take(here, 1) == ["a"]
    assert gone.drain() == []


async def test_the_history_of_a_subject_is_numbered(database: Database) -> None:
    await tell(database, "a", "b", "a")
    found = await table.of(database, "a")
    assert [event.subject for event in found] == ["a", "a"] and found[0].id < found[1].id
    assert await table.newest(database) == found[-1].id
    assert [event.subject for event in await table.since(database, found[0].id)] == ["b", "a"]
