"""The database: WAL and FULL, numbered migrations, one writer that groups commits, read-only readers.

A write is a whole function run inside one transaction, so nobody's rollback takes somebody else's row; callers that
wait at the same time share one commit, which spares the card (FIELD_NOTES part 8).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from haven.errors import StoreError

T = TypeVar("T")
Row = sqlite3.Row
Transaction = aiosqlite.Connection
Work = Callable[[Transaction], Awaitable[Any]]

BUSY_S = 10.0
"""How long a write waits for another process's write."""


class Database:
    """Open with `await Database.open(path)`; close it, or its thread keeps the program from ending."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._committed: list[Callable[[], None]] = []
        self._loop = asyncio.create_task(self._write_loop(), name="store-writer")

    @classmethod
    async def open(cls, path: Path, busy_s: float = BUSY_S) -> Database:
        """Open and migrate; wait up to `busy_s` seconds for others. Raises StoreError where the file can't be used."""
        connections: list[aiosqlite.Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o700)
            for query_only in (False, True):
                connection = await aiosqlite.connect(path, isolation_level=None, timeout=busy_s)
                connections.append(connection)
                connection.row_factory = sqlite3.Row
                await connection.execute("pragma journal_mode=wal")
                await connection.execute("pragma synchronous=full")
                await connection.execute("pragma foreign_keys=on")
                if not query_only:
                    await migrate(connection)
                else:
                    await connection.execute("pragma query_only=on")
        except (sqlite3.Error, OSError) as error:
            for connection in connections:
                await connection.close()
            raise explain(error, path) from error
        except BaseException:
            for connection in connections:
                await connection.close()
            raise
        return cls(*connections)

    def on_commit(self, call: Callable[[], None]) -> None:
        """Call this after each commit of this process."""
        self._committed.append(call)

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` inside one transaction and return its result once it is on the disk.

        A cancelled caller does not tear the transaction: it is finished and its result dropped.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._closing:
            raise StoreError("Haven is shutting down, so nothing more is saved.", "Ask again once it is back.")
        self._waiting.append((work, done))
        self._wake.set()
        return await done

    async def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Read-only query."""
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise explain(error) from error

    async def row(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        found = await self.rows(sql, values)
        return found[0] if found else None

    async def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        found = await self.row("pragma data_version")
        return int(found[0]) if found else 0

    async def close(self) -> None:
        """Finish what is queued, then close."""
        self._closing = True
        self._wake.set()
        await self._loop
        await self._reader.close()
        await self._writer.close()

    async def _write_loop(self) -> None:
        while not self._closing or self._waiting:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                await self._run(batch)

    async def _run(self, batch: list[tuple[Work, asyncio.Future[Any]]]) -> None:
        """One transaction; each work has its own savepoint, so that one failure leaves the others."""
        results: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        try:
            await self._writer.execute("begin immediate")
            for work, done in batch:
                results.append(await self._attempt(work, done))
            await self._writer.execute("commit")
        except sqlite3.Error as error:
            await self._undo()
            results = [(done, None, explain(error)) for _, done in batch]
        for done, result, failure in results:
            if done.done():
                continue
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)
        for call in self._committed:
            call()

    async def _attempt(
        self, work: Work, done: asyncio.Future[Any]
    ) -> tuple[asyncio.Future[Any], Any, BaseException | None]:
        await self._writer.execute("savepoint work")
        try:
            result = await work(self._writer)
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            await self._writer.execute("rollback to work")
            await self._writer.execute("release work")
            return done, None, error
        await self._writer.execute("release work")
        return done, result, None

    async def _undo(self) -> None:
        try:
            if self._writer.in_transaction:
                await self._writer.execute("rollback")
        except sqlite3.Error:
            pass


async def migrate(connection: aiosqlite.Connection) -> None:
    """Bring the schema up to this program's number; each step is one transaction with its number."""
    files = sorted(
        (f for f in resources.files("haven.store.migrations").iterdir() if f.name.endswith(".sql")),
        key=lambda f: f.name,
    )
    found = await connection.execute_fetchall("pragma user_version")
    version = int(next(iter(found))[0])
    if version > len(files):
        raise StoreError(
            "The database was written by a newer Haven than this one.", "Update Haven, or restore an older backup."
        )
    for number, file in enumerate(files[version:], version + 1):
        script = file.read_text(encoding="utf-8")
        await connection.executescript(f"begin immediate;\n{script}\npragma user_version={number};\ncommit;")


def explain(error: Exception, path: Path | None = None) -> StoreError:
    """SQLite's failure as a sentence for a person."""
    text = str(error).lower()
    name = f" {path}" if path else ""
    if "locked" in text or "busy" in text:
        return StoreError("The database is locked by another program.", "Close it and try again; nothing was lost.")
    if "full" in text or "no space" in text or "disk i/o" in text:
        return StoreError("The disk is full or failing, so nothing could be saved.", "Free some room and try again.")
    if "malformed" in text or "not a database" in text:
        return StoreError(f"The database{name} is damaged.", "Restore a backup; the file is left as it is.")
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return StoreError(f"The database{name} can't be written.", "Check who owns the state directory.")
    return StoreError(f"The database failed: {error}.")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path)
    try:
        yield database
    finally:
        await database.close()


def now() -> float:
    """Seconds since 1970, as every `at` column has it."""
    return time.time()
