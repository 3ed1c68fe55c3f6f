"""A new system: typed in Discord, approved on the wall panel, on the map, told, in the digest, found by a question."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest
import simcord
from simcord.builders import ChannelHandle

from haven.app import open_house, run
from haven.demo import charts
from haven.demo.journey import DemoSettings
from haven.faces import bot_of
from haven.settings import Discord
from haven.world.schema import Kind, System
from kiosk.pin import Pin
from tests.bot.conftest import text_of, until
from tests.e2e.test_kiosk_face import PANEL, panel
from tests.kiosk.test_journeys import PIN, enter


@pytest.fixture
def simcord_bot() -> discord.Client:
    return discord.Client(intents=discord.Intents(guilds=True))


def card_of(channel: ChannelHandle, id: int) -> discord.Message:
    return next(message for message in channel.history() if message.id == id)


async def test_a_new_system_from_discord_over_the_panel_to_an_answer(tmp_path: Path, simcord_env: simcord.Env) -> None:
    paths = {name: tmp_path / name for name in ("state_dir", "config_dir", "runtime_dir")}
    settings = DemoSettings(paths=paths, models={"local": False, "embeddings": False})
    Pin(settings).set(PIN)
    guild = simcord_env.create_guild("Voyagers")
    here = guild.create_text_channel("workshop")
    members = guild.create_role("Members")
    ada = guild.add_member(simcord_env.create_user("Ada"), roles=[members])
    async with open_house(settings) as house:
        await charts.bring_in(house)
        running = asyncio.create_task(run(house, []))
        bot = bot_of(house, Discord(guild_id=guild.id, member_role_ids=frozenset({members.id})))
        await simcord_env.restart_bot(bot)
        following = asyncio.create_task(bot.follow())
        try:
            await ada.slash(here, "watch", text="new systems near Oculi")
            modal = await ada.slash(here, "submit")
            oculi = (await house.world.one("Oculi", Kind.SYSTEM)).thing
            assert isinstance(oculi, System) and oculi.position is not None
            where = f"{oculi.position.x:g}, {oculi.position.y + 2:g}, {oculi.position.z:g}"
            words = f"System Farlight at {where}: yellow star, mining economy."
            await ada.submit_modal(modal, {"text": words})
            async with panel(house, PANEL) as terminal:
                await terminal.tap("More (1)")
                await terminal.tap("F6 Drafts (1)")
                await terminal.until("system Farlight, new", "economy: Mining")
                await terminal.tap("Approve")
                await enter(terminal, PIN)
                await terminal.until("More", gone="More (1)")
                await terminal.tap("F4 Map")
                await terminal.until("40 systems")
            told = await until(simcord_env, ada.user.dm_channel.history)  # watched in private, told in private
            assert "Farlight" in text_of(told[0])
            card = next(message for message in here.history() if "Draft: system Farlight" in text_of(message))
            await until(simcord_env, lambda: "Approved" in text_of(card_of(here, card.id)))
            assert "Wall panel" in text_of(card_of(here, card.id))
            asked = await ada.slash(here, "ask", text="What is the economy of Farlight?")
            answer = asked.response.embeds[0]
            assert "Mining" in answer.description and "Farlight" in str([one.value for one in answer.fields])
            told_of = await ada.slash(here, "digest", days=1)
            assert "Wall panel" in text_of(told_of.response)
            drawn = await ada.slash(here, "map", around="Farlight")
            assert (await drawn.response.attachments[0].read()).startswith(b"\x89PNG")
        finally:
            following.cancel()
            running.cancel()
            await asyncio.gather(following, running, return_exceptions=True)
            await simcord_env.restart_bot(discord.Client(intents=discord.Intents(guilds=True)))
