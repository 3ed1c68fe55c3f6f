"""The one gate of the dashboard: where a request comes from, who sends it, and whether they may."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
from collections import defaultdict
from urllib.parse import SplitResult, quote, urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from haven.access import check
from haven.errors import AccessDenied, BadInput
from haven.settings import Web
from web.accounts import Visitor
from web.forms import FORMS, check_charset
from web.limits import Limit, is_among, place_of
from web.visit import VISIT, Port, Route, Visit

SAFE, SECURE = "haven-session", "__Host-haven-session"
"""The cookie's name over plain http, and over https."""
LOOKING = frozenset({"GET", "HEAD"})
FROM_HERE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site of what a person's own page, or address line, asked for."""
AT_ONCE = 2
"""Heavy pages that are made for one person at the same time: everybody's share the same few threads."""
BODY_S = 60.0
"""Seconds that a form may take to come in, with what is attached to it."""
ELSEWHERE = "That came from another site.", "Open the dashboard itself and try again."
SEAL, SEAL_HEADER = "seal", "X-Haven-Seal"


class Gate:
    """One for the port. Whatever is not a Route does not come by here."""

    def __init__(self, settings: Web, port: Port) -> None:
        self._port = port
        self._names = {"localhost", socket.gethostname().casefold(), *(one.casefold() for one in settings.names)}
        self._proxies = settings.trusted_proxies
        self._strangers = Limit(per_s=5, reserve=60)
        self._asks = Limit(per_s=20, reserve=200)
        self._acts = Limit(per_s=2, reserve=40)
        self._heavy = Limit(per_s=1, reserve=60)
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    def bound(self, route: Route) -> Handler:
        """What aiohttp calls for a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            visit = await self._admitted(request.clone(client_max_size=route.most), route)
            request[VISIT] = visit
            if visit.visitor is None and route.act is not None:
                return self._to_the_door(request)
            if not route.is_heavy:
                return await route.handle(visit)
            async with self._turns[visit.person.id]:
                return await route.handle(visit)

        return handle

    def source(self, request: web.Request) -> str:
        """The address that it came from: the one that a trusted proxy names."""
        peer = request.remote or ""
        told = ",".join(request.headers.getall("X-Forwarded-For", []))  # a proxy may add a line of its own
        for hop in reversed([*told.split(","), peer]):
            peer = hop.strip() or peer
            if not self._is_proxy(peer):
                break
        return peer

    def is_secure(self, request: web.Request) -> bool:
        """Whether the browser's own connection is encrypted."""
        told = request.headers.get("X-Forwarded-Proto", "") if self._is_proxy(request.remote or "") else ""
        return told == "https" if told else request.secure

    def cookie(self, request: web.Request) -> str:
        """Its name: over https browsers take it only from there, for this host alone."""
        return SECURE if self.is_secure(request) else SAFE

    def visit(self, request: web.Request, visitor: Visitor | None) -> Visit:
        """As whoever that is, or as a stranger."""
        return Visit(request, self._port, visitor, self.source(request), self.cookie(request))

    async def _admitted(self, request: web.Request, route: Route) -> Visit:
        """Raises AccessDenied, BadInput and Unavailable. A form that its sender may not send is not read."""
        self._check_host(request)
        visitor = await self._visitor(request)
        if visitor is None:
            self._strangers.take(place_of(self.source(request)))
        else:
            (self._asks if request.method in LOOKING else self._acts).take(visitor.session.hash)
            if route.is_heavy:  # of a person: another browser is no way around it
                self._heavy.take(visitor.person.id)
        if visitor is not None and route.act is not None:
            check(visitor.person, route.act)
        if request.method not in LOOKING:
            _check_sent_from_here(request)
            if visitor is not None or route.act is None:
                await _read(request)
            if visitor is not None and route.act is not None:
                await _check_seal(request, visitor)
        return self.visit(request, visitor)

    async def _visitor(self, request: web.Request) -> Visitor | None:
        token = request.cookies.get(self.cookie(request), "")
        return await self._port.accounts.visitor(token) if token else None

    def _check_host(self, request: web.Request) -> None:
        """A name that somebody else pointed at this machine is not ours: its pages would count as the same site."""
        name = (_place(f"//{request.host}").hostname or "").casefold()
        if not (_is_number(name) or name in self._names or name.endswith(".local")):
            raise AccessDenied(
                f"This Haven is not called {name[:80]!r}.", "The owner adds names to web.names in haven.toml."
            )

    def _to_the_door(self, request: web.Request) -> web.Response:
        """A stranger at a page is shown where to log in, and comes back to it; everything else is refused."""
        if request.method not in LOOKING:
            raise AccessDenied("Nobody is logged in here any more.", "Log in and try again.")
        if "HX-Request" in request.headers:
            return web.Response(status=204, headers={"HX-Redirect": "/enter"})
        first = "/begin" if self._port.accounts.first_code else f"/enter?next={quote(request.path_qs, safe='')}"
        return web.Response(status=303, headers={"Location": first})

    def _is_proxy(self, address: str) -> bool:
        return is_among(address, self._proxies)


def _check_sent_from_here(request: web.Request) -> None:
    """Browsers say where a form came from; programs that say nothing have no cookie that somebody else could use."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in FROM_HERE:
        raise AccessDenied(*ELSEWHERE)
    origin = request.headers.get("Origin")
    if origin is not None and _place(origin).netloc != request.host:
        raise AccessDenied(*ELSEWHERE)


def _place(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # a bracket that is never closed
        raise BadInput("That request says no place that can be read.", "Open the dashboard itself.") from None


async def _read(request: web.Request) -> None:
    """The whole body, within its time. Raises BadInput for one that is late or broken, WrongType."""
    check_charset(request.charset)
    try:
        async with asyncio.timeout(BODY_S):
            await (request.post() if request.content_type in FORMS else request.read())
    except TimeoutError:
        raise BadInput("The form did not come in time.", "Send it again.") from None
    except (ValueError, LookupError, RuntimeError, HttpProcessingError) as error:  # no boundary, an unknown encoding
        raise BadInput("That form can't be read.", "Load the page again and send it once more.") from error


async def _check_seal(request: web.Request, visitor: Visitor) -> None:
    given = request.headers.get(SEAL_HEADER) or str((await request.post()).get(SEAL, ""))
    if not hmac.compare_digest(given.encode("utf-8", "replace"), visitor.seal.encode()):
        raise AccessDenied("That page is out of date.", "Load it again and send it once more.")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
