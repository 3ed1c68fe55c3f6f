"""Drafts of the world for programs: the queue, one with all that it would change, and the decision about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from haven.access import Act
from haven.world.drafts import MOST_REASON, Draft
from web.api.endpoint import Call, Endpoint, Given, Scope, Shape

ID = {"id": {"type": "string", "pattern": "^draft-[0-9a-f]{8}$"}}


class DraftShape(Shape):
    """What somebody proposes; `things` are the records as they would be, those with ids `new-...` are not there yet."""

    id: str
    at: float
    by: str
    face: str
    tool: str
    reason: str
    state: str
    things: list[dict[str, Any]]
    decided_by: str
    why: str


class DraftList(Shape):
    """Open ones the oldest first, decided ones the newest first."""

    drafts: list[DraftShape]


class DifferenceShape(Shape):
    """A field of a record that would be another one than it is now; `thing` is the record's id."""

    thing: str
    record: str
    field: str
    before: str
    after: str


class DraftWhole(DraftShape):
    """A draft with every word of what it would change."""

    changes: list[DifferenceShape]


class DecidedShape(Shape):
    """The draft, and the ids of the records that it made true."""

    id: str
    state: str
    records: list[str]


class Which(Given):
    state: Literal["open", "approved", "rejected"] = "open"
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Yes(Given):
    same_name: Annotated[bool, Field(strict=True, description="also where a record has that name already")] = False


class No(Given):
    why: Annotated[str, Field(max_length=MOST_REASON)] = ""


async def list_drafts(call: Call) -> DraftList:
    """What waits for a decision, or was decided."""
    which = call.take(Which)
    found = await call.house.records.drafts.list(which.state, which.limit)
    return DraftList(drafts=[DraftShape(**_told(one)) for one in found])


async def get_draft(call: Call) -> DraftWhole:
    """One draft, with what it would change."""
    drafts = call.house.records.drafts
    draft = await drafts.get(call.parts["id"])
    changes = [DifferenceShape.model_validate(one) for one in await drafts.diff(draft)]
    return DraftWhole(**_told(draft), changes=changes)


async def approve_draft(call: Call) -> DecidedShape:
    """Make it true, as it was proposed; never over what came since."""
    same, id = call.take(Yes).same_name, call.parts["id"]
    [done] = await call.house.records.drafts.approve([id], call.person, allow_same_name=same)
    if done.problem is not None:
        raise done.problem
    return DecidedShape(id=id, state="approved", records=list(done.ids))


async def reject_draft(call: Call) -> DecidedShape:
    """Turn it down; everybody may take back their own."""
    why, id = call.take(No).why, call.parts["id"]
    [done] = await call.house.records.drafts.reject([id], call.person, why)
    if done.problem is not None:
        raise done.problem
    return DecidedShape(id=id, state="rejected", records=[])


def _told(draft: Draft) -> dict[str, Any]:
    things = [thing.model_dump(mode="json") for thing in draft.things]
    names = ("id", "at", "by", "face", "tool", "reason", "state", "decided_by", "why")
    return {"things": things, **{name: getattr(draft, name) for name in names}}


ENDPOINTS = (
    Endpoint("GET", "/world/drafts", list_drafts, (Scope.READ,), Act.READ, DraftList, Which),
    Endpoint("GET", "/world/drafts/{id}", get_draft, (Scope.READ,), Act.READ, DraftWhole, parts=ID),
    Endpoint(
        "POST",
        "/world/drafts/{id}/approve",
        approve_draft,
        (Scope.WORLD,),
        Act.APPROVE_WORLD,
        DecidedShape,
        Yes,
        parts=ID,
    ),
    Endpoint(
        "POST", "/world/drafts/{id}/reject", reject_draft, (Scope.WORLD,), Act.PROPOSE, DecidedShape, No, parts=ID
    ),
)
