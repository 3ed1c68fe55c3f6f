"""The job queue: work is done once at a time, comes back after a kill, and can be stopped."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from haven.errors import HavenError, StoreError
from haven.jobs import Handler, JobQueue, is_alive, process_identity
from haven.store import jobs as table
from haven.store.database import Database, Row, now, opened
from haven.store.jobs import Job


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "haven.db") as ready:
        yield ready


async def add(database: Database, subject: str = "a", run_at: float = 0.0) -> None:
    await database.write(lambda tx: table.add(tx, "change", subject, f"change:{subject}", run_at))


async def row(database: Database, subject: str = "a") -> Row:
    found = await database.row("select * from job where subject = ?", (subject,))
    assert found is not None
    return found


@asynccontextmanager
async def working(database: Database, handler: Handler, beat_s: float = 10.0) -> AsyncIterator[JobQueue]:
    queue = JobQueue(database, {"change": handler}, beat_s)
    running = asyncio.create_task(queue.run())
    try:
        async with asyncio.timeout(20):
            yield queue
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled(), "the queue ended by itself"


async def until(database: Database, wanted: Callable[[Row], bool], subject: str = "a") -> None:
    """Look after each commit of this process."""
    changed = asyncio.Event()
    database.on_commit(changed.set)
    while not wanted(await row(database, subject)):
        await changed.wait()
        changed.clear()


class Held:
    """A handler that says when it began and waits to be let go."""

    def __init__(self) -> None:
        self.began: asyncio.Queue[Job] = asyncio.Queue()
        self.go_on = asyncio.Event()

    async def __call__(self, job: Job) -> None:
        self.began.put_nowait(job)
        await self.go_on.wait()


async def test_due_work_is_done_one_at_a_time_and_in_order(database: Database) -> None:
    held = Held()
    for subject in "abc":
        await add(database, subject)
    async with working(database, held):
        assert (await held.began.get()).subject == "a"
        assert held.began.empty()
        held.go_on.set()
        assert [(await held.began.get()).subject for _ in range(2)] == ["b", "c"]
        await until(database, lambda job: job["state"] == "done", "c")
    assert await table.waiting(database) == 0


async def test_the_same_key_twice_is_one_job(database: Database) -> None:
    await add(database)
    await add(database)
    assert await table.waiting(database) == 1


async def test_work_added_while_it_runs_runs_once_more(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held):
        await held.began.get()
        await add(database)
        await add(database)
        assert held.began.empty()
        held.go_on.set()
        await held.began.get()
        await until(database, lambda job: job["state"] == "done")
        assert held.began.empty()


async def test_hurry_is_not_lost_on_work_that_is_about_to_wait(database: Database) -> None:
    began, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def waits(job: Job) -> float:
        began.release()
        await go_on.wait()
        return now() + 3600

    await add(database)
    async with working(database, waits):
        await began.acquire()
        await database.write(lambda tx: table.hurry(tx, "a"))
        go_on.set()
        await began.acquire()
        await until(database, lambda job: job["state"] == "due" and job["run_at"] > now())


async def test_work_of_an_unknown_kind_is_left_for_who_knows_it(database: Database) -> None:
    await database.write(lambda tx: table.add(tx, "other", "x", "other:x"))
    held = Held()
    held.go_on.set()
    await add(database)
    async with working(database, held):
        await until(database, lambda job: job["state"] == "done")
    assert (await row(database, "x"))["attempts"] == 0


async def test_a_handler_that_raises_is_recorded_and_the_next_one_runs(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(job: Job) -> None:
        if job.subject == "a":
            raise ZeroDivisionError("by nought")
        if job.subject == "b":
            raise HavenError("It said no.")

    for subject in "abc":
        await add(database, subject)
    async with working(database, fails):
        await until(database, lambda job: job["state"] == "done", "c")
    assert [(await row(database, one))["state"] for one in "ab"] == ["failed", "failed"]
    assert (await row(database, "b"))["error"].endswith("It said no.")
    assert "by nought" in caplog.text


async def test_a_handler_that_found_the_database_locked_comes_back(database: Database) -> None:
    async def locked(job: Job) -> None:
        raise StoreError("The database is locked by another program.")

    await add(database)
    async with working(database, locked):
        await until(database, lambda job: job["state"] == "due" and job["run_at"] > now())


async def test_a_locked_database_at_the_end_of_a_job_does_not_end_the_queue(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "haven.db", busy_s=0)
    held = Held()
    try:
        await add(database)
        await add(database, "b")
        async with working(database, held):
            await held.began.get()
            with closing(sqlite3.connect(tmp_path / "haven.db", isolation_level=None)) as other:
                other.execute("begin immediate")
                held.go_on.set()
                with pytest.raises(StoreError):
                    await add(database, "c")
                other.execute("rollback")
            assert (await held.began.get()).subject == "b"
        assert (await row(database))["state"] in {"running", "due"}, "its lease runs out and it is done again"
    finally:
        await database.close()


async def test_stop_cancels_the_running_handler_and_the_queue_goes_on(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held) as queue:
        await held.began.get()
        queue.stop("other")
        queue.stop("a")
        assert (await held.began.get()).attempts == 2, "it looks once more: the row says what to do"
        held.go_on.set()
        await until(database, lambda job: job["state"] == "done")


async def test_stop_and_shutdown_at_the_same_moment(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held) as queue:
        await held.began.get()
        queue.stop("a")
    assert (await row(database))["state"] == "due"


async def test_shutdown_gives_the_work_back_at_once(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held):
        await held.began.get()
    found = await row(database)
    assert (found["state"], found["leased_by"]) == ("due", None)
    held.go_on.set()
    async with working(database, held):
        await until(database, lambda job: job["state"] == "done")


async def test_shutdown_during_a_claim_leaves_no_lease(database: Database) -> None:
    queue = JobQueue(database, {"change": Held()})
    for moment in range(12):
        await add(database)
        running = asyncio.create_task(queue.run())
        for _ in range(moment):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled() and (await row(database))["state"] == "due"


async def test_work_that_another_process_takes_back_is_stopped(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held, beat_s=0.01):
        await held.began.get()
        await database.write(lambda tx: table.take_back(tx, "a"))
        assert (await held.began.get()).attempts == 2


async def test_a_stop_in_another_process_is_not_left_for_the_next_heartbeat(database: Database) -> None:
    held = Held()
    await add(database)
    async with working(database, held, beat_s=1_000.0):
        await held.began.get()
        await database.write(lambda tx: table.take_back(tx, "a"))
        assert (await held.began.get()).attempts == 2


async def leased_by(database: Database, worker: str, lease_s: float = 1000) -> None:
    await add(database)
    await database.write(lambda tx: table.claim(tx, worker, lease_s, ["change"]))


async def test_work_of_a_dead_process_is_taken_over_at_once(database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        dead.wait()
    await leased_by(database, process_identity().replace(f":{process_identity().split(':')[1]}:", f":{dead.pid}:"))
    held = Held()
    async with working(database, held):
        assert (await held.began.get()).attempts == 2


@pytest.mark.parametrize(("lease_s", "taken"), [(1000.0, False), (-1.0, True)])
async def test_work_of_a_living_process_is_left_while_its_lease_runs(
    database: Database, lease_s: float, taken: bool
) -> None:
    script = "from haven.jobs import process_identity; print(process_identity(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None and other.stdin is not None
        identity = (await asyncio.to_thread(other.stdout.readline)).strip()
        assert is_alive(identity)
        await leased_by(database, identity, lease_s)
        await JobQueue(database, {}).recover()
        claimed = await database.write(lambda tx: table.claim(tx, process_identity(), 30, ["change"]))
        assert (claimed is not None) == taken
        other.stdin.close()
    assert not is_alive(identity)


async def test_a_worker_that_lost_its_lease_changes_nothing(database: Database) -> None:
    await leased_by(database, "slow", -1)
    mine = await database.write(lambda tx: table.claim(tx, "quick", 30, ["change"]))
    assert mine is not None
    writes: list[Callable[..., Awaitable[object]]] = [
        lambda tx: table.finish(tx, mine, "slow", "too late"),
        lambda tx: table.later(tx, mine, "slow", 5.0),
    ]
    for write in writes:
        await database.write(write)
    assert await database.write(lambda tx: table.renew(tx, mine, "slow", 30)) is False
    assert await database.write(lambda tx: table.renew(tx, mine, "quick", 30)) is True
    assert ((await row(database))["state"], (await row(database))["leased_by"]) == ("running", "quick")


@pytest.mark.parametrize("identity", ["", "nonsense", "a:b:c", "?:1:0", f"00000000:{1}:1"])
def test_an_identity_that_is_nobody_is_dead(identity: str) -> None:
    assert not is_alive(identity)
    assert is_alive(process_identity())
