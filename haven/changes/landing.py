"""From an approved commit to the target branch: what is merged is what was tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    onto: Onto | None = None
    """Where the target has moved on and the merged tree failed: what there is to look at now."""


@dataclass(frozen=True)
class Onto:
    """The approved commit merged with a newer target, and how its tests went there."""

    base: str
    commit: str
    tests: dict[str, Any]


async def land(repository: Repository, checker: Checker, change: Change, approved: Round, settings: Settings) -> Landed:
    """Merge the approved commit; where the target has moved on, the merged tree is tested before it lands.

    Runs again safely after a kill: a commit that is in the target already is not merged twice.
    """
    try:
        await repository.fetch(change.target)
        tip = await repository.tip(change.target)
        if await repository.is_ancestor(approved.commit_id, tip):
            return Landed(tip, await deliver(repository, change.target, settings.project.remote))
        candidate = await repository.merge_candidate(approved.commit_id, tip, _message(change))
        if tip != change.base and approved.tests.get("green"):  # red or untested was accepted by its typed id
            tests = (await checker.check_commits(tip, candidate, lambda text: None)).tests
            if not tests["green"]:
                reason = f"{change.target} has moved on, and merged with it the tests are not green."
                return Landed(back_to_review=f"{reason} {tests['one_line']}.", onto=Onto(tip, candidate, tests))
        await repository.advance(change.target, tip, candidate)
    except Conflict as error:
        mend = error.mend or f"Reject it and ask again: a new change starts from {change.target} as it is now."
        return Landed(back_to_review=f"{error} {mend}")
    return Landed(candidate, await deliver(repository, change.target, settings.project.remote))


async def deliver(repository: Repository, target: str, remote: str) -> str:
    """Bring the merge to the owner's repository; what could not be done is said, and the merge stands."""
    try:
        return await repository.deliver(target, remote)
    except HavenError as error:
        return f"Merged in Haven's own clone, but not delivered: {error.full}"


def _message(change: Change) -> str:
    return f"Merge change {change.id}: {change.title}"
