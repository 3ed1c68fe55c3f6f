"""How far the work on a change has come, as a row of marks with words."""

from __future__ import annotations

from haven.changes.stages import STAGES, stage

DONE, NOW, LATER = "✓", "●", "○"


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
