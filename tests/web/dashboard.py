"""A running house with its dashboard, and people at it: a client that keeps cookies, follows forms and reads pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp

from haven.access import Role
from haven.app import House, open_house, run
from haven.faces import dashboard_of, port
from haven.settings import Web
from tests.e2e.house import settings_in
from tests.ports import unused_port
from web.accounts import Accounts

PASSWORD = "blue moon over Oculi"
LITTLE_WORK = 16
"""Of one try at a password: nobody attacks these houses."""
SEAL = re.compile(r'data-seal="([0-9a-f]{64})"')
WORDS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S)


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Any
    path: str

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """As a person reads it."""
        return " ".join(unescape(WORDS.sub(" ", self.html)).split())


class Browser:
    """One person's browser, as far as a server sees one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.seal = ""

    async def get(self, path: str, **more: Any) -> Answer:
        return await self._asked("GET", path, **more)

    async def post(self, path: str, *, sealed: bool = True, **fields: Any) -> Answer:
        """A form, with the seal of the last page; files are given as (name, bytes), several values as a list."""
        form = aiohttp.FormData()
        for name, given in (({"seal": self.seal} if sealed and self.seal else {}) | fields).items():
            for value in given if isinstance(given, list) else [given]:
                if isinstance(value, tuple):
                    form.add_field(name, value[1], filename=value[0])
                else:
                    form.add_field(name, str(value))
        return await self._asked("POST", path, data=form)

    async def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        return await self.post("/enter", name=name, password=password)

    async def close(self) -> None:
        await self.session.close()

    async def _asked(self, method: str, path: str, **more: Any) -> Answer:
        async with self.session.request(method, self.url + path, **more) as answer:
            got = Answer(answer.status, await answer.read(), answer.headers, answer.url.path_qs)
        if "html" in answer.headers.get("Content-Type", "") and (found := SEAL.search(got.html)):
            self.seal = found[1]
        return got


@dataclass
class Dashboard:
    """A house whose dashboard listens."""

    house: House
    accounts: Accounts
    url: str
    browsers: list[Browser]

    def browser(self) -> Browser:
        """Somebody new comes by."""
        self.browsers.append(Browser(self.url))
        return self.browsers[-1]

    async def owner(self) -> Browser:
        """The first one, with the code; logged in."""
        browser = self.browser()
        if self.accounts.first_code:
            fields = {"code": self.accounts.first_code, "name": "Olga", "password": PASSWORD, "again": PASSWORD}
            answer = await browser.post("/begin", **fields)
        else:
            answer = await browser.log_in("Olga")
        assert answer.status == 200, answer.text
        return browser

    async def person(self, name: str, role: Role) -> Browser:
        """Somebody whom the owner invited; logged in."""
        code = await self.accounts.invite(name, role)
        browser = self.browser()
        answer = await browser.post("/invited", code=code, password=PASSWORD, again=PASSWORD)
        assert answer.status == 200, answer.text
        return browser


@asynccontextmanager
async def dashboard(folder: Path, *, house: House | None = None, web: Web | None = None) -> AsyncIterator[Dashboard]:
    """The port over a house of its own, or over one that a journey runs already."""
    place = web or Web(port=unused_port())
    if house is None:
        ready = settings_in(folder).model_copy(update={"web": place})
        async with open_house(ready) as house, _serving(house, place, jobs=True) as found:
            yield found
    else:
        async with _serving(house, place, jobs=False) as found:
            yield found


@asynccontextmanager
async def _serving(house: House, place: Web, *, jobs: bool) -> AsyncIterator[Dashboard]:
    shown = await dashboard_of(house, Accounts(house.database, LITTLE_WORK))
    listening = asyncio.Event()

    async def face(house: House) -> None:
        await port(house, shown, place, listening.set)

    work = asyncio.create_task(run(house, [face]) if jobs else face(house))
    waits = asyncio.create_task(listening.wait())
    await asyncio.wait([work, waits], return_when=asyncio.FIRST_COMPLETED)
    waits.cancel()
    if work.done():
        work.result()  # raises why it does not listen
    found = Dashboard(house, shown.accounts, f"http://127.0.0.1:{place.port}", [])
    try:
        yield found
    finally:
        for browser in found.browsers:
            await browser.close()
        work.cancel()
        await asyncio.wait([work])
