"""A transaction: works that run one after the other in the writer's thread, from begin to commit in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

Values = Sequence[Any] | dict[str, Any]


class Transaction:
    """What a work reads and writes through. Each call is done when it returns; a work may wait for nothing else."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    async def executemany(self, sql: str, values: Iterable[Values]) -> sqlite3.Cursor:
        return self._connection.executemany(sql, values)

    async def execute_fetchall(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()


Work = Callable[[Transaction], Awaitable[Any]]


def run(connection: sqlite3.Connection, works: Sequence[Work]) -> list[tuple[Any, Exception | None]]:
    """What each work returned, or why it failed: one failure leaves the others. All are on the disk then.

    Raises what SQLite raises where it gave up the whole transaction; nothing of it is left.
    """
    try:
        connection.execute("begin immediate")
        results = [_attempt(connection, work) for work in works]
        connection.execute("commit")
    except Exception:
        _undo(connection)
        raise
    return results


def _attempt(connection: sqlite3.Connection, work: Work) -> tuple[Any, Exception | None]:
    connection.execute("savepoint work")
    try:
        result = _in_one_go(work(Transaction(connection)))
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("rollback to work")
        connection.execute("release work")
        return None, error
    connection.execute("release work")
    return result, None


def _in_one_go(work: Awaitable[Any]) -> Any:
    """What the work returns, without an event loop: it waits only for a Transaction, which never keeps it waiting."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    if hasattr(steps, "close"):
        steps.close()
    raise RuntimeError("A transaction may wait for nothing but its own reads and writes.")


def _undo(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("rollback")
    except sqlite3.Error:
        pass  # the connection is gone, and its transaction with it
