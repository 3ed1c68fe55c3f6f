"""How far the work on a change has come: the stages that people are shown, and which one it is at. Pure."""

from __future__ import annotations

from haven.changes.states import State

STAGES = ("context", "plan", "model", "edits", "tests", "review")
AT = {
    State.QUEUED: -1,
    State.PLANNING: 0,
    State.AWAITING_PLAN: 1,
    State.EDITING: 2,
    State.TESTING: 4,
    State.REVIEW: 5,
    State.MERGING: 6,
    State.MERGED: 6,
}
"""The stage of each state, from 0; those that are not here came to an end, or wait, somewhere on the way."""
TOLD = {"applying the edits": 3, "writing the summary": 5, "running": 4, "the tests": 4}
"""What the work says of itself, and the stage that it is then at."""


def stage(state: str, doing: str = "") -> int | None:
    """Which one the work is at: -1 before the first, 6 after the last, None where the state does not tell."""
    at = AT.get(State(state))
    told = next((number for words, number in TOLD.items() if words in doing), None)
    return told if at is not None and told is not None and at in {2, 4} else at
