"""What finished changes leave behind: gone after the days, once, and one that can't be cleaned up stops nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.landing.pruning import Pruning
from haven.changes.states import FINAL, State
from haven.errors import NotFound
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction, now
from tests.changes.test_decisions import put
from tests.e2e.house import Home, at_home

DAY = 86_400.0


async def with_branch(home: Home, state: State, age_days: float, branch: str = "") -> Change:
    """A change in that state since so many days, its branch and a worktree that a killed run left."""
    change = await put(home, state)
    assert home.house.repository is not None
    await home.house.repository.worktree(change.id, f"haven/change-{change.id}", change.base)

    async def work(tx: Transaction) -> None:
        values = (branch or change.branch, now() - age_days * DAY, change.id)
        await tx.execute("update change set branch = ?, updated_at = ? where id = ?", values)

    await home.house.database.write(work)
    return await table.get(home.house.database, change.id)


async def has_branch(home: Home, change: Change) -> bool:
    assert home.house.repository is not None
    try:
        await home.house.repository.tip(f"haven/change-{change.id}")
    except NotFound:
        return False
    return True


async def test_finished_changes_are_cleaned_up_after_the_days_each_once(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        repository = home.house.repository
        assert repository is not None
        asked: list[float] = []

        async def drop(before: float) -> int:
            asked.append(before)
            return 0

        pruning = Pruning(home.house.database, repository, tmp_path, 14, drop)
        old = [await with_branch(home, state, 15) for state in (*sorted(FINAL), State.FAILED)]
        kept = [await with_branch(home, State.MERGED, 13), await with_branch(home, State.REVIEW, 99)]
        odd = await with_branch(home, State.REJECTED, 30, branch="main")
        await repository.worktree("feed00", "haven/change-feed00", old[0].base)
        written = [
            tmp_path / name for name in ("pull-requests/{}.md", "prompts/prompt-{}-1.txt", "prompts/prompt-{}-2.txt")
        ]
        files = {change.id: [Path(str(one).format(change.id)) for one in written] for change in (old[0], kept[0])}
        for file in (file for each in files.values() for file in each):
            file.parent.mkdir(exist_ok=True)
            file.touch()
        await pruning.sweep()
        assert [all(file.exists() for file in each) for each in files.values()] == [False, True]
        assert not any(file.exists() for file in files[old[0].id])
        assert not any([await has_branch(home, change) for change in old])
        assert all([await has_branch(home, change) for change in kept])
        assert set(await repository.worktrees_left()) == {change.id for change in kept}
        assert await repository.tip("main") == odd.base, "a wrong name in a row removes no branch of the owner's"
        assert 0 <= now() - 14 * DAY - asked[0] < 60
        pruned = await table.get(home.house.database, old[0].id)
        assert (await home.house.changes.review(old[0].id)).commit == old[0].base, "it can still be looked at"
        await pruning.sweep()
        assert await table.get(home.house.database, old[0].id) == pruned, "once is enough"
        assert pruned.updated_at == old[0].updated_at and pruned.pruned_at


async def test_a_failed_change_that_was_taken_up_again_is_cleaned_up_again(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        assert home.house.pruning is not None and home.house.repository is not None
        change = await with_branch(home, State.FAILED, 15)
        await home.house.pruning.sweep()
        await home.house.repository.worktree(change.id, change.branch, change.base)
        later = now() + 1

        async def work(tx: Transaction) -> None:
            await tx.execute("update change set updated_at = ? where id = ?", (later, change.id))

        await home.house.database.write(work)
        found = await table.to_prune(home.house.database, [State.FAILED], later + 1)
        assert [one.id for one in found] == [change.id]


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device")])
async def test_one_thing_that_fails_keeps_nothing_else_from_being_cleaned_up(tmp_path: Path, trouble: OSError) -> None:
    async with at_home(tmp_path, working=False) as home:
        repository = home.house.repository
        assert repository is not None

        async def drop(before: float) -> int:
            raise trouble

        change = await with_branch(home, State.REJECTED, 15)
        for _ in range(2):
            await Pruning(home.house.database, repository, tmp_path, 14, drop).sweep()
        assert not await has_branch(home, change)
        assert list((repository.bare / "objects/pack").glob("*.pack")), "the clone was tidied all the same"
