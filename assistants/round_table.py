"""The Round Table takes every request: it picks the assistant, which answers or proposes a change."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from assistants.base import Assistant
from assistants.cartographer import CARTOGRAPHER
from assistants.lorekeeper import LOREKEEPER
from assistants.scribe import SCRIBE
from assistants.sentinel import SENTINEL
from assistants.table.asking import Asking, Talk, new_id
from assistants.table.facts import Facts
from assistants.table.picking import Picker
from assistants.table.proposing import change_kind, is_data_work, title_of
from assistants.table.reading import MAX_CHARS
from assistants.table.request import Answer as Answer
from assistants.table.request import Request as Request
from assistants.table.request import Seat as Seat
from assistants.table.transcript import TABLE, Move, Transcript
from assistants.table.turns import Turns
from assistants.waiting import Choice, Held, WaitingRoom
from haven.access import Act, Principal, check
from haven.ai.engine import Engine
from haven.ai.judging.embed import Embedder
from haven.ai.task import Privacy, Queued, Reply, Task, Turn, Where
from haven.changes.decisions import Changes
from haven.changes.proposal import Kind, Proposal, clean
from haven.errors import BadInput, HavenError, NotFound
from haven.quoting import data_block
from haven.redact import redact
from haven.store.changes import Change
from haven.store.database import now

log = logging.getLogger("haven.round_table")

AT_ONCE = 2
"""Questions of one person that are answered at the same time."""
OPEN = 10
"""Questions of one person that have no answer yet."""
FOUR: tuple[Assistant, ...] = (SENTINEL, CARTOGRAPHER, SCRIBE, LOREKEEPER)


class RoundTable:
    """One for all faces. `own` are the assistants that the owner has added."""

    def __init__(
        self,
        engine: Engine,
        changes: Changes,
        waiting: WaitingRoom,
        transcript: Transcript,
        facts: Facts | None = None,
        own: Sequence[Assistant] = (),
        embedder: Embedder | None = None,
    ) -> None:
        self._engine = engine
        self._changes = changes
        self._waiting = waiting
        self._facts = facts or Facts({})
        self.transcript = transcript
        self.assistants = (*FOUR, *own)
        self._picker = Picker(self.assistants, embedder)
        self._asking = Asking(engine, waiting, transcript, self._facts, self.assistants)
        self._turns = Turns(AT_ONCE, OPEN)
        waiting.tell(transcript.later)

    def seat(self, name: str) -> Assistant | None:
        """The assistant of that name, which a face may have from long ago."""
        return next((one for one in self.assistants if one.name == name), None)

    async def request(self, request: Request) -> Change | Answer:
        """A change where one is asked for, else an answer to iterate over: first the Seat, last the Reply."""
        kind = request.kind or (None if request.stays_here else await self._change_kind(clean(request.text)))
        return self.ask(request) if kind is None else await self.propose(request, kind)

    async def _change_kind(self, text: str) -> Kind | None:
        kind = change_kind(text)
        if kind is not None and is_data_work(text, kind, await self._facts.names_in(text)):
            return None
        return kind

    async def propose(self, request: Request, kind: Kind) -> Change:
        """Hand the finished proposal in; it is on the disk when this returns."""
        check(request.principal, Act.REQUEST)
        with self._waiting.serving(request.principal.id):
            return await self._propose(request, kind)

    async def _propose(self, request: Request, kind: Kind) -> Change:
        if request.stays_here:
            raise BadInput("Code is written by the cloud, so a change can't stay in this house.", "Ask for it openly.")
        text = clean(request.text)
        seat = await self.pick(text, request)
        # It stands on branch, commit, events and cards; a secret is never cut in two.
        title = await title_of(redact(text), request.principal, self._engine)
        rest = (request.key, request.evidence, request.private_notes)
        proposal = Proposal(kind, title, text, seat.assistant.name, seat.reasons, *rest)
        change = await self._changes.submit(proposal, request.principal)
        talk = Talk(request, text, seat, change.id)
        self.transcript.say(talk.said(Move.ASKS, request.principal.name, TABLE, text))
        self.transcript.say(talk.said(Move.SEATS, TABLE, talk.name, why="; ".join(seat.reasons)))
        self.transcript.say(talk.said(Move.PROPOSES, talk.name, request.principal.name, title, kind.value))
        return change

    async def ask(self, request: Request) -> Answer:
        """Yields the Seat, then what the engine yields; last comes the Reply, or Held where only the cloud would do.

        Queued comes first where others of their own go first. Raises Conflict where these are too many already.
        """
        check(request.principal, Act.ASK)
        text = clean(request.text)
        who = request.principal.id
        with self._turns.asking(who) as (ahead, places), self._waiting.serving(who):
            if ahead:
                yield Queued(ahead)
            async with places:
                seat = await self.pick(text, request)
                yield seat
                async with aclosing(self._asking.answer(Talk(request, text, seat, request.id or new_id()))) as pieces:
                    async for piece in pieces:
                        yield piece

    async def decide(self, id: str, choice: Choice, principal: Principal) -> Answer:
        """The answer to what the person chose for a held request: the local model's, Held again, or nothing.

        Where the local model fails, the request stands as it stood. Raises Conflict where it was decided meanwhile.
        """
        held = await self._waiting.get(id, principal)
        chosen = await self._waiting.decide(id, choice, principal)
        if isinstance(chosen, Held):
            yield chosen
        elif chosen is not None:
            began = now()
            with self._waiting.answering(id), self._waiting.serving(held.principal):
                async with aclosing(self._engine.stream(chosen)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Reply):
                            await self._waiting.replaced(id, principal)
                            piece = replace(piece, instead=held.reason)
                            await self.transcript.later(chosen, piece, began)
                        yield piece

    async def pick(self, text: str, request: Request) -> Seat:
        """The assistant asked for; else by rules and by requests like it; else the local model with a closed list."""
        if request.assistant:
            chosen = self.seat(request.assistant.lower())
            if chosen is None:
                names = ", ".join(one.name for one in self.assistants)
                raise NotFound(f"There is no assistant {request.assistant!r}.", f"Choose one of: {names}.")
            return Seat(chosen, (f"{chosen.title} was asked for",))
        chosen, why = await self._picker.pick(text, await self._facts.names_in(text))
        return Seat(chosen, (why,)) if chosen is not None else await self._pick_by_model(text, request)

    async def _pick_by_model(self, text: str, request: Request) -> Seat:
        names = [one.name for one in self.assistants]
        jobs = "\n".join(f"{one.name}: {one.job}" for one in self.assistants)
        task = Task(
            kind="assistant",
            turns=(Turn("user", data_block("request", text[:MAX_CHARS])),),
            principal=request.principal,
            purpose="choose the assistant",
            system=(f"Choose the assistant whose field fits the request best.\n{jobs}\nAnswer as JSON.",),
            privacy=Privacy.PRIVATE,
            where=Where.LOCAL,
            schema={"type": "object", "properties": {"assistant": {"enum": names}}, "required": ["assistant"]},
            max_tokens=24,
        )
        try:
            reply = await self._engine.complete(task)
        except HavenError as error:
            log.info("assistant chosen without a model: %s", error)
            return Seat(SCRIBE, ("rules were unsure and the local model is not there",), sure=False)
        chosen = self.seat(str(reply.data["assistant"])) or SCRIBE
        return Seat(chosen, (f"rules were unsure; the local model {reply.model} chose",), sure=False)
