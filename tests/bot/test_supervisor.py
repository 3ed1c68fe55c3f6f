"""The supervisor over real sockets: a network that is not there yet, refusals, lost connections, stopping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.client import HavenBot
from bot.supervisor import Link, Supervisor
from haven.app import open_house
from haven.faces import bot_of
from haven.settings import Settings
from tests.ports import unused_port

from .far_discord import TOKEN, FarDiscord, point_at

Wait = Callable[[Link], "asyncio.Future[None]"]


class Watched:
    """A supervisor whose states can be waited for."""

    def __init__(self, build: Callable[[], HavenBot], token: str | None) -> None:
        self.seen: list[tuple[Link, str]] = []
        self._arrived: asyncio.Queue[Link] = asyncio.Queue()
        self.supervisor = Supervisor(build, token, self._on_state, first_wait_s=0.05)
        self.task = asyncio.create_task(self.supervisor.run())

    def _on_state(self, state: Link, detail: str) -> None:
        self.seen.append((state, detail))
        self._arrived.put_nowait(state)

    async def until(self, state: Link) -> str:
        """The detail that came with the state."""
        async with asyncio.timeout(20):
            while await self._arrived.get() is not state:
                pass
        return self.seen[-1][1]


@pytest.fixture
async def build(settings: Settings) -> AsyncIterator[Callable[[], HavenBot]]:
    async with open_house(settings) as house:

        def make() -> HavenBot:
            bot = bot_of(house, house.settings.discord)
            bot._connection.guild_ready_timeout = 0.01  # two seconds of waiting for servers that are not there
            return bot

        yield make


@asynccontextmanager
async def watching(build: Callable[[], HavenBot], token: str | None = TOKEN) -> AsyncIterator[Watched]:
    watched = Watched(build, token)
    try:
        yield watched
    finally:
        await watched.supervisor.stop()
        async with asyncio.timeout(20):
            await watched.task


async def test_no_network_at_boot(build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    point_at(port, monkeypatch)
    async with watching(build) as watched:
        assert "out of reach" in await watched.until(Link.WAITING)
        async with FarDiscord(port):
            await watched.until(Link.READY)
            await watched.supervisor.stop()
    assert watched.seen[-1][0] is Link.OFF


async def test_a_gateway_that_refuses_at_first(build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch) -> None:
    async with FarDiscord() as far:
        point_at(far.port, monkeypatch)
        far.gateway.refuses = True
        async with watching(build) as watched:
            await watched.until(Link.WAITING)
            far.gateway.refuses = False
            await watched.until(Link.READY)


async def test_a_refused_token_is_not_tried_again(
    build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FarDiscord() as far:
        point_at(far.port, monkeypatch)
        async with watching(build, "wrong") as watched:
            assert "refused the token" in await watched.until(Link.BROKEN)
            await watched.task
        assert far.gateway.identified == 0 and [state for state, _ in watched.seen] == [Link.CONNECTING, Link.BROKEN]


async def test_a_token_that_is_reset_while_connected(
    build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FarDiscord() as far:
        point_at(far.port, monkeypatch)
        async with watching(build) as watched:
            await watched.until(Link.READY)
            await far.gateway.kick(4004)
            await watched.until(Link.BROKEN)
        assert far.gateway.identified == 1


async def test_a_lost_connection_is_resumed(build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch) -> None:
    async with FarDiscord() as far:
        point_at(far.port, monkeypatch)
        async with watching(build) as watched:
            await watched.until(Link.READY)
            await far.gateway.kick(4000)
            await watched.until(Link.CONNECTING)
            await watched.until(Link.READY)
        assert (far.gateway.identified, far.gateway.resumed) == (1, 1)


async def test_without_a_token_nothing_is_built() -> None:
    def never() -> HavenBot:
        raise AssertionError("built")

    supervisor = Supervisor(never, None)
    await supervisor.run()
    assert supervisor.state is Link.OFF and "no token" in supervisor.detail


async def test_stopping_while_it_waits(build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(unused_port(), monkeypatch)
    async with watching(build) as watched:
        await watched.until(Link.WAITING)
    assert watched.supervisor.state is Link.OFF


async def test_a_cancellation_that_comes_with_the_stop_is_not_lost(
    build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(unused_port(), monkeypatch)
    watched = Watched(build, TOKEN)
    await watched.until(Link.WAITING)
    await watched.supervisor.stop()
    watched.task.cancel()
    await asyncio.wait([watched.task])
    assert watched.task.cancelled()


async def test_cancelling_closes_the_connection(build: Callable[[], HavenBot], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[HavenBot] = []

    def noted() -> HavenBot:
        made.append(build())
        return made[-1]

    async with FarDiscord() as far:
        point_at(far.port, monkeypatch)
        watched = Watched(noted, TOKEN)
        await watched.until(Link.READY)
        watched.task.cancel()
        await asyncio.wait([watched.task])
    assert made[0].is_closed() and not [task for task in asyncio.all_tasks() if task.get_name() == "discord-follow"]
