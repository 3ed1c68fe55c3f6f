"""`/feature` `/fix` `/docs` `/refactor`: ask for a change. `/changes` `/review` `/tweak`: where they stand, and on."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui

from assistants.round_table import Request
from bot import entry
from bot.commands import reviewing
from bot.language import say
from bot.line import FAILURES
from bot.panel import panel
from bot.render import WORKING
from bot.views import price
from bot.views.listing import SHOWS, Show, list_panel
from haven.access import Act, Principal
from haven.changes.proposal import Kind
from haven.changes.rounds.evidence import MOST_GIVEN
from haven.errors import BadInput, Unavailable
from haven.store.changes import Change

MOST_FETCHED = 10_000_000
"""Bytes of an attached log: what anybody may attach without a subscription."""
TEXT = "What you would like, in your own words"
KINDS: dict[Kind, str] = {
    Kind.FEATURE: "Ask for something new in the project",
    Kind.FIX: "Ask for a fault to be mended",
    Kind.DOCS: "Ask for documentation",
    Kind.REFACTOR: "Ask for code to be put in better shape",
}


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """One command a kind of change, and the list."""
    plain = [_command(kind, about) for kind, about in KINDS.items() if kind is not Kind.FIX]
    return [*plain, _fix(), _listing(), *reviewing.commands()]


def _command(kind: Kind, description: str) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name=kind.value, description=description)
    @app_commands.describe(text=TEXT)
    @app_commands.guild_only()
    async def ask_for(interaction: discord.Interaction, text: str) -> None:
        await propose(interaction, kind, text)

    return ask_for


def _fix() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name=Kind.FIX.value, description=KINDS[Kind.FIX])
    @app_commands.describe(text=TEXT, log="A log or a traceback that shows the fault, as a text file")
    @app_commands.guild_only()
    async def fix(interaction: discord.Interaction, text: str, log: discord.Attachment | None = None) -> None:
        await propose(interaction, Kind.FIX, text, log)

    return fix


async def propose(
    interaction: discord.Interaction, kind: Kind, text: str, log: discord.Attachment | None = None
) -> None:
    async def work(person: Principal) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        evidence = await _end_of(log) if log else None
        request = Request(text, person, kind=kind, key=f"discord:{interaction.id}", evidence=evidence)
        if not await price.shown_first(interaction, request, person):
            await _submit(interaction, request, person)

    await entry.enter(interaction, Act.REQUEST, work)


async def _submit(interaction: discord.Interaction, request: Request, person: Principal) -> None:
    """The interaction is acknowledged already; the same key is the same change."""
    assert request.kind is not None
    change = await entry.bot_of(interaction).round_table.propose(request, request.kind)
    await interaction.followup.send(view=await acknowledged(interaction, change), ephemeral=True)


price.GO_ON["change"] = _submit


async def _end_of(log: discord.Attachment) -> str:
    """Raises BadInput for one that is too large to be fetched, Unavailable where Discord does not hand it over."""
    if log.size > MOST_FETCHED:
        most = MOST_FETCHED // 1_000_000
        raise BadInput(f"The log has {log.size / 1e6:,.0f} MB, and {most} is the most.", "Attach its last part alone.")
    try:
        data = await log.read()
    except FAILURES as error:
        raise Unavailable(f"The log could not be fetched from Discord ({error}).", "Attach it again.") from error
    return data[-MOST_GIVEN:].decode("utf-8", "replace")


async def acknowledged(interaction: discord.Interaction, change: Change) -> ui.LayoutView:
    """Open the change's thread and say where it is; the change itself is on the disk whatever happens here."""
    try:
        card = await entry.bot_of(interaction).cards.open(change, interaction.channel_id or 0)
    except FAILURES as error:
        raise Unavailable(
            f"Change {change.id} is queued, but it can't be shown in this channel ({error}).",
            "Let Haven see the channel, send messages and make threads there; `/changes` shows the change.",
        ) from error
    said = say("Change {id} is queued: follow it in {thread}.", id=f"`{change.id}`", thread=f"<#{card.place}>")
    return panel(discord.Embed(title=say("Understood"), description=said, colour=WORKING))


def _listing() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="changes", description="Show changes and where they stand")
    @app_commands.describe(show="Which ones: yours, those that are open, or all")
    @app_commands.choices(show=[app_commands.Choice(name=said, value=value) for value, said in SHOWS.items()])
    @app_commands.guild_only()
    async def changes(interaction: discord.Interaction, show: Show = "open") -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send(view=await list_panel(interaction, person, show, 0), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return changes
