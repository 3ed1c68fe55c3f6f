"""The database: WAL and FULL, numbered migrations, one writer that groups commits, read-only readers.

A write is a whole function run inside one transaction, so nobody's rollback takes somebody else's row; callers that
wait at the same time share one commit, which spares the card (FIELD_NOTES part 8). A transaction runs from begin to
commit in the writer's thread without coming back to the event loop: a dozen changes of thread cost more than the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from haven.errors import BadInput, StoreError
from haven.store.transaction import Transaction as Transaction
from haven.store.transaction import Work, run

T = TypeVar("T")
Row = sqlite3.Row

BUSY_S = 10.0
"""How long a write waits for another process's write."""
AGAIN_S = 0.02
SOON_S = 0.02
"""How long what is written `soon` waits for company."""


class Database:
    """Open with `await Database.open(path)`; close it, or its thread keeps the program from ending."""

    def __init__(self, writer: sqlite3.Connection, thread: ThreadPoolExecutor, reader: aiosqlite.Connection) -> None:
        """`thread` is the writer's own; made by `open`."""
        self._writer = writer
        self._thread = thread
        self._reader = reader
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = self._heard = False
        self._committed: list[tuple[Callable[[], None], bool]] = []
        self._loop = asyncio.create_task(self._write_loop(), name="store-writer")

    @classmethod
    async def open(cls, path: Path, busy_s: float = BUSY_S) -> Database:
        """Open and migrate; wait up to `busy_s` seconds for others. Raises StoreError where the file can't be used."""
        thread = ThreadPoolExecutor(1, "store-writer")
        writer: sqlite3.Connection | None = None
        reader: aiosqlite.Connection | None = None
        try:
            writer = await asyncio.get_running_loop().run_in_executor(thread, _writer, path, busy_s)
            reader = await aiosqlite.connect(path, isolation_level=None, timeout=busy_s)
            reader.row_factory = sqlite3.Row
            await reader.execute("pragma query_only=on")
        except BaseException as error:
            if writer is not None:
                thread.submit(writer.close)
            thread.shutdown(wait=False)
            if reader is not None:
                await reader.close()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise explain(error, path) from error
            raise
        return cls(writer, thread, reader)

    def on_commit(self, call: Callable[[], None], *, quiet: bool = False) -> None:
        """Call this after each commit of this process; `quiet`: also where all that it holds was written quietly."""
        self._committed.append((call, quiet))

    async def write(self, work: Callable[[Transaction], Awaitable[T]], *, quiet: bool = False) -> T:
        """Run `work` inside one transaction and return its result once it is on the disk.

        `quiet`: it holds neither an event nor a job, so nobody is woken to look for one. A cancelled caller does not
        tear the transaction: it is finished and its result dropped.
        """
        done = self._queued(work, quiet)
        self.hurry()
        return await done

    def soon(self, work: Callable[[Transaction], Awaitable[T]], *, quiet: bool = False) -> asyncio.Future[T]:
        """Queue `work` for the next transaction, whoever asks for one, or for one of its own within SOON_S.

        For what is said just before something else is written: both share a commit. Order is kept.
        """
        done = self._queued(work, quiet)
        self._timer = self._timer or asyncio.get_running_loop().call_later(SOON_S, self.hurry)
        return done

    def _queued(self, work: Callable[[Transaction], Awaitable[T]], quiet: bool) -> asyncio.Future[T]:
        if self._closing:
            raise StoreError("Haven is shutting down, so nothing more is saved.", "Ask again once it is back.")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        self._heard = self._heard or not quiet
        return done

    def hurry(self) -> None:
        """Write what is queued now."""
        self._wake.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Read-only query."""
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise told(error) from error

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
        self.hurry()
        try:
            await asyncio.shield(self._loop)  # a second Ctrl-C must not cancel a transaction half way
        finally:
            await self._reader.close()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
            self._thread.shutdown()

    async def _write_loop(self) -> None:
        while not self._closing or self._waiting:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            heard, self._heard = self._heard, False
            if batch:
                await self._run(batch, heard)

    async def _run(self, batch: list[tuple[Work, asyncio.Future[Any]]], heard: bool) -> None:
        """One transaction for all that waited together; `heard`: not all of it is quiet."""
        works = [work for work, _ in batch]
        results: list[tuple[Any, Exception | None]]
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._thread, run, self._writer, works)
        except Exception as error:
            results = [(None, explain(error)) for _ in batch]
        else:
            for call, quiet in self._committed:
                if heard or quiet:
                    call()
        for (_, done), (result, failure) in zip(batch, results, strict=True):
            if done.done():
                continue
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(told(failure))


def _writer(path: Path, busy_s: float) -> sqlite3.Connection:
    """To a file that stands in a folder of its own and has this program's schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    connection = sqlite3.connect(path, isolation_level=None, timeout=busy_s)
    try:
        connection.row_factory = sqlite3.Row
        _write_ahead(connection, busy_s)
        _migrate(connection)
        connection.execute("pragma foreign_keys=on")
        connection.execute("pragma synchronous=full")
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection, busy_s: float) -> None:
    """WAL, once for the file: SQLite fails at once, not after `busy_s`, where two programs ask for it together."""
    until = time.monotonic() + busy_s
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(AGAIN_S)


def newest_schema() -> int:
    """The number of the last migration that this program knows."""
    return len(_migrations())


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to this program's number, in one transaction: of two processes, one does it."""
    files = _migrations()
    if _version(connection) < len(files):
        connection.execute("begin immediate")
        for number in range(_version(connection), len(files)):
            for statement in _statements(files[number].read_text(encoding="utf-8")):
                connection.execute(statement)
        connection.execute(f"pragma user_version={len(files)}")
        connection.execute("commit")
    if _version(connection) > len(files):
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


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


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


def told(error: Exception) -> Exception:
    """What went wrong with one query, for the one who asked; an error that is none of the store's stays."""
    if isinstance(error, UnicodeEncodeError):  # of an argument that was no text, or a broken JSON escape
        return BadInput("This text holds half a character, which nothing can keep.", "Type it anew.")
    return explain(error) if isinstance(error, sqlite3.Error) else error


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
