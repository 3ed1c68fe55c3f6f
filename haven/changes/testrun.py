"""Runs a project's tests in the sandbox and says what a change did to every one of them."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from haven.changes.project_file import PYTEST, ProjectFile
from haven.changes.sandbox import FILE_BYTES, Finished, Sandbox
from haven.changes.testenv import TestEnvironment, TestEnvironments
from haven.changes.testreport import Case, TestReport, read_junit

__all__ = ["Case", "Comparison", "TestClass", "TestReport", "TestRunner", "compare"]

RESULTS = ".haven-test-results.xml"
START_PYTEST = (
    "import sys; del sys.path[0]; import pytest, pygments; sys.path.insert(0, '/project'); "
    "sys.exit(pytest.console_main())"
)
"""What `python -m pytest` does, but a file of the project that is named like a part of pytest can't take its place."""
NO_TESTS = 5
"""pytest's exit code when it collected nothing."""
MOST_RERUN = 200
"""Tests that are named one by one for a second run; with more of them all tests run again."""
SYNTAX = ("python", "-m", "compileall", "-q", "-x", r"/(\.[^/]+|node_modules)/", ".")


class TestClass(StrEnum):
    """What a change did to one test."""

    __test__ = False
    PASSING = "passing"
    FIXED = "fixed"
    NEW = "new"
    REGRESSED = "regressed"
    NEW_FAILING = "new_failing"
    FAILING_BEFORE = "failing_before"
    FLAKY = "flaky"
    """Failed once and passed when run again, with the same files."""
    SKIPPED = "skipped"
    """Ran before, and is skipped or expected to fail now."""
    REMOVED = "removed"
    IDLE = "idle"
    """Skipped now, and nothing is lost by it: it was before, or it is new."""
    NO_RESULT = "no_result"
    """The run ended before its turn."""


LOST = frozenset({TestClass.SKIPPED, TestClass.REMOVED})


@dataclass(frozen=True)
class Comparison:
    """Every test's class. `problem` and `untested` are those of the run after the change."""

    classes: Mapping[str, TestClass] = field(default_factory=dict)
    problem: str = ""
    untested: bool = False
    removals_asked: bool = False
    """The person asked for tests to go or to be skipped."""

    @property
    def counts(self) -> Mapping[TestClass, int]:
        return Counter(self.classes.values())

    @property
    def green(self) -> bool:
        """May be merged by the normal button: something was tested, nothing got worse and no test was lost."""
        bad = {TestClass.REGRESSED, TestClass.NEW_FAILING, TestClass.NO_RESULT}
        bad |= set() if self.removals_asked else LOST
        return not self.untested and not self.problem and not bad & set(self.classes.values())

    def one_line(self) -> str:
        """Such as "41 passing, 2 new, 0 regressed"; other classes are named where there are any."""
        if self.untested:
            return f"untested: {self.problem}" if self.problem else "untested"
        counts = self.counts
        always = (TestClass.PASSING, TestClass.NEW, TestClass.REGRESSED)
        parts = [f"{counts[kind]} {kind}" for kind in always]
        others = [kind for kind in TestClass if kind not in always and counts[kind]]
        parts += [f"{counts[kind]} {kind.replace('_', ' ')}" for kind in others]
        return ", ".join(parts) + (f" ({self.problem})" if self.problem else "")

    def with_flaky(self, ids: Collection[str]) -> Comparison:
        """The same, with those regressed tests that passed when run again."""
        flaky = {name: TestClass.FLAKY for name in ids if self.classes.get(name) is TestClass.REGRESSED}
        return replace(self, classes={**self.classes, **flaky})

    def to_json(self) -> dict[str, Any]:
        """A plain dict; counts, verdict and line are there for readers and are worked out again by `from_json`."""
        counts = {str(kind): count for kind, count in self.counts.items()}
        return {**asdict(self), "counts": counts, "green": self.green, "one_line": self.one_line()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        classes = {name: TestClass(kind) for name, kind in data["classes"].items()}
        return cls(classes, data["problem"], data["untested"], data.get("removals_asked", False))


def compare(before: TestReport, after: TestReport, *, removals_asked: bool = False) -> Comparison:
    """Class every test of both runs. With tens of thousands of tests it takes a good part of a second."""
    classes: dict[str, TestClass] = {}
    broken = after.broken_files
    for name in sorted({*before.cases, *after.cases}):
        was, now = before.cases.get(name), after.cases.get(name)
        if now is not None:
            classes[name] = _class(was, now)
        elif was is not None and _file(name) in broken:
            classes[name] = TestClass.FAILING_BEFORE if was.bad else TestClass.REGRESSED
        else:
            classes[name] = TestClass.NO_RESULT if after.problem else TestClass.REMOVED
    tested = {_file(name) for name in after.cases if "::" in name}
    classes |= {file: TestClass.FIXED for file in before.broken_files & tested if file not in after.cases}
    return Comparison(classes, after.problem, after.untested, removals_asked)


def _file(name: str) -> str:
    return name.partition("::")[0]


def _class(was: Case | None, now: Case) -> TestClass:
    if now.bad:
        if was is not None and was.bad:
            return TestClass.FAILING_BEFORE
        return TestClass.REGRESSED if was is not None and not was.skipped else TestClass.NEW_FAILING
    if now.skipped:
        return TestClass.IDLE if was is None or was.skipped else TestClass.SKIPPED
    if was is None:
        return TestClass.NEW
    return TestClass.FIXED if was.bad else TestClass.PASSING


class TestRunner:
    """Real pytest in the sandbox. Raises SandboxError (no sandbox, or it did not hold), Unavailable and BadInput (the
    test environment); whatever the tests themselves do ends in a TestReport."""

    __test__ = False

    def __init__(self, sandbox: Sandbox, environments: TestEnvironments) -> None:
        self._sandbox = sandbox
        self._environments = environments

    def problem(self) -> str:
        """Why nothing can be tested here, with the mend, or ""; see `Sandbox.problem`."""
        return self._sandbox.problem()

    def key(self, requirements: str) -> str:
        """Names the test environment: interpreter, pytest and the project's packages."""
        return self._environments.key(requirements)

    async def prepare(self, requirements: str = "") -> None:
        """Make the test environment now, so that a run need not; raises as TestEnvironments.prepare does."""
        await self._environments.prepare(requirements)

    async def run(
        self,
        tree: Path,
        project: ProjectFile,
        requirements: str = "",
        on_progress: Callable[[str], None] | None = None,
    ) -> TestReport:
        """Run all tests of `tree` (an exported copy, without .git); `requirements` is the content of the file that
        `project` names. A project without tests gets a syntax check, and stays untested."""
        environment = await self._environments.prepare(requirements)
        report = await self._pytest(tree, project, environment, (), on_progress)
        if report.exit_code == NO_TESTS and not report.cases and not report.problem:
            return await self._syntax_check(tree, environment, report)
        return report

    async def rerun(
        self, tree: Path, project: ProjectFile, requirements: str, ids: Collection[str], times: int = 2
    ) -> frozenset[str]:
        """Run the tests `ids` again, each time in a fresh sandbox; returns the flaky ones: those that passed once."""
        environment = await self._environments.prepare(requirements)
        # Parameters are left out: they hold any characters, and pytest then runs all of that function's.
        targets = sorted({name.partition("[")[0] for name in ids})
        chosen = tuple(targets) if len(targets) <= MOST_RERUN else ()
        runs = [await self._pytest(tree, project, environment, chosen, None) for _ in range(times)]
        return frozenset(name for name in ids if any(run.passed(name) for run in runs))

    async def _pytest(
        self,
        tree: Path,
        project: ProjectFile,
        environment: TestEnvironment,
        targets: Sequence[str],
        on_progress: Callable[[str], None] | None,
    ) -> TestReport:
        most = self._sandbox.limits.timeout_s
        timeout_s = min(project.timeout_s or most, most)
        options = _options(timeout_s)
        command = PYTEST if targets else project.test_command
        direct = any(re.fullmatch(r"(.*/)?(py\.?test)", word) for word in command)
        finished = await self._sandbox.run(
            tree,
            [*_unshadowed(command), *options, *targets] if direct else command,
            environment,
            timeout_s=timeout_s,
            on_output=on_progress,
            artifacts=(RESULTS,),
            # A command that starts pytest itself (make, a script) gets the options by pytest's own variable.
            variables={} if direct else {"PYTEST_ADDOPTS": " ".join(options)},
        )
        return await asyncio.to_thread(_report, finished, timeout_s, self._sandbox)

    async def _syntax_check(self, tree: Path, environment: TestEnvironment, report: TestReport) -> TestReport:
        checked = await self._sandbox.run(tree, SYNTAX, environment)
        verdict = "its Python files compile" if checked.exit_code == 0 else "some of its Python files don't compile"
        output = f"{report.output}\n{checked.output}".strip()
        sentence = f"No tests were collected: the project has none that pytest finds; {verdict}."
        return TestReport({}, report.exit_code, output, sentence, report.seconds + checked.seconds, untested=True)


def _unshadowed(command: Sequence[str]) -> Sequence[str]:
    plain = re.fullmatch(r"(.*/)?python[\d.]*", command[0]) and tuple(command[1:3]) == ("-m", "pytest")
    return (command[0], "-c", START_PYTEST, *command[3:]) if plain else command


def _options(timeout_s: float) -> list[str]:
    return [
        *("-p", "no:cacheprovider", "--color=no", "--tb=short", "--continue-on-collection-errors"),
        *("-o", "junit_family=xunit1", f"--junitxml=/project/{RESULTS}"),
        # Says in the output where a test hangs, shortly before the run is stopped.
        *("-o", f"faulthandler_timeout={timeout_s * 0.9:.1f}"),
    ]


def _report(finished: Finished, timeout_s: float, sandbox: Sandbox) -> TestReport:
    cases: dict[str, Case] = {}
    problem = ""
    try:
        if RESULTS in finished.files:
            cases = read_junit(finished.files[RESULTS])
        elif RESULTS in finished.too_big:
            problem = f"The test results can't be read: they have more than {FILE_BYTES >> 20} MB."
        elif finished.exit_code != NO_TESTS:
            problem = _no_results(finished)
    except ValueError as error:
        problem = f"The test results can't be read: {error}."
    tested = any("::" in name for name in cases)
    if not tested and cases and not problem:
        first, case = next(iter(cases.items()))
        reason = (case.message.strip().splitlines() or ["no reason given"])[-1].removeprefix("E").strip()
        problem = f"Collection failed, so no test ran: {first} ({reason})."
    stopped = _stopped(finished, timeout_s, sandbox)
    return TestReport(cases, finished.exit_code, finished.output, stopped or problem, finished.seconds, not tested)


def _stopped(finished: Finished, timeout_s: float, sandbox: Sandbox) -> str:
    """The sentence for a run that did not end by itself, or ""."""
    limits = sandbox.limits
    place = re.search(r"(?m)^(?:/project/)?(\S+:\d+): KeyboardInterrupt$", finished.output)
    where = f", at {place[1]}" if place else ""
    return {
        "": "",
        "time": f"The tests timed out: they were stopped after {timeout_s:g} s{where}.",
        "output": f"The tests were stopped: they flooded the output (far more than {limits.output_kb} kB).",
        "memory": f"The tests ran out of memory: they were stopped above {limits.memory_mb} MB.",
        "killed": "The test run was killed, by itself or because the machine ran out of memory.",
    }[finished.stopped]


def _no_results(finished: Finished) -> str:
    """Why pytest wrote no results, judged by its exit code and what it printed."""
    lines = [line.strip() for line in finished.output.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "it printed nothing"
    if finished.exit_code == 127:
        return f"The test command could not be started: {last}."
    if "MemoryError" in finished.output or "Cannot allocate memory" in finished.output:
        return "The tests ran out of memory, so there are no results."
    if "No space left on device" in finished.output or "File too large" in finished.output:
        return "The tests filled their disk space, so there are no results."
    if "can't start new thread" in finished.output or "Resource temporarily unavailable" in finished.output:
        return "The tests started too many processes or threads, so there are no results."
    if finished.exit_code == 0:
        return "The test command ended well but left no results: it has to run pytest."
    if finished.exit_code is not None and finished.exit_code < 0:
        return f"The tests were ended by signal {-finished.exit_code}, so there are no results."
    errors = [line for line in lines if re.match(r"(ERROR|E )", line)]
    return f"Collection failed, so no test ran: {(errors or [last])[-1][:300]}"
