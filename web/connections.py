"""Connections of the port: so many and no more, so that nobody who opens them takes the files of all of Haven."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from aiohttp import web

from web.limits import place_of

MOST, OF_A_PLACE = 400, 100
"""Connections at a time, in all and of one place: a browser opens six. A process often has 1,024 files in all."""
GREETING_S = 10.0
"""Seconds for the handshake of https."""


class Connections:
    """What each that comes in is answered by: a factory of protocols, one for the port."""

    def __init__(self, server: web.Server, secure: ssl.SSLContext | None, has_many: Callable[[str], bool]) -> None:
        """`has_many` tells of an address whether many people come by it, as by a proxy."""
        self._server = server
        self._secure = secure
        self._has_many = has_many
        self._held: dict[asyncio.Transport, str] = {}
        """Each with its place."""
        self._greeting: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        return _Arrival(self)

    def arrived(self, transport: asyncio.Transport) -> None:
        """Hand it to aiohttp, or end it."""
        address = str((transport.get_extra_info("peername") or ("",))[0])
        place = place_of(address)
        self._held = {one: where for one, where in self._held.items() if not one.is_closing()}
        is_one_too_many = [*self._held.values()].count(place) >= OF_A_PLACE and not self._has_many(address)
        if is_one_too_many or len(self._held) >= MOST:
            transport.abort()
            return
        self._held[transport] = place
        if self._secure is None:
            handler = self._server()
            transport.set_protocol(handler)
            handler.connection_made(transport)
            return
        transport.pause_reading()  # until whoever reads is there
        task = asyncio.create_task(self._greet(transport, self._secure), name="https handshake")
        self._greeting.add(task)
        task.add_done_callback(self._greeting.discard)

    async def close(self) -> None:
        """No handshake goes on; who is there already is aiohttp's."""
        for task in self._greeting:
            task.cancel()
        await asyncio.gather(*self._greeting, return_exceptions=True)

    async def _greet(self, transport: asyncio.Transport, secure: ssl.SSLContext) -> None:
        handler, loop = self._server(), asyncio.get_running_loop()
        try:
            inner = await loop.start_tls(transport, handler, secure, server_side=True, ssl_handshake_timeout=GREETING_S)
        except OSError:  # no https, or nothing at all
            transport.abort()
        except asyncio.CancelledError:
            transport.abort()
            raise
        else:
            handler.connection_made(cast(asyncio.BaseTransport, inner))


class _Arrival(asyncio.Protocol):
    """A connection before it is looked at."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.arrived(cast(asyncio.Transport, transport))
