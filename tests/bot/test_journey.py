"""The whole journey in Discord with the real pipeline: stand-in over HTTP, git, sandbox, pytest."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from haven.faces import bot_of
from haven.settings import Discord
from tests.bot.conftest import buttons, text_of, until
from tests.e2e.house import DARK, PNG, Home, at_home


@dataclass
class Server:
    """A Discord server with an owner in it, and the bot of a real house."""

    env: simcord.Env
    home: Home
    channel: ChannelHandle
    owner: MemberActor

    async def card(self, change: str, round: int) -> discord.Message:
        """The review card of one round, once it is there."""
        return await until(self.env, lambda: card_of(self.channel, change, round), 90)

    async def asked(self, command: str, text: str) -> str:
        await self.owner.slash(self.channel, command, text=text)
        return (await self.home.house.changes.list(limit=1))[0].id

    async def ended(self, change: str, word: str) -> None:
        """Wait for the last line in the change's thread."""
        thread = next(one for one in self.channel.threads if change in one.name.split())
        await until(self.env, lambda: thread.last_message.content.endswith(f": {word}."), 90)


@pytest.fixture
async def server(tmp_path: Path, simcord_env: simcord.Env) -> AsyncIterator[Server]:
    guild = simcord_env.create_guild("Voyagers")
    channel = guild.create_text_channel("workshop")
    owner = guild.add_member(simcord_env.create_user("owner"))
    async with at_home(tmp_path) as home:
        house = home.house
        bot = bot_of(house, Discord(guild_id=guild.id, owner_ids=frozenset({owner.id}), channel_id=channel.id))
        await simcord_env.restart_bot(bot)
        following = asyncio.create_task(bot.follow())
        yield Server(simcord_env, home, channel, owner)
        following.cancel()
        await asyncio.wait([following])
        await simcord_env.restart_bot(discord.Client(intents=discord.Intents(guilds=True)))


@pytest.mark.sandbox
async def test_from_a_slash_command_over_a_tweak_to_the_merged_branch(server: Server) -> None:
    change = await server.asked("feature", PNG)
    card = await server.card(change, 1)
    said = text_of(card)
    assert "stand-in, not Claude" in said and "• new" in said, said
    assert b"PNG" in await card.attachments[0].read()
    modal = await server.owner.click(card, label="Tweak")
    await server.owner.submit_modal(modal, {"words": 'name the button "Save picture"'})
    second = await server.card(change, 2)
    assert b"Save picture" in await second.attachments[0].read()
    await server.owner.click(second, label="Approve")
    await server.ended(change, "merged")
    log = ["git", "-C", str(server.home.project), "log", "--format=%s", "main"]
    assert b"as PNG" in subprocess.run(log, capture_output=True, check=True).stdout


@pytest.mark.sandbox
async def test_red_tests_are_repaired_before_a_person_is_asked_who_may_reject(server: Server) -> None:
    change = await server.asked("feature", DARK)
    card = await server.card(change, 2)
    assert "🟢 **Tests: good** · The tests are in order: " in text_of(card)
    asked = await server.owner.click(card, label="Reject")
    await server.owner.submit_modal(asked, {"words": "Not now."})
    await server.ended(change, "rejected")
    log = ["git", "-C", str(server.home.project), "log", "--format=%s", "main"]
    assert b"dark mode" not in subprocess.run(log, capture_output=True, check=True).stdout


def card_of(channel: ChannelHandle, change: str, round: int) -> discord.Message | None:
    for thread in channel.threads:
        for message in thread.history() if change in thread.name.split() else ():
            if f"round {round} · commit" in text_of(message) and message.attachments and buttons(message):
                return message
    return None
