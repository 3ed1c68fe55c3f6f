"""Other programs' SQLite files, read only: a copy in memory, real tables alone, nothing of the file is run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from haven.errors import BadInput

MAX_ROWS = 500_000
"""Of one table."""
MAX_VALUE = 4 * 1024 * 1024
"""Bytes of one value."""
MAX_S = 60.0
"""A query that takes longer is one that was made to."""
DAMAGED = "*** in database main ***\n"
"""How SQLite's check begins what is wrong with the pages; its other words are of values that a rule forbids."""
MAGIC = b"SQLite format 3\x00"
WAL_MARK = slice(18, 20)
"""File format numbers: 2 says write-ahead log, which no copy in memory has (sqlite.org/fileformat.html, 1.3.3)."""

Tables = dict[str, list[dict[str, Any]]]


def read_tables(data: bytes, name: str, wanted: tuple[str, ...]) -> tuple[Tables, dict[str, int]]:
    """The rows of the wanted tables, each as column and value, and how many rows each other table has, if any.

    A wanted table that is not there is left out; a view or a virtual table of such a name is not read. Raises BadInput
    where the file is damaged or too large.
    """
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            _open(connection, data)
            real = _real_tables(connection)
            for table in sorted(real):
                _refuse_damaged(connection, table)
            found = {table: list(_rows(connection, table, name)) for table in wanted if table in real}
            others = {table: _count(connection, table) for table in sorted(real - {*wanted})}
            return found, {table: count for table, count in others.items() if count}
    except (sqlite3.Error, MemoryError, AttributeError) as error:  # some Pythons can't read from memory
        raise BadInput(f"{name} can't be read as a database: {error}.", "Import a sound copy of it.") from None


def _open(connection: sqlite3.Connection, data: bytes) -> None:
    changed = bytearray(data)
    changed[WAL_MARK] = b"\x01\x01"
    connection.deserialize(bytes(changed))
    connection.execute("pragma trusted_schema=off")
    connection.execute("pragma query_only=on")
    connection.execute("pragma cell_size_check=on")
    connection.execute("pragma ignore_check_constraints=on")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(MAX_VALUE, 1_000_000))
    until = time.monotonic() + MAX_S
    connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.row_factory = sqlite3.Row


def _real_tables(connection: sqlite3.Connection) -> set[str]:
    """Ordinary tables, by the names that they are wanted under."""
    found = connection.execute("select name from pragma_table_list where type = 'table' and schema = 'main'")
    return {name for row in found if not (name := str(row["name"]).casefold()).startswith("sqlite_")}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refuse_damaged(connection: sqlite3.Connection, table: str) -> None:
    """Noise in a page can be read as rows that nobody wrote; its places and lengths then contradict each other."""
    with suppress(sqlite3.OperationalError):  # its program sorts or computes by words of its own: rows need none
        for row in connection.execute(f"pragma quick_check({_quoted(table)})"):
            if str(row[0]).startswith(DAMAGED):
                raise sqlite3.DatabaseError(str(row[0]).removeprefix(DAMAGED).splitlines()[0])


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {_quoted(table)}").fetchone()[0])


def _rows(connection: sqlite3.Connection, table: str, name: str) -> Iterator[dict[str, Any]]:
    for count, row in enumerate(connection.execute(f"select * from {_quoted(table)}"), 1):
        if count > MAX_ROWS:
            raise BadInput(f"The table {table} of {name} has more than {MAX_ROWS:,} rows.", "Import it in parts.")
        yield {key: _plain(row[key]) for key in row.keys()}  # noqa: SIM118 - a Row's values


def _plain(value: Any) -> Any:
    """Bytes as the text that they are, or how many there are of what is none."""
    if not isinstance(value, bytes):
        return value
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    return f"{len(value):,} bytes that are no text" if "\0" in text else text
