"""One change, three faces: asked for on one, decided on another, told on the third, live in all of them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest

from haven.access import Role
from kiosk.pin import Pin
from tests.bot.conftest import text_of, until
from tests.bot.test_journey import Server
from tests.bot.test_journey import server as server
from tests.e2e.house import DARK, PNG
from tests.e2e.test_kiosk_face import OWNER, PANEL, panel, request
from tests.web.dashboard import PASSWORD, Browser, dashboard

pytestmark = pytest.mark.sandbox
HIDDEN = re.compile(r'name="(round|commit)" value="([^"]*)"')
PATIENCE_S = 90
PIN = "2468"


@pytest.fixture
def simcord_bot() -> discord.Client:
    return discord.Client(intents=discord.Intents(guilds=True))


@asynccontextmanager
async def told(browser: Browser) -> AsyncIterator[asyncio.Queue[str]]:
    """What an open page of this browser hears of changes, as it does."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def listen() -> None:
        async with browser.session.get(f"{browser.url}/live") as stream:
            async for line in stream.content:
                if line.startswith(b"data: ") and (news := json.loads(line[6:]))["kind"].startswith("change."):
                    heard.put_nowait(news["subject"])

    listening = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        listening.cancel()
        await asyncio.wait([listening])


async def seen(browser: Browser, heard: asyncio.Queue[str], change: str, *words: str) -> str:
    """The change's page, once it says so; it is loaded anew when the house tells of the change, and only then."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            page = await browser.get(f"/changes/{change}")
            assert page.status == 200, page.text
            if all(one in page.text for one in words):
                return page.html
            while await heard.get() != change:
                pass


def card_says(server: Server, change: str, word: str) -> bool:
    """Whether Discord's messages about a change do: who asked elsewhere is pinged nowhere, its card tells everybody."""
    threads = [one for one in server.channel.threads if change in one.name.split()]
    return any(word in text_of(message).lower() for thread in threads for message in thread.history())


async def decided(browser: Browser, page: str, change: str, act: str, **fields: str) -> None:
    answer = await browser.post(f"/changes/{change}/{act}", **dict(HIDDEN.findall(page)), **fields)
    assert answer.status == 200, answer.text


async def test_asked_on_the_web_approved_on_the_wall_told_in_discord(server: Server, tmp_path: Path) -> None:
    house = server.home.house
    await asyncio.to_thread(Pin(house.settings).set, PIN)
    async with dashboard(tmp_path, house=house) as here, panel(house, PANEL) as terminal:
        await here.owner()
        member = await here.person("Mika", Role.MEMBER)
        async with told(member) as heard:
            answer = await member.post("/changes/new", kind="feature", text=PNG)
            assert answer.status == 200, answer.text
            [change] = await house.changes.list()
            assert change.requester_name == "Mika" and answer.path == f"/changes/{change.id}"
            await server.card(change.id, 1)
            await terminal.tap("Add a button in the map")
            await terminal.tap("Approve")
            await terminal.until("Enter the PIN")
            terminal.type(f"{PIN}\r")
            await until(server.env, lambda: card_says(server, change.id, "merged"), PATIENCE_S)
            await seen(member, heard, change.id, "merged")
            await terminal.until(f"{change.id} · merged", gone="Approve")


async def test_asked_in_discord_approved_on_the_web_and_the_other_way_round(server: Server, tmp_path: Path) -> None:
    house = server.home.house
    async with dashboard(tmp_path, house=house) as here, panel(house, OWNER) as terminal:
        owner = await here.owner()
        async with told(owner) as heard:
            change = await server.asked("feature", PNG)
            page = await seen(owner, heard, change, "Approve", "stand-in")
            await decided(owner, page, change, "approve", pin=PASSWORD)
            await server.ended(change, "merged")
            await terminal.tap("Changes")
            await terminal.until("merged")
            await request(terminal, DARK)
            await terminal.until("Approve", "review · round 2")
            dark = (await house.changes.list(limit=1))[0].id
            card = await server.card(dark, 2)
            modal = await server.owner.click(card, label="Reject")
            await server.owner.submit_modal(modal, {"words": "Not now."})
            await seen(owner, heard, dark, "rejected", "Not now.")
            await terminal.until("rejected", gone="Approve")
