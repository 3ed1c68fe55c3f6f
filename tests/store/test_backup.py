"""A backup is whole, private, one a day, and can be opened as the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.errors import StoreError
from haven.store import backup, check, notes
from haven.store.database import Database, opened


async def test_a_backup_made_while_the_house_runs_can_be_opened(path: Path, database: Database, tmp_path: Path) -> None:
    await notes.put(database, "a", "kept")
    made = await backup.make(path, tmp_path / "backups")
    await notes.put(database, "b", "too late")
    assert await check.quick_check(made) == "It is whole."
    assert made.stat().st_mode & 0o077 == 0 and made.parent.stat().st_mode & 0o077 == 0
    restored = tmp_path / "restored" / "haven.db"
    restored.parent.mkdir()
    restored.write_bytes(made.read_bytes())
    async with opened(restored) as again:
        assert [await notes.get(again, key) for key in "ab"] == ["kept", None]


async def test_a_second_one_of_the_day_takes_the_place_of_the_first(
    path: Path, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 10):
        (folder / f"haven-2020010{day}.db").write_bytes(b"old")
    (folder / "my-own.db").write_bytes(b"mine")
    assert await backup.make(path, folder, keep=3) == await backup.make(path, folder, keep=3)
    names = sorted(file.name for file in folder.iterdir())
    assert names[:2] == ["haven-20200108.db", "haven-20200109.db"] and names[3:] == ["my-own.db"]


async def test_a_backup_that_fails_leaves_the_older_ones_and_no_rubbish(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "haven-20200101.db").write_bytes(b"old")
    with pytest.raises(StoreError):
        await backup.make(tmp_path / "no-such.db", folder, keep=1)
    assert [file.name for file in folder.iterdir()] == ["haven-20200101.db"]
    assert not (tmp_path / "no-such.db").exists()
    with pytest.raises(StoreError):
        await backup.make(tmp_path / "no-such.db", folder / "haven-20200101.db")
