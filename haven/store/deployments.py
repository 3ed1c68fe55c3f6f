"""How merged changes go live: one row a merge, and the job that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from haven.store import jobs
from haven.store.database import Database, Row, Transaction, now

JOB = "deploy"
State = Literal["due", "running", "ill", "live", "failed"]
"""`ill`: it went wrong, and its undo is to be ordered."""
WORKING = "('queued', 'planning', 'editing', 'testing', 'merging')"
"""States in which a change goes on by itself now."""


@dataclass(frozen=True)
class Deployment:
    """`said` is how it went, in a sentence."""

    change_id: str
    at: float
    state: State
    said: str = ""


async def queue(tx: Transaction, change_id: str) -> None:
    """In the transaction of the merge; a second time is the same one."""
    await tx.execute("insert or ignore into deployment (change_id, at, state) values (?, ?, 'due')", (change_id, now()))
    await jobs.add(tx, JOB, change_id, f"{JOB}:{change_id}")


async def put(tx: Transaction, change_id: str, state: State, said: str) -> None:
    values = (now(), state, said, change_id)
    await tx.execute("update deployment set at = ?, state = ?, said = ? where change_id = ?", values)


async def of(database: Database, change_id: str) -> Deployment | None:
    row = await database.row("select * from deployment where change_id = ?", (change_id,))
    return _deployment(row) if row else None


async def live_since(database: Database, change_id: str) -> str:
    """A change that was merged after this one and is live: this one is in it. "" where there is none."""
    row = await database.row(
        "select change_id from deployment where state = 'live'"
        " and rowid > (select rowid from deployment where change_id = ?) order by rowid desc limit 1",
        (change_id,),
    )
    return str(row[0]) if row else ""


async def being_undone(database: Database) -> list[tuple[str, str]]:
    """Merged changes that were not healthy, oldest first, each with the change that is to take it back."""
    over = "('merged', 'rejected', 'cancelled', 'failed', 'reverted')"
    rows = await database.rows(
        "select merged.id, undo.id from deployment join change merged on merged.id = change_id"
        f" join change undo on undo.undoes = merged.id and undo.state not in {over}"
        " where deployment.state in ('ill', 'failed') and merged.state = 'merged' order by deployment.at"
    )
    return [(row[0], row[1]) for row in rows]


async def under_way(database: Database, change_id: str) -> bool:
    """Whether a merged change is still on its way to its users, or is being taken back because it was not healthy."""
    row = await database.row(
        "select 1 from change left join deployment on change_id = change.id where (change.id = :id or undoes = :id)"
        " and (deployment.state in ('due', 'running', 'ill')"
        f" or (undoes = :id and change.state in {WORKING})) limit 1",
        {"id": change_id},
    )
    return row is not None


def _deployment(row: Row) -> Deployment:
    return Deployment(row["change_id"], row["at"], row["state"], row["said"])
