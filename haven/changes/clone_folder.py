"""The folders that git reads and writes for Haven: what must stand in them before a call, and what must not after."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from haven.errors import RepositoryError

STALE_LOCK_S = 600.0
ATTRIBUTES = "* -text !eol -filter -ident -working-tree-encoding -export-ignore -export-subst !diff !merge\n"
"""Stands above a project's own .gitattributes: files are on the disk exactly as they are committed."""


def fresh_aside(bare: Path) -> Path:
    """A new empty folder beside the clone; one state folder belongs to one Haven, so older ones are left-overs."""
    prefix = f".{bare.name}.new-"
    try:
        bare.parent.mkdir(parents=True, exist_ok=True)
        for left in bare.parent.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=bare.parent))
    except OSError as error:
        raise RepositoryError(f"Haven's clone {bare} can't be made: {error.strerror}.") from None


def write_attributes(bare: Path) -> None:
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info" / "attributes").write_text(ATTRIBUTES, encoding="utf-8")


def drop_stale_locks(bare: Path) -> None:
    """Git's lock files that a power cut left: from before this start of the machine, or older than any call of ours."""
    now = time.time()
    started = now - time.clock_gettime(time.CLOCK_BOOTTIME)
    for place in (bare, *(bare / part for part in ("refs", "worktrees"))):
        for lock in place.glob("*.lock") if place == bare else place.rglob("*.lock"):
            changed = lock.stat().st_mtime
            if changed < started or changed < now - STALE_LOCK_S:
                lock.unlink(missing_ok=True)


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
        f"{os.path.relpath(link, root)} was left out: a link to {target}, outside the repository."
        for link, target in leading_out.items()
    )


def _leads_out(link: str, root: str) -> bool:
    return os.path.isabs(os.readlink(link)) or os.path.commonpath([os.path.realpath(link), root]) != root
