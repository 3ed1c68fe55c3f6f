"""The port: Prometheus's `/metrics` (text format 0.0.4), `/healthz` for watchdogs, and webhooks where they are on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from haven.errors import HavenError, Unavailable
from haven.settings import Web
from web.hooks import MOST, Hooks

T = TypeVar("T")
log = logging.getLogger("haven.web")

PATIENCE_S = 5.0
"""Seconds that looking round may take; Prometheus itself waits 10 by default."""
CLOSING_S = 1.0
"""Seconds that an answer under way may still take at the end."""


async def serve(
    place: Web,
    metrics: Callable[[], Awaitable[bytes]],
    look: Callable[[], Awaitable[object]],
    listening: Callable[[str], None],
    hooks: Hooks | None = None,
) -> None:
    """Answer until cancelled; `listening` is told the address. `look` raises HavenError where Haven is not well.
    Without `hooks` the port changes nothing.

    Raises Unavailable where the port can't be had.
    """
    runner = web.AppRunner(_app(metrics, look, hooks), access_log=None, shutdown_timeout=CLOSING_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, place.host, place.port).start()
        except (OSError, UnicodeError) as error:  # a host that can't be written as a name is the latter
            why = getattr(error, "strerror", None) or type(error).__name__
            said = f"Nothing can listen at {place.host}, port {place.port}: {why}."
            raise Unavailable(said, "Set web.host and web.port.", retry=False) from None
        name = f"[{place.host}]" if ":" in place.host else place.host
        listening(f"http://{name}:{place.port}")
        await asyncio.get_running_loop().create_future()
    finally:
        await asyncio.shield(runner.cleanup())  # the end may cancel twice


def _app(
    metrics: Callable[[], Awaitable[bytes]], look: Callable[[], Awaitable[object]], hooks: Hooks | None
) -> web.Application:
    async def get_metrics(request: web.Request) -> web.Response:
        body, trouble = await _patiently(metrics)
        if body is None:
            return web.Response(status=503, text=trouble)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def get_health(request: web.Request) -> web.Response:
        _, trouble = await _patiently(look)
        return web.Response(status=503 if trouble else 200, text=trouble or "ok\n")

    app = web.Application(client_max_size=MOST)
    app.router.add_get("/metrics", get_metrics)
    app.router.add_get("/healthz", get_health)
    if hooks is not None:
        app.router.add_post("/hooks/change", hooks.change)
    return app


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
