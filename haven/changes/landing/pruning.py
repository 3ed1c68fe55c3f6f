"""What finished changes leave behind goes after some days: branches, worktrees, files, test environments, objects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from haven.changes.git.repository import Repository
from haven.changes.states import FINAL, State
from haven.errors import HavenError, NotFound
from haven.store import changes as table
from haven.store import notes
from haven.store.changes import Change
from haven.store.database import Database, now

log = logging.getLogger("haven.changes")

DAY_S = 86_400.0
TIDY_DAYS = 7
TIDIED = "repository.tidied"
DONE = (*sorted(FINAL), State.FAILED)
DropEnvironments = Callable[[float], Awaitable[int]]


class Pruning:
    """One tick a day. Commits stay: every change can still be looked at, and a failed one taken up again."""

    def __init__(
        self, database: Database, repository: Repository, state: Path, days: int, drop_environments: DropEnvironments
    ) -> None:
        """`state` holds the files that were written about changes; `drop_environments` removes the test environments
        that no run has used since a time."""
        self._database = database
        self._repository = repository
        self._state = state
        self._drop_environments = drop_environments
        self._days = days

    async def sweep(self) -> None:
        """Each change once; one that can't be cleaned up now does not keep the others from it."""
        before = now() - self._days * DAY_S
        for change in await table.to_prune(self._database, DONE, before):
            await self._survive(self._prune(change), f"change {change.id}")
        for id in await self._repository.worktrees_left():
            await self._survive(self._stray(id, before), f"the worktree {id}")
        await self._survive(self._drop_environments(before), "old test environments")
        await self._survive(self._tidy(), "the clone")

    async def _prune(self, change: Change) -> None:
        await self._repository.prune(change.id, change.branch)
        await asyncio.to_thread(self._unlink, change.id)
        await self._database.write(lambda tx: table.set_pruned(tx, change.id))

    def _unlink(self, id: str) -> None:
        """Its words for a pull request, and the prompts that were to be carried by hand."""
        for file in (self._state / "pull-requests" / f"{id}.md", *(self._state / "prompts").glob(f"prompt-{id}-*.txt")):
            file.unlink(missing_ok=True)

    async def _stray(self, id: str, before: float) -> None:
        """A worktree that a killed run left, of a change that is over or gone."""
        try:
            change = await table.get(self._database, id)
        except NotFound:
            await self._repository.remove_worktree(id)
            return
        if change.state in DONE and change.updated_at < before:
            await self._repository.remove_worktree(id)

    async def _tidy(self) -> None:
        """Once a week."""
        last = float(await notes.get(self._database, TIDIED) or 0)
        if now() - last >= TIDY_DAYS * DAY_S:
            await self._repository.tidy()
            await notes.put(self._database, TIDIED, str(now()))

    async def _survive(self, work: Awaitable[object], what: str) -> None:
        try:
            await work
        except (HavenError, OSError) as error:
            log.warning("%s could not be cleaned up, tried again tomorrow: %s", what, error)
