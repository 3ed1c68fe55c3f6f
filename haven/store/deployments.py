"""How merged changes go live: one row a merge, and the job that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from haven.store import jobs
from haven.store.database import Database, Row, Transaction, now

JOB = "deploy"
State = Literal["due", "running", "live", "failed"]


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


async def failed_and_merged(database: Database) -> list[Deployment]:
    """Those that were not healthy and are not undone yet, oldest first."""
    rows = await database.rows(
        "select deployment.* from deployment join change on change.id = change_id"
        " where deployment.state = 'failed' and change.state = 'merged' order by deployment.at"
    )
    return [_deployment(row) for row in rows]


def _deployment(row: Row) -> Deployment:
    return Deployment(row["change_id"], row["at"], row["state"], row["said"])
