"""`/ask`: a question to the assistants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import discord
from discord import app_commands

from assistants.base import Assistant
from assistants.round_table import Request
from bot import entry
from bot.answering import Answering
from bot.commands.anywhere import anywhere, is_outside
from bot.views import price
from haven.access import Act, Principal
from haven.ai.task import Where


async def _ask(interaction: discord.Interaction, request: Request, person: Principal) -> None:
    await Answering.begin(interaction, person, request)


price.GO_ON["question"] = _ask


def command(assistants: Sequence[Assistant]) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="ask", description="Ask the assistants")
    @app_commands.describe(
        text="Your question",
        assistant="Who should answer; left out, the Round Table chooses",
        where="Which model may answer",
        private="Only you see it, and it never leaves this house",
    )
    @app_commands.choices(assistant=[app_commands.Choice(name=one.title, value=one.name) for one in assistants])
    @anywhere
    async def ask(
        interaction: discord.Interaction,
        text: str,
        assistant: str | None = None,
        where: Literal["auto", "local", "lan", "cloud"] = "auto",
        private: bool = False,
    ) -> None:
        async def work(person: Principal) -> None:
            request = Request(
                text,
                person,
                assistant=assistant,
                where=Where(where),
                private=private or is_outside(interaction),
                key=f"discord:{interaction.id}",
                unasked_usd=price.unasked(interaction),
            )
            if not await price.shown_first(interaction, request, person):
                await _ask(interaction, request, person)

        await entry.enter(interaction, Act.ASK, work)

    return ask
