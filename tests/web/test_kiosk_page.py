"""The kiosk in a browser: an owner's alone, after the PIN, with their role, and only as long as they are logged in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from haven.access import Role
from haven.store import accounts as table
from tests.web.browser import chromium
from tests.web.dashboard import PASSWORD, Browser, dashboard
from web.screens import MOST_OPEN

TICKET = re.compile(r'data-ticket="([\w-]+)"')


async def ticket(owner: Browser) -> str:
    await owner.get("/kiosk")
    page = await owner.post("/kiosk", pin=PASSWORD)
    found = TICKET.search(page.html)
    assert found is not None and "'unsafe-inline'" in page.headers["Content-Security-Policy"]
    return found[1]


async def connected(who: Browser, given: str, origin: str = "") -> ClientWebSocketResponse:
    line = await who.session.ws_connect(f"{who.url}/kiosk/socket", origin=origin or who.url)
    await line.send_str(json.dumps({"ticket": given, "size": [100, 30]}))
    return line


async def end_of(line: ClientWebSocketResponse) -> str:
    """Why it was closed, as the page is told."""
    async for message in line:
        if message.type is WSMsgType.TEXT:
            await line.close()
            return str(json.loads(message.data)["end"])
    return ""


async def until(line: ClientWebSocketResponse, words: bytes) -> None:
    drawn = b""
    while words not in drawn:
        message = await line.receive(timeout=20)
        assert message.type is WSMsgType.BINARY, message
        drawn += message.data


async def test_nobody_gets_in_but_an_owner_with_the_ticket_of_their_session(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, reviewer = await here.owner(), await here.person("Rena", Role.REVIEWER)
        assert (await reviewer.get("/kiosk")).status == 403
        await owner.get("/kiosk")
        assert (await owner.post("/kiosk", pin="not the password")).status == 403
        given = await ticket(owner)
        for who, origin in ((reviewer, ""), (owner, "https://elsewhere.example"), (here.browser(), "")):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await connected(who, given, origin)
        assert "too long ago" in await end_of(await connected(owner, "guessed"))
        other = here.browser()
        await other.log_in("Olga")
        assert "or elsewhere" in await end_of(await connected(other, given)), "it is another session's, and is used up"
        assert "too long ago" in await end_of(await connected(owner, given))
        line = await owner.session.ws_connect(f"{owner.url}/kiosk/socket", origin=owner.url)
        await line.send_str('{"size": "large"}')
        assert (await line.receive()).type is WSMsgType.CLOSE


async def test_it_ends_when_its_person_leaves_it_logs_out_or_is_no_owner_any_more(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, second = await here.owner(), await here.person("Oda", Role.OWNER)
        line = await connected(owner, await ticket(owner))
        await until(line, b"HAVEN")
        await line.send_bytes(b"\x11")
        assert await end_of(line) == "It was left."
        line = await connected(owner, await ticket(owner))
        await until(line, b"HAVEN")
        await owner.get("/")
        await owner.post("/leave")
        assert await end_of(line) == "You are logged out."
        line = await connected(second, await ticket(second))
        await until(line, b"HAVEN")
        oda = await table.named(here.house.database, "Oda")
        assert oda is not None
        await here.house.database.write(lambda tx: table.set_role(tx, oda.id, Role.REVIEWER))
        assert "may not change settings" in await end_of(line)
        await owner.log_in("Olga")
        assert MOST_OPEN == 3, "so many were open by now"
        await until(await connected(owner, await ticket(owner)), b"HAVEN")


async def test_the_real_kiosk_is_seen_and_touched_in_a_browser(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner) as page:
            await page.open("/kiosk")
            await page.type("#pin", PASSWORD)
            await page.click("button", "Show it")
            await page.see("HAVEN", ".xterm-rows")
            await page.see("Connected.")
            await page.click(".xterm-rows span", "More")
            await page.see("Round Table", ".xterm-rows")
            await page.press("Control+q")
            await page.see("The kiosk is closed. It was left.")
            await page.click("button", "Show it again")
            await page.see("from afar")
            assert not page.wrong, page.wrong
