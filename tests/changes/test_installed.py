"""A project's tests find it as if it had been installed: source roots, version, scripts, plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.project_file import ProjectFile
from haven.changes.sandbox.installed import installed
from tests.changes.sandboxing import project, runner

PYPROJECT = """
[project]
name = "My-Probe"
dynamic = ["version"]
dependencies = ["rich>=13"]
[project.scripts]
my-probe = "my_probe.cli:app.run"
[project.entry-points.pytest11]
my_probe = "my_probe.plugin"
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "src/my_probe/__init__.py": '__version__ = "2.5"\n',
    "src/my_probe/cli.py": "class app:\n    def run():\n        print('from the script')\n        return 3\n",
    "src/my_probe/plugin.py": "import pytest\n\n@pytest.fixture\ndef word(): return 'plugin'\n",
    "tests/test_it.py": """
import subprocess, sys
from importlib.metadata import entry_points, requires, version

def test_metadata(word):
    assert (version("my-probe"), requires("my_probe"), word) == ("2.5", ["rich>=13"], "plugin")

def test_script():
    done = subprocess.run(["my-probe"], capture_output=True, text=True, cwd="/tmp")
    assert (done.stdout, done.returncode) == ("from the script\\n", 3)

def test_module_in_another_process():
    assert subprocess.run([sys.executable, "-c", "import my_probe"], cwd="/tmp").returncode == 0
""",
}


@pytest.mark.sandbox
@pytest.mark.parametrize("command", [("python", "-m", "pytest"), ("pytest", "-q"), ("sh", "-c", "exec pytest tests")])
async def test_the_project_is_found_by_its_tests(tmp_path: Path, command: tuple[str, ...]) -> None:
    report = await runner().run(project(tmp_path / "tree", FILES), ProjectFile(test_command=command))
    found = {name.partition("::")[2]: case for name, case in report.cases.items()}
    assert {name: case.outcome for name, case in found.items()} == {
        "test_metadata": "passed",
        "test_script": "passed",
        "test_module_in_another_process": "passed",
    }, report.output
    assert {path.name for path in tmp_path.iterdir()} == {"home", "tree"}, "nothing is left beside the tree"


async def test_what_a_project_says_of_itself_stays_text(tmp_path: Path) -> None:
    hostile = """
[project]
name = "probe"
version = "1.0\\nName: pytest"
dependencies = ["rich\\nVersion: 9"]
[project.scripts]
"../../../escape" = "a:b"
"ok" = "a:b\\nimport os"
"fine" = "a.b:c"
"module" = "a.b"
"""
    tree = project(tmp_path / "tree", {"pyproject.toml": hostile, "src/__init__.py": "", "lib/x.py": ""})
    async with installed(tree) as own:
        files = {path.relative_to(own.folder).as_posix() for path in own.folder.rglob("*") if path.is_file()}
        assert files == {"probe-0.0.0.dist-info/METADATA", "probe-0.0.0.dist-info/entry_points.txt", "bin/fine"}
        lines = (own.folder / "probe-0.0.0.dist-info/METADATA").read_text().splitlines()
        assert lines == ["Metadata-Version: 2.1", "Name: probe", "Version: 0.0.0", "Requires-Dist: rich Version: 9"]
        assert own.path == ("/project", "/installed"), "a src that is a package itself is no root"
    assert not own.folder.exists()


async def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    secret = project(tmp_path / "secret", {"pyproject.toml": '[project]\nname = "secret"\n', "pkg/a.py": ""})
    tree = project(tmp_path / "tree", {"a.py": ""})
    (tree / "pyproject.toml").symlink_to(secret / "pyproject.toml")
    (tree / "src").symlink_to(secret)
    async with installed(tree) as own:
        assert own.path == ("/project", "/installed") and not list(own.folder.iterdir())


async def test_no_version_is_read_through_a_linked_folder(tmp_path: Path) -> None:
    secret = project(tmp_path / "secret", {"version.py": '__version__ = "6.6.6"\n'})
    tree = project(tmp_path / "tree", {"pyproject.toml": '[project]\nname = "pkg"\ndynamic = ["version"]\n'})
    (tree / "pkg").symlink_to(secret)
    async with installed(tree) as own:
        assert [file.name for file in own.folder.iterdir()] == ["pkg-0.0.0.dist-info"]
