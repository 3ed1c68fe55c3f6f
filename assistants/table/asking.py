"""How a question is answered: facts first, then a model; and each step of it is told to the transcript.

What the assistants find out by themselves is given as it stands. A model words it only where they leave that open, or
where the person chose one; then every number and name must stand in what was found, else the computed text is given.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from assistants.base import Assistant
from assistants.findings import Findings, Nature
from assistants.table.core import opened
from assistants.table.facts import OF_THE_WORLD, TOLD, Consulted, Facts, best, is_question, speaks_of_a_name, unrecorded
from assistants.table.grounding import ungrounded
from assistants.table.request import Request, Seat
from assistants.table.transcript import TABLE, Move, Transcript, figures
from assistants.table.welcome import welcome
from assistants.waiting import Held, WaitingRoom
from haven.ai.engine import Engine
from haven.ai.task import Delta, Privacy, Queued, Reply, Restart, Route, Step, Task, Tier, Turn, Where
from haven.errors import CloudAway, HavenError, Unavailable
from haven.quoting import data_block
from haven.settings import Away
from haven.store.transcripts import Said

ANSWER_TOKENS = 400
STORY_TOKENS = 1_500
COMPUTED = "by computation"
"""The model of an answer that no model gave."""
_CHOSEN = (Where.CLOUD, Where.LAN)

Piece = Delta | Queued | Restart | Reply | Held


def new_id() -> str:
    """Of a request that has none yet."""
    return secrets.token_hex(8)


@dataclass
class Talk:
    """One question on its way. `id` is that of its ledger rows as well."""

    request: Request
    text: str
    seat: Seat
    id: str = field(default_factory=new_id)
    began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        return self.seat.assistant.name

    @property
    def private(self) -> bool:
        return self.request.private or self.seat.assistant.private

    @property
    def where(self) -> Where:
        return self.seat.assistant.where(self.request.where)

    def said(self, move: Move, who: str, whom: str, words: str = "", why: str = "") -> Said:
        """A message of this request."""
        request = self.request
        return Said(
            request=self.id,
            move=move,
            who=who,
            whom=whom,
            person=request.principal.id,
            assistant=self.name,
            private=self.private,
            words=words,
            why=why,
        )


KEPT = (
    "A private request is never written down, and this would be: a record that is handed in is read by others, and a"
    " watch is kept until it is over. Nothing was done; ask for it openly, if you want it."
)


class Asking:
    """One for the Round Table."""

    def __init__(
        self,
        engine: Engine,
        waiting: WaitingRoom,
        transcript: Transcript,
        facts: Facts,
        assistants: Sequence[Assistant] = (),
    ) -> None:
        self._engine = engine
        self._assistants = assistants
        self._waiting = waiting
        self._transcript = transcript
        self._facts = facts

    async def answer(self, talk: Talk) -> AsyncGenerator[Piece, None]:
        """What a face shows after the Seat; the last piece is the Reply, or Held. Raises what the engine raises."""
        person, say = talk.request.principal.name, self._transcript.say
        about = f"about a text of {len(talk.request.about):,} characters" if talk.request.about else ""
        say(talk.said(Move.ASKS, person, TABLE, talk.text, about))
        say(talk.said(Move.SEATS, TABLE, talk.name, why="; ".join(talk.seat.reasons)))
        draft, ended = "", False
        try:
            async with aclosing(self._answer(talk)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Delta):
                        if not draft:
                            self._transcript.writes(talk.id)
                        draft += piece.text
                    elif isinstance(piece, Restart):
                        say(talk.said(Move.DRAFTS, talk.name, person, draft, piece.reason))
                        draft = ""
                    elif not isinstance(piece, Queued):
                        await self._ended(talk, piece)
                        ended = True
                    yield piece
        except HavenError as error:
            await self._sent(talk)
            say(talk.said(Move.FAILS, talk.name, person, why=str(error)))
            raise
        except (asyncio.CancelledError, GeneratorExit):
            if not ended:
                say(talk.said(Move.FAILS, talk.name, person, draft, "stopped before its end"))
            raise

    async def _answer(self, talk: Talk) -> AsyncGenerator[Piece, None]:
        findings, names = await self._found(talk)
        if findings is None:
            async with aclosing(self._by_model(talk, unrecorded=bool(names))) as pieces:
                async for piece in pieces:
                    yield piece
        elif findings.complete and talk.request.where not in _CHOSEN and not talk.request.about:
            yield Delta(findings.text)
            yield computed(talk, findings)
        else:
            async with aclosing(self._worded(talk, findings)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _found(self, talk: Talk) -> tuple[Findings | None, list[str]]:
        """What the assistants know, and the names of the world in the question."""
        if talk.request.about:  # the text may tell what no record does; and nobody acts on it
            found = await self._consulted(talk, talk.text, acting=False)
            known = best(found, talk.name, question=True)
            return known if known is not None and known.kind in TOLD else None, []
        if talk.request.where not in _CHOSEN and (hello := welcome(talk.text, self._assistants)) is not None:
            return hello, []
        before = [turn.text for turn in reversed(talk.request.earlier) if turn.role == "user"]
        asker = (talk.request.principal.id, talk.private)
        if whole := await self._facts.choosing.completed(talk.text, asker, before):
            talk, before = replace(talk, text=whole), []
        findings, names = await self._looked_up(talk, next(iter(before), ""))
        if findings is not None and findings.kind is Nature.ASK_BACK:
            self._facts.choosing.keep(asker, talk.text)
        return findings, names

    async def _looked_up(self, talk: Talk, earlier: str) -> tuple[Findings | None, list[str]]:
        """What the assistants know of a question, or do for whoever hands something in; `earlier`: asked before it."""
        asked = await self._facts.core(talk.text, earlier)
        typed = opened(talk.text)
        if talk.private and any(self._facts.writes(text, talk.name) for text in (typed, talk.text, asked)):
            return Findings(KEPT, kind=Nature.ASK_BACK), []
        if (watch := await self._facts.watch(typed, talk.request.principal, talk.request.place)) is not None:
            return watch, []
        acting = not talk.private and (self._facts.is_to_keep(typed) or self._facts.is_to_keep(talk.text))
        question, names = is_question(asked), await self._facts.names_in(talk.text)
        findings = None
        for text in dict.fromkeys((typed, talk.text) if acting else (asked, typed)):
            found = await self._consulted(talk, text, acting=acting)
            findings = best(found, talk.name, question=question) or findings
            if findings is not None and findings.kind is not Nature.NOT_RECORDED:
                return findings, names
            if findings is not None and findings.sources:
                break
        if talk.request.where in _CHOSEN or not await self._facts.could_know(talk.text):
            return None, names
        fits = talk.seat.sure and not talk.request.earlier
        of_world = names or (fits and (talk.name in OF_THE_WORLD or speaks_of_a_name(talk.text)))
        return findings or (unrecorded(names) if question and of_world else None), names

    async def _consulted(self, talk: Talk, text: str, *, acting: bool) -> list[Consulted]:
        """What each assistant says to a text, told to the transcript; `acting`: the person hands something in."""
        say, found = self._transcript.say, list[Consulted]()
        request = talk.request
        consult = self._facts.consult(text, talk.name, request.principal, key=request.key, acting=acting)
        async with aclosing(consult) as consulted:
            async for one in consulted:
                found.append(one)
                if one.name != talk.name:
                    nothing = "" if one.findings else "it has nothing to say to it"
                    say(talk.said(Move.CONSULTS, talk.name, one.name, why=nothing))
                if one.findings is not None:
                    how = " · ".join(filter(None, (one.findings.kind.value, one.findings.query)))
                    whom = talk.name if one.name != talk.name else TABLE
                    step = talk.said(Move.TELLS, one.name, whom, one.findings.text, how)
                    say(replace(step, tier=Tier.LOCAL.value, model=COMPUTED))
        return found

    async def _by_model(self, talk: Talk, *, unrecorded: bool) -> AsyncGenerator[Piece, None]:
        """A model's own words; the waiting room where only the cloud would do and it is away."""
        task = task_of(talk, unrecorded=unrecorded)
        try:
            async with aclosing(self._engine.stream(task)) as pieces:
                async for piece in pieces:
                    yield piece
        except CloudAway as away:
            if away.ask == Away.CANCEL:
                raise
            yield await self._waiting.hold(task, away, talk.request.place)

    async def _worded(self, talk: Talk, findings: Findings) -> AsyncGenerator[Piece, None]:
        """A model says what was found in its own words; the computed text where it can't, or says more than that."""
        task = task_of(talk, findings)
        try:
            if findings.free and talk.where is Where.AUTO:
                await self._needs_large(task)
            async with aclosing(self._engine.stream(task)) as pieces:
                async for piece in pieces:
                    if not isinstance(piece, Reply):
                        yield piece
                    elif strange := self._beyond(talk, findings, piece):
                        yield Restart(f"it speaks of {', '.join(strange[:3])}, which no record says", _ITSELF)
                        yield Delta(findings.text)
                        yield replace(computed(talk, findings), usd=piece.usd, stand_in=piece.stand_in)
                    else:
                        kept = await self._kept(talk, findings, piece)
                        if kept:
                            yield Delta(kept)
                        sources = tuple(map(str, findings.sources))
                        yield replace(piece, text=piece.text + kept, sources=sources, query=findings.query)
        except Unavailable as error:
            yield Restart(str(error), _ITSELF)
            yield Delta(findings.text)
            yield replace(computed(talk, findings), instead=str(error) if findings.free else "")

    async def _kept(self, talk: Talk, findings: Findings, reply: Reply) -> str:
        """What is said below a tale: that it is a draft, and what canon says against it. A private one is not kept."""
        if not findings.free or talk.private or reply.tier is Tier.LOCAL:
            return ""
        said = await self._facts.keep_tale(reply.text, talk.text, reply.model, talk.request.principal, talk.request.key)
        return f"\n\n{said}" if said else ""

    async def _needs_large(self, task: Task) -> None:
        """Raises Unavailable where only the local model is left: a tale by it is worse than the plain facts."""
        route = await self._engine.route(task)
        if all(tier is Tier.LOCAL for tier in route.tiers):
            mark = f"{Tier.CLOUD.value}: "
            lacks = (reason.removeprefix(mark) for reason in route.reasons if reason.startswith(mark))
            raise Unavailable(next(lacks, route.refused or "no large model is there to write it"), retry=False)

    def _beyond(self, talk: Talk, findings: Findings, reply: Reply) -> list[str]:
        """Numbers and names that the reply has from nowhere; a free text may have any."""
        if findings.free:
            return []
        earlier = (turn.text for turn in talk.request.earlier)
        return ungrounded(reply.text, talk.text, talk.request.about, findings.text, *findings.material, *earlier)

    async def _ended(self, talk: Talk, piece: Reply | Held) -> None:
        person = talk.request.principal.name
        if isinstance(piece, Held):
            await self._sent(talk)
            self._transcript.say(talk.said(Move.WAITS, talk.name, person, f"held as {piece.id}", piece.reason))
            return
        if any(step.tier is not Tier.LOCAL for step in piece.route.steps):
            await self._sent(talk)
        step = talk.said(Move.ANSWERS, talk.name, person, piece.text)
        self._transcript.say(replace(step, **figures(piece)))

    async def _sent(self, talk: Talk) -> None:
        await self._transcript.left(talk.said(Move.SENDS, talk.name, ""))


_ITSELF = Step(Tier.LOCAL, COMPUTED)


def task_of(talk: Talk, findings: Findings | None = None, *, unrecorded: bool = False) -> Task:
    """What a model is asked; what was found comes along as material."""
    request, assistant = talk.request, talk.seat.assistant
    free = findings is not None and findings.free
    known = (findings.material or (findings.text,)) if findings else ()
    return Task(
        kind="lore" if free else "answer",
        turns=(*map(_quoted, request.earlier), Turn("user", data_block("question", talk.text))),
        principal=request.principal,
        purpose=f"{assistant.title} {'writes a story' if free else 'answers a question'}",
        system=(assistant.prompt,),
        privacy=Privacy.PRIVATE if talk.private else Privacy.OPEN,
        where=talk.where,
        words=talk.text,
        material=(*([request.about] if request.about else []), *known),
        max_tokens=STORY_TOKENS if free else ANSWER_TOKENS,
        request=talk.id,
        unasked_usd=request.unasked_usd,
        unrecorded=unrecorded or free,
    )


def computed(talk: Talk, findings: Findings) -> Reply:
    """The findings as a reply: no model was asked."""
    return Reply(
        text=findings.text,
        tier=Tier.LOCAL,
        model=COMPUTED,
        prompt_version="",
        route=Route((), (f"{findings.kind.value}: {talk.seat.assistant.title} needs no model for it",)),
        seconds=time.monotonic() - talk.began,
        sources=tuple(map(str, findings.sources)),
        query=findings.query,
        picture=findings.picture,
    )


def _quoted(turn: Turn) -> Turn:
    return Turn(turn.role, data_block("question", turn.text)) if turn.role == "user" else turn
