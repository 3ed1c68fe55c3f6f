"""Requests at the Round Table that are followed in a channel: a message each, which grows until they are over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from weakref import WeakValueDictionary

import discord

from assistants.table.transcript import LIVE, Move, Transcript
from bot.channels import Channels, is_shut
from bot.language import speaking
from bot.queue import Queue
from bot.render_talk import SeatOf
from bot.stream import LatestWins
from bot.views.talk import growing_panel
from haven.access import Principal, Role
from haven.changes.decisions import Changes
from haven.changes.states import OPEN, State
from haven.errors import NotFound
from haven.store import notes
from haven.store.database import Database, now
from haven.store.events import Event
from haven.store.transcripts import Said

log = logging.getLogger("haven.bot")

FACE = "discord.talk"
EVERYBODY = Principal("", "everybody", Role.MEMBER, "bot")
"""Who reads along in a channel: nobody's private steps are theirs."""
LONGEST_S = 3 * 86_400
"""What takes longer is followed no more; `/roundtable` still shows it."""
ENDS = (Move.ANSWERS, Move.FAILS)
ENDED = frozenset(state.value for state in State if state not in OPEN)
MOVED = ("change.state", "change.progress", "change.reply")


@dataclass(frozen=True)
class Followed:
    """A message that grows."""

    request: str
    channel: int
    message: int
    at: float


class Talks(Queue[Followed]):
    """One for a bot. What is followed is on the disk, so that a restart goes on with it."""

    in_order = False

    def __init__(
        self, channels: Channels, transcript: Transcript, changes: Changes, database: Database, seat: SeatOf
    ) -> None:
        super().__init__(channels)
        self._transcript = transcript
        self._changes = changes
        self._database = database
        self._seat = seat
        self._followed: dict[int, tuple[Followed, LatestWins[Followed]]] = {}
        self._drawn: dict[int, tuple[int, bool]] = {}
        """How many steps stand in a message, and whether it says that it is over."""
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def is_over(self, steps: list[Said]) -> bool:
        """Whether nothing comes any more: it is answered, or its change has ended."""
        if any(said.move == Move.PROPOSES for said in steps):
            try:
                return (await self._changes.get(steps[0].request)).state not in OPEN
            except NotFound:
                return True
        return steps[-1].move in ENDS

    async def follow(self, request: str, channel: int) -> Followed:
        """Let it grow in a channel or thread; the message that is there where it does so already. Raises NotFound."""
        for known, _ in self._followed.values():
            if (known.request, known.channel) == (request, channel):
                return known
        steps = await self._transcript.whole(EVERYBODY, request)
        with speaking(self._channels.language):
            view = growing_panel(steps, self._seat, over=False)
        nonce = f"talk:{request[:10]}:{channel % 10**8}"  # 25 characters are the most
        message = await self._channels.send(channel, lambda where: where.send(view=view, nonce=nonce))
        one = Followed(request, channel, message.id, now())
        await notes.set_card(self._database, FACE, str(message.id), asdict(one))
        self._keep(one).put(one)  # what was said meanwhile
        return one

    async def pending(self) -> AsyncGenerator[Followed, None]:
        """All that are followed; also those that this process does not know of yet."""
        await notes.forget_cards(self._database, FACE, now() - LONGEST_S)
        for data in (await notes.cards(self._database, FACE)).values():
            one = Followed(**data)
            self._keep(one)
            yield one

    async def tell(self, event: Event) -> None:
        """A step was said, or a change went on: its messages grow as fast as Discord allows."""
        request = event.subject.partition(":")[0] if event.kind == LIVE else event.subject
        if event.kind == LIVE or event.kind in MOVED:
            for one, writer in [*self._followed.values()]:
                if one.request == request and event.data.get("state") in ENDED:
                    await self.attempt(one)  # before its thread is put away: an edit would take it out again
                elif one.request == request:
                    writer.put(one)

    async def show(self, one: Followed) -> None:
        async with self._locks.setdefault(one.message, asyncio.Lock()):
            if one.message not in self._followed:
                return
            try:
                steps = await self._transcript.whole(EVERYBODY, one.request)
            except NotFound:  # it is kept no more
                await self._forget(one)
                return
            over = await self.is_over(steps)
            if self._drawn.get(one.message) == (len(steps), over):
                return  # a change went on, and nothing was said: no edit is worth that
            view = growing_panel(steps, self._seat, over=over)
            there = await self._is_drawn(one, view)
            self._drawn[one.message] = len(steps), over
            if over or not there:
                await self._forget(one)

    async def _is_drawn(self, one: Followed, view: discord.ui.LayoutView) -> bool:
        """False where nobody follows it any more: its message or channel was deleted, or shut."""
        try:
            return await self._channels.edit(one.channel, one.message, view=view)
        except discord.HTTPException as error:
            if not is_shut(error):
                raise
            log.info("request %s is followed no more: %s", one.request, error)
            return False

    def _keep(self, one: Followed) -> LatestWins[Followed]:
        """Its writer; what Discord refuses is in the log, and what waits is drawn again within a minute."""

        async def write(one: Followed) -> None:
            await self.attempt(one)

        return self._followed.setdefault(one.message, (one, LatestWins(write)))[1]

    async def _forget(self, one: Followed) -> None:
        await notes.take_card(self._database, FACE, str(one.message))
        self._followed.pop(one.message, None)
        self._drawn.pop(one.message, None)
