"""Kiosk: the real one in a browser, for help from afar. For owners, after their PIN, while they are logged in."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from haven.access import Act, check
from haven.errors import AccessDenied, HavenError
from web.handed import Screen
from web.visit import Route, Visit

log = logging.getLogger("haven.web")

HELLO_S = 5.0
LOOK_S = 1.0
"""Between two looks whether the session still is, and its person still an owner."""
MOST_BYTES = 64 * 1024
COLUMNS, ROWS = range(20, 401), range(10, 151)
ENDED, REFUSED = 1000, 1008
"""Codes of a WebSocket's end."""
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
"""Of this page alone: xterm.js writes its sheet, and the colours of its cells, into the page."""


async def door(visit: Visit) -> web.StreamResponse:
    """Where the PIN is asked for."""
    return visit.page("kiosk_door.html")


async def show(visit: Visit) -> web.StreamResponse:
    """The page with the terminal, and the ticket that its connection gives."""
    await visit.confirmed()
    answer = visit.page("kiosk_page.html", ticket=visit.screens.ticket(visit.known.session.hash))
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


async def connect(visit: Visit) -> web.StreamResponse:
    """Bytes of the terminal both ways: binary is what it shows and types, text is JSON about it."""
    origin = visit.request.headers.get("Origin", "")
    if urlsplit(origin).netloc != visit.request.host:
        raise AccessDenied("That came from another site.", "Open the dashboard itself and try again.")
    with visit.screens.opened():
        line = web.WebSocketResponse(heartbeat=20.0, max_msg_size=MOST_BYTES)
        await line.prepare(visit.request)
        await _greeted(visit, line)
    return line


async def _greeted(visit: Visit, line: web.WebSocketResponse) -> None:
    """Until either side ends."""
    try:
        said = await line.receive_json(timeout=HELLO_S)
        columns, rows = _size(said["size"])
        ticket = str(said["ticket"])
    except (ValueError, TypeError, LookupError, RecursionError, TimeoutError):
        await line.close(code=REFUSED, message=b"not a hello")
        return
    if not visit.screens.use(ticket, visit.known.session.hash):
        await line.send_json({"end": "The PIN was given too long ago, or elsewhere."})
        await line.close(code=REFUSED)
        return
    log.warning("%s looks at the kiosk from %s", visit.person.id, visit.source)
    async with visit.house.kiosk(visit.person, columns, rows) as screen:
        why = await _carried(visit, line, screen)
    if not line.closed:
        await line.send_json({"end": why})
        await line.close(code=ENDED)


async def _carried(visit: Visit, line: web.WebSocketResponse, screen: Screen) -> str:
    """Both ways, until one of them or the session ends; why."""
    ways = [asyncio.create_task(way) for way in (_typed(line, screen), _shown(line, screen), _session_ends(visit))]
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    except ConnectionError:
        return "The line broke."
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _typed(line: web.WebSocketResponse, screen: Screen) -> str:
    async for message in line:
        if message.type is WSMsgType.BINARY:
            await screen.typed(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                screen.resize(*_size(json.loads(message.data)["size"]))
            except (ValueError, TypeError, LookupError, RecursionError):
                return "This page does not fit the Haven that runs here: load it again."
    return "The page was left."


async def _shown(line: web.WebSocketResponse, screen: Screen) -> str:
    while data := await screen.shown():
        await line.send_bytes(data)
    return screen.ended


async def _session_ends(visit: Visit) -> str:
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            visitor = await visit.accounts.visitor(visit.known.token)
            if visitor is None:
                return "You are logged out."
            check(visitor.person, Act.SETTINGS)
        except AccessDenied as error:
            return error.full
        except HavenError:
            pass  # the database does not answer: that says nothing of the session


def _size(said: Any) -> tuple[int, int]:
    """Columns and rows, within what a display may have. Raises ValueError, TypeError."""
    columns, rows = said  # whatever was sent: what is no pair raises
    if type(columns) is not int or type(rows) is not int:
        raise TypeError("not a size")
    return min(max(columns, COLUMNS.start), COLUMNS.stop - 1), min(max(rows, ROWS.start), ROWS.stop - 1)


ROUTES = (
    Route("GET", "/kiosk", door, Act.SETTINGS),
    Route("POST", "/kiosk", show, Act.SETTINGS),
    Route("GET", "/kiosk/socket", connect, Act.SETTINGS),
)
