"""What a project's own files say about it as a package, and what its tests need because of that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haven.changes.project_file import ProjectFile
from haven.changes.sandbox.package import Package, read_package
from haven.changes.sandbox.requirements import read_needs
from haven.errors import BadInput

PYPROJECT = b"""
[project]
name = "My.Probe"
version = "1.2"
dependencies = ["rich>=13", "odd @ https://example.org/odd.whl"]
[project.optional-dependencies]
test = ["pytest-cov", "my-probe[web]"]
web = ["aiohttp"]
docs = ["sphinx"]
[project.scripts]
probe = "probe.cli:main"
bad = "no target"
[tool.setuptools.packages.find]
where = ["lib", "../out"]
"""
SETUP_CFG = b"""
[metadata]
name = my-probe
version = 1.2
[options]
install_requires =
    rich>=13
package_dir =
    = lib
[options.extras_require]
test = pytest-cov
[options.entry_points]
console_scripts =
    probe = probe.cli:main
"""
SETUP_PY = b"""
from setuptools import setup, find_packages
NEEDS = ["rich>=13"]
setup(name="my-probe", version="1.2", packages=find_packages("lib"), package_dir={"": "lib"}, install_requires=NEEDS,
      extras_require={"test": ["pytest-cov"]}, entry_points={"console_scripts": ["probe = probe.cli:main"]})
"""


@pytest.mark.parametrize(("name", "text"), [("setup.cfg", SETUP_CFG), ("setup.py", SETUP_PY)])
def test_the_older_files_say_the_same(name: str, text: bytes) -> None:
    points = {"console_scripts": {"probe": "probe.cli:main"}}
    expected = Package("my-probe", "1.2", ("rich>=13",), {"test": ("pytest-cov",)}, points, ("lib",))
    assert read_package({name: text}) == expected


def test_pyproject_counts_first_and_odd_values_are_left_out() -> None:
    package = read_package({"pyproject.toml": PYPROJECT, "setup.cfg": SETUP_CFG})
    assert (package.name, package.version, package.roots) == ("My.Probe", "1.2", ("lib",))
    assert package.entry_points == {"console_scripts": {"probe": "probe.cli:main"}}
    assert package.for_tests == (*package.dependencies, "pytest-cov", "aiohttp")


def test_a_file_without_a_project_leaves_it_to_the_next() -> None:
    tools = b"[tool.ruff]\nline-length = 100\n"
    assert read_package({"pyproject.toml": tools, "setup.py": SETUP_PY}).name == "my-probe"
    assert read_package({"pyproject.toml": b"[project", "setup.py": b"setup("}) == Package()


@given(st.binary(max_size=200), st.sampled_from(["pyproject.toml", "setup.cfg", "setup.py"]))
def test_no_bytes_stop_it(data: bytes, name: str) -> None:
    read_package({name: data})


class Commits:
    """One commit of these files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    async def read_many(self, commit: str, paths: object) -> dict[str, bytes]:
        assert isinstance(paths, list)
        return {path: self.files[path] for path in paths if path in self.files}


async def test_the_needs_are_plain_names_and_what_else_is_said() -> None:
    needs = await read_needs(Commits({"pyproject.toml": PYPROJECT}), "c", ProjectFile())
    assert needs.requirements.splitlines() == ["rich>=13", "pytest-cov", "aiohttp"]
    assert needs.left_out == ("odd @ https://example.org/odd.whl",)
    assert "odd @" in needs.in_words() and "rich>=13" in needs.in_words()
    assert not await read_needs(Commits({}), "c", ProjectFile())


async def test_a_named_file_takes_the_place_of_the_extras_for_tests() -> None:
    files = {"pyproject.toml": PYPROJECT, "dev.txt": b"pytest-xdist\n# why\nrich>=13\n"}
    needs = await read_needs(Commits(files), "c", ProjectFile(requirements="dev.txt"))
    assert needs.requirements.splitlines() == ["pytest-xdist", "rich>=13"]
    files["dev.txt"] = b"-e ."
    with pytest.raises(BadInput, match="more than packages by name"):
        await read_needs(Commits(files), "c", ProjectFile(requirements="dev.txt"))


async def test_another_set_up_command_or_script_is_another_content_to_allow() -> None:
    files = {"tools/setup.sh": b"echo 1", "pyproject.toml": b""}
    wish = ProjectFile(setup_command=("sh", "./tools/setup.sh"))
    first = await read_needs(Commits(files), "c", wish)
    assert "sh ./tools/setup.sh" in first.in_words() and "tools/setup.sh" in first.in_words()
    same = await read_needs(Commits({**files, "README": b"x"}), "c", wish)
    other = await read_needs(Commits({**files, "tools/setup.sh": b"echo 2"}), "c", wish)
    more = await read_needs(Commits(files), "c", ProjectFile(setup_command=("sh", "./tools/setup.sh", "-v")))
    assert first.digest == same.digest and len({first.digest, other.digest, more.digest}) == 3
