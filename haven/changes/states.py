"""The life of a change as data: every state, and where it may go."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    PLANNING = "planning"
    AWAITING_PLAN = "awaiting plan"
    WAITING = "waiting"
    EDITING = "editing"
    TESTING = "testing"
    REVIEW = "review"
    MERGING = "merging"
    MERGED = "merged"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REVERTED = "reverted"


S = State
# An undo has its commit from the plan on and was approved by its order: planning -> testing -> merging, where it is
# green. An approved change that no longer fits its target goes from merging into another round.
TRANSITIONS: dict[State, frozenset[State]] = {
    S.QUEUED: frozenset({S.PLANNING, S.CANCELLED}),
    S.PLANNING: frozenset({S.EDITING, S.TESTING, S.AWAITING_PLAN, S.WAITING, S.CANCELLED, S.FAILED}),
    S.AWAITING_PLAN: frozenset({S.PLANNING, S.EDITING, S.REJECTED, S.CANCELLED}),
    S.WAITING: frozenset({S.PLANNING, S.EDITING, S.TESTING, S.MERGING, S.CANCELLED, S.FAILED}),
    S.EDITING: frozenset({S.TESTING, S.PLANNING, S.EDITING, S.REVIEW, S.WAITING, S.CANCELLED, S.FAILED}),
    S.TESTING: frozenset({S.REVIEW, S.EDITING, S.MERGING, S.WAITING, S.CANCELLED, S.FAILED}),
    S.REVIEW: frozenset({S.MERGING, S.REVIEW, S.EDITING, S.REJECTED, S.CANCELLED}),
    S.MERGING: frozenset({S.MERGED, S.REVIEW, S.EDITING, S.WAITING, S.FAILED}),
    S.MERGED: frozenset({S.REVERTED}),
    S.REJECTED: frozenset(),
    S.CANCELLED: frozenset(),
    S.FAILED: frozenset({S.EDITING, S.CANCELLED}),
    S.REVERTED: frozenset(),
}
RESTING = frozenset({S.AWAITING_PLAN, S.REVIEW, S.MERGED, S.REJECTED, S.CANCELLED, S.FAILED, S.REVERTED})
"""Nothing moves here until a person acts."""
FINAL = frozenset({S.MERGED, S.REJECTED, S.CANCELLED, S.REVERTED})
"""Their work is over; a merged one may be taken back by a change of its own."""
OPEN = frozenset(State) - FINAL - {S.FAILED}
STOPPABLE = frozenset({S.QUEUED, S.PLANNING, S.WAITING, S.EDITING, S.TESTING})
"""Work goes on here that a person may end, to see what there is so far; but for a merge that waits."""
DECISIONS = {
    "approve": frozenset({S.REVIEW, S.AWAITING_PLAN}),
    "tweak": frozenset({S.REVIEW, S.FAILED, S.AWAITING_PLAN}),
    "skip": frozenset({S.AWAITING_PLAN}),
    "reject": frozenset({S.REVIEW, S.AWAITING_PLAN}),
    "retry": frozenset({S.WAITING}),
    "stop": STOPPABLE,
    "withdraw": frozenset({S.FAILED}),
    "undo": frozenset({S.MERGED}),
}
"""What a person is offered to do with a change, and the states in which they are."""


def sources(to: State) -> tuple[State, ...]:
    """The states from which `to` may be reached."""
    return tuple(state for state, targets in TRANSITIONS.items() if to in targets)
