"""Changes that have come as far as a test needs them, and people who decide about them."""

from __future__ import annotations

from typing import Any

from haven.access import Principal, Role
from haven.changes.proposal import Kind, Proposal
from haven.changes.states import State
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.e2e.house import MEMBER, Home

OTHER = Principal("discord:9", "Nils", Role.REVIEWER, "bot")
STRANGER = Principal("discord:10", "Sam", Role.STRANGER, "bot")
GREEN = {"untested": False, "green": True, "one_line": "12 passed"}


def proposal(key: str = "", request: str = "Add dark mode to the map viewer") -> Proposal:
    return Proposal(Kind.FEATURE, "Dark mode", request, "cartographer", ("it is about the viewer",), key)


async def put(home: Home, state: State, *, tests: dict[str, Any] | None = None, **fields: Any) -> Change:
    """A change that has come this far; its commit is the tip of the target branch."""
    change = await home.house.changes.submit(proposal(), MEMBER)
    assert home.house.repository is not None
    tip = await home.house.repository.tip("main")

    async def work(tx: Transaction) -> None:
        await table.update(tx, change.id, state=state.value, base=tip, branch=f"haven/change-{change.id}", **fields)
        await table.update_round(tx, change.id, 1, commit_id=tip, tests=GREEN if tests is None else tests)

    await home.house.database.write(work)
    return await home.house.changes.get(change.id)
