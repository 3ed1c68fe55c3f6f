"""Changes for programs: the list, one of them, its review, a request, and what a person decides about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from assistants.going import Going
from assistants.pricing import Step as Priced
from assistants.table.request import Request
from haven.access import Act, Principal, Role
from haven.changes.looked_at import MOST, with_files
from haven.changes.private_notes import MOST as MOST_PRIVATE
from haven.changes.proposal import MAX_REQUEST, Kind
from haven.changes.proposal import clean as cleaned
from haven.changes.states import State
from haven.errors import Conflict
from web.api.endpoint import WHOLE, Call, Endpoint, Given, Scope, Shape

ID = {"id": {"type": "string", "pattern": "^[0-9a-f]{6}$"}}
Round = Annotated[int, Field(ge=1, le=10_000, description="the round that was looked at"), WHOLE]
Agreed = Annotated[
    float | None, Field(ge=0, le=1e6, allow_inf_nan=False, description="US dollars: a yes to the price that was told")
]


class ChangeShape(Shape):
    """One change."""

    id: str
    kind: str
    title: str
    request: str
    assistant: str
    reasons: list[str]
    requester_name: str
    face: str
    state: str
    round: int
    target: str
    branch: str
    reason: str
    merged: str
    undoes: str
    created_at: float
    updated_at: float


class ChangeList(Shape):
    """The newest first."""

    changes: list[ChangeShape]


class DiffLine(Shape):
    sign: str
    text: str
    old: int | None
    new: int | None


class Hunk(Shape):
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    lines: list[DiffLine]


class FileShape(Shape):
    path: str
    old_path: str
    status: str
    mode: str
    binary: bool
    added: int | None
    removed: int | None
    hunks: list[Hunk]


class Sent(Shape):
    what: str
    to: str
    redacted: dict[str, int]
    usd: float


class PastRound(Shape):
    number: int
    cause: str
    tests: str
    ended: str
    commit: str
    files: list[str]
    counts: dict[str, int]
    usd: float
    seconds: float


class ReviewShape(Shape):
    """All that a decision needs. `confirm` is what an approval takes; `commit`, `round` and `plan_id` go into it."""

    id: str
    title: str
    kind: str
    state: str
    round: int
    commit: str
    base: str
    summary: dict[str, Any]
    tests: dict[str, Any]
    risk_marks: list[str]
    risk_notes: list[str]
    mergeable: bool
    why_not: str
    confirm: Literal["tap", "two taps", "type the id"]
    people: int
    approved_by: list[str]
    plan: list[str]
    plan_id: str
    cost_usd: float
    stand_in: bool
    sent: list[Sent]
    rounds: list[PastRound]
    files: list[FileShape]


class Which(Given):
    state: State | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Wish(Given):
    kind: Kind
    text: Annotated[str, Field(min_length=1, max_length=MAX_REQUEST)]
    files: Annotated[
        list[Annotated[str, Field(max_length=300, pattern=r"^[^\s,]+$")]],
        Field(max_length=MOST, description="paths that come first in what the model is shown"),
    ] = []
    log: Annotated[str | None, Field(max_length=200_000, description="a log that comes with a fix")] = None
    private_notes: Annotated[
        str,
        Field(
            max_length=MOST_PRIVATE,
            description="kept in the house for the person and those who decide; no model is given them",
        ),
    ] = ""
    key: Annotated[
        str, Field(max_length=80, pattern=r"^[\w.:-]*$", description="sent again with the same key, it is the same one")
    ] = ""
    agreed_usd: Agreed = None


class Approval(Given):
    round: Round
    commit: Annotated[str, Field(max_length=64, description="as the review names it; empty for a plan")] = ""
    plan: Annotated[str, Field(max_length=200, description="the review's plan_id, where a plan waits")] = ""
    confirm: Annotated[str, Field(max_length=20, description='"two taps" or the id, where the review asks for it')] = ""


class Tweak(Given):
    round: Round
    words: Annotated[str, Field(min_length=1, max_length=4_000)]
    at: Annotated[str, Field(max_length=500, description="path:line of the round")] = ""
    agreed_usd: Agreed = None


class Step(Given):
    round: Round
    agreed_usd: Agreed = None


class Skip(Given):
    round: Round
    plan: Annotated[str, Field(max_length=200, description="the review's plan_id")]


class Back(Given):
    round: Round
    to: Annotated[int, Field(ge=1, le=10_000, description="the round that is shown again"), WHOLE]


class Undo(Given):
    confirm: Annotated[Literal["two taps"], Field(description="it takes the change back out of its target")]


class Rejection(Given):
    round: Round
    why: Annotated[str, Field(max_length=1_000)] = ""


async def list_changes(call: Call) -> ChangeList:
    """The newest changes, of one state or of all."""
    which = call.take(Which)
    found = await call.house.changes.list([which.state.value] if which.state else (), limit=which.limit)
    return ChangeList(changes=[ChangeShape.model_validate(one) for one in found])


async def get_change(call: Call) -> ChangeShape:
    """One change, by its id."""
    return ChangeShape.model_validate(await call.house.changes.get(call.parts["id"]))


async def get_review(call: Call) -> ReviewShape:
    """What a person sees before they decide."""
    return ReviewShape.model_validate((await call.house.changes.review(call.parts["id"])).to_json())


async def request_change(call: Call) -> ChangeShape:
    """Ask for a change; it is on the disk when this answers."""
    wish = call.take(Wish)
    key = f"{call.person.id}:{wish.key}" if wish.key else ""
    text, notes = with_files(wish.text, ", ".join(wish.files)), wish.private_notes
    asked = Request(text, call.person, kind=wish.kind, key=key, evidence=wish.log, private_notes=notes)
    await agree(call, asked, wish.agreed_usd)
    change = await call.house.round_table.propose(asked, wish.kind)
    if (change.kind, change.request) != (wish.kind.value, cleaned(text)):
        raise Conflict(f"This key asked for change {change.id} already.", "A new request needs a key of its own.")
    return ChangeShape.model_validate(change)


async def approve_change(call: Call) -> ChangeShape:
    """Approve exactly this round and commit, or let exactly this plan go on."""
    word = call.take(Approval)
    id, given = call.parts["id"], {"commit": word.commit, "plan": word.plan, "confirm": word.confirm}
    return ChangeShape.model_validate(await call.house.changes.approve(id, call.person, round=word.round, **given))


async def tweak_change(call: Call) -> ChangeShape:
    """Another round with other words, of a change of one's own or of anybody's."""
    wish = call.take(Tweak)
    return await _go_on(call, Going(call.parts["id"], wish.round, wish.words, wish.at), wish.agreed_usd)


async def retry_change(call: Call) -> ChangeShape:
    """Try again now what waits."""
    step = call.take(Step)
    return await _go_on(call, Going(call.parts["id"], step.round), step.agreed_usd)


async def _go_on(call: Call, going: Going, agreed: float | None) -> ChangeShape:
    house, hand = call.house, _hand(call)
    if (step := await going.step(house.changes, house.database, hand)) is not None:
        await agree(call, step, agreed)
    return ChangeShape.model_validate(await going.go(house.changes, hand))


async def skip_plan(call: Call) -> ChangeShape:
    """Go on without the plan that waits."""
    word = call.take(Skip)
    change = await call.house.changes.skip(call.parts["id"], call.person, round=word.round, plan=word.plan)
    return ChangeShape.model_validate(change)


async def show_round(call: Call) -> ChangeShape:
    """Go back to another round, which an approval then is of."""
    word = call.take(Back)
    return ChangeShape.model_validate(
        await call.house.changes.go_back(call.parts["id"], call.person, word.to, round=word.round)
    )


async def stop_change(call: Call) -> ChangeShape:
    """End the work on it: the best round so far is shown; where there is none, it is cancelled."""
    await call.house.changes.stop(call.parts["id"], _hand(call))
    return await get_change(call)


async def undo_change(call: Call) -> ChangeShape:
    """Order the change that takes a merged one back: it is merged where its tests are green."""
    confirm = call.take(Undo).confirm
    return ChangeShape.model_validate(await call.house.changes.undo(call.parts["id"], call.person, confirm=confirm))


async def reject_change(call: Call) -> ChangeShape:
    """Close it; its branch is kept for some days."""
    word = call.take(Rejection)
    change = await call.house.changes.reject(call.parts["id"], call.person, round=word.round, why=word.why)
    return ChangeShape.model_validate(change)


async def cancel_change(call: Call) -> ChangeShape:
    """Put it away at once, whatever it is at."""
    return ChangeShape.model_validate(await call.house.changes.cancel(call.parts["id"], _hand(call)))


def _hand(call: Call) -> Principal:
    """A token that may not decide reaches its person's own changes alone, whatever their role."""
    return call.person if Scope.DECIDE in call.token.scopes else replace(call.person, role=Role.MEMBER)


async def agree(call: Call, priced: Request | Priced, agreed: float | None) -> None:
    """What may cost more than the settings let pass takes a yes to its price. Raises Conflict with the price."""
    pricing = call.house.office.pricing
    found = await pricing.ask_first(priced) if agreed is None else await pricing.of(priced)
    if found is None:
        return
    if agreed is None or found.differs(agreed):
        raise Conflict(
            f"That may cost up to {found.high:.6f} US dollars.", "Send it again with that price as agreed_usd."
        )
    await pricing.admit(found)


OURS = (Scope.REQUEST, Scope.DECIDE)
ENDPOINTS = (
    Endpoint("GET", "/changes", list_changes, (Scope.READ,), Act.READ, ChangeList, Which),
    Endpoint("POST", "/changes", request_change, (Scope.REQUEST,), Act.REQUEST, ChangeShape, Wish, 201),
    Endpoint("GET", "/changes/{id}", get_change, (Scope.READ,), Act.READ, ChangeShape, parts=ID),
    Endpoint("GET", "/changes/{id}/review", get_review, (Scope.READ,), Act.READ, ReviewShape, parts=ID),
    Endpoint(
        "POST", "/changes/{id}/approve", approve_change, (Scope.DECIDE,), Act.DECIDE, ChangeShape, Approval, parts=ID
    ),
    Endpoint("POST", "/changes/{id}/skip", skip_plan, (Scope.DECIDE,), Act.DECIDE, ChangeShape, Skip, parts=ID),
    Endpoint("POST", "/changes/{id}/back", show_round, (Scope.DECIDE,), Act.DECIDE, ChangeShape, Back, parts=ID),
    Endpoint("POST", "/changes/{id}/undo", undo_change, (Scope.DECIDE,), Act.DECIDE, ChangeShape, Undo, 201, parts=ID),
    Endpoint("POST", "/changes/{id}/retry", retry_change, OURS, Act.REQUEST, ChangeShape, Step, parts=ID),
    Endpoint("POST", "/changes/{id}/stop", stop_change, OURS, Act.REQUEST, ChangeShape, parts=ID),
    Endpoint("POST", "/changes/{id}/tweak", tweak_change, OURS, Act.REQUEST, ChangeShape, Tweak, parts=ID),
    Endpoint(
        "POST", "/changes/{id}/reject", reject_change, (Scope.DECIDE,), Act.DECIDE, ChangeShape, Rejection, parts=ID
    ),
    Endpoint("POST", "/changes/{id}/cancel", cancel_change, OURS, Act.REQUEST, ChangeShape, parts=ID),
)
