"""One answer's message: streamed while it is written, and outliving Discord's fifteen minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial

import discord

from assistants.round_table import Answer, Request, Seat
from assistants.waiting import Held
from bot import entry, render
from bot import render_answers as cards
from bot.language import language_of, say, speak, told
from bot.line import FAILURES
from bot.outlet import Outlet, Shown
from bot.sheet import Sheet
from bot.stream import LatestWins
from haven.access import NEEDS, Act, Principal
from haven.ai.task import Delta, Queued, Reply, Restart, Tier, Where
from haven.errors import ModelError

SOON_OVER_S = 780.0
"""A private answer that is still being written then may not be done when Discord closes it, after 15 minutes."""
PLACE_S = 10.0
"""Between two words about one's place in the line: with everybody in it, few of the 50 requests that Discord takes in a
second."""


Draw = Callable[[], Shown]
"""Makes what is shown, only when it is sent: most of what a model says is overtaken before that."""


class Answering:
    """From "thinking" to the answer, or to why it waits."""

    def __init__(
        self, interaction: discord.Interaction, sheet: Sheet, person: Principal, private: bool = False
    ) -> None:
        self._interaction = interaction
        self._bot = entry.bot_of(interaction)
        self._sheet = sheet
        self._person = person
        self._outlet = Outlet(interaction, sheet.channel, sheet.message, private)
        self._began = asyncio.get_running_loop().time()
        self._text = ""
        self._end: Reply | Held | None = None
        self._last: Shown = {}
        """What is shown at the end, once that is known."""
        self._is_draft = False
        self._note = ""
        """How a draft is marked."""
        self._told_place = -PLACE_S

    @classmethod
    async def begin(cls, interaction: discord.Interaction, person: Principal, request: Request) -> None:
        """Answer in a new message, which says "thinking" until then.

        Raises what the Round Table raises: only the asker is told, and no draft stays behind.
        """
        table = entry.bot_of(interaction).round_table
        chosen = table.seat((request.assistant or "").lower())
        private = request.private or (chosen is not None and chosen.private)
        begun = await entry.think(interaction, alone=private)
        message = begun.message_id or (await interaction.original_response()).id
        asked, about = ("", "") if private else (request.text, request.about)
        link = "" if private else str(request.place.get("link", ""))
        sheet = Sheet(interaction.channel_id or 0, message, person.id, asked, about, link)
        answering = cls(interaction, sheet, person, private)
        try:
            await answering.write(table.ask(replace(request, place=sheet.place)))
        except Exception:
            if not private:
                # An ephemeral message can only follow once Discord's public "thinking" has become a message.
                with suppress(*FAILURES):
                    await answering._outlet.edit(_without(discord.Embed(description=say(cards.NOTHING))))
            raise

    async def write(self, pieces: Answer) -> None:
        """Into the sheet's message. Raises what the Round Table raises."""
        if not self._outlet.private:
            speak(self._bot.channels.language)
        try:
            await self._write(pieces)
        except asyncio.CancelledError:
            # Only a bot that closes cancels: nobody should wait for an answer that is not being written any more.
            with suppress(Exception):
                await self._show(lambda: self._last or _without(self._draft(say("Haven is restarting: ask again."))))
            raise

    async def _write(self, pieces: Answer) -> None:
        with self._bot.answers.writing(self._sheet.message):
            async with LatestWins(self._show, self._bot.channels.is_away) as writer, aclosing(pieces):
                async for piece in pieces:
                    if isinstance(piece, Reply | Held):
                        self._end, self._last = piece, await self._drawn(piece)
                        await writer.finish(lambda: self._last)
                        break
                    await self._take(piece)
                    if self._text:
                        writer.put(lambda: _without(self._draft(self._note or self._writing())))
                    elif isinstance(piece, Queued) and self._is_time():
                        writer.put(partial(self._place, piece.ahead))
                else:
                    raise ModelError("The model ended without an answer.", "Ask again.")
        if isinstance(self._end, Held):
            await self._bot.answers.attempt(self._end.id)  # it may have been answered while its card was being drawn

    async def _take(self, piece: Seat | Delta | Queued | Restart) -> None:
        match piece:
            case Seat():
                self._sheet = replace(self._sheet, assistant=piece.assistant.name)
                if piece.assistant.private and not self._outlet.private:
                    await self._go_private()
            case Restart():
                self._is_draft = True
                why, next_ = render.words(told(piece.reason), 200), say(piece.next.tier.value)
                self._note = say("draft, below the bar ({why}); asking {next}…", why=why, next=next_)
            case Delta():
                if self._is_draft:
                    self._text, self._is_draft, self._note = "", False, ""
                self._text += piece.text

    async def _go_private(self) -> None:
        """Whoever took the seat is a private assistant: nobody else sees this, and nothing of it is kept."""
        speak(language_of(self._interaction.locale))
        self._sheet = replace(self._sheet, question="", about="", link="")
        await self._outlet.withdraw(_without(self._draft(self._writing())))
        self._sheet = replace(self._sheet, message=self._outlet.message)

    async def _drawn(self, piece: Reply | Held) -> Shown:
        if isinstance(piece, Held):
            return await self._bot.answers.held(self._sheet, piece)
        seat, is_open = self._bot.round_table.seat(self._sheet.assistant), not self._outlet.private
        far = seat is None or seat.where(Where.CLOUD) is Where.CLOUD
        could = is_open and far and piece.tier is Tier.LOCAL and self._person.role >= NEEDS[Act.CLOUD]
        return await self._bot.answers.finished(self._sheet, piece, self._bot.cloud() if could else "")

    def _is_time(self) -> bool:
        """To tell whoever waits of a new place in the line."""
        now = asyncio.get_running_loop().time()
        if now - self._told_place < PLACE_S:
            return False
        self._told_place = now
        return True

    def _place(self, ahead: int) -> Shown:
        others = say("{count} other questions are answered first.", count=ahead)
        before = others if ahead > 1 else say("One other question is answered first.")
        return _without(cards.draft_card(self._bot.round_table.seat(self._sheet.assistant), before, say("waiting…")))

    def _writing(self) -> str:
        late = asyncio.get_running_loop().time() - self._began > SOON_OVER_S
        if self._outlet.private and late:
            return say("writing… the end comes as a direct message, since Discord closes this one")
        return say("writing…")

    def _draft(self, note: str) -> discord.Embed:
        card = cards.draft_card(self._bot.round_table.seat(self._sheet.assistant), self._text, note)
        return cards.beside(card, self._sheet.link, self._sheet.asker)

    async def _show(self, draw: Draw) -> None:
        """A draft whose message was deleted is shown to nobody; an answer is sent anew, with what belongs to it."""
        if self._outlet.is_lost and not self._last:
            return
        if await self._outlet.edit(draw()) or self._end is None or await self._outlet.anew(self._last):
            return
        before, self._sheet = self._sheet, replace(self._sheet, message=self._outlet.message)
        await self._bot.answers.moved(before, self._sheet, self._end)
        self._last = await self._drawn(self._end)
        await self._outlet.edit(self._last)


def _without(embed: discord.Embed) -> Shown:
    """A card without buttons."""
    return {"embed": embed, "view": None}
