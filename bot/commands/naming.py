"""Names offered while somebody types, from the world as it is now; the command looks again at what it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord import app_commands

from bot import entry, render
from bot.language import language_of, say, speaking
from haven.access import Act, check
from haven.errors import HavenError
from haven.world.schema import Kind, noun

log = logging.getLogger("haven.bot")

MOST, LONGEST = 25, 100
"""Discord's limits: choices, and characters of a choice's name and value."""
Offered = list[app_commands.Choice[str]]
Offer = Callable[[discord.Interaction[Any], str], Coroutine[Any, Any, Offered]]
PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)


def names(*kinds: Kind) -> Offer:
    """Records of these kinds whose names begin so or are like it; nothing for whoever may not read them."""

    async def offer(interaction: discord.Interaction[Any], current: str) -> Offered:
        bot = entry.bot_of(interaction)
        try:
            check(await entry.person_of(interaction), Act.READ)
            if current.strip():
                near = await bot.records.search.names.resolve(current, *kinds, limit=MOST)
                found = [(one.id, one.name, one.kind) for one in near]
            else:
                first = await bot.records.world.things(*kinds, limit=MOST)
                found = [(one.id, one.name, one.kind) for one in first]
        except HavenError as error:
            log.info("[%s] no names are offered: %s", error.id, error)
            return []
        with speaking(language_of(interaction.locale)):
            return [_choice(*one, kinds) for one in found if len(one[0]) <= LONGEST]

    return offer


def _choice(id: str, name: str, kind: Kind, kinds: tuple[Kind, ...]) -> app_commands.Choice[str]:
    shown = f"{name} ({say(noun(kind, 1))})" if len(kinds) > 1 else name
    return app_commands.Choice(name=render.words(shown, LONGEST) or id, value=id)
