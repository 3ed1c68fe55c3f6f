"""Real pytest runs in the sandbox: whatever the tests do, there is a report with a sentence a person understands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven.changes.checking.comparison import TestClass, compare
from haven.changes.checking.testreport import TestReport
from haven.changes.project_file import ProjectFile
from haven.changes.sandbox.requirements import Needs
from tests.changes.sandboxing import project, report_of, runner

pytestmark = pytest.mark.sandbox

MIXED = """
import pytest

@pytest.mark.parametrize("x", ["a[b]", "x::y", "\\xe9\\x01\\n", "<&]]>", "a/b.py", "\\ud83d", " -k "])
def test_odd_names(x):
    assert x != "x::y"

class TestGroup:
    def test_in_class(self): pass

@pytest.fixture
def breaks():
    yield
    raise RuntimeError("in the tear-down")

def test_tear_down(breaks): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.skip(reason="not here")
def test_skipped(): pass
"""


async def test_every_outcome_is_read_back(tmp_path: Path) -> None:
    report = await report_of(tmp_path, MIXED)
    short = {name.removeprefix("test_it.py::"): case.outcome for name, case in report.cases.items()}
    odd = {name: outcome for name, outcome in short.items() if name.startswith("test_odd_names[")}
    assert len(odd) == 7 and odd["test_odd_names[x::y]"] == "failed" and list(odd.values()).count("passed") == 6
    assert {name: outcome for name, outcome in short.items() if name not in odd} == {
        "TestGroup::test_in_class": "passed",
        "test_tear_down": "error",
        "test_expected": "xfailed",
        "test_skipped": "skipped",
    }
    assert "in the tear-down" in report.cases["test_it.py::test_tear_down"].message
    assert (report.exit_code, report.problem, report.untested) == (1, "", False)


async def test_thousands_of_tests(tmp_path: Path) -> None:
    tests = "import pytest\n@pytest.mark.parametrize('n', range(3_000))\ndef test_n(n): assert n != 77\n"
    report = await report_of(tmp_path, tests)
    assert len(report.cases) == 3_000 and sum(case.bad for case in report.cases.values()) == 1
    assert len(json.dumps(report.to_json())) < 600_000


@pytest.mark.parametrize(
    ("tests", "limits", "sentence"),
    [
        ("def test_hangs():\n    while True: pass", {"timeout_s": 2}, "timed out: they were stopped after 2 s"),
        ("import sys\nwhile True: print('x' * 9999, file=sys.__stderr__)", {"output_kb": 16}, "flooded the output"),
        ("taken = bytearray(1 << 40)", {}, "ran out of memory|MemoryError"),
        ("import os\nos.abort()", {}, "signal 6"),
        ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", {}, "was killed"),
        ("import os\nos._exit(0)", {}, "left no results"),
        ("import nothing_like_it", {}, "Collection failed, so no test ran: test_it.py .*nothing_like_it"),
        ("def broken(:", {}, "Collection failed, so no test ran: test_it.py .*SyntaxError"),
    ],
    ids=["hang", "flood", "memory", "abort", "kill", "exit", "import", "syntax"],
)
async def test_each_misery_gets_its_sentence(tmp_path: Path, tests: str, limits: dict[str, Any], sentence: str) -> None:
    report = await report_of(tmp_path, tests, **{"timeout_s": 5, **limits})
    assert report.untested
    assert report.problem.endswith(".")
    assert re.search(sentence, report.problem)
    assert not compare(TestReport(), report).green


async def test_a_hang_does_not_lose_the_tests_before_it(tmp_path: Path) -> None:
    tests = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(99)\ndef test_c(): pass\n"
    report = await report_of(tmp_path, tests, timeout_s=1)
    assert report.cases["test_it.py::test_a"].outcome == "passed"
    assert report.problem == "The tests timed out: they were stopped after 1 s, at test_it.py:3."
    assert compare(TestReport(report.cases), report).green is False


@pytest.mark.parametrize(
    "tests",
    [
        "import os\ndef test_forks():\n    while True: os.fork()",
        "def test_fills():\n    for n in range(999): open(f'f{n}', 'wb').write(bytes(8 << 20))",
        "def test_eats():\n    taken = [bytearray(8 << 20) for _ in range(999)]",
    ],
    ids=["fork bomb", "disk", "memory"],
)
async def test_greedy_tests_fail_and_stay_inside(tmp_path: Path, tests: str) -> None:
    report = await report_of(tmp_path, tests + "\ndef test_after(): pass\n", timeout_s=5)
    assert report.problem or any(case.bad for case in report.cases.values())
    assert not compare(TestReport(), report).green


async def test_a_broken_module_does_not_hide_the_others(tmp_path: Path) -> None:
    tree = project(tmp_path, {"test_a.py": "def test_a(): pass", "test_b.py": "import nope"})
    report = await runner().run(tree, ProjectFile())
    assert {name: case.outcome for name, case in report.cases.items()} == {
        "test_a.py::test_a": "passed",
        "test_b.py": "error",
    }
    assert not report.untested and report.problem == ""


async def test_forged_results_are_cut_to_what_a_report_may_be(tmp_path: Path) -> None:
    forge = """
import atexit
def test_forges():
    def write():
        with open(".haven-test-results.xml", "w") as file:
            file.write('<!DOCTYPE x [<!ENTITY a "b">]><testsuites><testcase name="&a;"/></testsuites>')
    atexit.register(write)
"""
    report = await report_of(tmp_path, forge)
    assert report.problem == "The test results can't be read: they define a document type, which pytest never does."
    assert report.untested and not report.cases


FORGED = '<testsuites><testcase file="test_it.py" classname="test_it" name="test_a" time="0"/></testsuites>'
FORGES = f"import pathlib\npathlib.Path('.haven-test-results.xml').write_text({FORGED!r})\nraise SystemExit\n"


@pytest.mark.parametrize("name", ["pytest.py", "pytest/__main__.py", "_pytest/config/__init__.py", "pluggy.py"])
async def test_a_file_named_like_a_part_of_pytest_does_not_take_its_place(tmp_path: Path, name: str) -> None:
    tests = "import code_of_the_project\ndef test_a(): assert 0\n"
    tree = project(tmp_path, {name: FORGES, "tests/test_it.py": tests, "code_of_the_project.py": ""})
    report = await runner().run(tree, ProjectFile())
    assert {name: case.outcome for name, case in report.cases.items()} == {"tests/test_it.py::test_a": "failed"}


async def test_tests_that_are_rewritten_while_they_run_are_named(tmp_path: Path) -> None:
    code = "import pathlib\npathlib.Path('tests/test_b.py').write_text('def test_b(): pass')\n"
    tests = {"tests/test_a.py": "import code_of_it\ndef test_a(): pass", "tests/test_b.py": "def test_b(): assert 0"}
    before = await runner().run(project(tmp_path / "before", {**tests, "code_of_it.py": ""}), ProjectFile())
    after = await runner().run(project(tmp_path / "after", {**tests, "code_of_it.py": code}), ProjectFile())
    assert after.cases["tests/test_b.py::test_b"].outcome == "passed" and after.altered == ("tests/test_b.py",)
    assert before.altered == () and not compare(before, after).green


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"test_b.py": "import pytest\ndef test_b(): pytest.exit('enough', returncode=0)"}, "Exit: enough"),
        ({"conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 1"}, "exit code 1, although no test"),
    ],
)
async def test_a_run_that_ends_otherwise_than_its_tests_is_not_green(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    report = await runner().run(project(tmp_path, {"test_a.py": "def test_a(): pass", **files}), ProjectFile())
    compared = compare(replace(report, exit_code=0, problem=""), report)
    assert report.cases["test_a.py::test_a"].outcome == "passed"
    assert not compared.green and said in compared.one_line()


async def test_every_test_runs_though_the_project_stops_at_the_first_failure(tmp_path: Path) -> None:
    tests = {"pytest.ini": "[pytest]\naddopts = -x", "test_a.py": "def test_a(): assert 0\ndef test_b(): pass"}
    report = await runner().run(project(tmp_path, tests), ProjectFile())
    assert [case.outcome for case in report.cases.values()] == ["failed", "passed"] and report.problem == ""


async def test_committed_results_are_not_those_of_the_run(tmp_path: Path) -> None:
    tree = project(tmp_path, {".haven-test-results.xml": FORGED, "test_it.py": "import os\nos._exit(0)\n"})
    report = await runner().run(tree, ProjectFile())
    assert report.untested and not report.cases and "left no results" in report.problem


async def test_results_that_are_too_large_are_not_read(tmp_path: Path) -> None:
    tests = """
import atexit
def write():
    with open(".haven-test-results.xml", "w") as file:
        file.write("<testsuites>" + " " * (9 << 20) + "</testsuites>")
atexit.register(write)
def test_it(): pass
"""
    report = await report_of(tmp_path, tests)
    assert report.problem == "The test results can't be read: they have more than 8 MB." and report.untested


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("x = 1", "compile\\."), ("x = = 1", "don't compile \\(pkg/a.py: SyntaxError: .*, line 1\\)\\.")],
)
async def test_a_project_without_tests_is_said_so_and_checked_for_syntax(
    tmp_path: Path, code: str, verdict: str
) -> None:
    report = await runner().run(project(tmp_path, {"pkg/a.py": code, "README": ""}), ProjectFile())
    assert report.untested and not report.cases
    assert report.problem.startswith("No tests were collected") and re.search(f"{verdict}$", report.problem)


async def test_options_that_are_wrong_are_named(tmp_path: Path) -> None:
    tests = {"pytest.ini": "[pytest]\naddopts = -n auto", "test_a.py": "def test_a(): pass"}
    report = await runner().run(project(tmp_path, tests), ProjectFile())
    assert report.untested and "unrecognized arguments: -n" in report.problem, report.problem


async def test_a_command_that_starts_pytest_by_itself(tmp_path: Path) -> None:
    script = "echo before; exec python -m pytest sub\n"
    tree = project(tmp_path, {"check.sh": script, "sub/test_a.py": "def test_a(): 1"})
    report = await runner().run(tree, ProjectFile(test_command=("sh", "check.sh")))
    assert report.passed("sub/test_a.py::test_a") and "before" in report.output


async def test_a_command_that_runs_no_tests(tmp_path: Path) -> None:
    tree = project(tmp_path, {"a": ""})
    report = await runner().run(tree, ProjectFile(test_command=("true",)))
    assert report.untested and "has to run pytest" in report.problem
    report = await runner().run(tree, ProjectFile(test_command=("no-such-thing",)))
    assert report.untested and "could not be started: no-such-thing" in report.problem


async def test_a_regressed_test_that_passes_again_is_flaky(tmp_path: Path) -> None:
    """Chance is played by a file that is gone when the tests run again."""
    tests = """
import pathlib, pytest
@pytest.mark.parametrize("x", ["a[b]", "x::y -k"])
def test_moody(x): assert not pathlib.Path("mood").exists()
def test_broken(): assert 0
"""
    tree = project(tmp_path, {"test_m.py": tests, "mood": "bad"})
    first = await runner().run(tree, ProjectFile())
    bad = [name for name, case in first.cases.items() if case.bad]
    (tree / "mood").unlink()
    flaky = await runner().rerun(tree, ProjectFile(), Needs(), bad)
    before = await runner().run(tree, ProjectFile())
    assert flaky == {"test_m.py::test_moody[a[b]]", "test_m.py::test_moody[x::y -k]"}
    compared = compare(before, replace(first, flaky=flaky))
    assert compared.counts[TestClass.FLAKY] == 2 and compared.counts[TestClass.FAILING_BEFORE] == 1


async def test_the_same_tree_gives_the_same_ids_each_time(tmp_path: Path) -> None:
    tests = "import pytest\n@pytest.mark.parametrize('x', sorted({'b', 'a'}, key=hash))\ndef test_x(x): pass\n"
    runs = [await report_of(tmp_path, tests) for _ in range(2)]
    assert list(runs[0].cases) == list(runs[1].cases)


async def test_progress_is_told_while_it_runs(tmp_path: Path) -> None:
    told: list[str] = []
    tree = project(tmp_path, {"test_a.py": "def test_a(): pass"})
    await runner().run(tree, ProjectFile(), on_progress=told.append)
    assert "test_a.py" in "".join(told)
