"""Run the tests before and after a round, class every test, and put the failures into words for the next round."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from haven.changes import kinds
from haven.changes.checking.affecting import affected, read_python
from haven.changes.checking.comparison import LOST, RED, Comparison, TestClass, compare, file_of, unsettled
from haven.changes.checking.testreport import TestReport
from haven.changes.checking.testrun import TestRunner
from haven.changes.checking.weakening import weakened, weakened_helpers
from haven.changes.git.repository import Repository
from haven.changes.project_file import PROJECT_FILE, PYTEST, ProjectFile, read_project_file
from haven.changes.review.pointing import own_words
from haven.changes.review.risk import removal_asked
from haven.changes.rounds.plan import wishes
from haven.changes.sandbox.inside import is_of_tests
from haven.changes.sandbox.requirements import Needs, read_needs
from haven.errors import SandboxError
from haven.store import changes as table
from haven.store import notes
from haven.store.changes import Change, Round
from haven.store.database import Database

log = logging.getLogger("haven.changes")

FAILURE_CHARS = 6_000
"""Of failing tests' messages that go back to the model: head and tail of each."""
MOST_NAMED = 20
MOST_HELPERS = 3
Progress = Callable[[Change, str], None]
Worth = Callable[[str, dict[str, Any]], Awaitable[bool]]
"""Whether a repair round would follow on these failures, and on this comparison as JSON."""


@dataclass(frozen=True)
class Result:
    """`tests` is a Comparison as JSON, "partial" where the full run was left out; `failures` the words for a repair
    round, "" where nothing is red."""

    tests: dict[str, Any]
    failures: str


@dataclass(frozen=True)
class Job:
    """What one check is about. `say` tells the progress."""

    base: str
    commit: str
    authority: str
    """The commit whose project file and needs hold: the base, and for an undo the tree that it goes back to, which the
    owner has allowed before."""
    project: ProjectFile
    needs: Needs
    touched: tuple[str, ...]
    """Paths that the change adds, changes or removes."""
    weakened: dict[str, str]
    slack: str
    """Which helpers of the tests check less than before, in a sentence, or ""."""
    words: tuple[str, ...]
    """What people asked for: they may have wanted a test to go."""
    takes_back: bool
    """It only undoes an earlier change: tests which that one brought go with it."""
    say: Callable[[str], None]


class Checker:
    """Test runs of commits, each on a private copy of the tree."""

    def __init__(self, database: Database, repository: Repository, runner: TestRunner, scratch: Path) -> None:
        self._database = database
        self._repository = repository
        self._runner = runner
        self._scratch = scratch

    async def check(self, change: Change, current: Round, progress: Progress, worth: Worth | None = None) -> Result:
        """Compare the round's commit with the change's base. Where a repair round would follow on what the nearest
        tests show, as `worth` says, the full run is left out."""
        rounds = await table.rounds(self._database, change.id)
        tweaks = [own_words(one.instruction) for one in rounds if one.cause == "tweak"]
        words = (change.request, *wishes(change.plan), *tweaks)
        takes_back = current.cause == "undo"  # git made it: it repairs nothing, and keeps the promise of no kind
        result = await self.check_commits(
            *(change.base, current.commit_id, lambda text: progress(change, text)),
            worth=None if takes_back else worth,
            words=words,
            takes_back=takes_back,
        )
        return result if result.failures or takes_back else await self._by_kind(change, current.commit_id, result)

    async def check_commits(
        self,
        base: str,
        commit: str,
        progress: Callable[[str], None],
        worth: Worth | None = None,
        words: tuple[str, ...] = (),
        takes_back: bool = False,
    ) -> Result:
        """Raises Unavailable where the test environment can't be made now; without a sandbox: untested."""
        missing = await asyncio.to_thread(self._runner.problem)
        if missing:
            return Result(untested(missing), "")
        try:
            return await self._compare(await self._job(base, commit, words, takes_back, progress), worth)
        except SandboxError as error:
            log.error("[%s] %s could not be tested: %s", error.id, commit[:12], error)
            return Result(untested(error.full), "")

    async def _by_kind(self, change: Change, commit: str, result: Result) -> Result:
        """What the kind of change promises beyond green tests."""
        paths = [file.path for file in await self._repository.diff_stat(change.base, commit)]

        async def failing(files: Mapping[str, bytes], tests: Collection[str]) -> frozenset[str]:
            return await self._failing(change.base, files, tests)

        try:
            verdict = await kinds.judge(
                change.kind, result.tests, paths, self._repository, change.base, commit, failing
            )
        except SandboxError as error:
            log.error("[%s] %s could not be tried on its base: %s", error.id, commit[:12], error)
            return result
        return Result(verdict.added_to(result.tests), verdict.red)

    async def _failing(self, base: str, files: Mapping[str, bytes], tests: Collection[str]) -> frozenset[str]:
        """Those of the tests that fail on the base with the change's `files` laid over it."""
        project = await self._project(base)
        needs = await read_needs(self._repository, base, project)
        async with self._exported(base) as tree:
            await asyncio.to_thread(kinds.lay_over, tree, files)
            report = await self._runner.run(tree, project, needs, only=sorted(set(map(file_of, tests))))
        failed = {name for name, case in report.cases.items() if case.bad}
        return frozenset(test for test in tests if failed & {test, file_of(test)})

    async def ready(self, base: str) -> None:
        """Read the project's wishes in that commit and make its test environment, before any money is spent.

        Raises BadInput (a wrong .haven/project.toml) and Unavailable (requirements that nobody allowed, no index).
        """
        project = await self._project(base)
        needs = await read_needs(self._repository, base, project)
        if not await asyncio.to_thread(self._runner.problem):
            await self._prepare(base, needs)

    async def _job(
        self, base: str, commit: str, words: tuple[str, ...], takes_back: bool, say: Callable[[str], None]
    ) -> Job:
        authority = commit if takes_back else base
        project = await self._project(authority)
        needs = await read_needs(self._repository, authority, project)
        touched = tuple(file.path for file in await self._repository.diff_stat(base, commit))
        python = [path for path in touched if path.endswith(".py")]  # a project may call its test files otherwise
        was, now = [await self._repository.read_many(each, python) for each in (base, commit)]
        less = await asyncio.to_thread(weakened, was, now)
        slack = "" if takes_back else await asyncio.to_thread(_slack, was, now, less)
        return Job(base, commit, authority, project, needs, touched, less, slack, words, takes_back, say)

    async def _prepare(self, base: str, needs: Needs) -> None:
        """A set-up command gets a copy of the base to run in, where the environment is not there yet."""
        if needs.command and not await asyncio.to_thread(self._runner.is_ready, needs):
            async with self._exported(base) as tree:
                await self._runner.prepare(needs, tree)
        else:
            await self._runner.prepare(needs)

    async def _compare(self, job: Job, worth: Worth | None) -> Result:
        await self._prepare(job.authority, job.needs)
        before = await self._baseline(job)
        async with self._exported(job.commit) as tree:
            if worth is not None and (early := await self._nearest(job, before, tree, worth)):
                return early
            job.say("running the tests of the change")
            after = await self._settled(job, tree, before)
        comparison = await self._classed(job, before, after)
        return Result(comparison.to_json(), failures_in_words(comparison, before, after))

    async def _nearest(self, job: Job, before: TestReport, tree: Path, worth: Worth) -> Result | None:
        """The tests nearest to the change, first: a result only where they are red and a repair round follows."""
        files = await asyncio.to_thread(read_python, tree)
        chosen = await asyncio.to_thread(affected, files, job.touched)
        if job.project.test_command != PYTEST:  # it may leave files out, and those would be run for nothing
            known = {file_of(name) for name in before.cases}
            chosen = tuple(file for file in chosen if file in known)
        if not chosen or before.untested:
            return None
        job.say(f"running the {len(chosen)} test files nearest to the change")
        part = replace(before, cases={name: case for name, case in before.cases.items() if file_of(name) in chosen})
        after = await self._settled(job, tree, part, chosen)
        comparison = await self._classed(job, part, after)
        # A test that the project's own command leaves out may fail here without meaning anything.
        bad = RED if job.project.test_command == PYTEST else {TestClass.REGRESSED}
        failures = failures_in_words(comparison, part, after)
        if after.problem or not comparison.of(bad):
            return None
        few = f"the {len(chosen)} test files" if len(chosen) > 1 else "the test file"
        problem = f"Only {few} nearest to the change ran, because some of those tests fail."
        tests = replace(comparison, problem=problem).to_json() | {"partial": True}
        return Result(tests, failures) if await worth(failures, tests) else None

    async def _classed(self, job: Job, before: TestReport, after: TestReport) -> Comparison:
        comparison = await asyncio.to_thread(compare, before, after, weakened=job.weakened)
        if job.slack and not comparison.problem:
            comparison = replace(comparison, problem=job.slack)
        if job.takes_back:
            return replace(
                comparison, asked=tuple(test for test in comparison.of(LOST) if file_of(test) in job.touched)
            )
        lost = comparison.of(LOST - {TestClass.WEAKENED})
        return replace(comparison, asked=tuple(lost)) if lost and removal_asked(job.words, lost) else comparison

    async def _baseline(self, job: Job) -> TestReport:
        """By tree hash: the same tree is run once."""
        tree_hash = await self._repository.tree_hash(job.base)
        key = f"{tree_hash}:{job.project.key}:{self._runner.key(job.needs)}"
        known = await notes.baseline(self._database, key)
        if known is not None:
            return TestReport.from_json(known)
        job.say("running the tests of the base")
        async with self._exported(job.base) as tree:
            report = await self._settled(job, tree, None)
        if not report.untested and not report.problem:
            await notes.set_baseline(self._database, key, report.to_json())
        return report

    async def _settled(self, job: Job, tree: Path, before: TestReport | None, only: tuple[str, ...] = ()) -> TestReport:
        """One run, with its failures run again, but for those that are known from the base."""

        async def run() -> TestReport:
            return await self._runner.run(tree, job.project, job.needs, only=only, changed=job.touched)

        report = await run()
        again = [] if report.untested else unsettled(before, report)
        if not again:
            return report
        job.say(f"running {len(again)} failed tests again")
        flaky = await self._runner.rerun(tree, job.project, job.needs, again)
        if before is not None and (doubtful := {test for test in flaky if not _failed(before, test)}):
            # They pass alone, but among the others they passed on the base: an order that breaks them is no chance.
            job.say("running the tests once more, in their order")
            once_more = await run()
            flaky -= {test for test in doubtful if _failed(once_more, test)}
        return replace(report, flaky=flaky)

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


def _failed(report: TestReport, test: str) -> bool:
    return test in report.cases and report.cases[test].bad


def _slack(before: Mapping[str, bytes], after: Mapping[str, bytes], weaker_tests: Collection[str]) -> str:
    """The sentence on helpers and fixtures that check less, where the tests of their own file don't show it."""
    shown = {file_of(test) for test in weaker_tests}
    support = {path: text for path, text in before.items() if is_of_tests(path) and path not in shown}
    found = weakened_helpers(support, after)
    said = [f"{name}: {why.removesuffix('.')}" for name, why in sorted(found.items())]
    return f"What tests are checked with checks less than before: {'; '.join(said[:MOST_HELPERS])}." if said else ""


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


def failures_in_words(comparison: Comparison, before: TestReport, after: TestReport) -> str:
    """What is red, for the model: test, message, cut in the middle; "" where nothing is."""
    if after.untested:
        broken = [f"{file}: {reason}" for file, reason in after.broken.items() if file not in before.broken]
        words = broken if before.untested else [after.problem, after.output]  # else the change broke the run itself
        return _cut("\n".join(words), FAILURE_CHARS)
    red, asked = comparison.of(RED), set(comparison.asked)
    lost = [test for test in comparison.of(LOST) if test not in asked]
    parts = [f"{test}: {_cut(after.cases[test].message) if test in after.cases else 'missing'}" for test in red]
    parts += [f"{test} is {comparison.classes[test]} now. {comparison.notes.get(test, '')}".strip() for test in lost]
    if len(parts) > MOST_NAMED:
        parts[MOST_NAMED:] = [f"... and {len(parts) - MOST_NAMED} more"]
    if not parts and not comparison.green:
        parts = [comparison.one_line(), _cut(after.output)]
    return _cut("\n\n".join(parts), FAILURE_CHARS)


def _cut(text: str, limit: int = 1_200) -> str:
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n[...]\n{text[-limit // 2 :]}"
