"""Run the tests before and after a round, class every test, and put the failures into words for the next round."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haven.changes.project_file import PROJECT_FILE, ProjectFile, read_project_file
from haven.changes.repository import Repository
from haven.changes.testrun import Comparison, TestClass, TestReport, TestRunner, compare
from haven.errors import SandboxError
from haven.store import notes
from haven.store.changes import Change, Round
from haven.store.database import Database

log = logging.getLogger("haven.changes")

FAILURE_CHARS = 6_000
"""Of failing tests' messages that go back to the model: head and tail of each."""
RED = (TestClass.REGRESSED, TestClass.NEW_FAILING)
Progress = Callable[[Change, str], None]


@dataclass(frozen=True)
class Result:
    """`tests` is a Comparison as JSON; `failures` the words for a repair round, "" where nothing is red."""

    tests: dict[str, Any]
    failures: str


class Checker:
    """Test runs of commits, each on a private copy of the tree."""

    def __init__(self, database: Database, repository: Repository, runner: TestRunner, scratch: Path) -> None:
        self._database = database
        self._repository = repository
        self._runner = runner
        self._scratch = scratch

    async def check(self, change: Change, current: Round, progress: Progress) -> Result:
        """Compare the round's commit with the change's base."""
        return await self.check_commits(change.base, current.commit_id, lambda text: progress(change, text))

    async def check_commits(self, base: str, commit: str, progress: Callable[[str], None]) -> Result:
        """Raises Unavailable where the test environment can't be made now; without a sandbox: untested."""
        missing = await asyncio.to_thread(self._runner.problem)
        if missing:
            return Result(untested(missing), "")
        try:
            return await self._compare(base, commit, progress)
        except SandboxError as error:
            log.error("[%s] %s could not be tested: %s", error.id, commit[:12], error)
            return Result(untested(error.full), "")

    async def ready(self, base: str) -> None:
        """Read the project's wishes and make its test environment, before any money is spent.

        Raises BadInput (a wrong .haven/project.toml) and Unavailable (requirements that nobody allowed, no index).
        """
        project = await self._project(base)
        requirements = await self._requirements(base, project)
        if not await asyncio.to_thread(self._runner.problem):
            await self._runner.prepare(requirements)

    async def _compare(self, base: str, commit: str, progress: Callable[[str], None]) -> Result:
        project = await self._project(base)
        requirements = await self._requirements(base, project)
        progress("running the tests of the base")
        before = await self._baseline(base, project, requirements)
        progress("running the tests of the change")
        after = await self._run(commit, project, requirements)
        comparison = await asyncio.to_thread(compare, before, after)
        regressed = [test for test, found in comparison.classes.items() if found is TestClass.REGRESSED]
        if regressed:
            progress(f"running {len(regressed)} regressed tests again")
            comparison = await self._without_flaky(commit, project, requirements, comparison, regressed)
        failures = failures_in_words(comparison, after)
        if after.untested and not before.untested:  # the change broke the run itself
            failures = _cut(f"{after.problem}\n{after.output}", FAILURE_CHARS)
        return Result(comparison.to_json(), failures)

    async def _baseline(self, base: str, project: ProjectFile, requirements: str) -> TestReport:
        """By tree hash: the same tree is run once."""
        key = f"{await self._repository.tree_hash(base)}:{project.key}:{self._runner.key(requirements)}"
        known = await notes.baseline(self._database, key)
        if known is not None:
            return TestReport.from_json(known)
        report = await self._run(base, project, requirements)
        if not report.untested and not report.problem:
            await notes.set_baseline(self._database, key, report.to_json())
        return report

    async def _run(self, commit: str, project: ProjectFile, requirements: str) -> TestReport:
        async with self._exported(commit) as tree:
            return await self._runner.run(tree, project, requirements)

    async def _without_flaky(
        self, commit: str, project: ProjectFile, requirements: str, comparison: Comparison, tests: list[str]
    ) -> Comparison:
        async with self._exported(commit) as tree:
            return comparison.with_flaky(await self._runner.rerun(tree, project, requirements, tests))

    @asynccontextmanager
    async def _exported(self, commit: str) -> AsyncIterator[Path]:
        """A private copy of the tree, gone afterwards."""
        tree = await asyncio.to_thread(_fresh_folder, self._scratch)
        try:
            await self._repository.export(commit, tree)
            yield tree
        finally:
            await asyncio.to_thread(shutil.rmtree, tree, ignore_errors=True)

    async def _project(self, base: str) -> ProjectFile:
        return read_project_file(await self._repository.read(base, PROJECT_FILE))

    async def _requirements(self, base: str, project: ProjectFile) -> str:
        if project.requirements is None:
            return ""
        return ((await self._repository.read(base, project.requirements)) or b"").decode("utf-8", "replace")


def _fresh_folder(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="tree-", dir=scratch))


def untested(problem: str) -> dict[str, Any]:
    """The test result of a round that could not be run."""
    return {
        "classes": {},
        "counts": {},
        "green": False,
        "untested": True,
        "problem": problem,
        "one_line": f"not tested: {problem}",
    }


def failures_in_words(comparison: Comparison, after: TestReport) -> str:
    """What is red, for the model: test, message, cut in the middle; "" where nothing is."""
    red = [test for test, found in sorted(comparison.classes.items()) if found in RED]
    parts = [f"{test}: {_cut(after.cases[test].message) if test in after.cases else 'missing'}" for test in red[:20]]
    if not red and not comparison.green and not comparison.untested:
        parts = [comparison.one_line(), _cut(after.output)]
    if len(red) > 20:
        parts.append(f"... and {len(red) - 20} more")
    return _cut("\n\n".join(parts), FAILURE_CHARS)


def _cut(text: str, limit: int = 1_200) -> str:
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n[...]\n{text[-limit // 2 :]}"
