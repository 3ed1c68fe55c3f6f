"""A display whose terminal is elsewhere: of two joined sockets one is shown like any other, one is handed out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from haven.access import Principal
from kiosk import wire
from kiosk.displays import Displays

COLOURS = "truecolor"
GONE = "The kiosk went away."


class Remote:
    """The far end: what the terminal types goes in, what it shall show comes out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ended = ""
        """Why, once nothing more is shown."""
        self._reader = reader
        self._writer = writer
        self._frames = wire.Frames()

    async def typed(self, data: bytes) -> None:
        """Keys, touches and pastes; waits until they are taken."""
        self._writer.write(wire.frame(wire.DATA, data))
        await self._writer.drain()

    def resize(self, columns: int, rows: int) -> None:
        """In cells."""
        self._writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(columns, rows)))

    async def shown(self) -> bytes:
        """What the terminal gets next; b"" at the end."""
        while not self.ended:
            if not (received := await self._reader.read(wire.MAX_PAYLOAD)):
                self.ended = GONE
                break
            shown = b""
            for kind, payload in self._frames.feed(received):
                if kind == wire.DATA:
                    shown += payload
                elif kind == wire.END:
                    self.ended = payload[1:].decode(errors="replace") or "It was left."
            if shown:
                return shown
        return b""


@asynccontextmanager
async def remote(displays: Displays, principal: Principal, columns: int, rows: int) -> AsyncIterator[Remote]:
    """The kiosk for that person, one of the displays, until the block is left; its failures end it alone."""

    async def who() -> Principal:
        return principal

    near, far = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=far)
    showing = displays.show(*await asyncio.open_unix_connection(sock=near), who)
    writer.write(wire.hello(columns, rows, COLOURS))
    try:
        yield Remote(reader, writer)
    finally:
        writer.close()
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
