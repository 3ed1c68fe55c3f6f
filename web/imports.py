"""Files that somebody sent to bring into the world: kept until they are in, tried first, then brought in for good."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from haven.access import Principal
from haven.errors import HavenError, NotFound
from haven.quoting import clean
from haven.store.database import now
from haven.world.exchange.loading import Importer, Options, Progress
from haven.world.exchange.report import ImportReport
from web.chores import Tell

MOST_KEPT = 5
"""Uploads whose files and reports are kept; an older one goes when a newer comes."""
NAME_CHARS = 60
"""Of a file's name: 240 bytes at most, which every disk takes."""


@dataclass
class Upload:
    """What was sent, by whom, when (seconds since 1970), how it is to be read, and what came of it."""

    id: str
    by: str
    at: float
    folder: Path
    names: tuple[str, ...]
    options: Options
    doing: str = ""
    """What is being done to it now, in words; "" for nothing."""
    records: int = 0
    tried: ImportReport | None = None
    report: ImportReport | None = None
    problem: str = ""

    @property
    def path(self) -> Path:
        """What the importer reads: the one file, or the folder of several."""
        return self.folder / self.names[0] if len(self.names) == 1 else self.folder


class Imports:
    """One for the port."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._kept: dict[str, Upload] = {}

    @property
    def kept(self) -> list[Upload]:
        """The newest first."""
        return [*self._kept.values()][::-1]

    def get(self, id: str) -> Upload:
        """Raises NotFound."""
        if id not in self._kept:
            raise NotFound("That import is not known here any more.", "Send its file again: what came in is skipped.")
        return self._kept[id]

    async def take(self, files: Sequence[tuple[str, BinaryIO]], by: Principal, options: Options) -> Upload:
        """Keep these files, names and contents, on the disk."""
        names = _named([name for name, _ in files])
        folder = await asyncio.to_thread(_keep, names, [file for _, file in files])
        upload = Upload(secrets.token_hex(4), by.name, now(), folder, names, options)
        while len(self._kept) >= MOST_KEPT:
            await self._forget(next(iter(self._kept)))
        self._kept[upload.id] = upload
        return upload

    async def work(self, upload: Upload, by: Principal, tell: Tell, *, dry_run: bool) -> str:
        """Try it, or bring it in; what to say at the end. Raises what the importer raises."""

        goes_on = True

        def said(at: Progress) -> None:
            if not goes_on:  # a thread of one that was stopped comes to its end
                return
            upload.doing = f"{at.doing} {at.file}" if len(upload.names) > 1 else at.doing
            upload.records = at.records
            tell(at.done, at.files if at.files > 1 else None)

        upload.doing, upload.problem = "reading", ""
        try:
            options = replace(upload.options, dry_run=dry_run)
            report = await self._importer.bring_in(upload.path, by, options, said)
        except HavenError as error:
            upload.problem = error.full
            raise
        finally:
            goes_on = False
            upload.doing = ""
        if dry_run:
            upload.tried = report
            return "It was tried. Nothing is written yet."
        upload.report = report
        await asyncio.to_thread(shutil.rmtree, upload.folder.parent, True)
        return "It is in the world now."

    async def close(self) -> None:
        """With the port: nothing of a file stays behind."""
        for id in [*self._kept]:
            await self._forget(id)

    async def _forget(self, id: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._kept.pop(id).folder.parent, True)


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Plain names for files, each once: those of browsers may be anything."""
    found: list[str] = []
    for name in names:
        last = clean(name).replace("\\", "/").rpartition("/")[2].strip().lstrip(".")
        short = last[-NAME_CHARS:] or "file"
        found.append(short if short not in found else f"{len(found) + 1}-{short}")
    return tuple(found)


def _keep(names: Sequence[str], files: Sequence[BinaryIO]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="haven-import-"), "upload")
    try:
        folder.mkdir()
        for name, file in zip(names, files, strict=True):
            with (folder / name).open("xb") as kept:
                shutil.copyfileobj(file, kept)
    except BaseException:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    return folder
