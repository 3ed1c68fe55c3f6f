"""The Round Table takes every request: it picks the assistant, which answers or proposes a change."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from assistants.base import Assistant
from assistants.cartographer import CARTOGRAPHER
from assistants.lorekeeper import LOREKEEPER
from assistants.scribe import SCRIBE
from assistants.sentinel import SENTINEL
from assistants.waiting import Choice, Held, WaitingRoom
from haven.access import Act, Principal, check
from haven.ai.engine import Engine
from haven.ai.task import Delta, Privacy, Reply, Restart, Task, Turn, Where
from haven.changes.decisions import Changes
from haven.changes.proposal import Kind, Proposal, clean, plain_title
from haven.errors import BadInput, CloudAway, HavenError, NotFound
from haven.quoting import data_block
from haven.redact import redact
from haven.settings import Away
from haven.store.changes import Change

log = logging.getLogger("haven.round_table")

SEATS: dict[str, Assistant] = {seat.name: seat for seat in (SENTINEL, CARTOGRAPHER, SCRIBE, LOREKEEPER)}
ANSWER_TOKENS = 400
KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.FIX, re.compile(r"^\s*(please\s+)?(fix|repair|mend|debug)\b", re.I)),
    (Kind.REFACTOR, re.compile(r"^\s*(please\s+)?(refactor|rename|restructure|simplify|clean up)\b", re.I)),
    (Kind.DOCS, re.compile(r"^\s*(please\s+)?(document\b|(write|add)\s+(docs|documentation|docstrings?)\b)", re.I)),
    (
        Kind.FEATURE,
        re.compile(
            r"^\s*(please\s+)?(add|implement|build|make|create|let)\b.*\b(button|mode|option|page|command"
            r"|feature|support|view|viewer|export|import|filter|screen|setting|menu|function|test)s?\b",
            re.I,
        ),
    ),
)


@dataclass(frozen=True)
class Request:
    """What a face hands over. `key` makes a repeated delivery the same request."""

    text: str
    principal: Principal
    kind: Kind | None = None
    assistant: str | None = None
    where: Where = Where.AUTO
    private: bool = False
    key: str = ""
    earlier: tuple[Turn, ...] = ()
    """What was said before in the same conversation."""
    evidence: str | None = None
    """A log or traceback that comes with a fix."""
    place: Mapping[str, Any] = field(default_factory=dict)
    """Where the face shows the answer, in its own words: a later answer finds its way there."""


@dataclass(frozen=True)
class Seat:
    """Who takes the request, and why."""

    assistant: Assistant
    reasons: tuple[str, ...]


Answer = AsyncIterator[Seat | Delta | Restart | Reply | Held]


class RoundTable:
    """One for all faces."""

    def __init__(self, engine: Engine, changes: Changes, waiting: WaitingRoom) -> None:
        self._engine = engine
        self._changes = changes
        self._waiting = waiting

    @property
    def assistants(self) -> tuple[Assistant, ...]:
        return tuple(SEATS.values())

    async def request(self, request: Request) -> Change | Answer:
        """A change where one is asked for, else an answer to iterate over: first the Seat, last the Reply."""
        kind = request.kind or (None if _stays_here(request) else change_kind(clean(request.text)))
        return self.ask(request) if kind is None else await self.propose(request, kind)

    async def propose(self, request: Request, kind: Kind) -> Change:
        """Hand the finished proposal in; it is on the disk when this returns."""
        check(request.principal, Act.REQUEST)
        if _stays_here(request):
            raise BadInput("Code is written by the cloud, so a change can't stay in this house.", "Ask for it openly.")
        text = clean(request.text)
        seat = await self.pick(text, request)
        title = await self._title(redact(text), request)  # on branch, commit, events and cards; never cut in a secret
        proposal = Proposal(kind, title, text, seat.assistant.name, seat.reasons, request.key, request.evidence)
        return await self._changes.submit(proposal, request.principal)

    async def ask(self, request: Request) -> Answer:
        """Yields the Seat, then what the engine yields; last comes the Reply, or Held where only the cloud would do."""
        check(request.principal, Act.ASK)
        text = clean(request.text)
        seat = await self.pick(text, request)
        yield seat
        task = Task(
            kind="answer",
            turns=(*map(_quoted, request.earlier), Turn("user", data_block("question", text))),
            principal=request.principal,
            purpose=f"{seat.assistant.title} answers a question",
            system=(seat.assistant.prompt,),
            privacy=Privacy.PRIVATE if request.private else Privacy.OPEN,
            where=request.where,
            words=text,
            max_tokens=ANSWER_TOKENS,
        )
        try:
            async with aclosing(self._engine.stream(task)) as pieces:
                async for piece in pieces:
                    yield piece
        except CloudAway as away:
            if away.ask == Away.CANCEL:
                raise
            yield await self._waiting.hold(task, away, request.place)

    async def decide(self, id: str, choice: Choice, principal: Principal) -> Answer:
        """The answer to what the person chose for a held request: the local model's, Held again, or nothing.

        Where the local model fails, the request stands as it stood. Raises Conflict where it was decided meanwhile.
        """
        held = await self._waiting.get(id, principal)
        chosen = await self._waiting.decide(id, choice, principal)
        if isinstance(chosen, Held):
            yield chosen
        elif chosen is not None:
            with self._waiting.answering(id):
                async with aclosing(self._engine.stream(chosen)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Reply):
                            await self._waiting.replaced(id, principal)
                            piece = replace(piece, instead=held.reason)
                        yield piece

    async def pick(self, text: str, request: Request) -> Seat:
        """The assistant asked for; else by rules; else the local model with a closed list."""
        if request.assistant:
            chosen = SEATS.get(request.assistant.lower())
            if chosen is None:
                raise NotFound(f"There is no assistant {request.assistant!r}.", f"Choose one of: {', '.join(SEATS)}.")
            return Seat(chosen, (f"{request.principal.name} asked for {chosen.title}",))
        scores = {seat.name: seat.matches(text) for seat in SEATS.values()}
        best, second = sorted(scores, key=lambda name: -len(scores[name]))[:2]
        if len(scores[best]) > len(scores[second]):
            return Seat(SEATS[best], (f"rules: the request speaks of {', '.join(scores[best][:4])}",))
        return await self._pick_by_model(text, request, SEATS[best] if scores[best] else SCRIBE)

    async def _pick_by_model(self, text: str, request: Request, fallback: Assistant) -> Seat:
        jobs = "\n".join(f"{seat.name}: {seat.job}" for seat in SEATS.values())
        task = Task(
            kind="assistant",
            turns=(Turn("user", data_block("request", text[:1_500])),),
            principal=request.principal,
            purpose="choose the assistant",
            system=(f"Choose the assistant whose field fits the request best.\n{jobs}\nAnswer as JSON.",),
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            schema={
                "type": "object",
                "properties": {"assistant": {"enum": list(SEATS)}},
                "required": ["assistant"],
            },
            max_tokens=24,
        )
        try:
            reply = await self._engine.complete(task)
        except HavenError as error:
            log.info("assistant chosen without a model: %s", error)
            return Seat(fallback, ("rules were unsure and the local model is not there",))
        return Seat(SEATS[reply.data["assistant"]], (f"rules were unsure; the local model {reply.model} chose",))

    async def _title(self, text: str, request: Request) -> str:
        """A short title in the local model's words where they are the request's own, else its first line."""
        plain = plain_title(text)
        task = Task(
            kind="title",
            turns=(Turn("user", data_block("request", text[:1_500])),),
            principal=request.principal,
            purpose="a title for the change",
            system=("Shorten the request to a title of three to eight words, starting with its verb. Answer as JSON.",),
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            schema={
                "type": "object",
                "properties": {"title": {"type": "string", "minLength": 8, "maxLength": 72}},
                "required": ["title"],
            },
            max_tokens=32,
        )
        try:
            reply = await self._engine.complete(task)
        except HavenError as error:
            log.info("title without a model: %s", error)
            return plain
        title = " ".join(str(reply.data["title"]).split()).strip(" .\"'")
        return title if faithful(title, text) else plain


def faithful(title: str, text: str) -> bool:
    """Whether a title says what the request says: its words come from there, and its first word is the request's."""
    words, said = re.findall(r"\w+", title.lower()), re.findall(r"\w+", text.lower())
    own = sum(word in said for word in words)
    return 3 <= len(words) <= 10 and len(set(words)) == len(words) and own >= 0.8 * len(words) and words[0] == said[0]


def _quoted(turn: Turn) -> Turn:
    return Turn(turn.role, data_block("question", turn.text)) if turn.role == "user" else turn


def _stays_here(request: Request) -> bool:
    return request.private or request.where is Where.LOCAL


def change_kind(text: str) -> Kind | None:
    """Which kind of code change the words ask for; None where they ask a question."""
    if text.rstrip().endswith("?"):
        return None
    return next((kind for kind, pattern in KINDS if pattern.search(text)), None)
