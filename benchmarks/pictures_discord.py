"""Take the picture of a review card from the running program: real pipeline, stand-in, offline Discord, Chromium.

Needs `pip install "simcord[screenshot]"` and a Chromium; without them it says so and changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.builders import ChannelHandle

from haven.app import House, open_house
from haven.app import run as run_house
from haven.demo.journey import REQUEST, demo_settings, stand_in_running
from haven.faces import bot_of
from haven.settings import Discord, cache_dir

PICTURE = Path(__file__).parent.parent / "docs" / "discord-review.png"
WIDTH, HEIGHT = 560, 1050
PATIENCE_S = 300


def missing() -> str:
    """What is not there to take pictures with, in one sentence; "" where all is."""
    try:
        import playwright.async_api  # noqa: F401
    except ImportError:
        return 'No picture of Discord was taken: install simcord\'s extra with pip install "simcord[screenshot]".'
    return "" if _chromium() else "No picture of Discord was taken: there is no Chromium (apt install chromium)."


async def take(picture: Path = PICTURE) -> None:
    """Ask for the demo's change in Discord and photograph its review card."""
    use_installed_chromium()
    with tempfile.TemporaryDirectory(prefix="haven-picture-") as folder:
        async with (
            stand_in_running(demo_settings(Path(folder))) as settings,
            simcord.run(discord.Client(intents=discord.Intents(guilds=True)), settle_timeout=60) as env,
            open_house(settings, cache_dir()) as house,
        ):
            running = asyncio.create_task(run_house(house, []))
            try:
                await _photograph(env, house, picture)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await env.restart_bot(discord.Client(intents=discord.Intents(guilds=True)))


async def _photograph(env: simcord.Env, house: House, picture: Path) -> None:
    env.backend.bot_user.name = "Haven"
    guild = env.create_guild("Voyagers' Haven")
    channel = guild.create_text_channel("workshop")
    person = guild.add_member(env.create_user("ann", global_name="Ann"))
    ids = Discord(guild_id=guild.id, owner_ids=frozenset({person.id}))
    bot = bot_of(house, ids)
    await env.restart_bot(bot)
    following = asyncio.create_task(bot.follow())
    try:
        await person.slash(channel, "feature", text=REQUEST)
        card = await _card(env, channel)
    finally:
        following.cancel()
        await asyncio.wait([following])
    picture.parent.mkdir(parents=True, exist_ok=True)
    async with env.preview(channel.threads[0], viewers=[person], display="fixed", width=WIDTH, height=HEIGHT) as page:
        await page.screenshot(str(picture), viewer=person, target=card)


async def _card(env: simcord.Env, channel: ChannelHandle) -> discord.Message:
    """Look again whenever Discord has something new, until the review is there."""
    news = asyncio.Event()
    env.backend.subscribers.append(lambda event, payload: news.set())
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for thread in channel.threads:
                for message in thread.history():
                    if message.attachments:
                        return message
            await news.wait()
            news.clear()


def _chromium() -> str:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""


def use_installed_chromium(replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Playwright would download a browser of its own; as root Chromium runs only without its sandbox."""
    from playwright.async_api import BrowserType

    launch = BrowserType.launch
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []

    async def installed(self: BrowserType, **given: Any) -> Any:
        return await launch(self, executable_path=_chromium(), args=arguments, **given)

    replace(BrowserType, "launch", installed)


def main() -> int:
    problem = missing()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    asyncio.run(take(picture))
    print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
