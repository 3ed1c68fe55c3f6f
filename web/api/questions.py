"""Questions for programs: asked and answered in one call; what only the cloud could answer is held, and decided."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assistants.table.asking import new_id
from assistants.table.request import Answer, Request, Seat
from assistants.waiting import Choice, Held
from haven.access import Act
from haven.ai.task import Reply, Where
from haven.changes.proposal import MAX_REQUEST
from haven.errors import Conflict
from web.api.changes import Agreed, agree
from web.api.endpoint import Call, Endpoint, Given, Scope, Shape

ID = {"id": {"type": "string", "pattern": "^[0-9a-f]{8}$"}}
OF_QUESTION = "^[0-9a-f]{16}$"
ASKED = {"id": {"type": "string", "pattern": OF_QUESTION}}


class ReplyShape(Shape):
    """An answer. `unrecorded`: a model spoke of the world, and no record stands behind its words."""

    text: str
    tier: str
    model: str
    score: int
    usd: float
    stand_in: bool
    seconds: float
    sources: list[str]
    query: str
    cached: str
    instead: str
    unrecorded: bool
    outcome: int


class HeldShape(Shape):
    """Only the cloud could answer, and it is away: `choices` are what can be decided, none where it waits already."""

    id: str
    reason: str
    choices: list[Choice]
    retry_at: float | None


class AnswerShape(Shape):
    """`reply` is there, or `held` says why not; neither where it was cancelled, or `stopped` by another call."""

    id: str
    assistant: str
    reasons: list[str]
    reply: ReplyShape | None
    held: HeldShape | None
    stopped: bool = False


class StoppedShape(Shape):
    """The question whose answer is not written any more."""

    id: str


class WaitingShape(Shape):
    id: str
    state: str
    reason: str
    at: float
    retry_at: float | None


class WaitingList(Shape):
    """The person's own, the newest first."""

    waiting: list[WaitingShape]


class Question(Given):
    text: Annotated[str, Field(min_length=1, max_length=MAX_REQUEST)]
    assistant: Annotated[str | None, Field(max_length=40, description="otherwise the Round Table picks")] = None
    where: Where = Where.AUTO
    private: Annotated[bool, Field(strict=True, description="it never leaves this house")] = False
    id: Annotated[
        str, Field(pattern=f"{OF_QUESTION}|^$", description="the question's own, by which another call can stop it")
    ] = ""
    about: Annotated[str, Field(max_length=60_000, description="material that the question is about")] = ""
    agreed_usd: Agreed = None


class Decision(Given):
    choice: Choice


async def ask(call: Call) -> AnswerShape:
    """Ask an assistant, and wait for the answer."""
    asked = call.take(Question)
    request = Request(
        asked.text,
        call.person,
        assistant=asked.assistant,
        where=asked.where,
        private=asked.private,
        about=asked.about,
        id=asked.id or new_id(),
    )
    await agree(call, request, asked.agreed_usd)
    if asked.id and await call.house.round_table.transcript.knows(asked.id):  # nobody speaks into another's request
        raise Conflict("A question with this id was asked before.", "Give each an id of its own.")
    answer = _followed(request.id, call.house.round_table.ask(request))
    found = await call.answering.wait(request.id, call.person, answer)
    return found or AnswerShape(id=request.id, assistant="", reasons=[], reply=None, held=None, stopped=True)


async def stop_question(call: Call) -> StoppedShape:
    """No more of an answer that is being written, here or in the chat: the model is stopped at once."""
    await call.answering.stop(call.parts["id"], call.person)
    return StoppedShape(id=call.parts["id"])


async def list_waiting(call: Call) -> WaitingList:
    """The questions that are held."""
    found = await call.house.waiting.list(call.person)
    mine = [one for one in found if one.principal == call.person.id]
    return WaitingList(waiting=[WaitingShape.model_validate(one) for one in mine])


async def decide_question(call: Call) -> AnswerShape:
    """Let a held question wait, take the local model's answer, or cancel it."""
    choice = call.take(Decision).choice
    return await _followed("", call.house.round_table.decide(call.parts["id"], choice, call.person))


async def _followed(id: str, pieces: Answer) -> AnswerShape:
    """What it ends with."""
    seat: Seat | None = None
    last: Reply | Held | None = None
    async for piece in pieces:
        if isinstance(piece, Seat):
            seat = piece
        elif isinstance(piece, Reply | Held):
            last = piece
    return AnswerShape(
        id=id,
        assistant=seat.assistant.name if seat else "",
        reasons=list(seat.reasons) if seat else [],
        reply=ReplyShape.model_validate(last) if isinstance(last, Reply) else None,
        held=HeldShape.model_validate(last) if isinstance(last, Held) else None,
    )


ENDPOINTS = (
    Endpoint("POST", "/questions", ask, (Scope.ASK,), Act.ASK, AnswerShape, Question),
    Endpoint("POST", "/questions/{id}/stop", stop_question, (Scope.ASK,), Act.ASK, StoppedShape, parts=ASKED),
    Endpoint("GET", "/questions/held", list_waiting, (Scope.ASK,), Act.ASK, WaitingList),
    Endpoint("POST", "/questions/held/{id}", decide_question, (Scope.ASK,), Act.ASK, AnswerShape, Decision, parts=ID),
)
