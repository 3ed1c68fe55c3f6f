"""The one gate of the Discord face: who is it, may they, and what they see where something goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import discord

from bot import render
from bot.channels import is_away, is_over, only
from bot.language import language_of, say, speak, speaking
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
    return Principal(f"discord:{user.id}", render.words(user.display_name, 40) or str(user.id), role, "bot")


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
    with own_words(interaction):
        try:
            if bot.closing:
                raise Unavailable("Haven is restarting, so nothing was done.", "Try again in a minute.")
            person = await person_of(interaction)
            check(person, act, strangers_may=strangers_may)
            await work(person)
        except Exception as error:
            with own_words(interaction):
                await report(interaction, error)


def own_words(interaction: discord.Interaction) -> AbstractContextManager[None]:
    """Within, everything is said in the language of whoever asked."""
    return speaking(language_of(interaction.locale))


async def think(interaction: discord.Interaction, *, alone: bool = False) -> discord.InteractionCallbackResponse[Any]:
    """Acknowledge with "thinking". Without `alone` everybody reads what follows, so it is in the server's language."""
    begun = await interaction.response.defer(thinking=True, ephemeral=alone)
    assert begun is not None
    if not alone:
        speak(bot_of(interaction).channels.language)
    return begun


async def report(interaction: discord.Interaction, error: Exception) -> None:
    """Show the failure to the one who met it, with an id that stands in the log as well."""
    shown = _shown(interaction, error)
    view = panel(render.error_card(shown))
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(view=view, ephemeral=True)
            return
        await privately(interaction, view)
    except Exception as failure:  # an interaction that is too old, a network that is gone
        log.warning("[%s] the card could not be shown: %s", shown.id, failure)
        if interaction.response.is_done() and is_over(failure):
            await _tell_late(interaction, shown.id)


async def privately(interaction: discord.Interaction, view: discord.ui.LayoutView) -> None:
    """For whoever asked alone, whatever everybody was to see. The interaction is acknowledged already."""
    if await _thinks_aloud(interaction):
        # Discord turns a public "thinking" into the first message that follows, whoever was to see that.
        await interaction.delete_original_response()
    await interaction.followup.send(view=view, ephemeral=True)


async def answer(interaction: discord.Interaction, card: discord.Embed) -> None:
    """A card for whoever asked, however long it took; the interaction is deferred already.

    After the fifteen minutes for which Discord keeps a private answer open it goes to the channel, with a mention.
    """
    try:
        await interaction.followup.send(view=panel(card), ephemeral=True)
    except discord.HTTPException as error:
        if not is_over(error):
            raise
        await _in_channel(interaction, card)


def _shown(interaction: discord.Interaction, error: Exception) -> HavenError:
    """The failure in words for people; it is in the log."""
    if isinstance(error, HavenError):
        log.info("[%s] refused or failed for discord:%s: %s", error.id, interaction.user.id, error.full)
        return error
    id = error_id()
    shown = HavenError(
        say("Something went wrong in Haven [{id}].", id=id), say("It is in the log; tell the owner this id.")
    )
    shown.id = id
    if is_over(error):
        log.warning(
            "[%s] the answer to discord:%s came after its interaction's end: %s", id, interaction.user.id, error
        )
    else:
        log.error("[%s] unexpected failure for discord:%s", id, interaction.user.id, exc_info=error)
    return shown


async def _thinks_aloud(interaction: discord.Interaction) -> bool:
    """Whether everybody sees that it is being thought about, and nothing else so far."""
    if interaction.response.type is not discord.InteractionResponseType.deferred_channel_message:
        return False
    if interaction.channel is None:  # somebody else's chat: what is said there only the asker sees
        return False
    try:
        flags = (await interaction.original_response()).flags
    except discord.NotFound as error:
        if is_over(error):
            raise
        return False  # it was taken away already
    return flags.loading and not flags.ephemeral


async def _tell_late(interaction: discord.Interaction, id: str) -> None:
    """Nothing of what was asked, or of why it failed: everybody reads this."""
    said = say("What you asked for took longer than the 15 minutes for which Discord keeps an answer open.")
    mend = say("Look whether it is done before you ask for it again.")
    card = discord.Embed(description=f"{said}\n{mend}", colour=render.WORKING)
    try:
        await _in_channel(interaction, card.set_footer(text=say("Error {id}", id=id)))
    except Exception as failure:
        log.warning("[%s] it could not be said in the channel either: %s", id, failure)


async def _in_channel(interaction: discord.Interaction, card: discord.Embed) -> None:
    """As the bot's own message, with one mention of whoever asked."""
    person = interaction.user.id
    view, nonce = panel(card, above=f"<@{person}>"), f"late:{interaction.id}"
    await bot_of(interaction).channels.send(
        interaction.channel_id or 0, lambda where: where.send(view=view, allowed_mentions=only(person), nonce=nonce)
    )
