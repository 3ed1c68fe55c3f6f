"""The daily backup, made and restored to check it; and how the last ones went."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from haven.errors import StoreError
from haven.store import backup
from haven.store.backup import Backup

log = logging.getLogger("haven.sentinel")


@dataclass(frozen=True)
class BackupState:
    """The newest backup, the newest that was restored without a problem, and why the last attempt made none."""

    newest: Backup | None
    verified: Backup | None
    failure: str = ""


class Backups:
    """One for the house; the files tell everything but a failed attempt, which the process remembers."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._failure = ""

    async def daily(self) -> Backup:
        """Make today's backup and restore it to check it. Raises StoreError where none could be made."""
        try:
            made = await backup.make(self._database, self._folder)
        except StoreError as error:
            self._failure = error.full
            raise
        self._failure = ""
        checked = await backup.verify(made)
        if checked.problem:
            log.error("the backup %s does not pass its check: %s", checked.file.name, checked.problem)
        return checked

    async def state(self) -> BackupState:
        there = await asyncio.to_thread(backup.found, self._folder)
        verified = next((one for one in there if one.is_verified), None)
        return BackupState(there[0] if there else None, verified, self._failure)
