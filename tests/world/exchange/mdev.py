"""The files of Haven_mdev by commit and path, out of the clone that HAVEN_MDEV names; nothing of it is copied."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pytest

from haven.world.exchange import formats
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Defect, Reading
from haven.world.schema import Kind

MDEV = os.environ.get("HAVEN_MDEV", "")
needed = pytest.mark.skipif(not MDEV, reason="HAVEN_MDEV names no clone of github.com/Parker1920/Haven_mdev")

NEWEST = "5e61bbe7fd64a03006ae4c8c6e82676a2e4d6507"
OLD = "Archive-Dump/old_files_archive_20251113_100458"
KEEPER = "docs/guides/Haven-lore/keeper-bot/data/keeper.db"
VH = "data/VH-Database.db"
STRESS = "tests/stress_testing/TESTING.json"
EXPLORER = f"{OLD}/old_data_exports/haven_data_1762818638936.json"
BACKUP = f"{OLD}/keeper_json_backups/keeper_discoveries_backup_20251107_232243.json"
MIGRATED = "Archive-Dump/keeper_db_migration_20251113_094816/keeper_src.db"
SERVER_UPDATE = "d19039e274256dce1f452d26846492979e9aa3d7"
BEFORE = "04bda25a43a9b569e702f00df958242e24a8fbd8"
STRESSED, BROKEN = "4610982f46dcb76b68b35639e66cf03c809edf03", "23d4f46d74b5d0e1f86d1630f4edba138644ea5e"
S, P, M, T = Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION
D, L, W, R = Kind.DISCOVERY, Kind.LORE, Kind.PERSON, Kind.REGION
FILES: dict[tuple[str, str], dict[Kind, int]] = {
    (VH, NEWEST): {S: 5, P: 20, M: 5, T: 1, D: 7, L: 8, W: 3},
    (f"{OLD}/database_backups/VH-Database_backup_20251111_160310.db", NEWEST): {
        S: 4,
        P: 15,
        M: 4,
        T: 1,
        D: 2,
        L: 7,
        W: 2,
    },
    (f"{OLD}/database_backups/VH-Database_backup_20251110_203445.db", NEWEST): {
        S: 5,
        P: 10,
        M: 4,
        T: 1,
        D: 17,
        L: 7,
        W: 3,
    },
    (f"{OLD}/database_backups/VH-Database_backup_20251106_195300.db", NEWEST): {S: 1, P: 1, M: 1},
    ("Archive-Dump/haven.db_OLD_ARCHIVED", NEWEST): {S: 11, P: 9, M: 4, T: 1},
    ("Archive-Dump/haven_backup_20251105_094644.db", NEWEST): {S: 7, T: 2},
    ("Archive-Dump/haven_backup_20251105_153213.db", NEWEST): {},
    (KEEPER, NEWEST): {D: 5, L: 2, W: 2},
    (KEEPER, SERVER_UPDATE): {D: 19, L: 6, W: 2},
    (MIGRATED, NEWEST): {D: 12, L: 3, W: 2},
    ("dist/files/data.json", NEWEST): {S: 5, P: 3, M: 3, T: 2},
    ("data/data.json", BEFORE): {S: 9, P: 8, M: 6, T: 2},
    ("Archive-Dump/example_data.json", NEWEST): {S: 3},
    ("Archive-Dump/data_DEV_BACKUP_20251105.json", NEWEST): {S: 9, P: 1, M: 1},
    (f"{OLD}/misc_backups/data.json.bak", NEWEST): {S: 4, P: 2, M: 2, T: 2},
    ("Archive-Dump/data/data.json.bak", NEWEST): {S: 8, P: 3, M: 1, T: 2, R: 3},
    ("Archive-Dump/keeper_test_data.json", NEWEST): {S: 10, P: 43, M: 49},
    (EXPLORER, NEWEST): {S: 3, P: 4},
    (f"{OLD}/old_data_exports/test_import.json", NEWEST): {S: 2, P: 2},
    (f"{OLD}/old_data_exports/clean_data.json", NEWEST): {},
    (BACKUP, NEWEST): {D: 12, W: 2},
    (BACKUP.replace("232243", "232142"), NEWEST): {D: 11, W: 2},
    (BACKUP.replace("232243", "230617"), NEWEST): {D: 7, W: 2},
    (STRESS, STRESSED): {S: 5, P: 17, M: 9, L: 3, R: 3},
}
"""Path and commit, and how many records of each kind come; lore is made of prose, and people of discoverers."""


def git(*arguments: str) -> bytes | None:
    """What git says of the clone; None where it fails. Nothing is fetched."""
    still = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "safe.directory=*", "-C", MDEV, *arguments]
    done = subprocess.run(command, capture_output=True, env=still, timeout=60, check=False)
    return None if done.returncode else done.stdout


def blob(path: str, commit: str = NEWEST) -> Piece:
    data = git("cat-file", "blob", f"{commit}:{path}")
    if data is None:
        pytest.skip(f"the clone {MDEV} has no {commit[:9]}:{path}; is it a shallow one?")
    return Piece(PurePosixPath(path).name, data)


def read(path: str, commit: str = NEWEST) -> list[Reading]:
    return _read(path, commit)


@cache
def _read(path: str, commit: str) -> list[Reading]:
    return formats.read_file(blob(path, commit))


def things(path: str, commit: str = NEWEST) -> dict[str, Any]:
    """By name; of several with one name the last."""
    return {one.name: one.thing for one in read(path, commit) if one.thing}


def notes(path: str, about: Defect, commit: str = NEWEST) -> list[tuple[str, bool]]:
    return [(note.text, note.repaired) for one in read(path, commit) for note in one.notes if note.about is about]


def remarks(found: list[Reading]) -> str:
    return "\n".join(note.text for one in found if one.thing is None for note in one.notes)
