"""Connections of the port: who opens as many as they can takes it from nobody else, and takes no file of Haven's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from haven.settings import Web
from tests.ports import unused_port
from tests.web.test_secure import certificate
from web.connections import MOST, OF_A_PLACE
from web.server import serve

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def nothing() -> bytes:
    return b""


@asynccontextmanager
async def listening(place: Web) -> AsyncIterator[int]:
    there = asyncio.Event()
    work = asyncio.create_task(serve(place, nothing, nothing, lambda: "", lambda _: there.set()))
    await there.wait()
    assert place.port
    try:
        yield place.port
    finally:
        work.cancel()
        await asyncio.wait([work])


async def lines(port: int, count: int, end: int) -> list[Line]:
    """From 127.0.0.END, which keep silent."""
    asked = (asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.0.{end}", 0)) for _ in range(count))
    return await asyncio.gather(*asked)


async def answered(line: Line) -> bool:
    try:
        line[1].write(ASK)
        return b"200 OK" in await line[0].readuntil(b"ok\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


async def test_a_place_has_so_many_and_leaves_the_others_theirs() -> None:
    async with listening(Web(port=unused_port())) as port:
        silent = await lines(port, OF_A_PLACE, 2)
        [more], [other] = await lines(port, 1, 2), await lines(port, 1, 3)
        assert not await answered(more) and await answered(other)
        silent[0][1].close()
        while not await answered((await lines(port, 1, 2))[0]):  # once its end is seen
            pass
        crowd = [line for end in range(4, 4 + MOST // OF_A_PLACE) for line in await lines(port, OF_A_PLACE, end)]
        assert not await answered((await lines(port, 1, 9))[0]) and await answered(other), "who is there goes on"
        for line in (*silent, *crowd, more, other):
            line[1].close()


async def test_a_proxy_brings_many_people() -> None:
    async with listening(Web(port=unused_port(), trusted_proxies=("127.0.0.2/32",))) as port:
        through = await lines(port, OF_A_PLACE + 5, 2)
        assert await answered(through[-1])
        for line in through:
            line[1].close()


async def test_https_with_who_says_something_else_or_nothing_goes_on_for_the_others(tmp_path: Path) -> None:
    made, key = await certificate(tmp_path / "tls")
    place = Web(port=unused_port(), certificate=made, key=key)
    async with listening(place) as port, aiohttp.ClientSession() as session:
        silent, [plain] = await lines(port, OF_A_PLACE - 5, 2), await lines(port, 1, 2)
        assert not await answered(plain)
        trusted = ssl.create_default_context(cafile=str(made))
        for _ in range(3):
            async with session.get(f"https://localhost:{port}/healthz", ssl=trusted) as answer:
                assert await answer.text() == "ok\n"
        for line in silent:
            line[1].close()
