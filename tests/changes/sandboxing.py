"""What the sandbox's tests share: the prepared environment, and running as root or as a normal user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from haven import settings
from haven.changes.checking.testreport import TestReport
from haven.changes.checking.testrun import TestRunner
from haven.changes.project_file import ProjectFile
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.bubblewrap import SANDBOX_UID
from haven.changes.sandbox.testenv import TestEnvironments
from tests.conftest import CACHE

REPOSITORY = Path(__file__).parents[2]
WHO = ["root", "user"] if os.geteuid() == 0 else ["user"]
LIMITS: dict[str, Any] = {
    "timeout_s": 60,
    "memory_mb": 512,
    "processes": 64,
    "file_mb": 16,
    "tree_mb": 64,
    "output_kb": 64,
}


def runner(**limits: Any) -> TestRunner:
    return TestRunner(Sandbox(settings.Sandbox(**{**LIMITS, **limits})), TestEnvironments(CACHE))


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """A tree of these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def report_of(folder: Path, tests: str, wishes: ProjectFile | None = None, **limits: Any) -> TestReport:
    """Run one test file in the sandbox, as whoever runs this."""
    return await runner(**limits).run(project(folder / "tree", {"test_it.py": tests}), wishes or ProjectFile())


def drive(
    who: str, tree: Path, state: Path, *, python: str = sys.executable, clone: Path = REPOSITORY, **variables: str
) -> TestReport:
    """Run `tree`'s tests by `python -m tests.changes.drive` in a process of its own, as root or as a normal user."""
    argv = [python, "-m", "tests.changes.drive", str(tree), str(state), json.dumps(LIMITS)]
    if who == "user" and os.geteuid() == 0:
        needed = (Path(sys.base_prefix), Path(sys.prefix), clone, state, tree)
        argv = [*_normal_user(needed), *argv]
    seen = {"PATH": os.defpath, **variables}
    told = subprocess.run(argv, env=seen, cwd=clone, stdout=subprocess.PIPE, text=True, check=True, umask=0o077)
    return TestReport.from_json(json.loads(told.stdout))


def _normal_user(paths: Iterable[Path]) -> list[str]:
    """From root: become a normal user on the same machine, for whom `paths` are not hidden below root's home."""
    places = [path.resolve() for path in paths]
    closed = {parent for path in places for parent in path.parents if not parent.stat().st_mode & 0o001}
    outermost = {folder for folder in closed if not closed & set(folder.parents)}
    parts = ["bwrap", "--dev-bind", "/", "/"]
    for folder in sorted(outermost):
        parts += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in places:
        for parent in reversed(path.parents):
            if any(parent != folder and parent.is_relative_to(folder) for folder in outermost):
                parts += ["--perms", "0755", "--dir", str(parent)]
        parts += ["--dev-bind", str(path), str(path)]
    user = [f"--reuid={SANDBOX_UID}", f"--regid={SANDBOX_UID}", "--clear-groups", "--bounding-set=-all"]
    return [*parts, "setpriv", *user, "--inh-caps=-all", "--no-new-privs"]
