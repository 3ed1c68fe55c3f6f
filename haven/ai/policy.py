"""Where a task may go: pure functions from a task and what is there now to a route."""

from __future__ import annotations

from collections.abc import Mapping

from haven.ai.task import Privacy, Route, Step, Task, Tier, Where

LOCAL_KINDS = frozenset({"title", "summary", "assistant", "probe"})
"""Small work that is never worth money: it stays local whoever asks."""
ABSENT = "it is not configured"
CLOUD_KINDS = frozenset({"edits"})
"""Work that a small model can't do."""


def route(task: Task, missing: Mapping[Tier, str]) -> Route:
    """The tiers to try in order, and why. `missing` says why a tier can't be used now ("" where it can).

    Private tasks stay local whatever else is asked. Where no tier is left, `refused` is the sentence for the person.
    """
    wanted, reason = _wanted(task)
    tiers = tuple(tier for tier in wanted if not missing.get(tier, ABSENT))
    absent = [f"{tier.value}: {missing.get(tier, ABSENT)}" for tier in wanted if tier not in tiers]
    if tiers:
        return Route(tuple(Step(tier, "") for tier in tiers), (reason, *absent))
    why = " ".join(f"{one[0].upper()}{one[1:].rstrip('.')}." for one in absent)
    only = f" ({reason})" if len(wanted) == 1 else ""
    return Route((), (reason,), refused=f"No model can take this now{only}. {why}")


def may_leave(task: Task) -> bool:
    """Whether this task may leave the house at all; the engine asks again at its door."""
    return task.privacy is not Privacy.PRIVATE and task.where is not Where.LOCAL and task.kind not in LOCAL_KINDS


def _wanted(task: Task) -> tuple[tuple[Tier, ...], str]:
    if task.privacy is Privacy.PRIVATE:
        return (Tier.LOCAL,), "private: it never leaves this house"
    if task.where is Where.LOCAL:
        return (Tier.LOCAL,), "local was asked for"
    if task.kind in LOCAL_KINDS:
        return (Tier.LOCAL,), f"{task.kind} is small work: local"
    if task.where is Where.CLOUD:
        return (Tier.CLOUD, Tier.LOCAL), "the cloud was asked for"
    if task.kind in CLOUD_KINDS:
        return (Tier.CLOUD,), "code changes need a large model: cloud"
    return (Tier.LOCAL, Tier.CLOUD), "local first; the cloud if the answer scores below the pass mark"
