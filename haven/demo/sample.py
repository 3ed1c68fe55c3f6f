"""The sample project, Voyagers' Atlas, made into a git repository with a small history."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from haven.errors import RepositoryError, Unavailable

BRANCH = "main"
SKIPPED = shutil.ignore_patterns("__pycache__", ".pytest_cache")
SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "core.autocrlf=false")
HISTORY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "2026-03-01T10:00:00+00:00",
        "Start the atlas: what it is for and how we work",
        ("README.md", "HAVEN.md", "pyproject.toml"),
    ),
    (
        "2026-03-07T18:30:00+00:00",
        "Chart the first thirty systems",
        ("data", "atlas/__init__.py", "atlas/systems.py", "tests/__init__.py", "tests/conftest.py", "tests/*systems*"),
    ),
    ("2026-03-15T20:10:00+00:00", "Measure distances and find routes", ("atlas/distance.py", "tests/test_distance.py")),
    ("2026-04-02T19:45:00+00:00", "Draw the map as pixels", ("atlas/render.py", "tests/test_render.py")),
    ("2026-04-18T21:05:00+00:00", "Add the map viewer, a page that needs no server", (".",)),
)
"""When, what, and the paths that came with it; the last takes all that is left."""


async def create(into: Path) -> Path:
    """Make the repository at `into` and return it; the ids of its commits are the same everywhere.

    Where it stands already it is left as it is. Raises RepositoryError where something else stands there, and
    Unavailable without git. A half-made one never stays: it is built beside and renamed.
    """
    aside = await asyncio.to_thread(_copy_beside, into)
    if aside is None:
        return into
    try:
        await _commit_all(aside)
        await asyncio.to_thread(aside.replace, into)
    finally:
        await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
    return into


def _copy_beside(into: Path) -> Path | None:
    """The files in a new folder beside `into`, or None where the repository stands already."""
    if (into / ".git").is_dir() and (into / "atlas").is_dir():
        return None
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise RepositoryError(f"{into} holds something else already.", "Name another folder for the sample project.")
    into.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    with resources.as_file(resources.files("haven.demo").joinpath("project")) as source:
        shutil.copytree(source, aside, dirs_exist_ok=True, ignore=SKIPPED)
    for path in [aside, *aside.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return aside


async def _commit_all(tree: Path) -> None:
    await _git(tree, "init", "--quiet", f"--initial-branch={BRANCH}", "--template=", ".")
    for when, what, paths in HISTORY:
        await _git(tree, "add", "--", *paths)
        await _git(tree, "commit", "--quiet", "--no-verify", "-m", what, when=when)


async def _git(tree: Path, *arguments: str, when: str = "") -> None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(tree),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Voyagers",
        "GIT_AUTHOR_EMAIL": "voyagers@example.org",
        "GIT_COMMITTER_NAME": "Voyagers",
        "GIT_COMMITTER_EMAIL": "voyagers@example.org",
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
    }
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *SAFE, *arguments, cwd=tree, env=environment, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        raise Unavailable("git is not installed.", "Run: sudo apt install git", retry=False) from None
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        said = errors.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise RepositoryError(f"The sample project could not be made: git said: {said}")
