"""What a page offers a person to do with a change. Pure; the core checks each again."""

from __future__ import annotations

from collections.abc import Mapping

from haven.access import Act, Principal, check
from haven.changes.states import DECISIONS, State
from haven.errors import AccessDenied
from haven.store.changes import Change

NEEDS: Mapping[str, Act] = {
    "approve": Act.DECIDE,
    "tweak": Act.TWEAK,
    "skip": Act.DECIDE,
    "reject": Act.DECIDE,
    "retry": Act.CANCEL,
    "stop": Act.CANCEL,
    "withdraw": Act.CANCEL,
    "undo": Act.DECIDE,
}


def offered(person: Principal, change: Change) -> frozenset[str]:
    """The names of `DECISIONS` that fit its state, and this person's role or that they asked for it."""
    merges = change.state == State.WAITING and change.resume == State.MERGING  # that is no work to end
    return frozenset(
        name
        for name, states in DECISIONS.items()
        if change.state in states and not (merges and name == "stop") and _may(person, NEEDS[name], change)
    )


def _may(person: Principal, act: Act, change: Change) -> bool:
    try:
        check(person, act, requester=change.requester)
    except AccessDenied:
        return False
    return True
