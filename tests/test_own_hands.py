"""Nobody approves their own by another of their hands: the shell, the wall panel with its PIN, an owner's Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from haven.access import Principal, Role, persons
from haven.changes.proposal import Kind, Proposal
from haven.errors import AccessDenied
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from haven.world.schema import System
from tests.e2e.house import MEMBER, Home, at_home

PEOPLE = {
    "shell": Principal("unix:1000", "olga", Role.OWNER, "cli"),
    "root": Principal("unix:0", "root", Role.OWNER, "kiosk"),
    "panel": Principal("panel", "Wall panel", Role.OWNER, "kiosk", needs_pin=True).with_pin(),
    "Olga": Principal("discord:1", "Olga", Role.OWNER, "bot"),
    "Omar": Principal("discord:2", "Omar", Role.OWNER, "bot"),
    "Rena": Principal("discord:8", "Rena", Role.REVIEWER, "bot"),
    "Nils": Principal("discord:9", "Nils", Role.REVIEWER, "bot"),
}
REVIEWERS, ALL = {"Rena", "Nils"}, set(PEOPLE)
APPROVERS = {
    "shell": REVIEWERS,
    "root": REVIEWERS,
    "panel": REVIEWERS,
    "Olga": REVIEWERS | {"Omar"},
    "Omar": REVIEWERS | {"Olga"},
    "Rena": ALL - {"Rena"},
    "Nils": ALL - {"Nils"},
}
"""Who may approve what each of them asked for."""
ENOUGH = {
    "shell panel": False,
    "shell root": False,
    "panel Olga": False,
    "Olga shell": False,
    "Olga panel shell root": False,
    "Olga Omar": True,
    "shell Olga Omar": True,
    "Olga shell Omar": True,
    "panel Rena": True,
    "Olga shell Nils": True,
    "Rena Rena": False,
    "Rena Nils": True,
}
"""Whether the last of these approvals is the second person's."""
OWNERS = {"owner_ids": {1, 2}}
GREEN = {"untested": False, "green": True, "one_line": "1 passing", "classes": {"t.py::a": "passing"}}


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Home]:
    """Where nobody approves their own, and a risk takes two people."""
    rules = {"requester_may_approve": False, "two_people_for_risk": True}
    async with at_home(tmp_path, working=False, changes=rules, discord=OWNERS) as home:
        yield home


async def in_review(home: Home, asker: Principal, path: str) -> Change:
    """A change of one file, by `asker`, that waits for its review."""
    repository = home.house.repository
    assert repository is not None
    change = await home.house.changes.submit(Proposal(Kind.FEATURE, "A note", "Write it", "scribe", ()), asker)
    base, branch = await repository.tip("main"), f"haven/change-{change.id}"
    tree = await repository.worktree(change.id, branch, base)
    (tree / path).write_text("one = 1\n")
    commit = await repository.commit(tree, f"edit {path}")
    await repository.remove_worktree(change.id)

    async def work(tx: Transaction) -> None:
        await table.update(tx, change.id, base=base, branch=branch, state="review")
        await table.update_round(tx, change.id, 1, commit_id=commit, tests=GREEN)

    await home.house.database.write(work)
    return await home.house.changes.get(change.id)


async def approve(home: Home, change: Change, who: str) -> str:
    """The state that it is in then."""
    seen = await home.house.changes.review(change.id)
    given = {"round": seen.round, "commit": seen.commit, "confirm": "two taps"}
    return (await home.house.changes.approve(change.id, PEOPLE[who], **given)).state


async def test_who_may_approve_whose_change(strict: Home) -> None:
    found: dict[str, set[str]] = {name: set() for name in PEOPLE}
    for asker in PEOPLE:
        change = await in_review(strict, PEOPLE[asker], "note.py")
        for who in PEOPLE:
            try:
                assert await approve(strict, change, who) == "merging"
            except AccessDenied as denied:
                assert "who asked for a change may not decide" in str(denied) and "under [changes]" in denied.mend
                continue
            found[asker].add(who)
            await strict.house.database.write(lambda tx, id=change.id: table.update(tx, id, state="review"))
    assert found == APPROVERS
    assert await approve(strict, change, "Rena") == "merging"
    merged = await in_review(strict, PEOPLE["Olga"], "note.py")
    await strict.house.database.write(lambda tx: table.update(tx, merged.id, state="merged", merged="c" * 40))
    undo = await strict.house.changes.undo(merged.id, PEOPLE["shell"], confirm="two taps")
    assert undo.requester == "unix:1000", "to order an undo approves nothing: that one waits for another person"


async def test_who_may_approve_whose_draft(strict: Home) -> None:
    drafts = strict.house.drafts
    found: dict[str, set[str]] = {name: set() for name in PEOPLE}
    for asker, who in product(PEOPLE, PEOPLE):
        draft = await drafts.propose([System(name=f"{asker} and {who}")], PEOPLE[asker], "a test")
        [decided] = await drafts.approve([draft.id], PEOPLE[who])
        if decided.problem is None:
            found[asker].add(who)
        else:
            assert isinstance(decided.problem, AccessDenied) and "proposed themselves" in str(decided.problem)
            await drafts.reject([draft.id], PEOPLE[who])
    assert found == APPROVERS | {"panel": ALL}, "what was proposed on the panel anyone may have put there"


SAID = {
    ("shell", "panel"): ": the wall panel with its PIN is the owner's hand, and the owner proposed it in the shell.",
    ("Olga", "shell"): ": the shell is the owner's hand, and the owner proposed it on Discord.",
    ("root", "Omar"): ": Omar is an owner, and the owner proposed it in the shell.",
    ("Olga", "Olga"): ".",
}


async def test_the_refusal_says_whose_hand_it_is_and_how_the_owner_allows_it(strict: Home) -> None:
    for (asker, who), why in SAID.items():
        draft = await strict.house.drafts.propose([System(name=f"{asker} {who}")], PEOPLE[asker], "a test")
        [decided] = await strict.house.drafts.approve([draft.id], PEOPLE[who])
        assert decided.problem is not None
        assert str(decided.problem) == f"Nobody approves what they proposed themselves{why}"
        assert "requester_may_approve = true under [world]" in decided.problem.mend


async def test_two_approvals_come_from_two_people(strict: Home) -> None:
    found = {}
    for names in ENOUGH:
        change = await in_review(strict, MEMBER, "conftest.py")
        states = [await approve(strict, change, who) for who in names.split()]
        assert set(states[:-1]) == {"review"}
        found[names] = states[-1] == "merging"
    assert found == ENOUGH
    change = await in_review(strict, MEMBER, "conftest.py")
    for who in ("Olga", "panel", "shell"):
        await approve(strict, change, who)
    said = (await strict.house.changes.review(change.id)).people_said
    assert "Olga (also as Wall panel, olga: the owner's hand) approved this commit." in said
    assert "1 more approval by another person" in said


async def test_the_owner_may_let_everybody_approve_their_own(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, discord=OWNERS) as home:
        change = await in_review(home, PEOPLE["shell"], "note.py")
        assert await approve(home, change, "panel") == "merging"


def test_whose_the_hand_is_nobody_can_tell_so_it_adds_no_person() -> None:
    assert persons(["unix:0", "panel", "unix:0"], []) == [["unix:0", "panel"]]
    assert persons(["unix:0", "discord:8", "discord:1"], ["discord:1"]) == [["discord:8"], ["discord:1", "unix:0"]]
    assert persons(["discord:1", "discord:2", "panel"], ["discord:1", "discord:2"]) == [
        ["discord:1", "panel"],
        ["discord:2"],
    ]
    assert persons(["haven", "panel"], ["discord:1"]) == [["haven"], ["panel"]]
