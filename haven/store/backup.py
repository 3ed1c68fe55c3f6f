"""Backups by VACUUM INTO: consistent under load, small, and restored to check them (FIELD_NOTES part 8).

Beside `haven-20260102.db` lies `haven-20260102.json`: what was in it when it was made, and how its last check went. It
lies there and not in the database, because it is wanted most where the database can't be opened.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from haven.errors import HavenError, NotFound, StoreError
from haven.store.check import opened_to_look
from haven.store.database import explain, now, opened
from haven.store.events import newest

NAMES = "haven-????????.db"
LETS_IN = {
    "web_session": "delete from web_session",
    "api_token": "delete from api_token",
    "account": "update account set invitation = '', invited_until = 0",
}
"""What may have been taken back since a backup was made, by table, and how a restore takes it back for good."""


@dataclass(frozen=True)
class Backup:
    """One file. Times are seconds since 1970; `rows` by table, and a `sha256` of "", where nobody wrote it down."""

    file: Path
    made_at: float
    size: int
    sha256: str = ""
    rows: Mapping[str, int] | None = None
    newest_event: int = 0
    checked_at: float | None = None
    """When it was last restored to check it."""
    problem: str = ""
    """What the last check found; "" where it was well."""

    @property
    def is_verified(self) -> bool:
        return self.checked_at is not None and not self.problem


async def make(database: Path, folder: Path, keep: int = 7) -> Backup:
    """Write today's backup, in place of an earlier one of today; days beyond `keep` go. Raises StoreError.

    It is not checked yet: that is `verify`.
    """
    final = folder / f"haven-{datetime.fromtimestamp(now(), UTC):%Y%m%d}.db"
    aside = folder / f".{final.name}.part"
    try:
        await asyncio.to_thread(_prepare, folder, aside)
        async with opened_to_look(database) as source:
            await source.execute("vacuum into ?", (str(aside),))
        rows, event = await _content(aside)
        made = await asyncio.to_thread(_keep, aside, Backup(final, now(), 0, rows=rows, newest_event=event), keep)
    except (sqlite3.Error, OSError) as error:
        raise explain(error) from error
    finally:
        with suppress(OSError):
            aside.unlink()
    return made


def found(folder: Path) -> list[Backup]:
    """All backups in the folder, the newest first. Blocks for as long as the disk takes."""
    return [_read(file) for file in sorted(folder.glob(NAMES), reverse=True)]


def one(folder: Path, name: str = "") -> Backup:
    """The backup of that name (`haven-20260102.db` or `20260102`), or the newest. Raises NotFound."""
    there = found(folder)
    fitting = [backup for backup in there if not name or backup.file.name in (name, f"haven-{name}.db")]
    if not fitting:
        what = f"There is no backup {name!r}." if name else "There is no backup yet."
        raise NotFound(what, "See what is there: haven backup list" if there else "Make one: haven backup make")
    return fitting[0]


async def verify(backup: Backup) -> Backup:
    """Restore it into a file of its own, open that as Haven would, and compare it with what was written down.

    What is wrong stands in `problem` of what is returned, and beside the file. It needs as much room as the backup.
    """
    try:
        problem = await _restored_problem(backup)
    except (sqlite3.Error, OSError) as error:
        problem = str(explain(error, backup.file))
    except HavenError as error:
        problem = str(error)
    checked = replace(backup, checked_at=now(), problem=problem)
    with suppress(OSError):  # the folder takes nothing: who asked has the result all the same
        await asyncio.to_thread(_write_down, checked)
    return checked


async def restore(backup: Backup, database: Path) -> Path | None:
    """Put the backup in the database's place; returns where the old one lies now, None where there was none.

    Haven must not run: the caller holds its lock. Whenever this is torn, a whole database lies there, the old or the
    new one. Sessions, tokens and invitations of that day are not in it: some of them may have been ended since.
    Raises StoreError where the backup fails its check: then nothing was touched.
    """
    checked = await verify(backup)
    if checked.problem:
        raise StoreError(f"{backup.file.name} was not restored: {checked.problem}", "Take another: haven backup list")
    try:
        return await asyncio.to_thread(_replace, backup.file, database)
    except (sqlite3.Error, OSError) as error:
        raise explain(error, database) from error


async def _restored_problem(backup: Backup) -> str:
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=backup.file.parent) as folder:
        copy = Path(folder) / "haven.db"
        digest = await asyncio.to_thread(_copy, backup.file, copy)
        if backup.sha256 and digest != backup.sha256:
            return "It is not the file any more that was written: the disk may be failing."
        async with opened_to_look(copy) as connection:
            verdict = str(next(iter(await connection.execute_fetchall("pragma integrity_check(1)")))[0])
        if verdict != "ok":
            return f"It is damaged ({verdict})."
        rows, _ = await _content(copy)
        if backup.rows is not None and (lacking := _lacking(backup.rows, rows)):
            return f"It lacks rows: {lacking}."
        async with opened(copy) as database:
            if await newest(database) < backup.newest_event:
                return "It lacks the newest events."
    return ""


def _lacking(written: Mapping[str, int], there: Mapping[str, int]) -> str:
    return ", ".join(
        f"{table} has {there.get(table, 0)} of {count}" for table, count in written.items() if there.get(table) != count
    )


async def _content(file: Path) -> tuple[dict[str, int], int]:
    """How many rows each table has, and the number of the newest event."""
    named = "select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~' order by name"
    async with opened_to_look(file) as connection:
        tables = [str(row[0]) for row in await connection.execute_fetchall(named)]
        rows = {}
        for table in tables:
            counted = await connection.execute_fetchall(f'select count(*) from "{table}"')
            rows[table] = int(next(iter(counted))[0])
        events = await connection.execute_fetchall("select coalesce(max(id), 0) from event") if "event" in rows else ()
        return rows, int(next(iter(events), (0,))[0])


def _prepare(folder: Path, aside: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    aside.unlink(missing_ok=True)
    for left in folder.glob(".restoring-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a check that was cut off


def _keep(aside: Path, made: Backup, keep: int) -> Backup:
    """On the disk before it replaces anything."""
    aside.chmod(0o600)
    with aside.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
        os.fsync(written.fileno())
    final = made.file
    made = replace(made, size=aside.stat().st_size, sha256=digest)
    final.with_suffix(".json").unlink(missing_ok=True)  # of the one that is replaced: a torn end leaves none, not two
    os.replace(aside, final)
    _write_down(made)
    for old in sorted(final.parent.glob(NAMES))[:-keep]:
        old.unlink(missing_ok=True)
        old.with_suffix(".json").unlink(missing_ok=True)
    return made


def _write_down(backup: Backup) -> None:
    told = asdict(backup)
    del told["file"]
    note = backup.file.with_suffix(".json")
    aside = note.with_name(f".{note.name}.part")
    aside.write_text(json.dumps(told), encoding="utf-8")
    aside.chmod(0o600)
    os.replace(aside, note)


def _read(file: Path) -> Backup:
    """What lies beside it counts where it can be read; a file alone tells its size and its age."""
    status = file.stat()
    with suppress(OSError, ValueError, TypeError):
        return Backup(file, **json.loads(file.with_suffix(".json").read_text(encoding="utf-8")))
    return Backup(file, status.st_mtime, status.st_size)


def _copy(source: Path, target: Path) -> str:
    """On the disk when it returns; gives the sha256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as old, target.open("xb") as new:
        os.fchmod(new.fileno(), 0o600)
        while piece := old.read(1 << 20):
            digest.update(piece)
            new.write(piece)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest()


def _replace(backup: Path, database: Path) -> Path | None:
    """The old one is copied away with its log first; then its log goes into it, so that it is whole without one."""
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = database.with_name(f".{database.name}.part")
    aside.unlink(missing_ok=True)
    _copy(backup, aside)
    _let_nobody_in(aside)
    kept = database.with_name(f"{database.stem}-before-{datetime.now():%Y%m%d-%H%M%S}{database.suffix}")
    was_there = database.exists()
    for ending in ("", "-wal") if was_there else ():
        part = database.with_name(database.name + ending)
        if part.exists():
            _copy(part, kept.with_name(kept.name + ending))
    if was_there:
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as old:  # a damaged one stays as it is
            old.execute("pragma wal_checkpoint(truncate)")
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    os.replace(aside, database)
    return kept if was_there else None


def _let_nobody_in(restored: Path) -> None:
    """Whoever is in a browser, or has a program, comes in anew with the password of that day."""
    with closing(sqlite3.connect(restored)) as database:
        tables = {row[0] for row in database.execute("select name from sqlite_master where type = 'table'")}
        for table, sql in LETS_IN.items():
            if table in tables:  # a backup may be older than the dashboard
                database.execute(sql)
        database.commit()
