"""The transcript of the Round Table: every step of every request as a chat message, kept, live, and replayable.

Words of a private request are never written down, as everywhere in Haven: they stay in this process's memory, for the
one who asked and for the owner.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any

from assistants.table.replaying import silences
from assistants.waiting import is_for
from haven.access import Act, Principal, check
from haven.ai.task import Privacy, Reply, Task, Tier
from haven.errors import BadInput, HavenError, NotFound
from haven.events import Bus
from haven.quoting import clean, cut_middle
from haven.redact import redact
from haven.store import ledger
from haven.store import transcripts as table
from haven.store.database import Database, now
from haven.store.events import Event
from haven.store.transcripts import Said, Talk, Wanted

log = logging.getLogger("haven.transcript")

MAX_WORDS = 2_000
"""Characters of one message; of a longer one the middle is left out."""
MAX_WHY = 500
PRIVATE_KEPT = 500
"""Private messages whose words are remembered while this process runs."""
POLL_S = 0.5
"""How often another process's messages are looked for."""
SLOWEST, FASTEST = 1.0, 16.0
LIVE = "roundtable.said"
"""The live event of the bus: a face draws it at once, and without words where the step is private."""
WRITES = "roundtable.writing"
"""The live event that tells, with nothing else, that a request's answer has begun to be written."""


class Move(StrEnum):
    """What one does to another at the table."""

    ASKS = "asks"
    PROPOSES = "proposes a change to"
    SEATS = "gives the seat to"
    CONSULTS = "consults"
    TELLS = "tells"
    SENDS = "sends to"
    DRAFTS = "drafts for"
    ANSWERS = "answers"
    WAITS = "makes wait"
    FAILS = "has no answer for"


TABLE = "round table"
"""Who speaks where no assistant does."""


class Transcript:
    """One for the house."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._private: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._woken: set[asyncio.Event] = set()
        self._writing: set[asyncio.Future[int]] = set()
        self._told = 0
        """The number of the last message that was looked at, or was there at the first look."""
        self._own: set[int] | None = None
        """Those after it that were said in this process; None before the first look."""
        bus.beside(self._elsewhere)
        database.on_commit(self._wake, quiet=True)

    def say(self, said: Said) -> None:
        """Write one message with the next commit, and tell it live. What can't be written costs nobody their answer."""
        words = cut_middle(clean(said.words), MAX_WORDS)
        why = clean(said.why)[:MAX_WHY]
        said = replace(said, words=words, why=why, at=said.at or now())
        if not said.private:
            said = replace(said, words=redact(words), why=redact(why))
        try:
            written = self._database.soon(lambda tx: table.add(tx, said), quiet=True)
        except HavenError as error:
            log.warning("[%s] a step of the Round Table is not in the transcript: %s", error.id, error)
            return
        self._writing.add(written)
        written.add_done_callback(lambda done: self._kept(done, said))
        event = _live(said)
        self._bus.live(event.kind, event.subject, **event.data)

    def writes(self, request: str) -> None:
        """Tell live that the answer has begun to be written."""
        self._bus.live(WRITES, request)

    async def left(self, template: Said, since: float = 0.0) -> None:
        """Say what has left the house for a request since a moment, a message a call, as the ledger has it."""
        for call in await ledger.of_request(self._database, template.request):
            if call.at < since:
                continue
            self.say(sent_as(template, call))

    async def later(self, task: Task, reply: Reply, since: float) -> None:
        """Say that a request which was held is answered: by its person's choice, or when the cloud was there again.

        `since`: when the answer was begun.
        """
        step = Said(task.request, Move.ANSWERS, reply.model, task.principal.name, task.principal.id)
        step = replace(step, private=task.privacy is Privacy.PRIVATE)
        if reply.tier is not Tier.LOCAL:
            await self.left(step, since)
        self.say(replace(step, words=reply.text, **figures(reply)))

    async def steps(self, reader: Principal, limit: int = 500, **filters: Any) -> list[Said]:
        """Messages that the reader may see, oldest first. Filters: request, assistant, person, tier, after.

        Raises AccessDenied, and NotFound where a request is named that holds nothing for this reader.
        """
        wanted = _wanted(reader, **filters)
        await self._written()
        found = await table.steps(self._database, wanted, limit)
        if wanted.request and wanted.after is None and not found:
            raise NotFound(f"There is no request {wanted.request!r} in the transcript.", "List them: haven roundtable")
        return [self._remembered(said) for said in found]

    async def knows(self, request: str) -> bool:
        """Whether something was said in a request with that id, whoever's it is."""
        await self._written()
        return await table.is_known(self._database, request)

    async def whole(self, reader: Principal, request: str) -> list[Said]:
        """All of one request that the reader may see, in its order; of a change also what left the house for it since.

        Raises AccessDenied, NotFound.
        """
        steps = await self.steps(reader, request=request)
        seat = replace(steps[0], who=steps[0].assistant, words="", id=0)
        calls = await ledger.of_change(self._database, steps[0].request)
        return sorted([*steps, *(replace(sent_as(seat, call), at=call.at) for call in calls)], key=lambda said: said.at)

    async def talks(self, reader: Principal, limit: int = 50, **filters: Any) -> list[Talk]:
        """Requests, the newest first, a line each; the same filters. Raises AccessDenied."""
        wanted = _wanted(reader, **filters)
        await self._written()
        return await table.talks(self._database, wanted, limit)

    async def follow(self, reader: Principal, **filters: Any) -> AsyncIterator[Said]:
        """New messages as they are written, in this process or another one, until cancelled. Raises AccessDenied."""
        after = filters.pop("after", None)
        after = await table.newest(self._database) if after is None else after
        with self._listening() as woken:
            while True:
                for said in await self.steps(reader, after=after, **filters):
                    after = said.id
                    yield said
                woken.clear()
                try:
                    async with asyncio.timeout(POLL_S):
                        await woken.wait()
                except TimeoutError:
                    pass

    async def replay(self, reader: Principal, request: str, speed: float = 1.0) -> AsyncIterator[Said]:
        """The messages of one request in their own time, `speed` times as fast (1 to 16). Raises BadInput, NotFound."""
        if not SLOWEST <= speed <= FASTEST:
            raise BadInput(f"A replay runs at {SLOWEST:g} to {FASTEST:g} times the speed.", "Try: --speed 4")
        steps = await self.steps(reader, request=request)
        for said, seconds in zip(steps, silences(steps), strict=True):
            await asyncio.sleep(seconds / speed)
            yield said

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        self._woken.add(woken)
        try:
            yield woken
        finally:
            self._woken.discard(woken)

    async def _written(self) -> None:
        """Wait until what was said here is on the disk."""
        if self._writing:
            self._database.hurry()
            await asyncio.wait(self._writing)

    async def _elsewhere(self) -> list[Event]:
        """What was said in another process since the last look: told here as what is said here."""
        if self._own is None:
            self._own = set()
            self._told = await table.newest(self._database)
            return []
        found = await table.steps(self._database, Wanted(None, after=self._told))
        if self._writing and any(said.id not in self._own for said in found):
            await asyncio.wait(self._writing)  # it may be one of these, committed but a moment ago
        self._told = max([self._told, *(said.id for said in found)])
        theirs = [replace(said, id=0) for said in found if said.id not in self._own]
        self._own = {id for id in self._own if id > self._told}
        return [_live(said) for said in theirs]

    def _wake(self) -> None:
        for woken in self._woken:
            woken.set()

    def _kept(self, done: asyncio.Future[int], said: Said) -> None:
        self._writing.discard(done)
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            log.warning("a step of the Round Table is not in the transcript: %s", error)
            return
        if self._own is not None:
            self._own.add(done.result())
        if said.private:
            self._private[done.result()] = (said.words, said.why)
            while len(self._private) > PRIVATE_KEPT:
                self._private.popitem(last=False)

    def _remembered(self, said: Said) -> Said:
        if not said.private or said.id not in self._private:
            return said
        words, why = self._private[said.id]
        return replace(said, words=words, why=why)


def _live(said: Said) -> Event:
    """As a face is told of it: without words where it is private."""
    shown = replace(said, words="", why="") if said.private else said
    return Event(LIVE, f"{said.request}:{said.at}:{said.move}", asdict(shown))


def figures(reply: Reply) -> dict[str, Any]:
    """What a reply says of itself, as columns of a message; the stand-in's money is not real."""
    used = reply.usage
    return {
        "tier": reply.tier.value,
        "model": reply.model,
        "why": "; ".join(reply.route.reasons),
        "input_tokens": used.input + used.cache_read + used.cache_write,
        "output_tokens": used.output,
        "usd": 0.0 if reply.stand_in else reply.usd,
        "seconds": round(reply.seconds, 3),
    }


def sent_as(template: Said, call: ledger.Entry) -> Said:
    """What has left the house as a message: to whom, how much, what of it masked, why, and the price."""
    masked = ", ".join(f"{count} {what}" for what, count in call.redacted.items() if count)
    paid = call.usd if call.usd is not None else call.worst_usd
    return replace(
        template,
        move=Move.SENDS,
        whom=call.model,
        tier=call.tier,
        model=call.model,
        sent=f"{call.sent_chars:,} characters to {call.recipient}{f', masked: {masked}' if masked else ''}",
        why=call.purpose,
        input_tokens=call.input_tokens + call.cache_read + call.cache_write,
        output_tokens=call.output_tokens,
        usd=0.0 if call.stand_in else paid,
        seconds=call.seconds,
    )


def costs(steps: Iterable[Said]) -> float:
    """US dollars that these messages cost together: what was sent is what costs."""
    return sum(said.usd for said in steps if said.move == Move.SENDS)


def _wanted(reader: Principal, **filters: Any) -> Wanted:
    check(reader, Act.READ)
    return Wanted(None if is_for("", reader) else reader.id, **filters)
