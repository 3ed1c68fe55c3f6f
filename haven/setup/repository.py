"""Step `repository`: which git repository Haven looks after, on which branch, and whether its tests run here."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from pydantic import Field

from haven.changes.checking.testreport import TestReport
from haven.changes.checking.testrun import TestRunner
from haven.changes.git.repository import Repository
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.requirements import read_needs
from haven.changes.sandbox.testenv import TestEnvironments
from haven.errors import BadInput, HavenError, RepositoryError
from haven.settings import Settings
from haven.setup.step import Answers, Desk, Person, Step


class RepositoryAnswers(Answers):
    path: Path | None = None
    branch: str | None = Field(None, min_length=1, max_length=200)
    remote: str | None = None
    run_tests: bool = True


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    project = desk.settings.project
    path = person.text("The folder of the repository (a checkout or a bare one)", str(project.repository or ""))
    return ({"path": path} if path else {}) | {
        "branch": person.text("The branch that approved changes are merged into", project.target_branch),
        "run_tests": person.yes("Run its tests once in the sandbox now?"),
    }


async def apply(answers: RepositoryAnswers, desk: Desk) -> tuple[str, ...]:
    """Clone it on trial, keep path and branch, then run the tests; red tests or no sandbox are said, not refused."""
    project = desk.settings.project
    named = answers.path or project.repository
    if named is None:
        raise BadInput("No repository is named.", "Haven can answer questions without one, but change no code.")
    source = await asyncio.to_thread(lambda: named.expanduser().absolute())
    branch = answers.branch or project.target_branch
    scratch = await asyncio.to_thread(_scratch, desk.settings.paths.state_dir)
    try:
        repository = await Repository.create(source, scratch / "trial.git", branch)
        commit = await repository.tip(branch)
        keep = {"repository": str(source), "target_branch": branch}
        desk.keep(project=keep | ({} if answers.remote is None else {"remote": answers.remote}))
        found = f"Haven looks after {source}, branch {branch}, now at {commit[:10]}. Nothing there was touched."
        tests = await _tests(repository, commit, scratch / "tree", desk) if answers.run_tests else "Tests not run."
        return found, tests
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # not awaited: a cancelled step must leave nothing behind either


def _scratch(state_dir: Path) -> Path:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".setup-", dir=state_dir))
    except OSError as error:
        raise RepositoryError(f"{state_dir} can't be written: {error.strerror}.", "Check who owns it.") from None


async def _tests(repository: Repository, commit: str, tree: Path, desk: Desk) -> str:
    """One sentence on the project's tests."""
    desk.say("Running its tests once in the sandbox; the first time this prepares an environment...")
    runner = TestRunner(Sandbox(desk.settings.sandbox), TestEnvironments(desk.settings.paths.state_dir))
    try:
        if problem := await asyncio.to_thread(runner.problem):
            return f"Tests not run: {problem}"
        project = read_project_file(await repository.read(commit, PROJECT_FILE))
        needs = await read_needs(repository, commit, project)
        await asyncio.to_thread(tree.mkdir)
        await repository.export(commit, tree)
        await runner.prepare(needs, tree)
        return in_words(await runner.run(tree, project, needs))
    except HavenError as error:
        return f"Tests not run: {error.full}"


def in_words(report: TestReport) -> str:
    """What the run means for the person's first change."""
    if report.untested or report.problem:
        return f"{report.problem or 'The tests gave no result.'} Until that is mended, changes are shown as untested."
    bad = sum(case.bad for case in report.cases.values())
    good = f"Its {len(report.cases)} test{'s' * (len(report.cases) != 1)} ran in {report.seconds:.0f} s"
    if bad:
        return f"{good}; {bad} of them fail already: Haven won't blame a change for those."
    return f"{good}, none failed."


def known(settings: Settings) -> str:
    project = settings.project
    return f"{project.repository}, branch {project.target_branch}" if project.repository else ""


STEP = Step(
    name="repository",
    title="The repository to look after",
    why="Haven changes code only in a clone of its own; nothing reaches your branch before a person has approved it.",
    answers=RepositoryAnswers,
    ask=ask,
    apply=apply,
    known=known,
)
