"""`/costs`: what was spent against the caps, by whom and for what, and what was saved. `/models`: who can be asked."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord
from discord import app_commands

from assistants.accounting import accounts_of
from bot import entry
from bot.commands.anywhere import anywhere
from bot.commands.naming import LONGEST, MOST
from bot.language import say
from bot.panel import panel
from bot.render import plain
from bot.render_office import GOOD, costs_card, models_card
from haven.access import Act, Principal, check
from haven.ai.switch import CloudSwitch
from haven.ai.task import Tier
from haven.errors import HavenError

log = logging.getLogger("haven.bot")


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_costs(), _models()]


def _costs() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="costs", description="Show what was spent, against the caps, and what was saved")
    @anywhere
    async def show(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            bot = entry.bot_of(interaction)
            found = await accounts_of(bot.office, bot.database, person)
            await interaction.followup.send(view=panel(costs_card(found)), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return show


def _models() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="models", description="Show the models: those here, at home and in the cloud")
    @app_commands.describe(install="A model to fetch to this machine (the owner)")
    @app_commands.autocomplete(install=_lacking)
    @app_commands.guild_only()
    async def models(interaction: discord.Interaction, install: str | None = None) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            office = entry.bot_of(interaction).office
            if install:
                await office.registry.install(install)
                title = plain(office.registry.get(install).title, 100)
                done = discord.Embed(title=say("{model} is installed", model=title), colour=GOOD)
                done.description = say("It is used where haven.toml names it, from the next start on.")
                await entry.answer(interaction, done)  # it may take longer than an interaction lives
                return
            shelves = await asyncio.to_thread(office.registry.list)
            far = [one for one in office.roster.providers if one.tier is not Tier.LOCAL]
            others = [(one.tier.value, one.name, office.roster.missing(one)) for one in far]
            refusal = await CloudSwitch(entry.bot_of(interaction).database).refusal()
            await interaction.followup.send(view=panel(models_card(shelves, others, refusal)), ephemeral=True)

        await entry.enter(interaction, Act.SETTINGS if install else Act.READ, work)

    return models


async def _lacking(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    """Models that are not here, for whoever may fetch them."""
    bot = entry.bot_of(interaction)
    try:
        check(await entry.person_of(interaction), Act.SETTINGS)
    except HavenError as error:
        log.info("[%s] no models are offered: %s", error.id, error)
        return []
    shelves = await asyncio.to_thread(bot.office.registry.list)
    found = [one.model for one in shelves if not one.installed and current.strip().lower() in one.model.name.lower()]
    return [app_commands.Choice(name=one.title[:LONGEST], value=one.name) for one in found[:MOST]]
