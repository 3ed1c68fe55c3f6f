"""Server-sent events: what happens in the house, by kind and subject; pages ask anew for what they show of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from aiohttp import web

from assistants.table.transcript import LIVE
from haven.access import Act
from haven.errors import HavenError
from haven.events import Subscription
from haven.store.events import Event
from web.limits import TooMuch
from web.visit import Route, Visit

BEAT_S = 20.0
"""Seconds after which a quiet stream says that it is there, and looks whether its session still is."""
PER_SESSION, IN_ALL = 8, 200
SHOWN = ("change.", "alert.", "cloud.", "world.", "draft.", "waiting.", "model.", "backup.", "cap.", "kiosk.")
"""What the kinds begin with that every member may know of: nothing of an event but kind and subject goes out."""
STEP = "step"
"""What a step of the Round Table is called here; its subject may be a person's, and stays in the house."""
_open: Counter[str] = Counter()


async def stream(visit: Visit) -> web.StreamResponse:
    """Until the browser goes, the session ends, or Haven does."""
    session = visit.known.session.hash
    if _open[session] >= PER_SESSION or _open.total() >= IN_ALL:
        raise TooMuch("So many pages are open here that no other can be kept up to date.", "Close some.", after=30)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    _open[session] += 1
    try:
        with visit.house.bus.subscribe() as news:
            await answer.prepare(visit.request)
            await answer.write(b"retry: 3000\n\n")
            await _tell(visit, answer, news)
    except ConnectionError:
        pass  # the browser went
    finally:
        _open[session] -= 1
        if not _open[session]:
            del _open[session]
    return answer


async def _tell(visit: Visit, answer: web.StreamResponse, news: Subscription) -> None:
    while True:
        try:
            async with asyncio.timeout(BEAT_S):
                line = _line(await anext(news))
        except TimeoutError:
            line = ": here\n\n"
            if not await _still_in(visit):
                return
        if line:
            await answer.write(line.encode())


async def _still_in(visit: Visit) -> bool:
    try:
        return await visit.accounts.visitor(visit.known.token) is not None
    except HavenError:
        return True  # the database does not answer: that says nothing of the session


def _line(event: Event) -> str:
    """As the browser takes it; "" for what is not told."""
    if event.kind == LIVE:
        return f"data: {json.dumps({'kind': STEP, 'subject': ''})}\n\n"
    if not event.kind.startswith(SHOWN):
        return ""
    return f"data: {json.dumps({'kind': event.kind, 'subject': event.subject})}\n\n"


ROUTES = (Route("GET", "/live", stream, Act.READ),)
