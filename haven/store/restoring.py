"""A restore that waits for Haven's next start: nothing is put in the database's place while somebody works in it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from haven.errors import HavenError
from haven.store import backup

log = logging.getLogger("haven.store")

NOTE = "restore-next"
"""Beside the backups: the name of the one that is put back."""


def plan(folder: Path, name: str) -> None:
    """Have that one restored by the next start. Raises NotFound where it is not there. Blocks."""
    chosen = backup.one(folder, name)
    aside = folder / f".{NOTE}.part"
    aside.write_text(chosen.file.name, encoding="utf-8")
    os.replace(aside, folder / NOTE)


def planned(folder: Path) -> str:
    """The name of the one that the next start puts back; "" for none. Blocks."""
    try:
        return (folder / NOTE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def forget(folder: Path) -> None:
    """Leave the database as it is. Blocks."""
    (folder / NOTE).unlink(missing_ok=True)


def kept(database: Path) -> list[Path]:
    """The databases that restores have put aside, the newest first. Blocks."""
    return sorted(database.parent.glob(f"{database.stem}-before-*{database.suffix}"), reverse=True)


async def carry_out(folder: Path, database: Path) -> None:
    """What was planned, once: the caller holds the house's lock.

    Where it fails, the database stays and the log says why. The check says why beside the backup then, where every
    list of them shows it.
    """
    if not (name := planned(folder)):
        return
    forget(folder)  # first: what fails must not fail at every start
    try:
        aside = await backup.restore(backup.one(folder, name), database)
    except HavenError as error:
        log.error("[%s] the planned restore was not made: %s", error.id, error.full)
        return
    log.warning("%s is the database now; the one of before is kept as %s", name, aside.name if aside else "nothing")
