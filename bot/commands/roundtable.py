"""`/roundtable`: what was said about a request, step by step, live and afterwards; each sees what is theirs to see."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from assistants.waiting import is_for
from bot import entry, render
from bot.commands.naming import LONGEST, MOST, Offered
from bot.language import language_of, speaking
from bot.render_talk import choice_line
from bot.views.talk import talk_panel
from haven.access import Act, Principal, check
from haven.errors import HavenError, NotFound
from haven.store.transcripts import Talk

if TYPE_CHECKING:
    from bot.client import HavenBot

log = logging.getLogger("haven.bot")

LOOKED_AT = 200
"""The newest requests, among which is searched while somebody types."""


def command() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="roundtable", description="Show a request step by step: who, why, at what price")
    @app_commands.describe(request="The request, by its words; left out: this thread's change, else your newest one")
    @app_commands.autocomplete(request=_offer)
    @app_commands.guild_only()
    async def roundtable(
        interaction: discord.Interaction, request: app_commands.Range[str, 1, LONGEST] | None = None
    ) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            id = await _found(interaction, person, request)
            await interaction.edit_original_response(view=await talk_panel(interaction, person, id, 0))

        await entry.enter(interaction, Act.READ, work)

    return roundtable


async def _found(interaction: discord.Interaction, person: Principal, typed: str | None) -> str:
    """The id of the request that is meant: one's own, a change, or for the owner any, and whole. Raises NotFound.

    What others asked may stand in a channel that this person doesn't see, or was asked at home.
    """
    bot = entry.bot_of(interaction)
    if typed is None:
        here = await bot.cards.subject(interaction.channel_id or 0)
        found = [] if here else await bot.round_table.transcript.talks(person, 1, person=person.id)
    else:
        here, id = "", typed.strip().lower()
        talks = await bot.round_table.transcript.talks(person, 1, request=id)
        found = [
            one for one in talks if one.request == id and (is_for(one.person, person) or await _is_change(bot, id))
        ]
    if not here and not found:
        raise NotFound("There is no such request that you may see.", "Choose one of the list that is offered.")
    return here or found[0].request


async def _is_change(bot: HavenBot, id: str) -> bool:
    try:
        await bot.changes.get(id)
    except NotFound:
        return False
    return True


async def _offer(interaction: discord.Interaction[Any], current: str) -> Offered:
    """The person's own newest requests; the owner is offered everybody's."""
    bot, typed = entry.bot_of(interaction), current.strip().lower()
    try:
        person = await entry.person_of(interaction)
        check(person, Act.READ)
        whose = "" if is_for("", person) else person.id
        found = await bot.round_table.transcript.talks(person, LOOKED_AT if typed else MOST, person=whose)
    except HavenError as error:
        log.info("[%s] no requests are offered: %s", error.id, error)
        return []
    near = [one for one in found if typed in f"{one.request} {one.words}".lower()]
    with speaking(language_of(interaction.locale)):
        return [_choice(one, bot.round_table.seat) for one in near[:MOST]]


def _choice(talk: Talk, seat: Any) -> app_commands.Choice[str]:
    return app_commands.Choice(name=render.words(choice_line(talk, seat), LONGEST), value=talk.request)
