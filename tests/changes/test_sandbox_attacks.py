"""Hostile code in the sandbox, started by root and by a normal user: every attack of the list fails."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from haven.changes.checking.testreport import TestReport
from haven.changes.sandbox.bubblewrap import SANDBOX_UID
from haven.changes.sandbox.testenv import TestEnvironments
from tests.changes.sandboxing import LIMITS, REPOSITORY, WHO, drive, project
from tests.conftest import CACHE

pytestmark = pytest.mark.sandbox
SUITE = Path(__file__).with_name("hostile_suite.py")
ATTACKS = [node.name for node in ast.parse(SUITE.read_text()).body if isinstance(node, ast.FunctionDef)]
ATTACKS = [name for name in ATTACKS if name.startswith("test_")]
SECRET = "sk-probe-that-nobody-may-read"


class Attacked:
    """One hostile run: the report, and what the host looks like after it."""

    def __init__(self, who: str, work: Path) -> None:
        self.tree, home, self.marker = work / "tree", work / "home", work / "marker"
        other = project(work / "other", {"file": "of another change"})
        project(home, {"secret": SECRET})
        self.marker.write_text("untouched")
        self.sleep = f"300.{os.getpid()}{WHO.index(who)}"
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
            name = f"haven-{self.sleep}"
            abstract.bind("\0" + name)
            abstract.listen()
            targets = {
                "secret": SECRET,
                "home_secret": str(home / "secret"),
                "other_tree": str(other),
                "marker": str(self.marker),
                "port": server.getsockname()[1],
                "abstract_socket": name,
                "pid": os.getpid(),
                "sleep": self.sleep,
                **LIMITS,
            }
            project(self.tree, {"targets.json": json.dumps(targets), "test_hostile.py": SUITE.read_text()})
            if os.geteuid() == 0:
                subprocess.run(["chown", "-R", str(SANDBOX_UID), str(work)], check=True)
                work.chmod(0o755)
            self.before = self._files()
            self.report = drive(who, self.tree, CACHE, HOME=str(home), ANTHROPIC_API_KEY=SECRET)
        self.after = self._files()

    def _files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(self.tree.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module", params=WHO)
def attacked(request: pytest.FixtureRequest) -> Iterator[Attacked]:
    asyncio.run(TestEnvironments(CACHE).prepare())
    work = Path(tempfile.mkdtemp(prefix="haven-attack-"))
    yield Attacked(request.param, work)
    shutil.rmtree(work)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_fails(attacked: Attacked, attack: str) -> None:
    found = {name: case for name, case in attacked.report.cases.items() if f"::{attack}" in name}
    assert found, attacked.report.problem + attacked.report.output
    assert not {name: case.message for name, case in found.items() if case.outcome != "passed"}


def test_the_host_is_as_before(attacked: Attacked) -> None:
    assert attacked.report.problem == ""
    assert attacked.before == attacked.after, "the tree under review was changed by its own tests"
    assert attacked.marker.read_text() == "untouched"
    assert SECRET not in json.dumps(attacked.report.to_json())


def test_no_process_is_left(attacked: Attacked) -> None:
    listed = [Path("/proc", pid, "cmdline") for pid in os.listdir("/proc") if pid.isdigit()]
    assert not [file for file in listed if attacked.sleep in _text(file)]


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def test_killing_haven_kills_the_run(tmp_path: Path) -> None:
    seconds = f"500.{os.getpid()}"
    tests = f"import subprocess\ndef test_hangs():\n    subprocess.run(['sleep', {seconds!r}])\n"
    tree = project(tmp_path / "tree", {"test_hang.py": tests})
    asyncio.run(TestEnvironments(CACHE).prepare())
    argv = [sys.executable, "-m", "tests.changes.drive", str(tree), str(CACHE), json.dumps(LIMITS)]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as driver:
        assert driver.stderr is not None
        driver.stderr.readline()  # pytest has begun, so the sandbox stands
        inside = _children(driver.pid)
        ends = [os.pidfd_open(pid) for pid in inside]
        driver.kill()
    assert inside and all(select.select([end], [], [], 20)[0] for end in ends)
    for end in ends:
        os.close(end)


def _children(root: int) -> list[int]:
    told = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in told.splitlines()]
    family = {root}
    while more := {pid for pid, parent in pairs if parent in family} - family:
        family |= more
    return sorted(family - {root})


def test_everything_below_a_home_of_mode_700(tmp_path: Path) -> None:
    """Interpreter, environment, clone and state lie where the sandbox's user may not look, and umask is 077."""
    home = tmp_path / "closed"
    home.mkdir(mode=0o700)
    base = _copy_interpreter(home / "versions" / "own")
    subprocess.run([base, "-m", "venv", "--without-pip", home / "venv"], check=True)
    python = home / "venv" / "bin" / "python"
    libraries = next(path for path in sys.path if path.endswith("site-packages") and Path(path, "pydantic").is_dir())
    (next((home / "venv").glob("lib/python*/site-packages")) / "outer.pth").write_text(libraries)
    for part in ("haven", "tests/changes", "tests/__init__.py", "tests/conftest.py"):
        place = home / "clone" / part
        copy = shutil.copytree if (REPOSITORY / part).is_dir() else shutil.copy
        place.parent.mkdir(parents=True, exist_ok=True)
        copy(REPOSITORY / part, place)
    tests = f"import sys\ndef test_own():\n    assert sys.base_prefix == {str(base.parent.parent)!r}\n"
    tree = project(home / "tree", {"test_which.py": tests, "tests/test_more.py": "def test_more(): pass\n"})

    report = drive(WHO[0], tree, home / "state", python=str(python), clone=home / "clone", HOME=str(home), **_pip())

    assert _outcomes(report) == {"test_which.py::test_own": "passed", "tests/test_more.py::test_more": "passed"}
    assert home.stat().st_mode & 0o777 == 0o700


def _outcomes(report: TestReport) -> dict[str, str]:
    assert report.problem == "", report.output
    return {name: case.outcome for name, case in report.cases.items()}


def _pip() -> dict[str, str]:
    """How this machine reaches its package index."""
    ways = ("PIP_", "HTTPS_PROXY", "SSL_")
    return {name: value for name, value in os.environ.items() if name.upper().startswith(ways)}


def _copy_interpreter(place: Path) -> Path:
    """This Python's own base, without what a test run does not need."""
    real = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    (place / "bin").mkdir(parents=True)
    copied = Path(shutil.copy(real, place / "bin"))
    # A Python built with a shared library looks for it where it was installed: let the copy look beside itself.
    installed, beside = str(real.parent.parent / "lib").encode(), b"$ORIGIN/../lib"
    copied.write_bytes(copied.read_bytes().replace(installed + b"\0", beside.ljust(len(installed), b"\0") + b"\0"))
    left_out = shutil.ignore_patterns(
        "test", "tests", "__pycache__", "site-packages", "idlelib", "tkinter", "lib2to3", "config-*", "turtledemo"
    )
    shutil.copytree(real.parent.parent / library, place / library, ignore=left_out, symlinks=True)
    for shared in real.parent.parent.glob("lib/libpython*"):
        shutil.copy(shared, place / "lib")
    return place / "bin" / real.name
