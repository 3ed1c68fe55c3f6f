"""Runs a project's tests in the sandbox: all of them, some of them first, or those again that failed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from haven.changes.checking import without_tests
from haven.changes.checking.comparison import function_of
from haven.changes.checking.testreport import Case, TestReport, read_junit
from haven.changes.project_file import PYTEST, ProjectFile
from haven.changes.sandbox import FILE_BYTES, Finished, Sandbox
from haven.changes.sandbox.installed import PLACE, Installed, installed
from haven.changes.sandbox.requirements import Needs
from haven.changes.sandbox.testenv import NOTHING, TestEnvironment, TestEnvironments

RESULTS = ".haven-test-results.xml"
START_PYTEST = (
    "import os, sys; del sys.path[0]; import pytest, pygments; sys.path[:0] = {path!r}; "
    "os.environ['PYTHONPATH'] = ':'.join({path!r}); sys.exit(pytest.console_main())"
)
"""What `python -m pytest` does, but a file of the project that is named like a part of pytest can't take its place."""
NO_TESTS = 5
"""pytest's exit code when it collected nothing."""
MOST_RERUN = 200
"""Tests that are named one by one for a second run; with more of them all tests run again."""


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

    def key(self, needs: Needs = NOTHING) -> str:
        """Names the test environment: interpreter, pytest and what the project needs."""
        return self._environments.key(needs)

    def is_ready(self, needs: Needs = NOTHING) -> bool:
        """Whether the test environment is there already."""
        return self._environments.is_ready(needs)

    async def prepare(self, needs: Needs = NOTHING, tree: Path | None = None) -> None:
        """Make the test environment now, so that a run need not; raises as TestEnvironments.prepare does."""
        await self._environments.prepare(needs, tree)

    async def run(
        self,
        tree: Path,
        project: ProjectFile,
        needs: Needs = NOTHING,
        on_progress: Callable[[str], None] | None = None,
        *,
        only: Sequence[str] = (),
        changed: Sequence[str] = (),
    ) -> TestReport:
        """Run the tests of `tree` (an exported copy, without .git), all of them or `only` some files.

        A project without tests gets a syntax check, an import check of the `changed` files, and stays untested.
        """
        environment = await self._environments.prepare(needs)
        async with installed(tree) as own:
            report = await self._pytest(tree, project, environment, own, only, on_progress)
            if report.exit_code == NO_TESTS and not report.cases and not report.problem and not only:
                return await self._without_tests(tree, environment, own, changed, report)
            return report

    async def rerun(
        self, tree: Path, project: ProjectFile, needs: Needs, ids: Collection[str], times: int = 2
    ) -> frozenset[str]:
        """Run the tests `ids` again, each time in a fresh sandbox; returns the flaky ones: those that passed once."""
        environment = await self._environments.prepare(needs)
        left = set(ids)
        async with installed(tree) as own:
            for _ in range(times):
                # Parameters are left out: they hold any characters, and pytest then runs all of that function's.
                targets = sorted(set(map(function_of, left)))
                chosen = targets if len(targets) <= MOST_RERUN else []
                report = await self._pytest(tree, project, environment, own, chosen, None)
                left -= {name for name in left if report.passed(name)}
                if not left:
                    break
        return frozenset(ids) - left

    async def _pytest(
        self,
        tree: Path,
        project: ProjectFile,
        environment: TestEnvironment,
        own: Installed,
        targets: Sequence[str],
        on_progress: Callable[[str], None] | None,
    ) -> TestReport:
        most = self._sandbox.limits.timeout_s
        timeout_s = min(project.timeout_s or most, most)
        options = _options(timeout_s)
        command = PYTEST if targets else project.test_command
        start = _unshadowed(command, own)
        # A command that starts pytest itself (make, a script) gets the options by pytest's own variable.
        told = own.variables if start else {**own.variables, "PYTEST_ADDOPTS": " ".join(options)}
        if start:
            del told["PYTHONPATH"]  # its own start sets that, once pytest is imported
        finished = await self._sandbox.run(
            tree,
            [*start, *options, *targets] if start else command,
            environment,
            timeout_s=timeout_s,
            on_output=on_progress,
            artifacts=(RESULTS,),
            variables=told,
            read={PLACE: own.folder},
        )
        return await asyncio.to_thread(_report, finished, timeout_s, self._sandbox)

    async def _without_tests(
        self, tree: Path, environment: TestEnvironment, own: Installed, changed: Sequence[str], report: TestReport
    ) -> TestReport:
        checked = await self._sandbox.run(
            tree,
            without_tests.command(own.path, changed),
            environment,
            artifacts=(without_tests.RESULTS,),
            variables=own.variables,
            read={PLACE: own.folder},
        )
        broken, verdict = without_tests.read(checked.files.get(without_tests.RESULTS))
        output = f"{report.output}\n{checked.output}".strip()
        sentence = f"No tests were collected: the project has none that pytest finds; {verdict}"
        seconds = report.seconds + checked.seconds
        return TestReport({}, report.exit_code, output, sentence, seconds, untested=True, broken=broken)


def _unshadowed(command: Sequence[str], own: Installed) -> Sequence[str]:
    """The command with pytest started in Haven's way; nothing where it is another program that starts pytest."""
    if re.fullmatch(r"(.*/)?py\.?test", command[0]):
        python, rest = "python", command[1:]
    elif re.fullmatch(r"(.*/)?python[\d.]*", command[0]) and tuple(command[1:3]) == ("-m", "pytest"):
        python, rest = command[0], command[3:]
    else:
        return ()
    return (python, "-c", START_PYTEST.format(path=list(own.path)), *rest)


def _options(timeout_s: float) -> list[str]:
    return [
        *("-p", "no:cacheprovider", "--color=no", "--tb=short", "--continue-on-collection-errors"),
        "--maxfail=0",  # every test is classed, whatever the project's own options say
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
    problem = _stopped(finished, timeout_s, sandbox) or problem or (_ended_early(finished.output) if tested else "")
    return TestReport(
        *(cases, finished.exit_code, finished.output, problem, finished.seconds, not tested), altered=finished.altered
    )


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


def _ended_early(output: str) -> str:
    """What pytest says, right above its last line, of a run that a test or an option ended."""
    for line in output.splitlines()[-3:]:
        if said := re.fullmatch(r"!{3,} (.+) !{3,}", line.strip()):
            return f"The tests ended before the last of them ran: {said[1].removeprefix('_pytest.outcomes.')[:300]}."
    return ""


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
    usage = [line for line in lines if re.match(r"\S+: error: ", line)]  # below the line that pytest begins with ERROR
    return f"Collection failed, so no test ran: {(usage or errors or [last])[-1][:300]}"
