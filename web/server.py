"""The port: the dashboard, Prometheus's `/metrics` (text format 0.0.4), `/healthz` and `/readyz`, and webhooks."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from haven.errors import HavenError, SettingsError, Unavailable
from haven.settings import Web
from web.connections import Connections
from web.dashboard import Dashboard
from web.hooks import MOST, Hooks
from web.limits import is_among

T = TypeVar("T")
log = logging.getLogger("haven.web")

PATIENCE_S = 5.0
"""Seconds that looking round may take; Prometheus itself waits 10 by default."""
HEAD_S = 30.0
"""Seconds that a connection may take to say what it wants, at first and between two requests."""
LOOPBACK = "127.0.0.1"
FRESH_S = 1.0
"""Seconds for which what was found out is told again: nobody keeps the database busy by asking."""
CLOSING_S = 1.0
"""Seconds that an answer under way may still take at the end."""

_wire = logging.getLogger("haven.web.wire")
_wire.addFilter(lambda record: not isinstance((record.exc_info or (None, None))[1], HttpProcessingError))
"""What is no HTTP at all is answered and not written down: anybody may send that, and would fill the log with it."""


async def serve(
    place: Web,
    metrics: Callable[[], Awaitable[bytes]],
    look: Callable[[], Awaitable[object]],
    lacks: Callable[[], str],
    listening: Callable[[str], None],
    hooks: Hooks | None = None,
    dashboard: Dashboard | None = None,
) -> None:
    """Answer until cancelled; `listening` is told each address. `look` raises HavenError where the database is not
    well; `lacks` says in one word what else keeps Haven from being ready, "" where nothing does.
    Without `hooks` and `dashboard` the port changes nothing. While nobody has a password for the dashboard, only this
    machine itself reaches the port.

    Raises Unavailable where the port can't be had, SettingsError where the certificate can't be used.
    """
    app = _app(metrics, look, lacks, hooks)
    if dashboard is not None:
        dashboard.add_to(app)
    secure = await asyncio.to_thread(_secure, place)
    runner = web.AppRunner(app, access_log=None, logger=_wire, shutdown_timeout=CLOSING_S, keepalive_timeout=HEAD_S)
    await runner.setup()
    assert runner.server is not None
    connections = Connections(runner.server, secure, lambda address: is_among(address, place.trusted_proxies))
    listeners: list[asyncio.Server] = []
    try:
        if dashboard is not None and not dashboard.accounts.owned.is_set() and not is_loopback(place.host):
            listeners.append(await _listen(connections, place, LOOPBACK, listening))
            await dashboard.accounts.owned.wait()
            listeners.pop().close()
        listeners.append(await _listen(connections, place, place.host, listening))
        await asyncio.get_running_loop().create_future()
    finally:
        await asyncio.shield(_end(runner, connections, listeners))  # the end may cancel twice


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    return host in (LOOPBACK, "::1", "localhost")


async def _listen(connections: Connections, place: Web, host: str, listening: Callable[[str], None]) -> asyncio.Server:
    try:
        listener = await asyncio.get_running_loop().create_server(connections, host, place.port)
    except (OSError, UnicodeError) as error:  # a host that can't be written as a name is the latter
        why = getattr(error, "strerror", None) or type(error).__name__
        said = f"Nothing can listen at {host}, port {place.port}: {why}."
        raise Unavailable(said, "Set web.host and web.port.", retry=False) from None
    name = f"[{host}]" if ":" in host else host
    listening(f"{'https' if place.certificate else 'http'}://{name}:{place.port}")
    return listener


async def _end(runner: web.AppRunner, connections: Connections, listeners: list[asyncio.Server]) -> None:
    for listener in listeners:
        listener.close()
    await connections.close()
    await runner.cleanup()


def _secure(place: Web) -> ssl.SSLContext | None:
    if place.certificate is None or place.key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(place.certificate, place.key, password="")  # else OpenSSL asks the terminal
    except (OSError, ssl.SSLError) as error:
        said = f"The certificate of the dashboard can't be used: {error.strerror or type(error).__name__}."
        raise SettingsError(said, "Set web.certificate and web.key to PEM files that belong together.") from None
    return context


def _app(
    metrics: Callable[[], Awaitable[bytes]],
    look: Callable[[], Awaitable[object]],
    lacks: Callable[[], str],
    hooks: Hooks | None,
) -> web.Application:
    counted, looked = _Lately(lambda: _patiently(metrics)), _Lately(lambda: _patiently(look))

    async def get_metrics(request: web.Request) -> web.Response:
        body, trouble = await counted.get()
        if body is None:
            return web.Response(status=503, text=trouble)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def get_health(request: web.Request) -> web.Response:
        """The process lives."""
        return web.Response(text="ok\n")

    async def get_ready(request: web.Request) -> web.Response:
        """It can do its work; if not, one word why."""
        why = lacks() or ("database" if (await looked.get())[1] else "")
        return web.Response(status=503 if why else 200, text=f"{why or 'ready'}\n")

    app = web.Application(client_max_size=MOST)
    app.router.add_get("/metrics", get_metrics)
    app.router.add_get("/healthz", get_health)
    app.router.add_get("/readyz", get_ready)
    if hooks is not None:
        app.router.add_post("/hooks/change", hooks.change)
    return app


class _Lately(Generic[T]):
    """Finds something out at most once in FRESH_S, for however many who ask."""

    def __init__(self, find_out: Callable[[], Awaitable[T]]) -> None:
        self._find_out = find_out
        self._turn = asyncio.Lock()
        self._found: tuple[float, T] | None = None

    async def get(self) -> T:
        async with self._turn:
            if self._found is None or time.monotonic() - self._found[0] > FRESH_S:
                found = await self._find_out()
                self._found = time.monotonic(), found
            return self._found[1]


async def _patiently(work: Callable[[], Awaitable[T]]) -> tuple[T | None, str]:
    """What came of it and ""; or None and what to say, without a name or a path: anybody may ask here."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await work(), ""
    except HavenError as error:
        log.warning("[%s] can't say how it is: %s", error.id, error)
        return None, f"Haven is not well; its log has the rest [{error.id}].\n"
    except TimeoutError:
        log.warning("can't say how it is: no answer from the database in %.0f s", PATIENCE_S)
        return None, "Haven is not well: its database does not answer in time.\n"
