"""The database: WAL and FULL, numbered migrations, one writer that groups commits, read-only readers.

A write is a whole function run inside one transaction, so nobody's rollback takes somebody else's row; callers that
wait at the same time share one commit, which spares the card (FIELD_NOTES part 8).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from importlib.resources.abc import Traversable
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
AGAIN_S = 0.02


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
            await asyncio.to_thread(_own_folder, path.parent)
            for last in ("synchronous=full", "query_only=on"):
                connection = await aiosqlite.connect(path, isolation_level=None, timeout=busy_s)
                connections.append(connection)
                connection.row_factory = sqlite3.Row
                if len(connections) == 1:
                    await _write_ahead(connection, busy_s)
                    await migrate(connection)
                for pragma in ("foreign_keys=on", last):
                    await connection.execute(f"pragma {pragma}")
        except BaseException as error:
            for connection in connections:
                await connection.close()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise explain(error, path) from error
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
        try:
            await asyncio.shield(self._loop)  # a second Ctrl-C must not cancel a transaction half way
        finally:
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
        results: list[tuple[asyncio.Future[Any], Any, Exception | None]] = []
        try:
            await self._writer.execute("begin immediate")
            for work, done in batch:
                results.append((done, *await self._attempt(work)))
            await self._writer.execute("commit")
        except Exception as error:
            await self._undo()
            results = [(done, None, explain(error)) for _, done in batch]
        else:
            for call in self._committed:
                call()
        for done, result, failure in results:
            if done.done():
                continue
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)

    async def _attempt(self, work: Work) -> tuple[Any, Exception | None]:
        """The result of one work, or why it failed; raises where SQLite gave up the whole transaction."""
        await self._writer.execute("savepoint work")
        try:
            result = await work(self._writer)
        except Exception as error:
            if not self._writer.in_transaction:
                raise
            await self._writer.execute("rollback to work")
            await self._writer.execute("release work")
            return None, explain(error) if isinstance(error, sqlite3.Error) else error
        await self._writer.execute("release work")
        return result, None

    async def _undo(self) -> None:
        try:
            if self._writer.in_transaction:
                await self._writer.execute("rollback")
        except (sqlite3.Error, ValueError):
            pass  # the connection is gone, and its transaction with it


def _own_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


async def _write_ahead(connection: aiosqlite.Connection, busy_s: float) -> None:
    """WAL, once for the file: SQLite fails at once, not after `busy_s`, where two programs ask for it together."""
    until = time.monotonic() + busy_s
    while True:
        try:
            await connection.execute("pragma journal_mode=wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            await asyncio.sleep(AGAIN_S)


def newest_schema() -> int:
    """The number of the last migration that this program knows."""
    return len(_migrations())


async def migrate(connection: aiosqlite.Connection) -> None:
    """Bring the schema up to this program's number, in one transaction: of two processes, one does it."""
    files = _migrations()
    if await _version(connection) < len(files):
        await connection.execute("begin immediate")
        for number in range(await _version(connection), len(files)):
            for statement in _statements(files[number].read_text(encoding="utf-8")):
                await connection.execute(statement)
        await connection.execute(f"pragma user_version={len(files)}")
        await connection.execute("commit")
    if await _version(connection) > len(files):
        raise StoreError(
            "The database was written by a newer Haven than this one.", "Update Haven, or restore an older backup."
        )


def _migrations() -> list[Traversable]:
    folder = resources.files("haven.store.migrations")
    return sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)


def _statements(script: str) -> Iterator[str]:
    """One at a time: SQLite's own way to run a script would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


async def _version(connection: aiosqlite.Connection) -> int:
    found = await connection.execute_fetchall("pragma user_version")
    return int(next(iter(found))[0])


SENTENCES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("locked", "busy"), "The database is locked by another program.", "Close it and try again; nothing was lost."),
    (
        ("disk is full", "no space", "disk i/o"),
        "The disk is full or failing, so nothing could be saved.",
        "Free some room and try again.",
    ),
    (
        ("malformed", "not a database"),
        "The database{name} is damaged.",
        "Restore a backup; the file is left as it is.",
    ),
    (
        ("readonly", "read-only", "permi", "unable to open", "is a directory", "not a directory"),
        "The database{name} can't be written.",
        "Check who owns the state directory.",
    ),
)
"""What SQLite or the system says, and the sentence for a person."""


def explain(error: Exception, path: Path | None = None) -> StoreError:
    """SQLite's failure as a sentence for a person."""
    text = str(error).lower()
    for words, sentence, mend in SENTENCES:
        if any(word in text for word in words):
            return StoreError(sentence.format(name=f" {path}" if path else ""), mend)
    return StoreError(f"The database failed: {error}.", "The log has more; if it goes on, run: haven doctor")


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
