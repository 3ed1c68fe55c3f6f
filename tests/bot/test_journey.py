"""The whole journey in Discord with the real pipeline: stand-in over HTTP, git, sandbox, pytest."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import discord
import pytest
import simcord

from bot.client import HavenBot
from haven.settings import Discord
from tests.bot.conftest import until
from tests.e2e.house import PNG, at_home


@pytest.mark.sandbox
async def test_from_a_slash_command_to_the_merged_branch(tmp_path: Path, simcord_env: simcord.Env) -> None:
    guild = simcord_env.create_guild("Voyagers")
    channel = guild.create_text_channel("workshop")
    owner = guild.add_member(simcord_env.create_user("owner"))
    async with at_home(tmp_path) as home:
        house = home.house
        bot = HavenBot(
            round_table=house.round_table,
            changes=house.changes,
            bus=house.bus,
            database=house.database,
            settings=Discord(guild_id=guild.id, owner_ids=frozenset({owner.id})),
            status=house.sentinel.status,
        )
        await simcord_env.restart_bot(bot)
        following = asyncio.create_task(bot.follow())
        await owner.slash(channel, "feature", text=PNG)
        card = await until(simcord_env, lambda: card_of(channel), 90)
        fields = {one.name: one.value for one in card.embeds[0].fields}
        assert "stand-in, not Claude" in fields["Written by"] and "new" in fields["Tests"]
        assert b"PNG" in await card.attachments[0].read()
        await owner.click(card, label="Approve")
        await until(simcord_env, lambda: channel.threads[0].last_message.content.endswith(": merged."), 90)
        following.cancel()
        await asyncio.wait([following])
        await simcord_env.restart_bot(discord.Client(intents=discord.Intents(guilds=True)))
    log = ["git", "-C", str(home.project), "log", "--format=%s", "main"]
    assert b"as PNG" in subprocess.run(log, capture_output=True, check=True).stdout


def card_of(channel: simcord.builders.ChannelHandle) -> discord.Message | None:
    cards = [m for thread in channel.threads for m in thread.history() if m.attachments and m.components]
    return cards[-1] if cards else None
