"""A program with a token: JSON in, JSON out, no cookies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.web.dashboard import PASSWORD, Browser, Dashboard
from web.api.endpoint import BASE, Scope

SECRET = re.compile(r"haven_[\w-]{43}")


@dataclass
class Said:
    """What came back."""

    status: int
    data: Any
    headers: Any


class Program:
    """Speaks for whoever made its token; without one, for nobody."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session, self._url, self.token = session, url + BASE, token

    async def get(self, path: str, **query: Any) -> Said:
        return await self.call("GET", path, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, **fields: Any) -> Said:
        return await self.call("POST", path, json=fields)

    async def call(self, method: str, path: str, **more: Any) -> Said:
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers = known | more.pop("headers", {})
        async with self._session.request(method, self._url + path, headers=headers, **more) as answer:
            return Said(answer.status, await answer.json(), answer.headers)


async def token_of(person: Browser, *scopes: Scope, name: str = "a script") -> str:
    """Made on the page, as a person does; read off it."""
    await person.get("/me/tokens")
    ticks = {f"scope-{scope}": "yes" for scope in scopes}
    page = await person.post("/me/tokens", name=name, pin=PASSWORD, **ticks)
    assert page.status == 200, page.text
    found = SECRET.search(page.html)
    assert found
    return found[0]


@asynccontextmanager
async def program(here: Dashboard, token: str = "") -> AsyncIterator[Program]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Program(session, here.url, token)
