"""What past commits tell: which files each touched and what it said it was for. Read once, then only what is new."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.changes.context.words import bag
from haven.changes.git.command import git
from haven.store.code_index import CodeIndex, Past

MOST = 3_000
"""Commits before the one at hand that are looked at."""
KEPT_PATHS = 60
"""Of one commit; a wider one tells nothing about a file."""


async def past_commits(bare: Path, commit: str, index: CodeIndex) -> list[Past]:
    """The commits that lead to `commit`, itself included, newest first; merges are left out.

    Raises RepositoryError.
    """
    listed = await git("rev-list", "--no-merges", f"--max-count={MOST}", commit, at=bare)
    hashes = listed.text.split()
    new = await asyncio.to_thread(index.unknown_commits, hashes)
    if new:
        asked = "".join(f"{each}\n" for each in hashes if each in new).encode()
        form = ("--no-walk=unsorted", "--stdin", "--name-only", "--no-renames", "-z", "--format=%x01%H%x02%s%x03")
        told = await git("log", *form, at=bare, stdin=asked)
        await asyncio.to_thread(lambda: index.add_commits(_parsed(told.out)))
    return await asyncio.to_thread(index.history, hashes)


def _parsed(told: bytes) -> dict[str, Past]:
    found = {}
    for block in told.decode("utf-8", "surrogateescape").split("\x01")[1:]:
        head, _, names = block.partition("\x03")
        commit, _, subject = head.partition("\x02")
        paths = [name.strip("\n") for name in names.split("\0")]
        utf8 = [name for name in paths if name and name.isprintable()][: KEPT_PATHS + 1]
        found[commit] = Past(tuple(utf8), dict(bag(subject)))
    return found
