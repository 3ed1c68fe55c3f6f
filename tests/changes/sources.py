"""Repositories for tests, made with plain git as a person would, and the steps that Haven takes with them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from haven.changes.git.repository import Repository

PERSON = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    "LC_ALL": "C.UTF-8",
}


def run(at: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=at, env=PERSON, input=stdin, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def commit(at: Path, files: Mapping[str, str | bytes], message: str = "A commit") -> str:
    write(at, files)
    run(at, "add", "--all", "--force")
    run(at, "commit", "--quiet", "--no-verify", "--message", message)
    return run(at, "rev-parse", "HEAD")


def make(at: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A checkout on `main` with one commit."""
    at.mkdir(parents=True)
    run(at, "init", "--quiet", "--initial-branch=main")
    commit(at, files or {"README.md": "# Map\n", "src/view.py": "WIDTH = 1\nHEIGHT = 2\nDEPTH = 3\n"})
    return at


def picture(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its mode and bytes: to see that nothing was touched."""
    return {
        str(file.relative_to(root)): (
            file.lstat().st_mode,
            os.readlink(file).encode() if file.is_symlink() else file.read_bytes(),
        )
        for file in sorted(root.rglob("*"))
        if file.is_symlink() or file.is_file()
    }


async def opened(source: Path, target: str = "main") -> Repository:
    return await Repository.create(source, source.parent / "state" / "clone.git", target)


async def change(repository: Repository, files: Mapping[str, str | bytes], base: str | None = None) -> str:
    """A commit on a change's branch, made as the pipeline makes it."""
    start = base or await repository.tip()
    worktree = await repository.worktree("abc", "haven/change-abc-test", start)
    write(worktree, files)
    return await repository.commit(worktree, "A change")


async def landed(repository: Repository, files: Mapping[str, str | bytes]) -> str:
    tip = await repository.tip()
    made = await change(repository, files)
    await repository.advance("main", tip, made)
    return made
