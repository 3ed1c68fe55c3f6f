"""Take a merged change back: a change of its own, made by git and not by a model, tested and merged like any other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from haven import settings
from haven.access import Principal, Role
from haven.changes.git import merging
from haven.changes.git.repository import Repository, slug
from haven.changes.review import NAMED, why_red
from haven.changes.review.diffing import files_of
from haven.changes.review.risk import risk_of
from haven.changes.states import State
from haven.errors import Conflict
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change, Round
from haven.store.database import Transaction

HAVEN = Principal("haven", "Haven", Role.OWNER, "haven")
"""Who undoes what is not healthy once it is deployed, because the owner's settings say so."""
UNDO, BRING_BACK = "Undo: ", "Bring back: "
CAUSE = "undo"
"""Of the round that git made."""


@dataclass(frozen=True)
class Undo:
    """The commit on `base` that takes the change back."""

    base: str
    commit: str
    branch: str
    summary: dict[str, str]


async def order(tx: Transaction, merged: Change, principal: Principal) -> tuple[Change, bool]:
    """The change that takes `merged` back, and whether it is new: while one is under way there is no second."""
    known = await table.undo_of(tx, merged.id)
    if known is not None:
        return known, False
    id = await table.free_id(tx)
    change = Change(
        id=id,
        key=f"change:{id}",
        kind=merged.kind,
        title=title(merged),
        request=f"Undo change {merged.id}, which was merged into {merged.target}. It had been asked for like this:\n"
        f"{merged.request}"[:8_000],
        assistant=merged.assistant,
        reasons=["a person ordered it"],
        requester=principal.id,
        requester_name=principal.name,
        face=principal.face,
        state=State.QUEUED.value,
        target=merged.target,
    )
    await table.insert(tx, change)
    await table.update(tx, id, undoes=merged.id, decided_by=principal.id)
    await table.insert_round(tx, id, 1, CAUSE)
    return await table.get_in(tx, id), True


async def make(repository: Repository, change: Change, merged: Change) -> Undo:
    """Take back on the newest target what `merged` brought. Raises Conflict where that does not fit any more."""
    await repository.fetch(change.target)
    tip = await repository.tip(change.target)
    message = f"{change.title}\n\nThis takes back {merged.merged}.\n\nHaven change {change.id}, round 1"
    made = await merging.undo(repository.bare, merged.merged, merged.merged_onto, tip, message)
    if made.clashes:
        raise Conflict(
            f"Change {merged.id} can't be taken back by itself: what it changed was changed again since, in "
            f"{made.files}.",
            "Undo the later change first, or say in a tweak of this one what should become of it.",
        )
    if made.commit == tip:
        raise Conflict(f"{change.target} holds nothing of change {merged.id} any more, so there is nothing to undo.")
    text = f"It takes back change {merged.id}: {merged.title}."
    branch = f"haven/change-{change.id}-{slug(change.title)}"
    return Undo(tip, made.commit, branch, {"text": text, "by": "rules"})


async def takes_more(
    repository: Repository, undo: Change, made: Round, tests: dict[str, Any], allowed: settings.Changes
) -> str:
    """Why its order alone does not merge it, in a sentence; "" where it does. Its risk is that of its own diff."""
    red = why_red(tests)
    if red or undo.decided_by == HAVEN.id:
        return red
    if not allowed.requester_may_approve:
        return "Here another person than the one who asked approves."
    if not allowed.two_people_for_risk:
        return ""
    diff = await repository.diff(undo.base, made.commit_id)
    risk = await asyncio.to_thread(lambda: risk_of(files_of(diff), tests))
    return f"Its risk takes two people: {'; '.join(risk.marks[:NAMED])}." if risk.marks else ""


def title(merged: Change) -> str:
    """ "Undo: X" for X, "Bring back: X" for that, and so on: what it does, however often it went to and fro."""
    plain = merged.title.removeprefix(UNDO).removeprefix(BRING_BACK) if merged.undoes else merged.title
    return f"{BRING_BACK if merged.undoes and merged.title.startswith(UNDO) else UNDO}{plain}"[:200]


async def reverted(tx: Transaction, change: Change) -> None:
    """The undo has landed: the change that it takes back is over."""
    reason = f"Undone by change {change.id}."
    try:
        await table.move(tx, change.undoes, [State.MERGED], State.REVERTED, reason=reason)
    except Conflict:
        return  # another undo was first
    merged = await table.get_in(tx, change.undoes)
    if merged.undoes:
        first = await table.get_in(tx, merged.undoes)
        await table.update(tx, first.id, reason=f"Undone by change {merged.id}, and brought back by {change.id}.")
    said: dict[str, Any] = {"title": merged.title, "round": merged.round, "reason": reason}
    await events.record(tx, "change.state", merged.id, state=State.REVERTED.value, **said)
