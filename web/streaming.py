"""Server-sent events: a stream that ends with its browser or its session, and of which nobody opens too many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from haven.errors import HavenError
from web.limits import TooMuch
from web.visit import Visit

BEAT_S = 20.0
"""Seconds after which a quiet stream says that it is there, and looks whether its session still is."""
PER_SESSION, IN_ALL = 8, 200
_open: Counter[str] = Counter()


class Stream:
    """What is told to one browser. Both raise ConnectionError where that has left."""

    def __init__(self, visit: Visit, answer: web.StreamResponse) -> None:
        self._visit = visit
        self._answer = answer

    async def tell(self, **fields: Any) -> None:
        """One event."""
        await self._answer.write(f"data: {json.dumps(fields)}\n\n".encode())

    async def beat(self) -> bool:
        """Say that the stream is still there; whether its session is."""
        await self._answer.write(b": here\n\n")
        try:
            return await self._visit.accounts.visitor(self._visit.known.token) is not None
        except HavenError:
            return True  # the database does not answer: that says nothing of the session


async def streamed(visit: Visit, tell: Callable[[Stream], Awaitable[None]]) -> web.StreamResponse:
    """All that `tell` tells, until it ends, the browser goes, or Haven does. Raises TooMuch."""
    session = visit.known.session.hash
    if _open[session] >= PER_SESSION or _open.total() >= IN_ALL:
        raise TooMuch("So many pages are open here that no other can be kept up to date.", "Close some.", after=30)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    _open[session] += 1
    try:
        await answer.prepare(visit.request)
        await answer.write(b"retry: 3000\n\n")
        await tell(Stream(visit, answer))
    except ConnectionError:
        pass  # the browser went
    finally:
        _open[session] -= 1
        if not _open[session]:
            del _open[session]
    return answer
