"""The job table: lease, attempts, one row a key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from haven.store.database import Database, Row, Transaction, now


@dataclass(frozen=True)
class Job:
    id: int
    kind: str
    subject: str
    key: str
    run_at: float
    attempts: int


async def add(tx: Transaction, kind: str, subject: str, key: str, run_at: float = 0.0) -> None:
    """Queue work inside the transaction that makes it necessary.

    The same key twice is one job; added while it runs, it runs once more afterwards.
    """
    await tx.execute(
        "insert into job (kind, subject, key, run_at) values (?, ?, ?, ?) on conflict (key) do update set"
        " run_at = excluded.run_at, again = (state = 'running'),"
        " state = case state when 'running' then 'running' else 'due' end",
        (kind, subject, key, run_at),
    )


async def claim(tx: Transaction, worker: str, lease_s: float, kinds: Collection[str]) -> Job | None:
    """Lease the job of these kinds that is due first, or one whose lease ran out."""
    at = now()
    marks = ",".join("?" * len(kinds))
    rows = await tx.execute_fetchall(
        "update job set state = 'running', attempts = attempts + 1, leased_by = ?, leased_until = ? where id ="
        " (select id from job where ((state = 'due' and run_at <= ?) or (state = 'running' and leased_until < ?))"
        f" and kind in ({marks}) order by run_at, id limit 1) returning *",
        (worker, at + lease_s, at, at, *kinds),
    )
    for row in rows:
        return _job(row)
    return None


async def renew(tx: Transaction, job: Job, worker: str, lease_s: float) -> bool:
    """Heartbeat; False where another worker has taken the job."""
    cursor = await tx.execute(
        "update job set leased_until = ? where id = ? and leased_by = ? and state = 'running'",
        (now() + lease_s, job.id, worker),
    )
    return cursor.rowcount == 1


async def holds(database: Database, job: Job, worker: str) -> bool:
    """Whether the lease is still the worker's."""
    sql = "select 1 from job where id = ? and leased_by = ? and state = 'running'"
    return await database.row(sql, (job.id, worker)) is not None


async def finish(tx: Transaction, job: Job, worker: str, error: str = "") -> None:
    """The end of a job; its `run_at` then tells when that was, and it is forgotten after a time."""
    await tx.execute(
        "update job set state = case again when 1 then 'due' else ? end, error = ?,"
        " run_at = case again when 1 then run_at else ? end, again = 0,"
        " leased_by = null, leased_until = null where id = ? and leased_by = ?",
        ("failed" if error else "done", error, now(), job.id, worker),
    )


async def later(tx: Transaction, job: Job, worker: str, run_at: float) -> None:
    """Give the job back to run at `run_at`."""
    await tx.execute(
        "update job set state = 'due', run_at = case again when 1 then run_at else ? end, again = 0,"
        " leased_by = null, leased_until = null where id = ? and leased_by = ?",
        (run_at, job.id, worker),
    )


async def hurry(tx: Transaction, subject: str) -> None:
    """Make a subject's waiting job due now; where it runs, it runs once more afterwards."""
    await tx.execute(
        "update job set run_at = 0, again = (state = 'running') where subject = ? and state in ('due', 'running')",
        (subject,),
    )


async def drop(tx: Transaction, kind: str, subject: str) -> None:
    """What has not begun need not be done any more."""
    await tx.execute("update job set state = 'done' where kind = ? and subject = ? and state = 'due'", (kind, subject))


async def take_back(tx: Transaction, subject: str) -> None:
    """End the lease of a subject's running job: whoever runs it stops at the next heartbeat."""
    await tx.execute(
        "update job set state = 'due', run_at = 0, leased_by = null, leased_until = null"
        " where subject = ? and state = 'running'",
        (subject,),
    )


async def release(tx: Transaction, worker: str) -> None:
    """Free every job leased by a worker that is known to be dead."""
    await tx.execute(
        "update job set state = 'due', leased_by = null, leased_until = null where leased_by = ? and state = 'running'",
        (worker,),
    )


async def workers(database: Database) -> list[str]:
    """Who holds a lease now."""
    return [row[0] for row in await database.rows("select distinct leased_by from job where state = 'running'")]


async def elsewhere(database: Database, kind: str, worker: str) -> list[str]:
    """The subjects whose job of that kind another worker holds."""
    sql = "select subject from job where state = 'running' and kind = ? and leased_by <> ?"
    return [row[0] for row in await database.rows(sql, (kind, worker))]


async def next_due(database: Database, kinds: Collection[str]) -> float | None:
    """When the next job of these kinds is due or its lease ends; None where nothing waits."""
    marks = ",".join("?" * len(kinds))
    row = await database.row(
        "select min(case state when 'due' then run_at else leased_until end) from job"
        f" where state in ('due', 'running') and kind in ({marks})",
        list(kinds),
    )
    return row[0] if row else None


async def waiting(database: Database) -> int:
    row = await database.row("select count(*) from job where state in ('due', 'running')")
    return int(row[0]) if row else 0


async def counts(database: Database) -> tuple[int, int]:
    """How many jobs run, and how many wait for their turn or their time."""
    found = await database.rows("select state, count(*) from job where state in ('due', 'running') group by state")
    number = {row[0]: int(row[1]) for row in found}
    return number.get("running", 0), number.get("due", 0)


async def due(database: Database, at: float) -> list[int]:
    """The numbers of the jobs that could run at the moment `at` and have not begun."""
    return [row[0] for row in await database.rows("select id from job where state = 'due' and run_at <= ?", (at,))]


async def ahead(database: Database, kind: str, subject: str) -> int | None:
    """How many jobs of its kind come before a subject's; None where it has none that waits for its turn."""
    row = await database.row(
        "select (select count(*) from job other where other.kind = own.kind and (other.state = 'running'"
        " or other.state = 'due' and (other.run_at, other.id) < (own.run_at, own.id)))"
        " from job own where own.kind = ? and own.subject = ? and own.state = 'due'",
        (kind, subject),
    )
    return int(row[0]) if row else None


def _job(row: Row) -> Job:
    return Job(row["id"], row["kind"], row["subject"], row["key"], row["run_at"], row["attempts"])


@dataclass(frozen=True)
class Standing:
    """How it stands with a job: `state` is due, running or failed; `run_at`: due since then or from then on, or failed
    then."""

    id: int
    kind: str
    subject: str
    state: str
    run_at: float
    attempts: int
    error: str


async def standing(database: Database, limit: int) -> list[Standing]:
    """What runs, then what waits in the order of its turn, then what failed, the newest first."""
    rows = await database.rows(
        "select id, kind, subject, state, run_at, attempts, error from job where state in ('running', 'due', 'failed')"
        " order by case state when 'running' then 0 when 'due' then 1 else 2 end,"
        " case state when 'failed' then -run_at else run_at end, id limit ?",
        (limit,),
    )
    return [Standing(*row) for row in rows]
