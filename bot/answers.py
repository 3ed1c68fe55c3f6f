"""Messages of answers after they were written: what waits for the cloud, and what the cloud may still be asked."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import discord

from assistants.base import Assistant
from assistants.waiting import Choice, Held, WaitingRoom, choices_of, is_for
from bot import render_answers as cards
from bot import sheet as sheets
from bot.channels import Channels, is_gone, only
from bot.language import say
from bot.line import FAILURES
from bot.paging import laid_out
from bot.queue import Queue
from bot.sheet import Sheet
from bot.views.answer import answer_view, held_view, kept_view
from haven.access import Principal
from haven.ai.task import Reply
from haven.errors import AccessDenied, Conflict, NotFound
from haven.store import waiting as table
from haven.store.database import Database
from haven.store.events import Event
from haven.store.waiting import Waiting

log = logging.getLogger("haven.bot")

LAST_WORD_S = 2.0
RECENT = 500
"""Requests that are looked at when catching up."""
OVER = "answered"
"""What a sheet says of a message that shows its answer: nothing is drawn over it."""
ENDS = {
    "answered": "the answer that you waited for is there.",
    "failed": "your question waited for the cloud, and no answer came.",
}
"""The ends that whoever asked is told of: a cancellation was somebody's own doing."""


class Answers(Queue[str]):
    """One for a bot. Drawing is idempotent: a message that is there is edited, never sent twice."""

    in_order = False

    def __init__(
        self, channels: Channels, waiting: WaitingRoom, database: Database, seat: Callable[[str], Assistant | None]
    ) -> None:
        """`seat` finds the assistant of a name."""
        super().__init__(channels)
        self._waiting = waiting
        self._database = database
        self._seat = seat
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._spoiled: set[str] = set()
        self._writing: dict[int, asyncio.Task[Any] | None] = {}

    @contextmanager
    def writing(self, message: int) -> Iterator[None]:
        """While somebody writes there, nobody else does. Raises Conflict for the second one."""
        if message in self._writing:
            raise Conflict("That is being done already.", "Wait a moment.")
        self._writing[message] = asyncio.current_task()
        try:
            yield
        finally:
            del self._writing[message]

    async def interrupt(self) -> None:
        """Stop all who write, who say so in their messages, as far as Discord takes that in `LAST_WORD_S`."""
        writers = {task for task in self._writing.values() if task is not None}
        for task in writers:
            task.cancel()
        if writers:
            await asyncio.wait(writers, timeout=LAST_WORD_S)

    async def finished(self, sheet: Sheet, reply: Reply, cloud: str, waited: bool = False) -> dict[str, Any]:
        """What an answer's message shows; what its buttons need is on the disk before. `cloud`: who may be asked."""
        if cloud or sheet.shown:
            await sheets.save(self._database, replace(sheet, outcome=reply.outcome, shown=OVER))
        return self._answered(sheet, reply, cloud, waited)

    async def held(self, sheet: Sheet, held: Held) -> dict[str, Any]:
        """What a message shows whose answer waits; the draft is kept with it."""
        state = "asked" if held.choices else "waiting"
        draft, note = (held.draft.text, cards.draft_note(held.draft)) if held.draft else ("", "")
        sheet = replace(sheet, draft=draft, note=note, shown=_mark(state, held.retry_at))
        await sheets.save(self._database, sheet)
        return self._held(sheet, held.id, state, held.choices, held.reason, held.retry_at)

    async def moved(self, before: Sheet, now: Sheet, end: Reply | Held) -> None:
        """Its message was deleted while it was written: what it says of itself stands in another from now on."""
        await sheets.forget(self._database, before.message)
        if isinstance(end, Held):
            place = json.dumps(now.place)
            await self._database.write(lambda tx: table.move(tx, end.id, table.OPEN, place=place))

    async def again(self, message: int, person: Principal) -> Sheet:
        """The question under an answer, for whoever asked it and for the owner.

        Raises NotFound, AccessDenied, or Conflict where it went to the cloud already.
        """
        sheet = await sheets.load(self._database, message)
        if sheet is None or not sheet.question:
            raise NotFound("That question is not kept any more.", "Ask it again with `/ask`, and choose the cloud.")
        if not is_for(sheet.asker, person):
            raise AccessDenied("That is somebody else's question.", "Ask it yourself with `/ask`.")
        if sheet.asked_again:
            raise Conflict("The cloud was asked already.", "Its answer stands further below.")
        return sheet

    async def was_asked_again(self, sheet: Sheet, shown: discord.Message | None) -> None:
        """Once is enough: the button goes from the message as it was `shown`."""
        await sheets.save(self._database, replace(sheet, asked_again=True))
        try:
            view = kept_view(shown, drop="cloud") if shown else answer_view(sheet.outcome, sheet.message, "")
            await self._channels.edit(sheet.channel, sheet.message, view=view)
        except FAILURES as error:
            log.info("a button could not be taken away: %s", error)

    async def of(self, interaction: discord.Interaction, asker: str) -> Sheet:
        """The sheet of the message whose button was pressed."""
        message = interaction.message
        assert message is not None
        return await sheets.load(self._database, message.id) or Sheet(message.channel.id, message.id, asker)

    async def tell(self, event: Event) -> None:
        """Draw what an event of the bus says."""
        if event.kind.startswith("answer."):
            await self.attempt(event.subject)

    async def pending(self) -> AsyncGenerator[str, None]:
        """Every request whose end was not shown yet."""
        for one in await table.of(self._database, limit=RECENT):
            if not one.told:
                yield one.id

    async def show(self, one: str) -> None:
        await self.refresh(one)

    async def spoiled(self, id: str) -> None:
        """As `attempt`, where something else was drawn over it: it is drawn again while it is open."""
        self._spoiled.add(id)
        await self.attempt(id)

    async def refresh(self, id: str) -> None:
        """Bring the message of one waiting request up to date; nothing is sent where it is."""
        async with self._locks.setdefault(id, asyncio.Lock()):
            one = await table.get(self._database, id)
            if one is None or one.face != "bot" or one.told or "message" not in one.place:
                return
            message = int(one.place["message"])
            if message in self._writing:
                return  # whoever writes there looks again afterwards
            known = await sheets.load(self._database, message)
            sheet = known or Sheet(int(one.place["channel"]), message, one.principal)
            stale = id in self._spoiled and one.state in table.OPEN
            if stale or sheet.shown not in (_mark(one.state, one.retry_at), OVER):
                await self._drawn(one, sheet)
            self._spoiled.discard(id)
            if one.state not in table.OPEN:
                await self._database.write(lambda tx: table.move(tx, id, (one.state,), told=1))

    async def _drawn(self, one: Waiting, sheet: Sheet) -> None:
        """Where its channel was deleted there is nothing to draw, now or later."""
        try:
            await self._draw(one, sheet)
        except discord.NotFound as error:
            if not is_gone(error):
                raise
            log.warning("the request %s is shown nowhere: its channel was deleted", one.id)

    async def _draw(self, one: Waiting, sheet: Sheet) -> None:
        """Its message, then whoever asked is told, and only then is it marked: a crash between repeats, never skips."""
        there = await self._channels.edit(sheet.channel, sheet.message, **self._shown(one, sheet))
        if one.state in ENDS:
            await self._tell(one, sheet, {} if there else self._shown(one, sheet))
        shown = OVER if one.state == "answered" else _mark(one.state, one.retry_at)
        await sheets.save(self._database, replace(sheet, shown=shown))

    def _shown(self, one: Waiting, sheet: Sheet) -> dict[str, Any]:
        reply = self._waiting.reply(one)
        if reply is None:
            return self._held(sheet, one.id, one.state, choices_of(one), one.reason, one.retry_at)
        return self._answered(sheet, reply, "", waited=True)

    def _answered(self, sheet: Sheet, reply: Reply, cloud: str, waited: bool) -> dict[str, Any]:
        """An answer's first page with all that goes along with it."""
        laid = laid_out(reply.text)
        return {
            "embed": cards.beside(
                cards.answer_card(self._seat(sheet.assistant), reply, laid.pages[0], waited), sheet.link, sheet.asker
            ),
            "attachments": cards.answer_files(reply, laid),
            "view": answer_view(reply.outcome, sheet.message, cloud, len(laid.pages)),
        }

    def _held(
        self, sheet: Sheet, id: str, state: str, choices: tuple[Choice, ...], reason: str, retry_at: float | None
    ) -> dict[str, Any]:
        embed = cards.held_card(self._seat(sheet.assistant), state, reason, sheet.draft, sheet.note, retry_at)
        return {"embed": cards.beside(embed, sheet.link, sheet.asker), "view": held_view(id, state, choices)}

    async def _tell(self, one: Waiting, sheet: Sheet, whole: dict[str, Any]) -> None:
        """One message that pings whoever asked; with the answer in it where the answer's own message was deleted."""
        person = int(one.principal.partition(":")[2])
        text = f"<@{person}> {say(ENDS[one.state])}"
        place = discord.MessageReference(message_id=sheet.message, channel_id=sheet.channel, fail_if_not_exists=False)
        if "attachments" in whole:
            whole["files"] = whole.pop("attachments")
        # The same request gives the same nonce: sent again after a crash, Discord answers with the message it has.
        nonce = f"{one.id}:{one.state}"
        await self._channels.send(
            sheet.channel,
            lambda channel: channel.send(text, allowed_mentions=only(person), reference=place, nonce=nonce, **whole),
        )


def _mark(state: str, retry_at: float | None) -> str:
    return f"{state} {retry_at}"
