"""The branch of a change, for people who look at it with git: it stands where the review does."""

from __future__ import annotations

from haven.changes.git.repository import Repository
from haven.changes.states import State
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Database


async def follow(database: Database, repository: Repository, change: Change) -> None:
    """Let the branch stand at the round that the row names. Raises RepositoryError.

    The row is the truth: whoever moves it calls this, and so does the change's job, for the process that died between
    the two. Where the row moves on meanwhile, the branch goes along.
    """
    while change.state == State.REVIEW:
        shown = await table.round_of(database, change)
        if shown.commit_id:
            await repository.point(change.branch, shown.commit_id)
        before, change = change, await table.get(database, change.id)
        if (before.state, before.round) == (change.state, change.round):
            return
