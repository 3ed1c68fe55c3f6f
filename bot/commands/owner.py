"""`/haven`: the owner's levers. Pausing the cloud is a reviewer's, too: a brake is for whoever sees the trouble."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import app_commands, ui

from bot import entry, render
from bot.language import say, told
from bot.panel import panel
from bot.render_office import GOOD, WARN, caps_card
from haven.access import Act, Principal
from haven.ai.money.caps import wished
from haven.ai.switch import CloudSwitch
from haven.errors import Conflict, StoreError, Unavailable
from haven.store import events

TEMPLATE = r"owner:restart:(?P<began>\d{1,12})"
Work = Callable[[discord.Interaction, Principal], Awaitable[discord.Embed]]


class RestartButton(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """The second tap. It means the process that drew it, and no later one."""

    def __init__(self, began: int) -> None:
        label, style = say("Yes, restart"), discord.ButtonStyle.danger
        super().__init__(ui.Button(label=label, style=style, custom_id=f"owner:restart:{began}"))
        self.began = began

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["began"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            bot = entry.bot_of(interaction)
            if self.began != bot.office.began:
                raise Conflict("Haven was started again since then.", "Nothing was done.")
            _check_watched(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)
            record = events.record
            await bot.database.write(lambda tx: record(tx, "haven.restart", "haven", person.id, by=person.name))
            said = say("Haven ends in order and is started again, in about a quarter of a minute.")
            card = discord.Embed(title=say("Restarting"), description=said, colour=WARN)
            await interaction.followup.send(view=panel(card), ephemeral=True)
            bot.office.restart()

        await entry.enter(interaction, Act.SETTINGS, work)


def _check_watched(interaction: discord.Interaction) -> None:
    """Raises Unavailable where nothing would start Haven again."""
    if not entry.bot_of(interaction).office.is_watched:
        raise Unavailable(
            "This Haven was started by hand, so nothing would start it again. It runs on.",
            "End it where it runs (Ctrl+C), then: haven up",
            retry=False,
        )


def group() -> app_commands.Group:
    """Each subcommand checks its own right."""
    made = app_commands.Group(name="haven", description="The owner's levers", guild_only=True)
    for name, about, act, work in (
        ("pause", "Pause the cloud: nothing leaves for it any more, at once", Act.CLOUD_OFF, _pause),
        ("resume", "Let the cloud be used again", Act.SETTINGS, _resume),
        ("sync", "Send the list of commands to Discord again", Act.SETTINGS, _sync),
        ("backup", "Make a backup now, and check it", Act.SETTINGS, _backup),
    ):
        made.add_command(_plain(name, about, act, work))
    made.add_command(_caps())
    made.add_command(_restart())
    return made


def _plain(name: str, about: str, act: Act, work: Work) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name=name, description=about)
    async def run(interaction: discord.Interaction) -> None:
        async def doing(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await entry.answer(interaction, await work(interaction, person))

        await entry.enter(interaction, act, doing)

    return run


async def _pause(interaction: discord.Interaction, person: Principal) -> discord.Embed:
    switch = CloudSwitch(entry.bot_of(interaction).database)
    await switch.off(person)
    said = f"{render.plain(told(await switch.refusal()), 500)}.\n" + say("On again: `/haven resume`")
    return discord.Embed(title=say("The cloud is paused"), description=said, colour=WARN)


async def _resume(interaction: discord.Interaction, person: Principal) -> discord.Embed:
    await CloudSwitch(entry.bot_of(interaction).database).on(person)
    return discord.Embed(title=say("The cloud may be used"), description=say("The caps hold."), colour=GOOD)


async def _sync(interaction: discord.Interaction, person: Principal) -> discord.Embed:
    await entry.bot_of(interaction).sync(anyway=True)
    return discord.Embed(title=say("The commands were sent again"), colour=GOOD)


async def _backup(interaction: discord.Interaction, person: Principal) -> discord.Embed:
    """Raises StoreError where none could be made, or where it does not pass its check."""
    made = await entry.bot_of(interaction).office.backup()
    if made.problem:
        raise StoreError(f"{made.file.name} does not pass its check: {made.problem}", "Look at the disk: haven health")
    said = say("{name} was restored into a file of its own and is whole.", name=f"`{made.file.name}`")
    about = say("{mb} MB, {rows} rows", mb=f"{made.size / 1e6:,.1f}", rows=f"{sum((made.rows or {}).values()):,}")
    return discord.Embed(title=say("Backup made and checked"), description=f"{said}\n{about}", colour=GOOD)


def _caps() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="caps", description="Show or set what a day may cost, for everybody or one person")
    @app_commands.describe(
        daily="USD a day, everybody together",
        each="USD a day for each person; with a person, for theirs alone",
        person="One person, whose cap is their own",
        reset="As haven.toml says again; with a person, as for everybody",
    )
    async def caps(
        interaction: discord.Interaction,
        daily: app_commands.Range[float, 0, 1_000] | None = None,
        each: app_commands.Range[float, 0, 1_000] | None = None,
        person: discord.User | None = None,
        reset: bool = False,
    ) -> None:
        async def work(by: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            book, whose = entry.bot_of(interaction).office.caps, f"discord:{person.id}" if person else ""
            await book.put(by, wished(daily, each, whose, reset=reset))
            await interaction.followup.send(view=panel(caps_card(await book.in_force())), ephemeral=True)

        await entry.enter(interaction, Act.SETTINGS, work)

    return caps


def _restart() -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="restart", description="End Haven in order, and have it started again")
    async def restart(interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            _check_watched(interaction)
            said = say("What is under way is gone on with afterwards; for some seconds nobody is answered.")
            card = discord.Embed(title=say("Restart Haven?"), description=said, colour=WARN)
            button = RestartButton(entry.bot_of(interaction).office.began)
            await interaction.response.send_message(view=panel(card, [button]), ephemeral=True)

        await entry.enter(interaction, Act.SETTINGS, work)

    return restart
