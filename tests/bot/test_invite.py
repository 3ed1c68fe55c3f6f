"""What README says of inviting the bot, and docs/commands.md of its commands, is what the bot is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import AppCommandOptionType as Kind
from discord import app_commands

from bot.commands.anywhere import is_anywhere
from haven.changes.states import State
from haven.settings import Discord
from haven.setup.discord_app import NEEDED, Right
from haven.store.changes import Change

from .conftest import World, shown_to, text_of

ROOT = Path(__file__).parents[2]
SAMPLES = {Kind.string: "x", Kind.integer: 1, Kind.number: 1.0, Kind.boolean: True}
ROLES = {"member": "members", "reviewer": "reviewers", "owner": "the owner"}


def section() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.partition("\n## Invite the bot\n")[2].partition("\n## ")[0]


def test_readme_names_exactly_the_rights_that_the_link_asks_for_and_each_setting() -> None:
    said = section()
    assert f"`{NEEDED}`" in said and "`bot`" in said and "`applications.commands`" in said
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `(\d+)` \|", said, re.M))
    assert {name: int(number) for name, number in rows.items()} == {one.name: one.value for one in Right}
    asked = discord.Permissions(NEEDED)
    assert (
        not asked.administrator and not asked.manage_guild and not asked.manage_threads and not asked.mention_everyone
    )
    assert set(re.findall(r"^\| `([a-z_]+)` \|", said, re.M)) == set(Discord.model_fields)


async def test_the_bot_works_with_those_rights_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert world.bot.intents == discord.Intents(guilds=True)  # none of them privileged
    for role in world.env.backend.get_guild(world.guild.id).roles.values():
        everybody = role.id == world.guild.id
        role.permissions = NEEDED if role.managed else 0 if everybody else discord.Permissions.all().value
    change = await world.reviewed(await world.requested("Export the map as PNG"))
    listed = shown_to(await world.member.slash(world.channel, "roundtable", request=change.id))
    await world.member.click(listed, label="Let everybody follow")
    assert "this message grows" in said_in(world, change)
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert "all systems" in text_of(asked.response)
    assert not [one for one in caplog.records if "Forbidden" in one.getMessage()]
    caplog.clear()
    await world.advance(change, State.CANCELLED)
    assert "Cancelled" in text_of(world.progress(change)) and f"`{change.id}`: cancelled" in said_in(world, change)
    # Whoever made a thread may name and archive it (Discord API reference, Threads); simcord wants MANAGE_THREADS.
    refused = [one.getMessage() for one in caplog.records if "Forbidden" in one.getMessage()]
    assert len(refused) == 1 and "keeps its name" in refused[0]


def said_in(world: World, change: Change) -> str:
    return "\n".join(text_of(one) for one in world.thread(change).history())


async def test_the_table_of_commands_is_that_of_the_tree(world: World) -> None:
    own = discord.Object(world.guild.id)
    message = await said_something(world)
    lines = []
    for place in (None, own):
        for command in world.bot.tree.get_commands(guild=place):
            leaves = command.commands if isinstance(command, app_commands.Group) else [command]
            lines += [await line(world, leaf, command, message) for leaf in leaves]
    document = (ROOT / "docs" / "commands.md").read_text("utf-8")
    table = "\n".join(["| Command | Who | Where | What it does |", "|---|---|---|---|", *sorted(lines)])
    assert table in document, f"docs/commands.md should hold:\n{table}"


async def said_something(world: World) -> Any:
    await world.member.slash(world.channel, "status")
    return await world.member.send(world.channel, "Hello")


async def line(world: World, command: Any, root: Any, message: Any) -> str:
    where = "server, chats, private" if is_anywhere(root) else "server"
    if isinstance(command, app_commands.ContextMenu):
        refused = await world.stranger.context_menu(world.channel, command.name, message)
        return f"| menu of a message: {command.name} | {who(refused)} | {where} | |"
    given = {one.name: sample(one) for one in command.parameters if one.required}
    refused = await world.stranger.slash(world.channel, command.qualified_name, **given)
    options = "".join(f" `{one.name}`" if one.required else f" [`{one.name}`]" for one in command.parameters)
    return f"| `/{command.qualified_name}`{options} | {who(refused)} | {where} | {command.description} |"


def sample(option: Any) -> Any:
    return option.choices[0].value if option.choices else SAMPLES[option.type]


def who(result: Any) -> str:
    """Who may, as the refusal of a stranger says it."""
    found = re.search(r"needs the role (\w+)", text_of(shown_to(result)))
    return ROLES[found[1]] if found else "everybody"
