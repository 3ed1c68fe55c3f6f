"""A Discord on this machine that discord.py reaches over real sockets: HTTP, gateway, and the faults of both.

What it holds is simcord's in-memory server (pinned to 3.2.1 in pyproject.toml, its inside is no public interface); here
are the wire, the faults and a clock that runs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import discord
import pytest
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route
from simcord.env import Env

from .gateway import Gateway
from .rest import Call, Fault, Rest

__all__ = ["TOKEN", "Call", "Far", "FarDiscord", "Fault", "point_at", "pointed_at"]

TOKEN = "loopback.token"
PATIENCE_S = 15


class Running:
    """simcord's clock, but one that runs: ids, the three seconds and the fifteen minutes are of now."""

    def __init__(self) -> None:
        self._began, self._epoch, self._ahead = time.monotonic(), datetime.now(UTC), 0.0

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began + self._ahead

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float) -> None:
        """Discord's clock goes ahead (or back): three seconds pass for it, and none for us."""
        self._ahead += seconds


class Far(Env):
    """simcord's server and people; what they do goes to the bot over the socket, and nobody waits for its end."""

    def __init__(self) -> None:
        super().__init__(discord.Client(intents=discord.Intents(guilds=True)))
        self.backend.clock = Running()  # type: ignore[assignment]
        self.backend.users.clear()  # the two ids that were made before there was this clock
        self.backend.application_id = self.backend.snowflake()
        self.backend.bot_user = self.backend.make_user("Haven", bot=True)
        self._loop = asyncio.get_running_loop()
        self._started = True

    async def _settle_internal(self, **_: Any) -> None:
        """People go on at once."""

    def attach(self, bot: discord.Client) -> None:
        """This is the bot now, whose objects tests are handed."""
        self.bot = bot
        self._message_states.add(bot._connection)


class FarDiscord:
    """Listens on a port of its own once started; `port` can be taken over by a later one."""

    def __init__(self, port: int = 0, token: str = TOKEN) -> None:
        self.port = port
        self.token = token
        self.env = Far()
        self.rest = Rest(self)
        self.gateway = Gateway(self)
        self._happened: list[asyncio.Event] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_route("*", "/api/{rest:.*}", self.rest.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self.gateway.kick(1001)
        await self._runner.cleanup()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    def notice(self) -> None:
        """Whoever waits for something looks again."""
        for one in self._happened:
            one.set()

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        """Wait until something is so; looked at whenever a request or a word of the gateway came, or was answered."""
        self._happened.append(news := asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                while not (found := true()):
                    await news.wait()
                    news.clear()
            return found
        finally:
            self._happened.remove(news)


def point_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have discord.py talk to this machine: both addresses are class attributes of the library."""
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{port}/api")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{port}/gateway/"))


@contextmanager
def pointed_at(port: int) -> Iterator[None]:
    """`point_at` outside of a test."""
    with pytest.MonkeyPatch.context() as patch:
        point_at(port, patch)
        yield
