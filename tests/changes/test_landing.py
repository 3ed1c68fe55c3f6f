"""What was merged before a kill stays merged, whatever has become of the owner's repository since."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from haven.app import run
from haven.changes.proposal import Kind, Proposal
from haven.changes.states import State
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.changes import sources
from tests.e2e.branching import GREEN, small_house
from tests.e2e.house import MEMBER, Home


async def killed_after_the_merge(home: Home) -> Change:
    """A change whose commit is on the target of Haven's clone, and that is still `merging` on the disk."""
    house, repository = home.house, home.house.repository
    assert repository is not None
    proposal = Proposal(Kind.FEATURE, "A light", "Simplify light.py", "scribe", ())
    change = await house.changes.submit(proposal, MEMBER)
    base = await repository.tip()
    tree = await repository.worktree(change.id, f"haven/change-{change.id}", base)
    (tree / "light.py").write_text(GREEN)
    commit = await repository.commit(tree, "A light")
    fields = {"state": "merging", "base": base, "branch": f"haven/change-{change.id}"}

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id=commit)
        await table.update(tx, change.id, **fields, candidate=commit, merged_onto=base)

    await house.database.write(work)
    await repository.advance("main", base, commit)
    return change


@pytest.mark.parametrize("meanwhile", ["moved on", "away"])
async def test_it_is_merged_although_its_source_has_moved_on_or_is_away(tmp_path: Path, meanwhile: str) -> None:
    async with small_house(tmp_path, working=False) as home:
        change = await killed_after_the_merge(home)
        if meanwhile == "moved on":
            sources.commit(home.project, {"notes.txt": "by the owner\n"})
        else:
            home.project.rename(home.project.with_name("elsewhere"))
        running = asyncio.create_task(run(home.house, []))
        landed = await home.rest(change, State.WAITING)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert landed.state == State.MERGED, landed.reason
        said = "Haven's log has the command for its owner" if meanwhile == "moved on" else "not delivered"
        assert said in landed.reason, "and the owner is told what is left to do"
        assert str(tmp_path) not in landed.reason, "everybody reads it"
