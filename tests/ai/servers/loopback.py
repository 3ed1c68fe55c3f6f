"""An HTTP server on the loopback that answers the nth request with exactly the nth answer, faults included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class End(StrEnum):
    """How an answer ends."""

    CLEAN = "clean"
    CUT = "cut"
    """The connection is closed before the last chunk."""
    HANG = "hang"
    """Nothing more comes until the other side hangs up."""
    ENDLESS = "endless"
    """Its last piece is sent again and again."""
    SILENT = "silent"
    """Not even a status comes."""
    DROPPED = "dropped"
    """The connection is closed instead of an answer."""


@dataclass(frozen=True)
class Answer:
    pieces: Sequence[bytes] = ()
    kind: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    end: End = End.CLEAN


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    head: str
    body: Any


class Loopback:
    """`answers` in order, the last one for all requests after it."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.reached = asyncio.Event()
        """A request has arrived."""
        self.hung_up = asyncio.Event()
        """The other side has closed the connection of an answer that was not at its end."""
        self.url = ""
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        server, self._server = self._server, None
        assert server is not None
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await server.wait_closed()

    async def asked_times(self, times: int) -> None:
        """Wait until so many requests have come."""
        while len(self.asked) < times:
            self.reached.clear()
            await self.reached.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            answer = await self._read(reader)
            self.reached.set()
            await self._send(answer, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        except asyncio.CancelledError:
            if self._server is not None:
                raise
        finally:
            self._talks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, _, fields = head.partition("\r\n")
        sizes = [line.split(":")[1] for line in fields.lower().split("\r\n") if line.startswith("content-length:")]
        raw = await reader.readexactly(int(sizes[0])) if sizes else b""
        method, path, _ = first.split(" ")
        self.asked.append(Asked(method, path, fields, json.loads(raw) if raw else None))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def _send(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer.end in (End.SILENT, End.DROPPED):
            await self._wait(answer.end, reader)
            return
        fields = {"content-type": answer.kind, "transfer-encoding": "chunked", "connection": "close", **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        for piece in answer.pieces:
            writer.write(_chunk(piece))
            await writer.drain()
        while answer.end is End.ENDLESS:
            writer.write(_chunk(answer.pieces[-1]))
            await writer.drain()
            await asyncio.sleep(0)
        await self._wait(answer.end, reader)
        if answer.end is End.CLEAN:
            writer.write(b"0\r\n\r\n")

    async def _wait(self, end: End, reader: asyncio.StreamReader) -> None:
        if end in (End.HANG, End.SILENT):
            await reader.read()
            self.hung_up.set()


def _chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
