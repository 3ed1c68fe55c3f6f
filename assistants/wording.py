"""Words that several faces show alike."""

from __future__ import annotations

from collections.abc import Callable

from haven.ai.task import Reply
from haven.ai.validate import PASS_MARK
from haven.changes.review import STAND_IN

UNRECORDED = "not from the records: a model's own words"


def way(reply: Reply, shown: Callable[[str, int], str], waited: bool = False, *, free: str = "free") -> str:
    """By which way an answer came: tier, model, cost, time, and what is special about it.

    `shown` makes a person's or a model's words fit for the face, at most so many characters; `free`: a cost of nothing.
    """
    cost = f"{reply.usd:.4f} USD" + " (not real)" * reply.stand_in if reply.usd else free
    parts = [reply.tier.value, shown(reply.model, 60), cost, f"{reply.seconds:.1f} s"]
    if reply.stand_in:
        parts.insert(0, STAND_IN)
    if waited:
        parts.insert(0, "it waited for the cloud")
    if reply.cached:
        parts.append(shown(reply.cached, 200))
    if reply.instead:
        parts.append(f"instead of the cloud: {shown(reply.instead, 200)}")
    if reply.prepared:
        parts.append(f"prepared here: {shown(reply.prepared, 200)}")
    if reply.query:
        parts.append(f"asked as: {shown(reply.query, 200)}")
    if reply.unrecorded:
        parts.append(UNRECORDED)
    if reply.score < PASS_MARK:
        parts.append(f"below the bar ({reply.score} of 100): take it with care")
    return " · ".join(parts)
