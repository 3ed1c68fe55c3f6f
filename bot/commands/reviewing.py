"""`/review`: the card of one change, with its buttons. `/tweak`: say in words what should be different."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import discord
from discord import app_commands

from assistants.going import MAY_BE_TWEAKED, Going
from bot import entry, render
from bot.commands.naming import LONGEST, MOST
from bot.language import language_of, say, speaking
from bot.panel import panel
from bot.render_changes import STEPS, done_card
from bot.views import price
from bot.views.listing import LIVE, WAITS
from bot.views.review import show
from haven.access import Act, Principal, check
from haven.changes.states import State
from haven.errors import HavenError
from haven.store.changes import Change

log = logging.getLogger("haven.bot")

LOOKED_AT = 200
"""The newest changes, among which is searched while somebody types."""
Offer = Callable[[discord.Interaction[Any], str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_review(), _tweak()]


def changes_like(act: Act, states: Collection[str] = ()) -> Offer:
    """Changes that are live, by their id or words of their title: first what waits for a decision.

    Only those that the person may `act` on; the command looks again at what it is given.
    """

    async def offer(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        bot, typed = entry.bot_of(interaction), current.strip().lower()
        try:
            person = await entry.person_of(interaction)
            check(person, Act.READ)
            found = await bot.changes.list(states or (LIVE if not typed else ()), limit=LOOKED_AT)
        except HavenError as error:
            log.info("[%s] no changes are offered: %s", error.id, error)
            return []
        near = [one for one in found if typed in f"{one.id} {one.title}".lower() and _may(person, act, one)]
        near.sort(key=lambda one: one.state not in WAITS)
        with speaking(language_of(interaction.locale)):
            return [_choice(one) for one in near[:MOST]]

    return offer


def _may(person: Principal, act: Act, change: Change) -> bool:
    try:
        check(person, act, requester=change.requester)
    except HavenError:
        return False
    return True


def _choice(change: Change) -> app_commands.Choice[str]:
    said = f"{change.id} · {say(STEPS[change.state])} · {' '.join(change.title.split())}"
    return app_commands.Choice(name=render.words(said, LONGEST), value=change.id)


def _review() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="review", description="Show the card of a change, with its buttons")
    @app_commands.describe(id="The change, by its id or words of its title")
    @app_commands.autocomplete(id=changes_like(Act.READ))
    @app_commands.guild_only()
    async def review(interaction: discord.Interaction, id: str) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await show(interaction, id)

        await entry.enter(interaction, Act.READ, work)

    return review


def _tweak() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="tweak", description="Say in words what should be different in a change")
    @app_commands.describe(
        id="The change, by its id or words of its title",
        words="What should be different",
        at="The line that it is about, as src/map.py:12",
    )
    @app_commands.autocomplete(id=changes_like(Act.TWEAK, MAY_BE_TWEAKED))
    @app_commands.guild_only()
    async def tweak(
        interaction: discord.Interaction,
        id: str,
        words: app_commands.Range[str, 1, 4_000],
        at: app_commands.Range[str, 1, 300] = "",
    ) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            bot = entry.bot_of(interaction)
            before = await bot.changes.get(id)
            going = Going(before.id, before.round, words, at.strip())
            if not await price.shown_first(interaction, going, person):
                await _go(interaction, going, person)

        await entry.enter(interaction, Act.READ, work)  # the core looks at whose change it is

    return tweak


async def _go(interaction: discord.Interaction, going: Going, person: Principal) -> None:
    """The interaction is acknowledged already."""
    bot = entry.bot_of(interaction)
    change = await going.go(bot.changes, person)
    await bot.cards.attempt(change.id)
    await interaction.followup.send(view=panel(done_card(await _goes_on(interaction, change))), ephemeral=True)


price.GO_ON["going"] = _go


async def _goes_on(interaction: discord.Interaction, change: Change) -> str:
    """What was begun, and where to follow it."""
    place = (await entry.bot_of(interaction).cards.places([change])).get(change.id)
    where = f"<#{place}>" if place else f"`{change.id}`"
    if change.state == State.PLANNING:
        return say("Another plan is made: follow it in {thread}.", thread=where)
    if change.state == State.WAITING:
        return say("It is tried now: follow it in {thread}.", thread=where)
    return say("Round {number} goes on: follow it in {thread}.", number=change.round, thread=where)
