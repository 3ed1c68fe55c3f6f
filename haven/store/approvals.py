"""Who approved which commit of a change. A row is a person's word for exactly that commit, and never changes; it goes
where they may not decide any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haven.store import events
from haven.store.database import Database, Transaction, now


@dataclass(frozen=True)
class Approval:
    """One person's word. `principal` is who it was, `name` how they are called."""

    change_id: str
    round: int
    commit_id: str
    principal: str
    name: str
    at: float = 0.0


async def add(tx: Transaction, approval: Approval) -> list[str]:
    """Write it down, once a principal; the ids of all who have now approved this very commit."""
    one = approval
    await tx.execute(
        "insert or ignore into approval (change_id, round, commit_id, principal, name, at) values (?, ?, ?, ?, ?, ?)",
        (one.change_id, one.round, one.commit_id, one.principal, one.name, one.at or now()),
    )
    rows = await tx.execute_fetchall(
        "select principal from approval where change_id = ? and commit_id = ?", (one.change_id, one.commit_id)
    )
    return [row["principal"] for row in rows]


async def lapse(tx: Transaction, change_id: str, commit_id: str, principals: Sequence[str]) -> None:
    """Their words count no more, and each is an event."""
    for one in principals:
        sql = "delete from approval where change_id = ? and commit_id = ? and principal = ?"
        await tx.execute(sql, (change_id, commit_id, one))
        await events.record(tx, "change.approval_lapsed", change_id, who=one, commit=commit_id)


async def of(database: Database, change_id: str, commit_id: str) -> list[Approval]:
    """The approvals of one commit, the first one first."""
    rows = await database.rows(
        "select * from approval where change_id = ? and commit_id = ? order by at, principal", (change_id, commit_id)
    )
    return [Approval(**{name: row[name] for name in row.keys()}) for row in rows]  # noqa: SIM118 - a Row's values
