"""A backup is whole, private, one a day, restored to check it, and can be put in the database's place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from haven.errors import NotFound, StoreError
from haven.store import backup, notes
from haven.store.database import Database, opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


async def test_a_backup_made_while_the_house_runs_is_whole_and_private(
    path: Path, database: Database, folder: Path
) -> None:
    await notes.put(database, "a", "kept")
    made = await backup.make(path, folder)
    await notes.put(database, "b", "too late")
    assert made.rows is not None and made.rows["note"] == 1 and not made.is_verified
    checked = await backup.verify(made)
    assert checked.problem == "" and checked.is_verified
    assert backup.found(folder) == [checked], "what is known of it lies beside it"
    assert all(file.stat().st_mode & 0o077 == 0 for file in (folder, *folder.iterdir()))
    assert len(list(folder.iterdir())) == 2, "nothing of the check is left"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


def _flip(file: Path) -> None:
    """One bit, in a value: SQLite itself would not see it."""
    data = bytearray(file.read_bytes())
    at = data.index(b"kept in the backup")
    data[at] ^= 1
    file.write_bytes(data)


def _lose_rows(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("delete from note")
        connection.commit()


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma user_version = 9999")


def _not_a_database(file: Path) -> None:
    file.write_bytes(b"something else entirely" * 1000)


@pytest.mark.parametrize("harm", [_cut, _flip, _lose_rows, _newer, _not_a_database, Path.unlink])
async def test_a_broken_backup_is_found_and_never_put_back(
    harm: object, path: Path, database: Database, folder: Path
) -> None:
    await notes.put(database, "a", "kept in the backup")
    made = await backup.make(path, folder)
    harm(made.file)  # type: ignore[operator]
    known = await backup.verify(made)
    assert known.problem and not known.is_verified
    # Without its note the file must speak for itself, as far as it can.
    alone = await backup.verify(replace(made, sha256=""))
    assert alone.problem or harm is _flip
    with pytest.raises(StoreError, match="was not restored"):
        await backup.restore(made, path)
    assert await notes.get(database, "a") == "kept in the backup"


async def test_a_restore_brings_back_what_was_and_keeps_what_is(path: Path, folder: Path) -> None:
    async with opened(path) as database:
        await notes.put(database, "a", "old")
        made = await backup.make(path, folder)
        await notes.put(database, "a", "new")
    path.with_name("haven.db-wal").write_bytes(b"what a dead process left")
    kept = await backup.restore(made, path)
    assert kept is not None and path.stat().st_mode & 0o077 == 0
    for file, value in ((path, "old"), (kept, "new")):
        async with opened(file) as again:
            assert await notes.get(again, "a") == value


async def test_a_restore_where_the_database_is_damaged_or_gone(path: Path, folder: Path) -> None:
    async with opened(path) as database:
        await notes.put(database, "a", "old")
        made = await backup.make(path, folder)
    path.write_bytes(b"ruins" * 1000)
    kept = await backup.restore(made, path)
    assert kept is not None and kept.read_bytes().startswith(b"ruins"), "the file is left as it was"
    path.unlink()
    assert await backup.restore(made, path) is None
    async with opened(path) as again:
        assert await notes.get(again, "a") == "old"


async def test_a_second_one_of_the_day_takes_the_place_of_the_first(
    path: Path, database: Database, folder: Path
) -> None:
    folder.mkdir()
    for day in range(1, 10):
        for ending in ("db", "json"):
            (folder / f"haven-2020010{day}.{ending}").write_bytes(b"old")
    (folder / "my-own.db").write_bytes(b"mine")
    first, second = await backup.make(path, folder, keep=3), await backup.make(path, folder, keep=3)
    assert first.file == second.file
    names = [one.file.name for one in backup.found(folder)]
    assert names == [second.file.name, "haven-20200109.db", "haven-20200108.db"]
    assert (folder / "my-own.db").exists() and not (folder / "haven-20200107.json").exists()
    assert backup.one(folder).file == second.file and backup.one(folder, "20200108").file.name == names[2]
    with pytest.raises(NotFound):
        backup.one(folder, "19990101")


async def test_a_backup_that_fails_leaves_the_older_ones_and_no_rubbish(tmp_path: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "haven-20200101.db").write_bytes(b"old")
    with pytest.raises(StoreError):
        await backup.make(tmp_path / "no-such.db", folder, keep=1)
    assert [file.name for file in folder.iterdir()] == ["haven-20200101.db"]
    assert not (tmp_path / "no-such.db").exists()
    with pytest.raises(StoreError):
        await backup.make(tmp_path / "no-such.db", folder / "haven-20200101.db")
