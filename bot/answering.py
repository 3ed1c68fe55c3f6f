"""One answer's message: streamed while it is written, and outliving Discord's fifteen minutes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import discord

from assistants.round_table import Answer, Request, Seat
from assistants.waiting import Held
from bot import entry, render
from bot import render_answers as cards
from bot.language import say, told
from bot.line import FAILURES
from bot.sheet import Sheet
from bot.stream import LatestWins
from haven.access import NEEDS, Act, Principal
from haven.ai.task import Delta, Reply, Restart, Tier
from haven.errors import Conflict, ModelError

TOKEN_DEAD = frozenset({10015, 50027})
"""What Discord says to an interaction's token after 15 minutes, whatever this machine's clock says: from here on the
message is edited as the bot."""


class Answering:
    """From "thinking" to the answer, or to why it waits."""

    def __init__(
        self, interaction: discord.Interaction, sheet: Sheet, person: Principal, private: bool = False
    ) -> None:
        self._interaction = interaction
        self._bot = entry.bot_of(interaction)
        self._sheet = sheet
        self._person = person
        self._private = private
        self._is_open = True
        self._text = ""
        self._last: dict[str, Any] = {}
        """What is shown at the end, once that is known."""
        self._is_draft = False
        self._note = say("writing…")

    @classmethod
    async def begin(cls, interaction: discord.Interaction, person: Principal, request: Request) -> None:
        """Answer in a new message, which says "thinking" until then.

        Raises what the Round Table raises: only the asker is told, and no draft stays behind.
        """
        private = request.private
        begun = await interaction.response.defer(thinking=True, ephemeral=private)
        message = (begun and begun.message_id) or (await interaction.original_response()).id
        asked, about = ("", "") if private else (request.text, request.about)
        sheet = Sheet(interaction.channel_id or 0, message, person.id, asked, about)
        answering = cls(interaction, sheet, person, private)
        try:
            await answering.write(answering._bot.round_table.ask(replace(request, place=sheet.place)))
        except Exception:
            if not private:
                # An ephemeral message can only follow once Discord's public "thinking" has become a message.
                with suppress(*FAILURES):
                    await answering._show({"embed": discord.Embed(description=say(cards.NOTHING)), "view": None})
            raise

    async def write(self, pieces: Answer) -> None:
        """Into the sheet's message. Raises what the Round Table raises."""
        try:
            await self._write(pieces)
        except asyncio.CancelledError:
            # Only a bot that closes cancels: nobody should wait for an answer that is not being written any more.
            interrupted = {"embed": self._draft(say("Haven is restarting: ask again.")), "view": None}
            with suppress(Exception):
                await self._show(self._last or interrupted)
            raise

    async def _write(self, pieces: Answer) -> None:
        held = ""
        with self._bot.answers.writing(self._sheet.message):
            async with LatestWins(self._show, self._bot.channels.is_away) as writer, aclosing(pieces):  # type: ignore[type-var]
                async for piece in pieces:
                    if isinstance(piece, Reply | Held):
                        self._last = await self._end(piece)
                        await writer.finish(self._last)
                        held = piece.id if isinstance(piece, Held) else ""
                        break
                    self._take(piece)
                    if self._text:
                        writer.put({"embed": self._draft(self._note), "view": None})
                else:
                    raise ModelError("The model ended without an answer.", "Ask again.")
        if held:
            await self._bot.answers.refresh(held)  # it may have been answered while its card was being drawn

    def _take(self, piece: Seat | Delta | Restart) -> None:
        match piece:
            case Seat():
                self._sheet = replace(self._sheet, assistant=piece.assistant.name)
            case Restart():
                self._is_draft = True
                why, next_ = render.words(told(piece.reason), 200), say(piece.next.tier.value)
                self._note = say("draft, below the bar ({why}); asking {next}…", why=why, next=next_)
            case Delta():
                if self._is_draft:
                    self._text, self._is_draft, self._note = "", False, say("writing…")
                self._text += piece.text

    async def _end(self, piece: Reply | Held) -> dict[str, Any]:
        if isinstance(piece, Held):
            return await self._bot.answers.held(self._sheet, piece)
        could = piece.tier is Tier.LOCAL and not self._private and self._person.role >= NEEDS[Act.CLOUD]
        return await self._bot.answers.finished(self._sheet, piece, self._bot.cloud() if could else "")

    def _draft(self, note: str) -> discord.Embed:
        return cards.draft_card(self._bot.round_table.seat(self._sheet.assistant), self._text, note)

    async def _show(self, shown: dict[str, Any]) -> None:
        """Through the interaction while its token lives, then as the bot on the same message."""
        for file in shown.get("attachments", ()):
            file.reset()  # it may be sent a second time
        if self._is_open:
            try:
                await self._interaction.edit_original_response(**shown)
                return
            except discord.HTTPException as error:
                if error.code not in TOKEN_DEAD:
                    raise
                self._is_open = False
        if self._private:
            raise Conflict(
                "The answer took longer than Discord keeps a private reply open (15 minutes).",
                "Ask for something shorter.",
            )
        await self._bot.channels.edit(self._sheet.channel, self._sheet.message, **shown)
