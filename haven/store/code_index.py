"""A cache file of what looks at files and commits left: which terms stand where. It may be deleted at any time.

Its own small database, because it is large, made anew within seconds, and in no backup. Rows belong to a blob's or
a commit's hash, so they never go stale; the oldest go first. Every call blocks: run it in a thread.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from haven.errors import StoreError

T = TypeVar("T")

VERSION = 1
"""Of the file's form and of what is read out of a file; another one in the file means: make it anew."""
LEAST_KEPT = 6_000
"""Blobs and commits that are kept at least, each."""
_SCHEMA = """
create table blob(id integer primary key, hash text not null unique, facts text not null, used integer not null);
create table term(id integer primary key, word text not null unique);
create table posting(term integer, blob integer, hits blob not null, primary key(term, blob)) without rowid;
create table past(id integer primary key, hash text not null unique, paths text not null, said text not null,
  used integer not null);
create index blob_used on blob(used);
create index past_used on past(used);
"""


@dataclass(frozen=True)
class Facts:
    """One blob: the first line and the number of terms of each piece, the number of names' terms, its imports."""

    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    names: int
    imports: tuple[str, ...]


@dataclass(frozen=True)
class Hits:
    """A term in a blob: times in defined names, times in all, and (piece, times) for each piece."""

    names: int
    total: int
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Past:
    """A commit: the files it touched and how often each term stands in its subject."""

    paths: tuple[str, ...]
    said: Mapping[str, int]


class CodeIndex:
    """The file at `path`, made when it is first needed; a damaged one or one of another version is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def unknown(self, blobs: Iterable[str]) -> set[str]:
        """Those of the blobs that were never looked at."""
        return self._do(lambda db: set(blobs) - _ids(db, "blob", blobs).keys())

    def add(self, looks: Mapping[str, tuple[Facts, Mapping[str, Sequence[int]]]], without: Iterable[str] = ()) -> None:
        """What looks at blobs gave: facts, and for each term times in names, then piece, times, piece, times...

        `without` are blobs that are no text: known from now on, and never found.
        """

        def work(db: sqlite3.Connection) -> None:
            now = _now(db) + 1
            blank = ((blob, now) for blob in sorted(without))
            db.executemany("insert or ignore into blob(hash, facts, used) values (?, '', ?)", blank)
            words = {term for _, hits in looks.values() for term in hits}
            db.executemany("insert or ignore into term(word) values (?)", ((word,) for word in sorted(words)))
            ids = _ids(db, "term", words, "word")
            for blob, (facts, hits) in looks.items():
                row = json.dumps([facts.starts, facts.lengths, facts.names, facts.imports], separators=(",", ":"))
                made = db.execute("insert or ignore into blob(hash, facts, used) values (?, ?, ?)", (blob, row, now))
                if made.rowcount:
                    at = made.lastrowid
                    packed = ((ids[term], at, array("H", values).tobytes()) for term, values in hits.items())
                    db.executemany("insert into posting values (?, ?, ?)", packed)

        self._do(work)

    def look_up(
        self, blobs: Sequence[str], terms: Iterable[str]
    ) -> tuple[dict[str, Facts], dict[str, dict[str, Hits]]]:
        """The facts of these blobs, and where each of the terms stands: term -> blob -> hits."""

        def work(db: sqlite3.Connection) -> tuple[dict[str, Facts], dict[str, dict[str, Hits]]]:
            ids = _ids(db, "blob", blobs)
            _use(db, "blob", ids.values(), 2 * len(ids))
            hashes = {number: blob for blob, number in ids.items()}
            facts = {}
            for part in _parts(sorted(hashes)):
                known = f"select id, facts from blob where facts <> '' and id in ({_marks(part)})"
                for number, row in db.execute(known, part):
                    starts, lengths, names, imports = json.loads(row)
                    facts[hashes[number]] = Facts(tuple(starts), tuple(lengths), names, tuple(imports))
            found: dict[str, dict[str, Hits]] = {}
            for term, number in _ids(db, "term", terms, "word").items():
                rows = db.execute("select blob, hits from posting where term = ?", (number,))
                if held := {hashes[blob]: _hits(packed) for blob, packed in rows if blob in hashes}:
                    found[term] = held
            return facts, found

        return self._do(work)

    def unknown_commits(self, commits: Iterable[str]) -> set[str]:
        """Those of the commits that were never read."""
        return self._do(lambda db: set(commits) - _ids(db, "past", commits).keys())

    def add_commits(self, commits: Mapping[str, Past]) -> None:
        def work(db: sqlite3.Connection) -> None:
            now = _now(db) + 1
            rows = ((h, "\n".join(one.paths), json.dumps(one.said), now) for h, one in commits.items())
            db.executemany("insert or ignore into past(hash, paths, said, used) values (?, ?, ?, ?)", rows)

        self._do(work)

    def history(self, commits: Sequence[str]) -> list[Past]:
        """What is known of these commits, in their order."""

        def work(db: sqlite3.Connection) -> list[Past]:
            ids = _ids(db, "past", commits)
            _use(db, "past", ids.values(), 2 * len(ids))
            rows: dict[int, Past] = {}
            for part in _parts(sorted(ids.values())):
                for at, paths, said in db.execute(
                    f"select id, paths, said from past where id in ({_marks(part)})", part
                ):
                    rows[at] = Past(tuple(paths.split("\n")) if paths else (), json.loads(said))
            return [rows[ids[commit]] for commit in commits if commit in ids]

        return self._do(work)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; on a damaged file once more on a new one. Raises StoreError."""
        try:
            try:
                return self._run(work)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
                return self._run(work)
        except (sqlite3.Error, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            said = f"The index of the code, {self._path.name} in Haven's cache, can't be used: {why}."
            raise StoreError(said, "It may be deleted at any time.") from error

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as db:
            db.execute("pragma journal_mode=wal")
            db.execute("pragma synchronous=off")  # a cache: what a power cut tears is found and made anew
            db.execute("begin immediate")
            if db.execute("pragma user_version").fetchone()[0] != VERSION:
                _make(db)
            result = work(db)
            db.execute("commit")
            return result


def _make(db: sqlite3.Connection) -> None:
    for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
        db.execute(f'drop table "{name}"')
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"pragma user_version={VERSION}")


def _ids(db: sqlite3.Connection, table: str, keys: Iterable[str], column: str = "hash") -> dict[str, int]:
    found: dict[str, int] = {}
    for part in _parts(sorted(set(keys))):
        found.update(
            db.execute(f"select {column}, id from {table} where {column} in ({_marks(part)})", part).fetchall()
        )
    return found


def _now(db: sqlite3.Connection) -> int:
    """A clock that only goes on when something new is added, so that asking again writes nothing."""
    last = "select max(coalesce((select max(used) from blob), 0), coalesce((select max(used) from past), 0))"
    return int(db.execute(last).fetchone()[0])


def _use(db: sqlite3.Connection, table: str, ids: Iterable[int], keep: int) -> None:
    """Note that these rows were wanted now, and drop the oldest beyond what is kept."""
    known = sorted(ids)
    now = _now(db)
    for part in _parts(known):
        db.execute(f"update {table} set used = ?1 where used < ?1 and id in ({_marks(part)})", [now, *part])
    most = max(LEAST_KEPT, keep)
    if db.execute(f"select count(*) from {table}").fetchone()[0] <= most:
        return
    oldest = f"select id from {table} order by used desc, id limit -1 offset ?"
    db.execute(f"delete from {table} where id in ({oldest})", (most,))
    if table == "blob":
        db.execute("delete from posting where blob not in (select id from blob)")


def _hits(packed: bytes) -> Hits:
    values = array("H", packed)
    return Hits(values[0], sum(values[2::2]), tuple(zip(values[1::2], values[2::2], strict=True)))


def _parts(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
