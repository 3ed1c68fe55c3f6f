"""A cache file for searching the world: its words (FTS5) and its vectors. It may be deleted at any time.

Its own small database, because it is large, made anew within seconds (the vectors within minutes to hours, in the
background), and in no backup. Every call blocks: run it in a thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from haven.errors import StoreError

T = TypeVar("T")

VERSION = 2
"""Of the file's form and of what is read out of a record; another one in the file means: make it anew."""
WEIGHTS = (8.0, 3.0, 1.0)
"""Of a hit in the names, in the facts, in the text (bm25's column weights)."""
WIDE = 5_000
"""Of the best matches, those among which some kinds are looked for."""
PIECE = 4_000
"""Characters of an entry that FTS5 may look for an excerpt in: its time grows with the square of the matches."""
_LENGTH = "length(names) + length(facts) + length(text)"
_TOKENS = 'tokenize = "porter unicode61 remove_diacritics 2"'
_SCHEMA = f"""
create table read_to (stamp integer not null, at real not null);
create table entry (id integer primary key autoincrement, thing text not null unique, kind text not null,
  name text not null, body text not null);
create table vector (entry integer primary key, body text not null, data blob not null);
create virtual table word using fts5 (names, facts, text, {_TOKENS},
  prefix = '3 4 5');
insert into read_to values (-1, 0);
"""
_PUT = (
    "insert into entry (thing, kind, name, body) values (?, ?, ?, ?) on conflict (thing) do update set"
    " kind = excluded.kind, name = excluded.name, body = excluded.body returning id"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is searched of a record. `body` is a hash of what its vector is made from."""

    thing: str
    kind: str
    name: str
    names: str
    facts: str
    text: str
    body: str


@dataclass(frozen=True, slots=True)
class Found:
    """A hit: its number in the file, its record, and what it weighs (more is better)."""

    number: int
    thing: str
    kind: str
    name: str
    weight: float


class SearchFile:
    """The file at `path`, made when it is first needed; a damaged one or one of another version is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def read_to(self) -> tuple[int, float]:
        """The last write of the world that the file knows, and when that was made; -1 where it knows nothing."""
        return self._do(lambda db: tuple(db.execute("select stamp, at from read_to").fetchone()))

    def clear(self) -> None:
        self._do(_make, write=True)

    def put(self, entries: Sequence[Entry], gone: Iterable[str] = ()) -> None:
        """Add these or replace what is known of them; forget those that are gone."""

        def work(db: sqlite3.Connection) -> None:
            for thing in {*gone} - {one.thing for one in entries}:
                for row in db.execute("delete from entry where thing = ? returning id", (thing,)).fetchall():
                    db.execute("delete from word where rowid = ?", tuple(row))
                    db.execute("delete from vector where entry = ?", tuple(row))
            for one in entries:
                [(number,)] = db.execute(_PUT, (one.thing, one.kind, one.name, one.body)).fetchall()
                db.execute(
                    "insert or replace into word (rowid, names, facts, text) values (?, ?, ?, ?)",
                    (number, one.names, one.facts, one.text),
                )

        self._do(work, write=True)

    def is_read_to(self, stamp: int, at: float) -> None:
        """All that was written up to that write is in the file."""
        self._do(lambda db: db.execute("update read_to set stamp = ?, at = ?", (stamp, at)), write=True)

    def count(self, query: str, most: int) -> int:
        """How many entries match an FTS5 query, counted up to `most`."""
        sql = "select count(*) from (select 1 from word where word match ? limit ?)"
        return self._do(lambda db: int(db.execute(sql, (query, most)).fetchone()[0]))

    def ranked(self, query: str, kinds: Sequence[str], limit: int) -> list[Found]:
        """The best matches by bm25, the best first."""
        weight = f"bm25(word, {', '.join(map(str, WEIGHTS))})"
        best = f"select rowid as id, {weight} as weight from word where word match ? order by weight, rowid limit ?"
        only = f" where e.kind in ({_marks(kinds)})" if kinds else ""
        sql = (
            f"select e.id, e.thing, e.kind, e.name, -b.weight from ({best}) b join entry e on e.id = b.id{only}"
            " order by b.weight, e.thing limit ?"
        )
        wide = limit if not kinds else WIDE
        return self._do(lambda db: [Found(*row) for row in db.execute(sql, (query, wide, *kinds, limit))])

    def matching(self, query: str, kinds: Sequence[str], limit: int) -> list[Found]:
        """Any matches, not weighed: for words that stand nearly everywhere."""
        only = f" and e.kind in ({_marks(kinds)})" if kinds else ""
        sql = (
            "select e.id, e.thing, e.kind, e.name, 0.0 from word join entry e on e.id = word.rowid"
            f" where word match ?{only} limit ?"
        )
        return self._do(lambda db: [Found(*row) for row in db.execute(sql, (query, *kinds, limit))])

    def excerpts(self, query: str, numbers: Sequence[int], size: int = 24) -> dict[int, str]:
        """A few words of each of these entries around what matches; nothing for one that does not."""
        snippet = f"snippet(word, -1, '', '', ' … ', {size})"
        sql = f"select case when {_LENGTH} > {PIECE} then null else {snippet} end from word where word match ?"

        def work(db: sqlite3.Connection) -> dict[int, str]:
            found = {number: db.execute(f"{sql} and rowid = ?", (query, number)).fetchone() for number in numbers}
            return {
                number: str(row[0]) if row[0] is not None else _excerpt(db, query, number, size)
                for number, row in found.items()
                if row
            }

        return self._do(work)

    def texts(self, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Facts and text of these entries."""
        sql = f"select rowid, facts, text from word where rowid in ({_marks(numbers)})"
        return self._do(lambda db: {row[0]: (row[1], row[2]) for row in db.execute(sql, list(numbers))})

    def entries(self, numbers: Sequence[int]) -> dict[int, Found]:
        """What these numbers stand for; those that are gone are left out."""
        sql = f"select id, thing, kind, name, 0.0 from entry where id in ({_marks(numbers)})"
        return self._do(lambda db: {row[0]: Found(*row) for row in db.execute(sql, list(numbers))})

    def without_vector(self, limit: int) -> list[tuple[int, str, str]]:
        """Number, the hash of its words, and the words of entries that have no vector of what they say now."""
        sql = (
            "select e.id, e.body, w.names || '. ' || w.facts || '. ' || w.text from entry e"
            " join word w on w.rowid = e.id left join vector v on v.entry = e.id"
            " where v.body is null or v.body <> e.body order by e.id desc limit ?"
        )
        return self._do(lambda db: [tuple(row) for row in db.execute(sql, (limit,))])

    def put_vectors(self, vectors: Iterable[tuple[int, str, bytes]]) -> None:
        """Number, the hash of the words it was made from, and the vector's bytes."""
        rows = list(vectors)
        sql = "insert or replace into vector (entry, body, data) select ?1, ?2, ?3 where ?1 in (select id from entry)"
        self._do(lambda db: db.executemany(sql, rows), write=True)

    def vectors(self, after: int = -1, limit: int = -1) -> list[tuple[int, bytes]]:
        """Numbers and vectors of entries that are there, by number."""
        sql = "select entry, data from vector where entry > ? order by entry limit ?"
        return self._do(lambda db: [tuple(row) for row in db.execute(sql, (after, limit))])

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _do(self, work: Callable[[sqlite3.Connection], T], *, write: bool = False) -> T:
        """Run `work` in a transaction; on a damaged file once more on a new one. Raises StoreError."""
        with self._lock:
            try:
                try:
                    return self._run(work, write)
                except sqlite3.OperationalError:
                    raise
                except sqlite3.DatabaseError:
                    self._forget()
                    return self._run(work, write)
            except (sqlite3.Error, OSError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                said = f"The index of the world, {self._path.name} in Haven's state folder, can't be used: {why}."
                raise StoreError(said, "It may be deleted at any time.") from error

    def _run(self, work: Callable[[sqlite3.Connection], T], write: bool) -> T:
        db = self._db = self._db or self._open()
        db.execute("begin immediate" if write else "begin")
        try:
            result = work(db)
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            db.execute("pragma journal_mode=wal")
            db.execute("pragma temp_store=memory")
            db.execute(f"create virtual table temp.piece using fts5 (text, {_TOKENS})")
            db.execute("pragma synchronous=off")  # a cache: what a power cut tears is found and made anew
            db.execute("begin immediate")
            if db.execute("pragma user_version").fetchone()[0] != VERSION:
                _make(db)
            db.execute("commit")
        except BaseException:
            db.close()
            raise
        return db

    def _forget(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def _make(db: sqlite3.Connection) -> None:
    for table in ("word", "vector", "entry", "read_to"):
        db.execute(f"drop table if exists {table}")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"pragma user_version={VERSION}")


def _excerpt(db: sqlite3.Connection, query: str, number: int, size: int) -> str:
    """The same of a long entry, out of the piece of it that fits best."""
    row = db.execute("select names, facts, text from word where rowid = ?", (number,)).fetchone()
    pieces = [text[at : at + PIECE] for text in row for at in range(0, len(text), PIECE)]
    db.execute("delete from temp.piece")
    db.executemany("insert into temp.piece values (?)", [(piece,) for piece in pieces])
    sql = f"select snippet(piece, 0, '', '', ' … ', {size}) from temp.piece where piece match ? order by rank limit 1"
    found = db.execute(sql, (query,)).fetchone()
    return str(found[0]) if found else ""


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
