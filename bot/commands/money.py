"""`/costs`: what was spent against the caps, by whom and for what, and what was saved. `/models`: who can be asked."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord
from discord import app_commands

from bot import entry
from bot.commands.anywhere import anywhere
from bot.commands.naming import LONGEST, MOST
from bot.language import say
from bot.panel import panel
from bot.render import plain
from bot.render_office import DAYS, GOOD, Accounts, costs_card, models_card
from haven.access import Act, Principal, Role, check
from haven.ai.money import costs, prices
from haven.ai.money.ledger import month_start
from haven.ai.switch import CloudSwitch
from haven.ai.task import Tier
from haven.errors import HavenError
from haven.store.database import now
from haven.store.ledger import DAY_S

log = logging.getLogger("haven.bot")
LATELY_S = 30 * DAY_S
SEES_ALL = Role.REVIEWER
"""Others' figures are shown from this role on; members see their own and the sums that the caps count."""


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    return [_costs(), _models()]


def _costs() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="costs", description="Show what was spent, against the caps, and what was saved")
    @anywhere
    async def show(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            found = await _accounts(interaction, person)
            await interaction.followup.send(view=panel(costs_card(found)), ephemeral=True)

        await entry.enter(interaction, Act.READ, work)

    return show


async def _accounts(interaction: discord.Interaction, person: Principal) -> Accounts:
    bot, at = entry.bot_of(interaction), now()
    database, cloud, today = bot.database, bot.office.settings.cloud, int(at // DAY_S)
    everybody = person.role >= SEES_ALL
    whose = "" if everybody else person.id
    begin = (min(today - DAYS + 1, month_start(at))) * DAY_S
    whole = await costs.analyze(database, begin, at + 1)
    mine = whole if everybody else await costs.analyze(database, begin, at + 1, person.id)
    own_today = await costs.analyze(database, today * DAY_S, at + 1, person.id)
    spent = {line.name: line.usd for line in whole.days}
    shown = {line.name: line.usd for line in mine.days}
    caps = await bot.office.caps.in_force()
    known = cloud.model in prices.models()
    return Accounts(
        today=await bot.office.ledger.spent_today(),
        week=sum(spent.get(costs.day_name(today - back), 0.0) for back in range(7)),
        month=await bot.office.ledger.spent_this_month(),
        mine_today=own_today.total.usd,
        caps=caps,
        my_cap=caps.of(person.id),
        lately=await costs.analyze(database, at - LATELY_S, at + 1, whose),
        daily=[(day, shown.get(costs.day_name(day), 0.0)) for day in range(today - DAYS + 1, today + 1)],
        saved=await costs.savings(database, cloud.model, at - LATELY_S, at + 1) if known else None,
        everybody=everybody,
        off=await CloudSwitch(database).refusal(),
        stand_in=cloud.stand_in,
    )


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
