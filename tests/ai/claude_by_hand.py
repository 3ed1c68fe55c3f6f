"""A server at Claude's end of the wire that streams exactly these pieces, and notices when the caller hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from haven.demo import wire


@dataclass
class ByHand:
    """`pieces` are streamed; with `hold` the stream then waits for the caller to hang up."""

    pieces: Sequence[str]
    hold: bool = False
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.split("content-length:")[1].split("\r\n")[0])
        self.bodies.append(json.loads(await reader.readexactly(size)))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for event in self._events():
            writer.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        if self.hold:
            await writer.drain()
            await reader.read()
            self.hung_up.set()
        writer.close()

    def _events(self) -> list[dict[str, Any]]:
        usage = {"input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        whole = wire.message("claude-sonnet-5-5", [{"type": "text", "text": ""}], "end_turn", usage)
        events = list(wire.events(whole))
        text = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in self.pieces
        ]
        ended = [] if self.hold else events[2:]
        return [*events[:2], *text, *ended]


@asynccontextmanager
async def claude_by_hand(*pieces: str, hold: bool = False) -> AsyncIterator[ByHand]:
    far = ByHand(pieces, hold)
    server = await asyncio.start_server(far.talk, "127.0.0.1", 0)
    far.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield far
