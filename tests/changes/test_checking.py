"""A change's tests from commit to verdict: real repository, real database, real pytest in the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from haven.changes.checking import Checker, Result
from haven.changes.git.repository import Repository
from haven.errors import Unavailable
from haven.store.database import opened
from tests.changes import sources
from tests.changes.sandboxing import runner

pytestmark = pytest.mark.sandbox
CORE = "def double(x):\n    return x * 2\n"
TEST_CORE = """
from importlib.metadata import version

from probe.core import double

def test_a():
    assert double(2) == 4
    assert double(0) == 0

def test_version():
    assert version("probe") == "1.0"
"""
FILES = {
    "pyproject.toml": '[project]\nname = "probe"\nversion = "1.0"\n',
    "src/probe/__init__.py": "",
    "src/probe/core.py": CORE,
    "tests/test_core.py": TEST_CORE,
    "tests/test_far.py": "def test_far(): pass\n",
    "tests/test_other.py": "def test_other(): pass\n",
}
BROKEN = {"src/probe/core.py": CORE.replace("2", "3")}


class Bench:
    """One base commit, and what is said of changes to it."""

    def __init__(self, checker: Checker, repository: Repository, base: str) -> None:
        self.checker = checker
        self.repository = repository
        self.base = base
        self.said: list[str] = []
        self.asked: list[str] = []

    async def check(self, files: dict[str, str], *words: str, worth: bool | None = None) -> Result:
        """The verdict on the base with these files; `worth`: whether a repair round would follow, if there is one."""
        commit = await sources.change(self.repository, files, self.base)

        async def answer(failures: str, tests: dict[str, Any]) -> bool:
            assert tests["counts"]["regressed"] and not tests["green"]
            self.asked.append(failures)
            return bool(worth)

        ask = None if worth is None else answer
        return await self.checker.check_commits(self.base, commit, self.said.append, ask, words)


@asynccontextmanager
async def bench(folder: Path, files: dict[str, str]) -> AsyncIterator[Bench]:
    repository = await sources.opened(sources.make(folder / "project", files))
    scratch = folder / "scratch"
    async with opened(folder / "haven.db") as database:
        yield Bench(Checker(database, repository, runner(), scratch), repository, await repository.tip())
    assert not list(scratch.glob("*")), "every copy of a tree is gone"


async def test_the_nearest_tests_run_first_and_alone_where_a_repair_follows(tmp_path: Path) -> None:
    async with bench(tmp_path, FILES) as here:
        early = await here.check(BROKEN, worth=True)
        assert early.tests["classes"] == {
            "tests/test_core.py::test_a": "regressed",
            "tests/test_core.py::test_version": "passing",
        }
        assert early.tests["problem"].startswith("Only the test file nearest") and not early.tests["green"]
        assert "assert 6 == 4" in early.failures and here.asked == [early.failures]
        assert list(early.tests["said"]) == ["tests/test_core.py::test_a"], "what passes has nothing to say"
        assert "assert 6 == 4" in early.tests["said"]["tests/test_core.py::test_a"]

        whole = await here.check(BROKEN, worth=False)
        assert whole.tests["counts"] == {"regressed": 1, "passing": 3} and whole.tests["problem"] == ""
        good = await here.check({"src/probe/core.py": CORE + "# faster\n"}, worth=True)
        assert good.tests["green"] and good.failures == "" and good.tests["counts"] == {"passing": 4}
        assert here.said.count("running the tests of the base") == 1, "the base is run once for all changes to it"


async def test_a_base_that_fails_by_chance_hides_no_regression(tmp_path: Path) -> None:
    """Chance is played by the order: the test fails after another one, and passes when it is run again alone."""
    moody = "import test_other\n\ndef test_moody():\n    assert not test_other.RAN\n    assert {} == {}\n"
    other = {"tests/test_other.py": "RAN = []\n\ndef test_other():\n    RAN.append(1)\n"}
    late = "tests/test_z.py"
    async with bench(tmp_path, {**FILES, **other, late: moody.format(1, 1)}) as here:
        fine = await here.check({"README.md": "more"})
        assert fine.tests["green"] and fine.tests["classes"][f"{late}::test_moody"] == "flaky"
        worse = await here.check({late: moody.format(1, 2)})
        assert worse.tests["classes"][f"{late}::test_moody"] == "regressed" and "test_moody" in worse.failures


async def test_a_test_that_fails_only_behind_another_is_no_flaky_one(tmp_path: Path) -> None:
    files = {
        "state.py": "RAN = []\n\n\ndef run():\n    pass\n",
        "tests/test_a.py": "import state\n\ndef test_a():\n    state.run()\n",
        "tests/test_b.py": "import state\n\ndef test_b():\n    assert not state.RAN\n",
    }
    async with bench(tmp_path, {"conftest.py": "", **files}) as here:
        leaks = await here.check({"state.py": files["state.py"].replace("pass", "RAN.append(1)")})
    assert leaks.tests["classes"] == {"tests/test_a.py::test_a": "passing", "tests/test_b.py::test_b": "regressed"}


async def test_a_test_that_is_weakened_or_lost_goes_back_with_the_reason(tmp_path: Path) -> None:
    weaker = {"tests/test_core.py": TEST_CORE.replace("    assert double(0) == 0\n", "")}
    gone = {
        "tests/test_far.py": "",
        "tests/test_other.py": "import pytest\n\n@pytest.mark.xfail\ndef test_other(): 1 / 0\n",
    }
    async with bench(tmp_path, FILES) as here:
        result = await here.check(weaker)
        assert result.tests["one_line"] == "3 passing, 0 new, 0 regressed, 1 weakened"
        assert "test_a is weakened now. It checks 1 things where it checked 2." in result.failures
        result = await here.check(gone)
        assert result.tests["counts"] == {"passing": 2, "removed": 1, "xfailed": 1} and not result.tests["green"]
        assert "test_far is removed now" in result.failures and "test_other is xfailed now" in result.failures
        result = await here.check(gone, "Remove the test test_far and skip test_other, please.")
        assert result.tests["green"] and result.failures == ""


async def test_checks_that_are_lost_beside_the_tests_are_found_as_well(tmp_path: Path) -> None:
    agrees = "def agrees(one, other):\n    assert one == other\n"
    test = "from support import agrees\n\ndef test_it():\n    agrees(1, 1)\n    assert 2 + 2 == 4\n"
    own_names = '[tool.pytest.ini_options]\npython_files = ["check_*.py"]\n'
    async with bench(
        tmp_path, {"pyproject.toml": own_names, "tests/support.py": agrees, "tests/check_it.py": test}
    ) as here:
        loose = await here.check({"tests/support.py": "def agrees(one, other):\n    pass\n"})
        assert not loose.tests["green"] and "tests/support.py::agrees: It checks 0 things" in loose.tests["problem"]
        assert "tests/support.py::agrees" in loose.failures, "the model is told as well"
        weaker = await here.check({"tests/check_it.py": test.replace("    assert 2 + 2 == 4\n", "")})
        assert weaker.tests["counts"] == {"weakened": 1}


async def test_without_tests_the_changed_files_must_compile_and_import(tmp_path: Path) -> None:
    files = {"src/probe/__init__.py": "", "src/probe/core.py": CORE, "src/probe/old.py": "import not_there"}
    async with bench(tmp_path, files) as here:
        good = await here.check({"src/probe/core.py": CORE + "import json\n"})
        assert good.failures == "" and good.tests["untested"]
        assert good.tests["problem"].endswith("its Python files compile; those that changed can be imported.")
        bad = await here.check(
            {"src/probe/core.py": "from probe import nothing\n", "src/probe/old.py": "import not_there2"}
        )
        assert "src/probe/core.py: ImportError: cannot import name 'nothing'" in bad.failures
        assert "old.py" not in bad.failures, "it could not be imported before either"
        torn = await here.check({"src/probe/core.py": "def double(:\n"})
        assert "src/probe/core.py: SyntaxError: invalid syntax, line 1" in torn.failures


async def test_what_the_tests_need_waits_for_the_owners_word(tmp_path: Path) -> None:
    needy = {"pyproject.toml": FILES["pyproject.toml"] + 'dependencies = ["havenprobe==1.0"]\n'}
    async with bench(tmp_path, {**FILES, **needy}) as here:
        with pytest.raises(Unavailable, match="nobody has allowed it yet"):
            await here.checker.ready(here.base)
