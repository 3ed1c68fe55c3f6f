"""The folders that git reads and writes for Haven: what must stand in them before a call, and what must not after."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import FileIO
from pathlib import Path

from haven.changes.git.command import shown
from haven.errors import RepositoryError, Unavailable

ALONE_S = 300.0
"""Seconds to wait for another process: a first clone of a large repository takes some."""
LOOK_AGAIN_S = 0.05
ATTRIBUTES = "* -text !eol -filter -ident -working-tree-encoding -export-ignore -export-subst !diff !merge\n"
"""Stands above a project's own .gitattributes: files are on the disk exactly as they are committed."""


@asynccontextmanager
async def alone(bare: Path, timeout_s: float = ALONE_S) -> AsyncIterator[None]:
    """Keep every other process from changing the clone meanwhile; what a killed one left half done is cleared away.

    Raises Unavailable where another one holds it for longer than `timeout_s`, RepositoryError where it can't be locked.
    """
    with await asyncio.to_thread(_lock_file, bare) as file:
        try:
            async with asyncio.timeout(timeout_s):
                while not _locked(file):  # noqa: ASYNC110 - no event tells of another process
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise Unavailable(
                f"Another Haven has been busy with the clone for {timeout_s:.0f} seconds.", "Haven tries again later."
            ) from None
        except OSError as error:
            raise RepositoryError(f"Haven's clone can't be locked: {error.strerror}.") from None
        await asyncio.to_thread(_drop_stale_locks, bare)
        yield


def _lock_file(bare: Path) -> FileIO:
    """An open file, not a number: one that a cancelled call never takes closes by itself."""
    try:
        bare.parent.mkdir(parents=True, exist_ok=True)
        return FileIO(bare.with_name(f".{bare.name}.lock"), "a")
    except OSError as error:
        raise RepositoryError(f"Haven's clone can't be changed: {error.strerror}.") from None


def _locked(file: FileIO) -> bool:
    """Never waits, so it may run on the loop: a lock that a thread took for a cancelled call would be held for good."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _drop_stale_locks(bare: Path) -> None:
    """Git's own lock files on refs and settings: whoever is alone here finds none but those of a power cut."""
    for lock in (*bare.glob("*.lock"), *(bare / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def fresh_aside(bare: Path) -> Path:
    """A new empty folder beside the clone; who calls this is alone, so older ones are left-overs."""
    prefix = f".{bare.name}.new-"
    try:
        for left in bare.parent.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=bare.parent))
    except OSError as error:
        raise RepositoryError(f"Haven's clone can't be made: {error.strerror}.") from None


def write_attributes(bare: Path) -> None:
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info" / "attributes").write_text(ATTRIBUTES, encoding="utf-8")


def drop_links_out(tree: Path) -> tuple[str, ...]:
    """Remove the symbolic links that lead out of the tree; a note on each."""
    root = os.path.realpath(tree)
    places = [os.path.join(folder, name) for folder, *below in os.walk(root) for names in below for name in names]
    leading_out = {
        link: os.readlink(link) for link in sorted(places) if os.path.islink(link) and _leads_out(link, root)
    }
    for link in leading_out:
        os.unlink(link)
    return tuple(
        shown(f"{os.path.relpath(link, root)} was left out: a link to {target}, outside the repository.")
        for link, target in leading_out.items()
    )


def _leads_out(link: str, root: str) -> bool:
    return os.path.isabs(os.readlink(link)) or os.path.commonpath([os.path.realpath(link), root]) != root
