"""A server that sends more than a reply can need, plain or packed, is stopped early, whatever the SDKs would read."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc

import pytest

from haven.ai.providers.base import Provider
from haven.errors import HavenError, ModelError, Unavailable
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import OLLAMA_WIRE, WIRES, Wire, gather, question

pytestmark = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
MB = 2**20
PACKED = {"content-encoding": "gzip"}
BOMB = gzip.compress(bytes(100 * MB), 9)
SOON_S = 20.0


async def stopped(wire: Wire, answer: Answer) -> HavenError:
    """The error of one call, that came soon and for little memory."""
    async with Loopback(answer, wire.whole) as server, asyncio.timeout(SOON_S):
        provider: Provider = wire.make(server.url)
        try:
            await gather(provider, question(max_tokens=20))  # the SDK is there
        except HavenError:
            pass
        server.answers.insert(0, answer)
        tracemalloc.start()
        try:
            with pytest.raises(HavenError) as caught:
                await gather(provider, question())
            assert tracemalloc.get_traced_memory()[1] < 30 * MB
        finally:
            tracemalloc.stop()
        assert (await gather(provider, question()))[0] == "Once upon "
        await provider.close()
    assert "\n" not in caught.value.full and len(caught.value.full) < 600
    return caught.value


async def test_nothing_packed_is_asked_for(wire: Wire) -> None:
    async with Loopback(wire.whole) as server:
        provider = wire.make(server.url)
        await gather(provider, question())
        await provider.close()
    assert "accept-encoding: identity\r\n" in server.asked[0].head.lower() and "gzip" not in server.asked[0].head


async def test_a_packed_stream_is_not_unpacked(wire: Wire) -> None:
    error = await stopped(wire, Answer((BOMB,), wire.kind, headers=PACKED))
    assert isinstance(error, ModelError) and "packed its reply" in str(error)


async def test_a_packed_error_is_not_unpacked_and_its_status_counts(wire: Wire) -> None:
    error = await stopped(wire, Answer((BOMB,), status=500, headers=PACKED))
    assert isinstance(error, Unavailable) and "overloaded" in str(error) and error.free


async def test_an_endless_error_is_read_no_further_than_needed(wire: Wire) -> None:
    error = await stopped(wire, Answer((b'{"error": {"message": "', b"a" * MB), status=401, end=End.ENDLESS))
    assert isinstance(error, Unavailable) and not error.retry and "key" in str(error)


async def test_a_line_without_an_end_is_no_event(wire: Wire) -> None:
    begins = b'{"message": {"content": "' if wire is OLLAMA_WIRE else b"data: "
    assert isinstance(await stopped(wire, wire.answer(begins, b"a" * 65536, end=End.ENDLESS)), ModelError)


async def test_an_event_of_endless_lines_is_none(wire: Wire) -> None:
    lines = b"\n" * 1000 if wire is OLLAMA_WIRE else b"data: x\n" * 1000
    assert isinstance(await stopped(wire, wire.answer(lines, end=End.ENDLESS)), ModelError)


async def test_comments_and_empty_lines_end_by_their_bytes(wire: Wire) -> None:
    comments = (b": " + b"keep " * 400 + b"\n\n") * 32
    blank = b'{"message": {}}' + b" " * 60000 + b"\n" if wire is OLLAMA_WIRE else comments
    error = await stopped(wire, wire.answer(blank, end=End.ENDLESS))
    assert isinstance(error, ModelError) and "sent more than a reply can need" in str(error)
