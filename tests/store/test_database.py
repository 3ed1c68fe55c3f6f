"""One writer, whole transactions: nobody's failure takes somebody else's row, and what was acknowledged is on disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from haven.errors import Conflict, StoreError
from haven.store import check, notes
from haven.store.database import Database, Transaction, explain, newest_schema, opened

TWO_OF_TEN = """
import asyncio, sys
from pathlib import Path
from haven.store import notes
from haven.store.database import opened

async def main():
    async with opened(Path(sys.argv[1])) as database:
        for number in range(20):
            await notes.put(database, f"{sys.argv[2]}-{number}", "kept")

asyncio.run(main())
"""


def raw(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program sees."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def put(tx: Transaction, key: str) -> str:
    await tx.execute("insert into note values (?, 'kept')", (key,))
    return key


async def test_what_is_acknowledged_is_seen_by_others_at_once(path: Path, database: Database) -> None:
    await database.write(lambda tx: put(tx, "a"))
    assert raw(path, "select key from note") == [("a",)]
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_one_failing_work_leaves_the_others_of_its_commit(path: Path, database: Database) -> None:
    async def refused(tx: Transaction) -> None:
        await put(tx, "half")
        raise Conflict("Somebody was first.")

    async def broken(tx: Transaction) -> None:
        await put(tx, "half too")
        await tx.execute("insert into no_such_table values (1)")

    results = await asyncio.gather(
        database.write(lambda tx: put(tx, "first")),
        database.write(refused),
        database.write(lambda tx: put(tx, "first")),
        database.write(broken),
        database.write(lambda tx: put(tx, "last")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [str, Conflict, StoreError, StoreError, str]
    assert raw(path, "select key from note order by key") == [("first",), ("last",)]


async def test_works_that_wait_together_share_one_commit(database: Database) -> None:
    commits = []
    database.on_commit(lambda: commits.append(1))
    await asyncio.gather(*(database.write(lambda tx, n=n: put(tx, str(n))) for n in range(50)))  # type: ignore[misc]
    assert len(commits) == 1


async def test_a_quiet_write_wakes_nobody_unless_another_shares_its_commit(path: Path, database: Database) -> None:
    commits, all_commits = list[int](), list[int]()
    database.on_commit(lambda: commits.append(1))
    database.on_commit(lambda: all_commits.append(1), quiet=True)
    await database.write(lambda tx: put(tx, "alone"), quiet=True)
    assert commits == [] and raw(path, "select key from note") == [("alone",)]
    database.soon(lambda tx: put(tx, "an event"))
    await database.write(lambda tx: put(tx, "with it"), quiet=True)
    assert commits == [1]
    await database.write(lambda tx: put(tx, "alone again"), quiet=True)
    assert commits == [1] and all_commits == [1, 1, 1]


async def test_what_may_wait_a_moment_shares_the_next_commit_in_order(path: Path, database: Database) -> None:
    commits = []
    database.on_commit(lambda: commits.append(1))
    ended = database.soon(lambda tx: put(tx, "first"))
    count = await database.write(lambda tx: tx.execute_fetchall("select count(*) from note"))
    assert ended.result() == "first" and tuple(count[0]) == (1,) and len(commits) == 1


async def test_what_may_wait_a_moment_is_written_without_company_and_at_the_end(path: Path) -> None:
    async with opened(path) as database:
        assert await database.soon(lambda tx: put(tx, "alone")) == "alone"
        last = database.soon(lambda tx: put(tx, "last"))
    assert last.result() == "last"
    assert raw(path, "select key from note order by key") == [("alone",), ("last",)]


async def test_a_work_that_waits_for_something_else_is_refused_and_leaves_nothing(
    path: Path, database: Database
) -> None:
    async def waits(tx: Transaction) -> None:
        await put(tx, "half")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="may wait for nothing"):
        await database.write(waits)
    await database.write(lambda tx: put(tx, "next"))
    assert raw(path, "select key from note") == [("next",)]


async def test_a_cancelled_caller_does_not_tear_the_transaction(path: Path, database: Database) -> None:
    half, go_on = threading.Event(), threading.Event()

    async def slow(tx: Transaction) -> None:
        await put(tx, "before")
        half.set()
        go_on.wait()
        await put(tx, "after")

    caller = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(half.wait)
    other = asyncio.create_task(database.write(lambda tx: put(tx, "other")))
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await other
    assert raw(path, "select key from note order by key") == [("after",), ("before",), ("other",)]


async def test_closing_finishes_what_is_queued_even_when_it_is_cancelled(path: Path) -> None:
    database = await Database.open(path)
    half, go_on = threading.Event(), threading.Event()

    async def slow(tx: Transaction) -> None:
        half.set()
        go_on.wait()
        await put(tx, "kept")

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(half.wait)
    closing_it = asyncio.create_task(database.close())
    go_on.set()
    await writing
    closing_it.cancel()
    await asyncio.gather(closing_it, return_exceptions=True)
    assert raw(path, "select key from note") == [("kept",)]
    with pytest.raises(StoreError, match="shutting down"):
        await database.write(lambda tx: put(tx, "late"))


async def test_a_locked_database_says_so_and_recovers(path: Path) -> None:
    database = await Database.open(path, busy_s=0)
    told = []
    database.on_commit(lambda: told.append(1))
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            with pytest.raises(StoreError, match="locked by another program"):
                await database.write(lambda tx: put(tx, "a"))
            assert told == []
            other.execute("rollback")
        await database.write(lambda tx: put(tx, "b"))
        assert raw(path, "select key from note") == [("b",)]
    finally:
        await database.close()


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError):
        await database.rows("insert into note values ('a', 'b')")


async def test_a_database_of_a_newer_haven_is_left_alone(path: Path) -> None:
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma user_version={newest_schema() + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Haven"):
        await Database.open(path)
    with pytest.raises(StoreError, match="newer Haven"):
        await check.quick_check(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"My holiday photographs. " * 100)
    with pytest.raises(StoreError, match="damaged"):
        await Database.open(path)
    with pytest.raises(StoreError, match="damaged"):
        await check.quick_check(path)
    assert path.read_bytes().startswith(b"My holiday")


async def test_a_folder_in_its_place_is_one_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="can't be written"):
        await Database.open(path)


async def test_two_processes_make_and_write_the_same_new_database(path: Path) -> None:
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", TWO_OF_TEN, str(path), name, env=os.environ)
        for name in ("one", "two", "three")
    ]
    assert [await worker.wait() for worker in workers] == [0, 0, 0]
    assert raw(path, "select count(*) from note") == [(60,)]
    assert await check.quick_check(path) == "It is whole."


async def test_several_programs_may_begin_on_a_new_database_at_once(tmp_path: Path) -> None:
    for number in range(10):
        opened = await asyncio.gather(*(Database.open(tmp_path / str(number) / "haven.db") for _ in range(4)))
        for database in opened:
            await database.close()


async def test_the_check_changes_nothing_and_makes_nothing(path: Path, database: Database) -> None:
    assert await check.quick_check(path) == "It is whole."
    missing = path.parent / "other.db"
    with pytest.raises(StoreError):
        await check.quick_check(missing)
    assert not missing.exists()


@pytest.mark.parametrize("look", [check.quick_check, check.has_owner])
def test_a_look_at_what_is_not_there_leaves_no_thread_behind(tmp_path: Path, look: Any) -> None:
    """Its answer would come to an event loop that has ended, and end in a traceback on somebody's terminal."""
    before = threading.active_count()
    for _ in range(20):
        with pytest.raises(StoreError), asyncio.Runner() as runner:
            runner.run(look(tmp_path / "none.db"))
        assert threading.active_count() == before


async def test_a_full_disk_says_so_and_keeps_what_was_there(path: Path, database: Database) -> None:
    await notes.put(database, "a", "kept")

    async def limit(tx: Transaction) -> None:
        await tx.execute("pragma max_page_count=1")

    await database.write(limit)
    full, other = await asyncio.gather(
        notes.put(database, "big", "x" * 10_000_000), notes.get(database, "a"), return_exceptions=True
    )
    assert isinstance(full, StoreError) and "full" in str(full)
    assert other == "kept" and raw(path, "select key from note") == [("a",)]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "full"),
        (OSError(30, "Read-only file system"), "can't be written"),
        (PermissionError(1, "Operation not permitted"), "can't be written"),
        (sqlite3.OperationalError("disk I/O error"), "failing"),
        (sqlite3.OperationalError("something new"), "something new"),
    ],
)
def test_every_failure_is_a_sentence(error: Exception, said: str) -> None:
    assert said in explain(error).full


def test_a_killed_writer_leaves_whole_works_only(path: Path) -> None:
    script = TWO_OF_TEN.replace("    asyncio.run", "asyncio.run").replace(
        'await notes.put(database, f"{sys.argv[2]}-{number}", "kept")',
        'await notes.put(database, f"{sys.argv[2]}-{number}", "kept"); print(number, flush=True)',
    )
    worker = subprocess.Popen([sys.executable, "-c", script, str(path), "one"], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker, worker.stdout as out:
        acknowledged = [out.readline() for _ in range(3)]
        worker.kill()
    copy = shutil.copytree(path.parent, path.parent.parent / "after") / path.name
    assert len(acknowledged) == 3 and raw(copy, "select count(*) >= 3 from note") == [(1,)]
