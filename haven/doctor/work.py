"""What changes to code need: git, the repository, the sandbox, an environment for tests."""

from __future__ import annotations

import re
from pathlib import Path

from haven.changes.git.command import git
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.testenv import TestEnvironments
from haven.doctor.check import Finding
from haven.errors import RepositoryError
from haven.settings import Settings

GIT = (2, 38)
"""The first git with `merge-tree --write-tree`."""


async def git_version(settings: Settings) -> Finding:
    version = (await git("--version", at=Path("/"))).text
    found = re.search(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < GIT:
        return False, f"{version or 'This git'} is too old; Haven needs 2.38.", "sudo apt install git"
    return True, f"{version}."


async def repository(settings: Settings) -> Finding:
    source, branch = settings.project.repository, settings.project.target_branch
    if source is None:
        return None, "None is named, so Haven changes no code.", "haven setup repository"
    if not source.is_dir():
        return False, f"{source} is not there, or Haven may not read it.", "haven setup repository"
    try:
        answer = await git("for-each-ref", "--format=%(refname:short)", "refs/heads/", at=source)
    except RepositoryError:
        return False, f"{source} is not a git repository that can be read.", "haven setup repository"
    branches = answer.text.splitlines()
    if branch not in branches:
        there = f"; it has {', '.join(branches[:5])}" if branches else ": it has no commits"
        return False, f"{source} has no branch {branch}{there}.", "haven setup repository"
    return True, f"{source} has the branch {branch}."


def sandbox(settings: Settings) -> Finding:
    problem = Sandbox(settings.sandbox).problem()
    return (False, problem) if problem else (True, "bubblewrap works: tests of changes run shut in.")


def test_environment(settings: Settings) -> Finding:
    state = settings.paths.state_dir
    if (state / "testenvs" / TestEnvironments(state).key() / "bin" / "python").is_symlink():
        return True, "It is prepared."
    return None, "It is not prepared yet: the first test run does it, and needs the network.", "haven setup repository"
