"""From an approved commit to the target branch: what is merged is what was tested."""

from __future__ import annotations

from dataclasses import dataclass

from haven.changes.checking import Checker
from haven.changes.repository import Repository
from haven.errors import Conflict, HavenError
from haven.settings import Settings
from haven.store.changes import Change, Round


@dataclass(frozen=True)
class Landed:
    """`commit` on the target branch, or the reason why a person must look again; `note` is for the owner."""

    commit: str = ""
    note: str = ""
    back_to_review: str = ""


async def land(repository: Repository, checker: Checker, change: Change, approved: Round, settings: Settings) -> Landed:
    """Merge the approved commit; where the target has moved on, the merged tree is tested before it lands.

    Runs again safely after a kill: a commit that is in the target already is not merged twice.
    """
    await repository.fetch(change.target)
    tip = await repository.tip(change.target)
    if await repository.is_ancestor(approved.commit_id, tip):
        return Landed(tip, await deliver(repository, change.target, settings.project.remote))
    try:
        candidate = await repository.merge_candidate(approved.commit_id, tip, _message(change))
    except Conflict as error:
        return Landed(back_to_review=f"{error.full} Tweak it to make a new round, or reject it.")
    if tip != change.base and not approved.tests.get("untested"):
        result = await checker.check_commits(tip, candidate, lambda text: None)
        if result.failures:
            tests = result.tests["one_line"]
            return Landed(back_to_review=f"{change.target} has moved on, and merged with it the tests fail: {tests}.")
    await repository.advance(change.target, tip, candidate)
    return Landed(candidate, await deliver(repository, change.target, settings.project.remote))


async def deliver(repository: Repository, target: str, remote: str) -> str:
    """Bring the merge to the owner's repository; what could not be done is said, and the merge stands."""
    try:
        return await repository.deliver(target, remote)
    except HavenError as error:
        return f"Merged in Haven's own clone, but not delivered: {error.full}"


def _message(change: Change) -> str:
    return f"Merge change {change.id}: {change.title}"
