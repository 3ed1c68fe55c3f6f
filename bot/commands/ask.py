"""`/ask`: an answer that appears while it is written, and outlives Discord's fifteen minutes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, Literal, cast

import discord
from discord import app_commands

from assistants.base import Assistant
from assistants.round_table import Request, Seat
from bot import entry, render
from bot.stream import LatestWins
from haven.access import Act, Principal
from haven.ai.task import Delta, Reply, Restart, Where
from haven.errors import ModelError, Unavailable

TOKEN_LIFE = timedelta(minutes=14)
"""An interaction's token dies at 15 minutes; from here on the message is edited as the bot."""

Pieces = AsyncGenerator[Seat | Delta | Restart | Reply, None]


def command(assistants: Sequence[Assistant]) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="ask", description="Ask the assistants")
    @app_commands.describe(
        text="Your question",
        assistant="Who should answer; left out, the Round Table chooses",
        where="Which model may answer",
        private="Only you see it, and it never leaves this house",
    )
    @app_commands.choices(assistant=[app_commands.Choice(name=one.title, value=one.name) for one in assistants])
    @app_commands.guild_only()
    async def ask(
        interaction: discord.Interaction,
        text: str,
        assistant: str | None = None,
        where: Literal["auto", "local", "cloud"] = "auto",
        private: bool = False,
    ) -> None:
        async def work(person: Principal) -> None:
            request = Request(
                text,
                person,
                assistant=assistant,
                where=Where(where),
                private=private,
                key=f"discord:{interaction.id}",
            )
            await Answering(interaction, private).run(request)

        await entry.enter(interaction, Act.ASK, work)

    return ask


class Answering:
    """One question's message, from "thinking" to the answer with its sources."""

    def __init__(self, interaction: discord.Interaction, private: bool) -> None:
        self._interaction = interaction
        self._private = private
        self._deadline = discord.utils.utcnow() + TOKEN_LIFE
        self._message: discord.InteractionMessage | None = None
        self._seat: Assistant | None = None
        self._text = ""
        self._is_draft = False
        self._note = "writing…"

    async def run(self, request: Request) -> None:
        """Raises what the Round Table raises: only the asker is told, and no draft stays behind."""
        await self._interaction.response.defer(thinking=True, ephemeral=self._private)
        self._message = await self._interaction.original_response()
        try:
            await self._answer(request)
        except Exception:
            if not self._private:
                # An ephemeral message can only follow once Discord's public "thinking" has become a message.
                with suppress(discord.HTTPException, OSError):
                    await self._show({"embed": discord.Embed(description="There is no answer this time.")})
            raise

    async def _answer(self, request: Request) -> None:
        pieces = cast(Pieces, entry.bot_of(self._interaction).round_table.ask(request))
        async with LatestWins(self._show) as writer, aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Reply):
                    await writer.finish(self._finished(piece))
                    return
                self._take(piece)
                if self._text:
                    writer.put({"embed": render.draft_card(self._seat, self._text, self._note)})
        raise ModelError("The model ended without an answer.", "Ask again.")

    def _take(self, piece: Seat | Delta | Restart) -> None:
        match piece:
            case Seat():
                self._seat = piece.assistant
            case Restart():
                self._is_draft = True
                why = render.words(piece.reason, 200)
                self._note = f"draft, below the bar ({why}); asking {piece.next.tier.value}…"
            case Delta():
                if self._is_draft:
                    self._text, self._is_draft, self._note = "", False, "writing…"
                self._text += piece.text

    def _finished(self, reply: Reply) -> dict[str, Any]:
        files = [render.answer_file(reply)] if render.is_long(reply) else []
        return {"embed": render.answer_card(self._seat, reply), "attachments": files}

    async def _show(self, shown: dict[str, Any]) -> None:
        """Through the interaction while its token lives, then as the bot on the same message."""
        if not self._is_late():
            await self._interaction.edit_original_response(**shown)
            return
        if self._private or self._message is None:
            raise Unavailable(
                "The answer took longer than Discord keeps a private reply open (15 minutes).",
                "Ask for something shorter.",
            )
        channel = entry.bot_of(self._interaction).get_partial_messageable(self._message.channel.id)
        await channel.get_partial_message(self._message.id).edit(**shown)

    def _is_late(self) -> bool:
        return discord.utils.utcnow() >= self._deadline
