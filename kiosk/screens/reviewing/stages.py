"""How far the work on a change has come, as a row of marks with words."""

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
DONE, NOW, LATER = "✓", "●", "○"


def stage(state: str, doing: str = "") -> int | None:
    """Which one the work is at: -1 before the first, 6 after the last, None where the state does not tell."""
    at = AT.get(State(state))
    told = next((number for words, number in TOLD.items() if words in doing), None)
    return told if at is not None and told is not None and at in {2, 4} else at


def row(state: str, doing: str = "") -> str:
    """Every stage with its mark; "" where the state does not tell."""
    at = stage(state, doing)
    if at is None:
        return ""
    return "  ".join(f"{_mark(number, at)} {name}" for number, name in enumerate(STAGES))


def short(state: str, doing: str = "") -> str:
    """The marks alone, and the stage that it is at in a word; "" before the first and where the state does not tell."""
    at = stage(state, doing)
    if at is None or not 0 <= at < len(STAGES):
        return ""
    return f"{''.join(_mark(number, at) for number in range(len(STAGES)))} {STAGES[at]}"


def _mark(number: int, at: int) -> str:
    return DONE if number < at else NOW if number == at else LATER
