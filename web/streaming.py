"""Server-sent events: a stream that ends with its browser or its session, and of which nobody opens too many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from haven.errors import HavenError
from web.limits import TooMuch
from web.visit import Visit

T = TypeVar("T")
LOOK_S, BEAT_S = 1.0, 20.0
"""Seconds after which it is looked whether a quiet stream still has its browser, and after which its browser is told so
and its session looked at."""
PER_SESSION, PER_PERSON, IN_ALL = 8, 12, 200


class Stream:
    """What is told to one browser. Raises ConnectionError where that has left."""

    def __init__(self, visit: Visit, answer: web.StreamResponse) -> None:
        self._visit = visit
        self._answer = answer
        self._looks = 0

    @property
    def is_left(self) -> bool:
        """Whether nobody is at its other end any more."""
        transport = self._visit.request.transport
        return transport is None or transport.is_closing()

    async def tell(self, **fields: Any) -> None:
        """One event."""
        await self._answer.write(f"data: {json.dumps(fields)}\n\n".encode())

    async def wait(self, get: Callable[[], Awaitable[T]]) -> T | None:
        """What `get` gives, which is asked anew from time to time until it does; None where the session is over."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    return await get()
            except TimeoutError:
                if not await self._is_wanted():
                    return None

    async def _is_wanted(self) -> bool:
        if self.is_left:
            raise ConnectionResetError
        self._looks += 1
        if self._looks % round(BEAT_S / LOOK_S):
            return True
        await self._answer.write(b": here\n\n")
        try:
            return await self._visit.accounts.visitor(self._visit.known.token) is not None
        except HavenError:
            return True  # the database does not answer: that says nothing of the session


class Streams:
    """Those that are open; one for the port."""

    def __init__(self) -> None:
        self._open: dict[Stream, tuple[str, str]] = {}
        """Each with its session and its person."""

    async def run(self, visit: Visit, tell: Callable[[Stream], Awaitable[None]]) -> web.StreamResponse:
        """All that `tell` tells, until it ends, the browser goes, or Haven does. Raises TooMuch."""
        whose = visit.known.session.hash, visit.person.id
        there = [one for stream, one in self._open.items() if not stream.is_left]
        of_session, of_person = (sum(one[part] == whose[part] for one in there) for part in (0, 1))
        if of_session >= PER_SESSION or of_person >= PER_PERSON or len(there) >= IN_ALL:
            raise TooMuch("So many pages are open here that no other can be kept up to date.", "Close some.", after=30)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        stream = Stream(visit, answer)
        self._open[stream] = whose
        try:
            await answer.prepare(visit.request)
            await answer.write(b"retry: 3000\nid: open\n\n")  # a browser that connects again names the id
            await tell(stream)
        except ConnectionError:
            pass  # the browser went
        finally:
            del self._open[stream]
        return answer
