"""Changes and their rounds: the rows are the truth."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from haven.errors import Conflict, NotFound
from haven.store.database import Database, Row, Transaction, now

JSON_COLUMNS = frozenset({"reasons", "plan", "context", "proposal", "route", "tests", "summary", "seconds", "notes"})


@dataclass(frozen=True)
class Change:
    """One requested code change."""

    id: str
    key: str
    kind: str
    title: str
    request: str
    assistant: str
    reasons: list[str]
    requester: str
    requester_name: str
    face: str
    state: str
    target: str
    reason: str = ""
    resume: str = ""
    retry_at: float | None = None
    attempts: int = 0
    round: int = 1
    base: str = ""
    branch: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    merged: str = ""
    decided_by: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    merged_onto: str = ""
    """What the target was before the merge."""
    candidate: str = ""
    """What the target was about to become, when a merge was last begun."""
    undoes: str = ""
    """The change that this one takes back."""
    pruned_at: float | None = None
    evidence: str = ""
    """The log that came with it: redacted and cut."""
    stop: str = ""
    """The id of who wants it to stop where it is; "" while nobody does."""


@dataclass(frozen=True)
class Round:
    """One attempt inside a change. `proposal` is None until a reply has come."""

    change_id: str
    number: int
    cause: str
    instruction: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    proposal: dict[str, Any] | None = None
    route: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    commit_id: str = ""
    notes: list[str] = field(default_factory=list)
    """Where an edit matched only roughly."""
    tests: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    ended: str = ""
    bad_replies: int = 0
    """Replies of this round that could not be used."""
    base: str = ""
    """Where the change has moved on to a newer base since: what the commit of this round was made for."""
    seconds: dict[str, float] = field(default_factory=dict)
    by_id: str = ""
    """Whose words it was asked for with, where it was not with the request's."""


async def insert(tx: Transaction, change: Change) -> None:
    at = now()
    await tx.execute(
        "insert into change (id, key, kind, title, request, assistant, reasons, requester, requester_name, face, state,"
        " target, evidence, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(change.id, change.key, change.kind, change.title, change.request, change.assistant),
            *(json.dumps(change.reasons), change.requester, change.requester_name, change.face, change.state),
            *(change.target, change.evidence, at, at),
        ),
    )


async def free_id(tx: Transaction) -> str:
    """Six hex digits that no change has: short enough to type."""
    while True:
        id = secrets.token_hex(3)
        if not list(await tx.execute_fetchall("select 1 from change where id = ?", (id,))):
            return id


async def by_key(tx: Transaction, key: str) -> Change | None:
    for row in await tx.execute_fetchall("select * from change where key = ?", (key,)):
        return _change(row)
    return None


async def with_key(database: Database, key: str) -> Change | None:
    """The change that was asked for under this key, if one was."""
    row = await database.row("select * from change where key = ?", (key,))
    return _change(row) if row else None


async def undo_of(tx: Transaction, id: str) -> Change | None:
    """The change that takes this one back, unless it came to nothing."""
    ended = "state not in ('rejected', 'cancelled', 'failed')"
    for row in await tx.execute_fetchall(f"select * from change where undoes = ? and {ended}", (id,)):
        return _change(row)
    return None


async def count_of(tx: Transaction, requester: str, states: Iterable[str]) -> int:
    """How many changes one person has in these states."""
    wanted = list(states)
    marks = ",".join("?" * len(wanted))
    sql = f"select count(*) as number from change where requester = ? and state in ({marks})"
    return int(next(iter(await tx.execute_fetchall(sql, (requester, *wanted))))["number"])


async def count_since(tx: Transaction, requester: str, at: float) -> int:
    """How many changes one person has asked for since then, whatever became of them."""
    sql = "select count(*) as number from change where requester = ? and created_at > ?"
    return int(next(iter(await tx.execute_fetchall(sql, (requester, at))))["number"])


async def get_in(tx: Transaction, id: str) -> Change:
    """As `get`, for one that is known to be there, inside a transaction."""
    return next(_change(row) for row in await tx.execute_fetchall("select * from change where id = ?", (id,)))


async def get(database: Database, id: str) -> Change:
    """Raises NotFound."""
    row = await database.row("select * from change where id = ?", (id.strip().lower(),))
    if row is None:
        raise NotFound(f"There is no change {id!r}.", "`haven change list` shows those there are.")
    return _change(row)


async def find(
    database: Database, states: Iterable[str] = (), requester: str | None = None, limit: int = 50
) -> list[Change]:
    """Newest first; `states` empty means all."""
    wanted = list(states)
    marks = ",".join("?" * len(wanted))
    where = f"state in ({marks})" if wanted else "1"
    values: list[Any] = [*wanted]
    if requester is not None:
        where += " and requester = ?"
        values.append(requester)
    rows = await database.rows(f"select * from change where {where} order by created_at desc limit ?", [*values, limit])
    return [_change(row) for row in rows]


async def move(
    tx: Transaction,
    id: str,
    states: Iterable[str],
    to: str,
    *,
    at_round: int | None = None,
    at_commit: str | None = None,
    at_plan: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Compare and swap: from one of `states` (at this round, with this commit, this plan) to `to`, with other columns.

    Raises Conflict where somebody was first.
    """
    wanted = list(states)
    fields |= {"state": to, "updated_at": now()}
    sets = ", ".join(f"{column} = ?" for column in fields)
    where = f"id = ? and state in ({','.join('?' * len(wanted))})"
    values: list[Any] = [*(_value(column, value) for column, value in fields.items()), id, *wanted]
    if at_round is not None:
        where += " and round = ?"
        values.append(at_round)
    if at_commit is not None:
        where += " and ? = (select commit_id from round where change_id = change.id and number = change.round)"
        values.append(at_commit)
    if at_plan is not None:
        where += " and plan = ?"
        values.append(_value("plan", at_plan))
    cursor = await tx.execute(f"update change set {sets} where {where}", values)
    if cursor.rowcount != 1:
        rows = list(await tx.execute_fetchall("select state, round from change where id = ?", (id,)))
        if not rows:
            raise NotFound(f"There is no change {id!r}.")
        raise Conflict(
            f"Change {id} is at round {rows[0]['round']}, {rows[0]['state']}: that step no longer fits.",
            "Look at it again; somebody or something was first.",
        )


async def update(tx: Transaction, id: str, **fields: Any) -> None:
    """Set columns that are no state."""
    sets = ", ".join(f"{column} = ?" for column in fields)
    await tx.execute(
        f"update change set {sets}, updated_at = ? where id = ?",
        [*(_value(column, value) for column, value in fields.items()), now(), id],
    )


async def to_prune(database: Database, states: Iterable[str], before: float) -> list[Change]:
    """Changes that came to an end before that time, and whose branch was not removed since."""
    wanted = list(states)
    where = f"state in ({','.join('?' * len(wanted))}) and updated_at < ? and branch <> ''"
    rows = await database.rows(
        f"select * from change where {where} and coalesce(pruned_at, 0) < updated_at order by updated_at limit 500",
        [*wanted, before],
    )
    return [_change(row) for row in rows]


async def set_pruned(tx: Transaction, id: str) -> None:
    """Its branch is gone. When it was last worked on stays as it is."""
    await tx.execute("update change set pruned_at = ? where id = ?", (now(), id))


async def insert_round(
    tx: Transaction, change_id: str, number: int, cause: str, instruction: str = "", parent: str = "", by_id: str = ""
) -> None:
    """`parent` is the commit that its edits are to be made on, where that is known before they are asked for."""
    await tx.execute(
        "insert or ignore into round (change_id, number, cause, instruction, parent, by_id) values (?, ?, ?, ?, ?, ?)",
        (change_id, number, cause, instruction, parent, by_id),
    )


async def update_round(tx: Transaction, change_id: str, number: int, **fields: Any) -> None:
    sets = ", ".join(f"{column} = ?" for column in fields)
    await tx.execute(
        f"update round set {sets} where change_id = ? and number = ?",
        [*(_value(column, value) for column, value in fields.items()), change_id, number],
    )


async def leave_behind(tx: Transaction, change: Change) -> None:
    """The change moves on to a newer base: its rounds so far keep the one they were made for."""
    await tx.execute("update round set base = ? where change_id = ? and base = ''", (change.base, change.id))


async def come_back(tx: Transaction, change_id: str, base: str) -> None:
    """The change goes back to an older base: the rounds made for it are of the present base again."""
    await tx.execute("update round set base = '' where change_id = ? and base = ?", (change_id, base))


async def rounds(database: Database, change_id: str) -> list[Round]:
    return [
        _round(row)
        for row in await database.rows("select * from round where change_id = ? order by number", (change_id,))
    ]


async def round_of(database: Database, change: Change) -> Round:
    """The round the change is at."""
    row = await database.row("select * from round where change_id = ? and number = ?", (change.id, change.round))
    if row is None:
        raise NotFound(f"Change {change.id} has no round {change.round}.")
    return _round(row)


def _value(column: str, value: Any) -> Any:
    return json.dumps(value) if column in JSON_COLUMNS else value


def _fields(row: Row) -> dict[str, Any]:
    return {
        column: (json.loads(row[column]) if row[column] else None) if column in JSON_COLUMNS else row[column]
        for column in row.keys()  # noqa: SIM118 - iterating a Row gives values
    }


def _change(row: Row) -> Change:
    return Change(**_fields(row))


def _round(row: Row) -> Round:
    return Round(**_fields(row))
