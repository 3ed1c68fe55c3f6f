"""`/lore` `/system` `/nearest` `/route` `/map` `/digest`: what is recorded of the world, read without a model."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands

from bot import entry
from bot import render_world as cards
from bot.attached import Attached
from bot.commands.anywhere import anywhere, is_outside
from bot.commands.naming import PLACES, names
from bot.language import say
from bot.panel import panel
from bot.views.reading import readable, send, send_page
from haven.access import Act, Principal
from haven.errors import BadInput, NotFound
from haven.world.maps.scene import Wish
from haven.world.schema import Kind

FOUND = 6
"""Entries that a search in the lore shows."""
WITH_BUTTONS = 10
"""Lines that may have a button each: three of a message's 40 parts go to one."""
Theme = Literal["dark", "light", "contrast"]


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_lore(), _system(), _nearest(), _route(), _map(), _digest()]


def _lore() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="lore", description="Read the lore, or search in it")
    @app_commands.describe(text="The title of an entry, or what it speaks of")
    @app_commands.autocomplete(text=names(Kind.LORE))
    @anywhere
    async def lore(interaction: discord.Interaction, text: str) -> None:
        async def work(person: Principal) -> None:
            await entry.think(interaction, alone=is_outside(interaction))
            records = entry.bot_of(interaction).records
            try:
                id = (await records.world.one(text, Kind.LORE)).thing.id
            except (NotFound, BadInput):  # no title, or the title of several: both are a search
                await records.search.learn(text)
                hits = await records.search.find(text, Kind.LORE, limit=FOUND)
                lines = [readable(cards.hit_line(hit), hit.thing_id) for hit in hits]
                await interaction.followup.send(view=panel(cards.hits_card(text, hits), entries=lines))
                return
            await send_page(interaction, await records.page(id, person, Kind.LORE))

        await entry.enter(interaction, Act.READ, work)

    return lore


def _system() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="system", description="Show what is recorded of a system, planet, moon or station")
    @app_commands.describe(name="Its name")
    @app_commands.autocomplete(name=names(*PLACES))
    @anywhere
    async def system(interaction: discord.Interaction, name: str) -> None:
        async def work(person: Principal) -> None:
            await entry.think(interaction, alone=is_outside(interaction))
            await send_page(interaction, await entry.bot_of(interaction).records.page(name, person, *PLACES))

        await entry.enter(interaction, Act.READ, work)

    return system


def _nearest() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="nearest", description="Show the systems nearest to a place")
    @app_commands.describe(to="A system, or something in one", count="How many")
    @app_commands.autocomplete(to=names(*PLACES))
    @anywhere
    async def nearest(interaction: discord.Interaction, to: str, count: app_commands.Range[int, 1, 25] = 5) -> None:
        async def work(person: Principal) -> None:
            await entry.think(interaction, alone=is_outside(interaction))
            found = await entry.bot_of(interaction).records.cartographer.near(to, person, count)
            few = len(found.systems) <= WITH_BUTTONS
            lines = zip(cards.near_lines(found), found.systems, strict=True)
            entries = [readable(line, one.id) for line, one in lines] if few else []
            await interaction.followup.send(view=panel(cards.near_card(found, listed=bool(entries)), entries=entries))

        await entry.enter(interaction, Act.READ, work)

    return nearest


def _route() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="route", description="Find a way from one place to another, with its map")
    @app_commands.describe(
        start="Where it begins", end="Where it ends", jump="How far one jump goes; left out, over recorded links"
    )
    @app_commands.autocomplete(start=names(*PLACES), end=names(*PLACES))
    @app_commands.guild_only()
    async def route(
        interaction: discord.Interaction, start: str, end: str, jump: app_commands.Range[float, 0] | None = None
    ) -> None:
        async def work(person: Principal) -> None:
            await entry.think(interaction)
            cartographer = entry.bot_of(interaction).records.cartographer
            answer = await cartographer.route(start, end, person, jump)
            drawn = [await cartographer.map(Wish(route=answer.route))] if answer.route else []
            files = [Attached(cards.MAP, data) for data in drawn]
            alt = say("A map of the route: {stops}", stops=answer.text)
            await send(
                interaction, panel(cards.answer_card(say("Route"), answer, pictured=bool(files)), alt=alt), files
            )

        await entry.enter(interaction, Act.READ, work)

    return route


def _map() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="map", description="Draw a map: of everything, a region, or what lies around a place")
    @app_commands.describe(
        around="A system, or something in one", region="A region", theme="Its colours", radius="How far around"
    )
    @app_commands.autocomplete(around=names(*PLACES), region=names(Kind.REGION))
    @app_commands.guild_only()
    async def map_(
        interaction: discord.Interaction,
        around: str | None = None,
        region: str | None = None,
        radius: app_commands.Range[float, 0] = 0.0,
        theme: Theme = "dark",
    ) -> None:
        async def work(person: Principal) -> None:
            if around and region:
                raise BadInput("A map is of a region or around a place.", "Name one of them.")
            await entry.think(interaction)
            records = entry.bot_of(interaction).records
            wish, title = Wish(), say("The map of all systems")
            if around:
                system = await records.cartographer.look(lambda gazetteer: gazetteer.system_called(around))
                wish, title = Wish(around=system.id, radius=radius), say("Around {name}", name=system.name)
            elif region:
                name = (await records.page(region, person, Kind.REGION)).stored.thing.name
                wish, title = Wish(region=name), say("The region {name}", name=name)
            files = [Attached(cards.MAP, await records.cartographer.map(wish, theme=theme))]
            alt = say("A map of stars as dots with names beside them: {title}", title=title)
            await send(interaction, panel(cards.map_card(title), alt=alt), files)

        await entry.enter(interaction, Act.READ, work)

    return map_


def _digest() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="digest", description="What happened in the world")
    @app_commands.describe(days="In how many days; left out, the last week")
    @app_commands.guild_only()
    async def digest(interaction: discord.Interaction, days: app_commands.Range[int, 1, 365] = 7) -> None:
        async def work(person: Principal) -> None:
            await entry.think(interaction)
            found = await entry.bot_of(interaction).records.scribe.digest(days)
            await interaction.followup.send(view=panel(cards.digest_card(found)))

        await entry.enter(interaction, Act.READ, work)

    return digest
