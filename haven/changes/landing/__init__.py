"""From an approved commit to the target branch: what is merged is what was tested, on the target as it is by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from haven.changes.checking import Checker
from haven.changes.git import merging
from haven.changes.git.merging import Made
from haven.changes.git.repository import Repository
from haven.changes.review import BAD, assembling, by_class, why_red
from haven.changes.review.pr_body import pr_body
from haven.errors import Conflict, HavenError
from haven.settings import Settings
from haven.store import changes as table
from haven.store.changes import Change, Round
from haven.store.database import Database

MERGE_COMMIT = "merge commit"
Say = Callable[[Change, str], None]


@dataclass(frozen=True)
class Newer:
    """The approved change on a newer target: what a person looks at now."""

    base: str
    commit: str
    tests: dict[str, Any]


@dataclass(frozen=True)
class Landed:
    """What came of it: `commit` is on the target, which was at `onto` before; `note` is for the owner.

    Else why not: `back_to_review` for a person (with what there is to see now, if that is another commit), or
    `conflict`, the words for another round, which starts from `onto`.
    """

    commit: str = ""
    onto: str = ""
    note: str = ""
    back_to_review: str = ""
    newer: Newer | None = None
    conflict: str = ""


class Landing:
    """Merges approved changes, one after the other."""

    def __init__(self, database: Database, repository: Repository, checker: Checker, settings: Settings) -> None:
        self._database = database
        self._repository = repository
        self._checker = checker
        self._settings = settings

    async def land(self, change: Change, approved: Round, say: Say) -> Landed:
        """Put the approved commit on the target as it is now, test that where the target has moved on, and merge it.

        Runs again safely after a kill: the target moves in one step, and where to is on the disk before.
        """
        try:
            # Before the source is looked at: it may have moved on, or be away, since a killed process merged it here.
            landed = await self._already(change, approved, await self._repository.tip(change.target))
            if landed is None:
                await self._repository.fetch(change.target)
            while landed is None:
                landed = await self._on_top(change, approved, await self._repository.tip(change.target), say)
        except Conflict as error:
            mend = error.mend or "Approve it again, or reject it."
            return Landed(back_to_review=f"{error} {mend}")
        return replace(landed, note=await self._deliver(change)) if landed.commit else landed

    async def _on_top(self, change: Change, approved: Round, tip: str, say: Say) -> Landed | None:
        """Merge it into the target at `tip`; None where something else was merged in between."""
        if done := await self._already(change, approved, tip):
            return done
        made = await self._candidate(change, approved, tip)
        if made.clashes:
            return await self._clashing(change, approved, tip, made)
        if made.commit != tip:
            if red := await self._tested_again(change, approved, tip, made.commit, say):
                return red
            fields = {"candidate": made.commit, "merged_onto": tip}
            await self._database.write(lambda tx: table.update(tx, change.id, **fields))
            try:
                await self._repository.advance(change.target, tip, made.commit)
            except Conflict:
                if await self._repository.tip(change.target) == tip:
                    raise
                return None
        return Landed(made.commit, tip)

    async def _already(self, change: Change, approved: Round, tip: str) -> Landed | None:
        """Where a process that was killed had merged it, or somebody did so by hand."""
        if change.candidate and await self._repository.is_ancestor(change.candidate, tip):
            return Landed(change.candidate, change.merged_onto)
        if await self._repository.is_ancestor(approved.commit_id, tip):
            return Landed(approved.commit_id, change.base)
        return None

    async def _candidate(self, change: Change, approved: Round, tip: str) -> Made:
        """The commit that the target is to become: the approved one where it follows, else one on top of the target."""
        bare, straight = self._repository.bare, approved.commit_id
        if not await self._repository.is_ancestor(tip, straight):
            said = await merging.messages(bare, change.base, straight)
            made = await merging.replay(bare, straight, tip, f"{change.title}\n\n{said}")
            if made.clashes or made.commit == tip:
                return made
            straight = made.commit
        if self._settings.changes.merge != MERGE_COMMIT:
            return Made(straight)
        return Made(await merging.join(bare, straight, tip, f"Merge change {change.id}: {change.title}"))

    async def _tested_again(self, change: Change, approved: Round, tip: str, candidate: str, say: Say) -> Landed | None:
        """Where the target's files are others than those it was tested on; None where nothing is in the way."""
        if await self._repository.tree_hash(tip) == await self._repository.tree_hash(change.base):
            return None
        say(change, f"{change.target} has moved on: testing the change on top of it")
        there = replace(change, base=tip)
        tests = (await self._checker.check(there, replace(approved, commit_id=candidate), say)).tests
        reason = newly_red(approved.tests, tests)
        if not reason:
            return None
        said = f"{change.target} has moved on since it was approved, and on top of it: {reason}"
        return Landed(back_to_review=said, newer=Newer(tip, candidate, tests))

    async def _clashing(self, change: Change, approved: Round, tip: str, made: Made) -> Landed:
        if change.undoes:
            reason = f"{change.target} has moved on since, and what is to be undone was changed there: {made.files}."
            return Landed(back_to_review=f"{reason} Say in a tweak what should become of it, or reject it.")
        diff = await self._repository.diff(change.base, approved.commit_id)
        return Landed(onto=tip, conflict=in_words(change.target, made, diff))

    async def _deliver(self, change: Change) -> str:
        """Bring the merge to the owner's repository; what could not be done is said, and the merge stands."""
        remote = self._settings.project.remote
        try:
            said = await self._repository.deliver(change.target, remote)
        except HavenError as error:
            said = f"Merged in Haven's own clone, but not delivered: {error.full}"
        return f"{said} {await self._in_words(change)}" if remote else said

    async def _in_words(self, change: Change) -> str:
        """Beside the push a file with the words of a pull request: for those who see the change elsewhere."""
        file = self._settings.paths.state_dir / "pull-requests" / f"{change.id}.md"
        try:
            review = await assembling.assemble(self._database, self._repository, change, self._settings)
            await asyncio.to_thread(file.parent.mkdir, parents=True, exist_ok=True)
            body = await asyncio.to_thread(pr_body, review)
            await asyncio.to_thread(file.write_text, body, encoding="utf-8")
        except (HavenError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            return f"Its words for a pull request could not be written: {why}"
        return f"Its words for a pull request: haven change show {change.id} --pr -"


def newly_red(accepted: dict[str, Any], now: dict[str, Any]) -> str:
    """What is wrong with the tests now that was not when a person approved, in a sentence; "" where nothing is."""
    red = why_red(now)
    if not red or not why_red(accepted):
        return red
    if now.get("untested", True) or accepted.get("untested", True):
        return "" if accepted.get("untested", True) and now.get("untested", True) else red
    known, found = by_class(accepted), by_class(now)
    was = {test for name in BAD for test in known[name]}
    fresh = [test for name in BAD for test in found[name] if test not in was]
    if fresh:
        names = ", ".join(fresh[:3])
        if len(fresh) == 1:
            return f"1 test is not in order any more since it was approved: {names}."
        return f"{len(fresh)} tests are not in order any more since it was approved: {names}."
    return red if now.get("problem") and not accepted.get("problem") else ""


def in_words(target: str, made: Made, diff: str) -> str:
    """For the model: the places where the change and its target clash, then the change as it was approved."""
    places = "\n\n".join(f"{clash.path}\n{clash.text}" for clash in made.clashes)
    return (
        f"{target} has moved on since the change was approved, and they clash in {made.files}.\n\n{places}\n\n"
        f"The whole change, as it was approved on the older {target}:\n{diff}"
    )
