"""The one gate of the Discord face: who is it, may they, and what they see where something goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import discord

from bot import render
from bot.channels import is_away
from bot.language import language_of, say, speaking
from bot.line import FAILURES
from bot.panel import panel
from haven.access import Act, Principal, Role, check
from haven.errors import HavenError, Unavailable, error_id
from haven.settings import Discord

if TYPE_CHECKING:
    from bot.client import HavenBot

log = logging.getLogger("haven.bot")

ROLE_S = 2.0
"""An interaction waits three seconds for its first answer."""
GONE = frozenset({10007, 10013})
"""Discord's codes for somebody who left the server, and for an account that was deleted."""


def bot_of(interaction: discord.Interaction) -> HavenBot:
    """The bot that received the interaction."""
    return cast("HavenBot", interaction.client)


def principal(interaction: discord.Interaction, settings: Discord) -> Principal:
    """Who pressed, by numeric ids alone; anybody unknown, or in another server, is a stranger."""
    here = settings.guild_id is not None and interaction.guild_id == settings.guild_id
    return _principal(interaction.user, _role(interaction.user, settings) if here else Role.STRANGER)


async def person_of(interaction: discord.Interaction) -> Principal:
    """As `principal`; in a chat with the bot, or a private one, with the role that they have in Haven's own server now.

    Raises Unavailable where Discord does not say in time.
    """
    bot = bot_of(interaction)
    if interaction.guild is not None and interaction.guild.unavailable:
        raise Unavailable("Discord has not told Haven yet who may do what here.", "Try again in a moment.")
    found = principal(interaction, bot.settings)
    if interaction.guild_id is not None:
        return found
    try:
        async with asyncio.timeout(ROLE_S):
            return await today(bot, found)
    except TimeoutError:
        raise Unavailable("Discord does not say in time what you may do here.", "Try again in a moment.") from None


async def today(bot: HavenBot, then: Principal) -> Principal:
    """The same person with the role of today: a stranger where they left the server, were banned from it or deleted
    their account, and where Discord refuses to say who that is.

    Raises Unavailable while Discord can't be asked.
    """
    settings, reachable = bot.settings, bot.is_ready() and not bot.closing
    guild = bot.get_guild(settings.guild_id) if settings.guild_id and reachable else None
    sentence = f"Discord can't be asked now what {then.name} may do here."
    if guild is None:
        raise Unavailable(sentence, "Haven asks again later.")
    try:
        member = await guild.fetch_member(int(then.id.partition(":")[2]))
    except (*FAILURES, RuntimeError) as error:  # RuntimeError: its session was closed meanwhile
        if isinstance(error, RuntimeError) or is_away(error):
            raise Unavailable(sentence, "Haven asks again later.") from error
        if not isinstance(error, discord.NotFound) or error.code not in GONE:
            log.warning("Discord does not say who %s is, so they may do nothing here: %s", then.id, error)
        return replace(then, role=Role.STRANGER)
    return _principal(member, _role(member, settings))


def _principal(user: discord.User | discord.Member, role: Role) -> Principal:
    return Principal(f"discord:{user.id}", render.words(user.display_name, 40), role, "bot")


def _role(user: discord.User | discord.Member, settings: Discord) -> Role:
    """The role of somebody in Haven's own server."""
    if user.id in settings.owner_ids:
        return Role.OWNER
    roles = {role.id for role in user.roles} if isinstance(user, discord.Member) else set()
    if roles & settings.reviewer_role_ids:
        return Role.REVIEWER
    if settings.everyone_may_ask or roles & settings.member_role_ids:
        return Role.MEMBER
    return Role.STRANGER


async def enter(
    interaction: discord.Interaction,
    act: Act,
    work: Callable[[Principal], Awaitable[None]],
    *,
    strangers_may: bool = False,
) -> None:
    """Let the person in and do the work, in their language; a refusal or failure becomes a card that only they see.

    discord.py swallows what a persistent button raises, so nothing may pass this function but a cancellation.
    """
    bot = bot_of(interaction)
    with speaking(language_of(interaction.locale)):
        try:
            if bot.closing:
                raise Unavailable("Haven is restarting, so nothing was done.", "Try again in a minute.")
            person = await person_of(interaction)
            check(person, act, strangers_may=strangers_may)
            await work(person)
        except Exception as error:
            await report(interaction, error)


async def report(interaction: discord.Interaction, error: Exception) -> None:
    """Show the failure to the one who met it, with an id that stands in the log as well."""
    if isinstance(error, HavenError):
        shown = error
        log.info("[%s] refused or failed for discord:%s: %s", shown.id, interaction.user.id, error.full)
    else:
        id = error_id()
        shown = HavenError(
            say("Something went wrong in Haven [{id}].", id=id), say("It is in the log; tell the owner this id.")
        )
        shown.id = id
        log.error("[%s] unexpected failure for discord:%s", id, interaction.user.id, exc_info=error)
    view = panel(render.error_card(shown))
    try:
        if interaction.response.is_done():
            await interaction.followup.send(view=view, ephemeral=True)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)
    except Exception as failure:  # an interaction that is too old, a network that is gone
        log.warning("[%s] the card could not be shown: %s", shown.id, failure)
