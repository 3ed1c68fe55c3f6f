"""The files of an import, read within bounds: one file, a folder, or an archive whose members stay in memory.

Nothing is unpacked to the disk, no link below the folder that was named is followed, and only plain files are read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from haven.errors import BadInput

MAX_BYTES = 128 * 1024 * 1024
"""Of one file: what a Raspberry Pi holds in memory beside everything else."""
MAX_TOGETHER = 256 * 1024 * 1024
"""Of files that are taken as one: an archive unpacked, the Markdown of a folder."""
MAX_FILES = 100_000
"""Of one folder: a world of ours as Markdown has a file for each record."""


@dataclass(frozen=True)
class Piece:
    """One file: its bytes, or the sentence why it is not read."""

    name: str
    """Its path below what was named, for people."""
    data: bytes = b""
    refused: str = ""
    beside: str = ""
    """What is wrong beside it: a write-ahead log that nobody has merged."""


def read_file(path: Path, name: str = "", *, follow: bool = False) -> Piece:
    """One plain file, at most MAX_BYTES, that did not change while it was read. Raises BadInput otherwise.

    `follow`: the path was named by a person, who may name a link.
    """
    name = name or path.name
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        what = "is a link, which is not followed" if path.is_symlink() else f"can't be read: {error.strerror}"
        raise BadInput(f"{name} {what}.", "Name a plain file.") from None
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise BadInput(f"{name} is no plain file.", "Name a plain file, a folder or an archive.")
        if before.st_size > MAX_BYTES:
            raise BadInput(f"{name} has {_mb(before.st_size)}, and at most {_mb(MAX_BYTES)} are read.", "Split it.")
        data = file.read(MAX_BYTES + 1)
        after = os.fstat(descriptor)
    if len(data) != before.st_size or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise BadInput(f"{name} changed while it was read.", "Wait until nobody writes it, then import it again.")
    return Piece(name, data, beside=_beside(path))


def in_folder(folder: Path) -> Iterator[Path]:
    """The files below a folder, by name; hidden ones are left out. Links are given, not followed. Raises BadInput."""
    count = 0
    for parent, folders, files in os.walk(folder, followlinks=False):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in linked and not name.startswith("."))
        for name in sorted(files + linked):
            if name.startswith(".") or name.endswith(("-wal", "-shm")):
                continue
            count += 1
            if count > MAX_FILES:
                raise BadInput(f"{folder.name} holds more than {MAX_FILES:,} files.", "Import it in parts.")
            yield Path(parent) / name


def _beside(path: Path) -> str:
    log = path.with_name(path.name + "-wal")
    try:
        waiting = log.stat().st_size
    except OSError:
        return ""
    return f"{log.name} holds changes that are not in {path.name} yet" if waiting else ""


def _mb(size: int) -> str:
    return f"{size / (1024 * 1024):,.0f} MB"
