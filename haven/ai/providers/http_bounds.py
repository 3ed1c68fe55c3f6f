"""How many bytes the SDKs are handed: they read an error, a line and an event to the end, however long.

Imported late: the transport of the SDKs (httpx2) takes a while.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2

from haven.ai.providers.http_faults import MOST_ERROR, Unfit, packed
from haven.ai.providers.http_replies import LEAST_BYTES, stream_bytes

MOST_EVENT = 2**20
"""Bytes of one event of a stream; a tool call may come in one."""
MOST_PARTS = 4096
"""Lines and pieces of one event: the SDKs copy what they have of it with each."""
BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


def for_client() -> Mapping[str, Any]:
    """What an httpx2 client is made with, so that each response is bounded and none is packed."""
    return {"headers": {"accept-encoding": "identity"}, "event_hooks": {"response": [_bound]}}


async def _bound(response: httpx2.Response) -> None:
    """Before anything of the body is read."""
    strange = packed(response.headers.get("content-encoding", ""))
    body, most = response.stream, stream_bytes.get()
    assert isinstance(body, httpx2.AsyncByteStream)
    if response.status_code >= 300:
        response.stream = _Bounded(body, 0 if strange else MOST_ERROR, cut=True)
    elif strange:
        raise Unfit("packed its reply, which Haven did not ask for")
    else:
        response.stream = _Bounded(body, most or LEAST_BYTES, events=most > 0)


class _Bounded(httpx2.AsyncByteStream):
    """The body of a response, up to `most` bytes: what is more is cut off, or raises Unfit."""

    def __init__(self, body: httpx2.AsyncByteStream, most: int, *, cut: bool = False, events: bool = False) -> None:
        self._body, self._left, self._cut, self._events = body, most, cut, events
        self._size = self._parts = 0
        self._end = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            if self._cut and len(piece) >= self._left:
                yield piece[: self._left]
                return
            self._left -= len(piece)
            if self._left < 0 or (self._events and self._too_long(piece)):
                raise Unfit("sent more than a reply can need")
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()

    def _too_long(self, piece: bytes) -> bool:
        """Whether the event that goes on with that piece is longer than any."""
        joined = self._end + piece
        end = max(joined.rfind(blank) for blank in BLANK_LINES)
        if end >= 0:
            self._size = self._parts = 0
            piece = joined[end:]
        self._size += len(piece)
        self._parts += 1 + piece.count(b"\n") + piece.count(b"\r")
        self._end = joined[-3:]
        return self._size > MOST_EVENT or self._parts > MOST_PARTS
