"""What all tests share: nothing of this machine's own Haven is seen, and no real cloud can be reached."""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from haven.ai import engine
from haven.changes.sandbox import bubblewrap
from haven.settings import cache_dir

CACHE = cache_dir()
KEPT = ("HAVEN_CACHE", "HAVEN_DATA", "HAVEN_MDEV")
"""Settings of the shell that tests see: where models and real files are."""
IN_MEMORY = Path("/dev/shm")
ROOM = 3 << 30
"""Bytes free below which the tests' folders stay on the disk; they take some hundred MB."""


def pytest_configure() -> None:
    """A real model request in a test is an error; keys and settings of the shell are not seen."""
    engine.ALLOW_CLOUD = False
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "DISCORD_", "HAVEN_")) and name not in KEPT:
            del os.environ[name]
    os.environ["HAVEN_CACHE"] = str(CACHE)
    if is_roomy(IN_MEMORY):  # a commit there takes no turn of the disk: a third of the time of tests that write much
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def is_roomy(folder: Path) -> bool:
    """Whether programs can be run from there, with room for the folders of all tests."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


def pytest_collection_finish() -> None:
    """What was collected stays to the end: to look through all of it for garbage again and again costs minutes.

    Nor is all that a running test holds looked through several times in that test.
    """
    gc.freeze()
    gc.set_threshold(700, 10, 40)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("sandbox") and (problem := no_sandbox()):
        pytest.skip(problem)


@functools.cache
def no_sandbox() -> str:
    """Why no sandbox can be started here, or ""; tried once."""
    return bubblewrap.problem()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped sandbox or model test is a failure: a green run has run them."""
    report = yield
    needed = any(item.get_closest_marker(name) for name in ("sandbox", "model"))
    if report.skipped and needed and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI must run this test: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home, state, configuration and runtime below the test's own folder."""
    home = tmp_path / "home"
    home.mkdir()
    for name, folder in {
        "HOME": home,
        "XDG_STATE_HOME": home / "state",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_RUNTIME_DIR": home / "run",
    }.items():
        monkeypatch.setenv(name, str(folder))
    (home / "run").mkdir(mode=0o700)
    return home
