"""Repositories for tests to begin with: each is made with git once a process, then written out again."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from haven.demo import sample

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost")
Parts = tuple[tuple[Path, int, bytes | None], ...]
"""Each path below it with its mode and what stands in it; None for a folder."""
_sample: list[Parts] = []


async def sample_project(into: Path) -> Path:
    """As sample.create makes it, and left as it is where it stands already."""
    if into.exists() or not _sample:
        fresh = not into.exists()
        await sample.create(into)
        if fresh:
            _sample.append(_parts(into))
        return into
    into.mkdir(parents=True, mode=0o755)
    _write(_sample[0], into)
    return into


def small_project(into: Path, files: Mapping[str, str]) -> str:
    """These files in one commit on `main`, in a new folder; the commit."""
    commit, parts = _small(tuple(files.items()))
    into.mkdir(parents=True)
    _write(parts, into)
    return commit


@cache
def _small(files: tuple[tuple[str, str], ...]) -> tuple[str, Parts]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
        _git(root, "init", "-q", "-b", "main", "--template=")
        _git(root, "add", ".")
        _git(root, *IDENTITY, "commit", "-qm", "Start")
        return _git(root, "rev-parse", "HEAD"), _parts(root)


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _parts(folder: Path) -> Parts:
    paths = sorted(folder.rglob("*"))
    return tuple(
        (path.relative_to(folder), path.stat().st_mode, None if path.is_dir() else path.read_bytes()) for path in paths
    )


def _write(parts: Parts, into: Path) -> None:
    for name, mode, content in parts:
        if content is None:
            (into / name).mkdir()
        else:
            (into / name).write_bytes(content)
        (into / name).chmod(mode)
