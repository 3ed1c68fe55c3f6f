"""One answer's message: streamed while it is written, and outliving Discord's fifteen minutes."""

from __future__ import annotations

from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord

from assistants.round_table import Answer, Request, Seat
from assistants.waiting import Held
from bot import entry, render
from bot import render_answers as cards
from bot.sheet import Sheet
from bot.stream import LatestWins
from haven.access import NEEDS, Act, Principal
from haven.ai.task import Delta, Reply, Restart, Tier
from haven.errors import ModelError, Unavailable

TOKEN_LIFE = timedelta(minutes=14)
"""An interaction's token dies at 15 minutes; from here on the message is edited as the bot."""


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
        self._deadline = discord.utils.utcnow() + TOKEN_LIFE
        self._text = ""
        self._is_draft = False
        self._note = "writing…"

    @classmethod
    async def begin(cls, interaction: discord.Interaction, person: Principal, request: Request) -> None:
        """Answer in a new message, which says "thinking" until then.

        Raises what the Round Table raises: only the asker is told, and no draft stays behind.
        """
        private = request.private
        await interaction.response.defer(thinking=True, ephemeral=private)
        message = await interaction.original_response()
        asked, about = ("", "") if private else (request.text, request.about)
        sheet = Sheet(message.channel.id, message.id, person.id, asked, about)
        answering = cls(interaction, sheet, person, private)
        try:
            await answering.write(answering._bot.round_table.ask(replace(request, place=sheet.place)))
        except Exception:
            if not private:
                # An ephemeral message can only follow once Discord's public "thinking" has become a message.
                with suppress(discord.HTTPException, OSError):
                    await answering._show({"embed": discord.Embed(description=cards.NOTHING), "view": None})
            raise

    async def write(self, pieces: Answer) -> None:
        """Into the sheet's message. Raises what the Round Table raises."""
        held = ""
        with self._bot.answers.writing(self._sheet.message):
            async with LatestWins(self._show) as writer, aclosing(pieces):  # type: ignore[type-var]
                async for piece in pieces:
                    if isinstance(piece, Reply | Held):
                        await writer.finish(await self._end(piece))
                        held = piece.id if isinstance(piece, Held) else ""
                        break
                    self._take(piece)
                    if self._text:
                        seat = self._bot.round_table.seat(self._sheet.assistant)
                        writer.put({"embed": cards.draft_card(seat, self._text, self._note), "view": None})
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
                why = render.words(piece.reason, 200)
                self._note = f"draft, below the bar ({why}); asking {piece.next.tier.value}…"
            case Delta():
                if self._is_draft:
                    self._text, self._is_draft, self._note = "", False, "writing…"
                self._text += piece.text

    async def _end(self, piece: Reply | Held) -> dict[str, Any]:
        if isinstance(piece, Held):
            return await self._bot.answers.held(self._sheet, piece)
        could = piece.tier is Tier.LOCAL and not self._private and self._person.role >= NEEDS[Act.CLOUD]
        return await self._bot.answers.finished(self._sheet, piece, self._bot.cloud() if could else "")

    async def _show(self, shown: dict[str, Any]) -> None:
        """Through the interaction while its token lives, then as the bot on the same message."""
        if discord.utils.utcnow() < self._deadline:
            await self._interaction.edit_original_response(**shown)
        elif self._private:
            raise Unavailable(
                "The answer took longer than Discord keeps a private reply open (15 minutes).",
                "Ask for something shorter.",
            )
        else:
            await self._bot.channels.edit(self._sheet.channel, self._sheet.message, **shown)
