"""What a running Haven says of itself: one JSON object to whoever of its own user connects to a socket."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haven.errors import HavenError, StoreError

if TYPE_CHECKING:
    from haven.app import House
    from haven.settings import Settings

log = logging.getLogger("haven.pulse")

ANSWER_S = 5.0
"""Seconds that either side waits for the other."""
PICTURE_S = 3.0
"""Seconds for looking round; after them it says that it can't, so that whoever asks hears of its process at least."""


async def serve(house: House) -> None:
    """Answer until cancelled; where the socket can't be made, the log says so and the other faces go on."""
    since = time.time()
    path = _place(house.settings)
    try:
        listening = await asyncio.to_thread(_listen, path)
    except OSError as error:
        log.error("`haven service status` can't ask this Haven: %s: %s", path, error.strerror or error)
        await asyncio.get_running_loop().create_future()
        return
    log.info("says how it is at %s", path)
    try:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            with connection, suppress(OSError, TimeoutError):
                connection.setblocking(False)
                said = {"up": True, "since": since, "pid": os.getpid(), **await _told(house)}
                async with asyncio.timeout(ANSWER_S):
                    await asyncio.get_running_loop().sock_sendall(connection, json.dumps(said).encode())
    finally:
        listening.close()
        path.unlink(missing_ok=True)  # not in a thread: the end cancels twice, which would skip it


async def ask(settings: Settings) -> dict[str, Any] | None:
    """What the running Haven says of itself, or None where none answers.

    Where its database fails that is `up`, `since` and `pid` alone, and `trouble`: why.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(str(_place(settings)))
            try:
                said = json.loads(await reader.read())
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return None
    return said if isinstance(said, dict) else None


async def healthy(settings: Settings) -> dict[str, Any] | None:
    """The whole picture, with `lines` as every face shows them; None where no Haven answers.

    Raises StoreError where the running one's database fails.
    """
    said = await ask(settings)
    if said and said.get("trouble"):
        raise StoreError(str(said["trouble"]))
    return said


async def picture(house: House) -> dict[str, Any]:
    """Models, circuits, hosts, money, queue and waiting requests, as this process knows them."""
    from haven.ai.money.caps import Caps
    from haven.ai.providers.http_faults import host
    from haven.store import jobs, meters, waiting

    held = await meters.held(house.database)
    cloud, hosts = house.settings.cloud, house.settings.lan.hosts
    return {
        "models": [_model(house, provider) for provider in house.engine.roster.providers],
        "hosts": [{"host": host(one.url), "engine": one.engine, "models": one.models} for one in hosts],
        "money": {
            "spent_today": await house.ledger.spent_today(),
            "spent_this_month": await house.ledger.spent_this_month(),
            "daily_usd": (await Caps(house.database, cloud).in_force()).daily,
            "monthly_usd": cloud.monthly_usd,
            "stand_in": cloud.stand_in,
        },
        "queue": await jobs.waiting(house.database),
        "waiting": {state: held.get(state, 0) for state in waiting.OPEN},
    }


async def _told(house: House) -> dict[str, Any]:
    """The picture, or why there is none now: who asks must not end the other faces."""
    try:
        async with asyncio.timeout(PICTURE_S):
            return {**await picture(house), "lines": [asdict(line) for line in await house.sentinel.status()]}
    except HavenError as error:
        log.error("can't say how it is: %s (%s)", error.full, error.id)
        return {"trouble": error.full}
    except TimeoutError:
        log.error("can't say how it is: the database does not answer")
        return {"trouble": "Haven's database does not answer in time. Start Haven anew: haven service restart"}


def _model(house: House, provider: Any) -> dict[str, Any]:
    """`loaded` is None for a model that does not run in this process; `lacking`: hosts that could pull it."""
    breaker = house.engine.roster.breaker(provider)
    return {
        "tier": provider.tier.value,
        "name": provider.name,
        "model": provider.model,
        "missing": house.engine.roster.missing(provider),
        "circuit": breaker.circuit.value,
        "loaded": getattr(provider, "loaded", None),
        "busy": getattr(provider, "busy", None),
        "memory_mb": getattr(provider, "memory_mb", None),
        "lacking": list(provider.lacking()) if provider.tier == "lan" else [],
        "stand_in": provider.stand_in,
    }


def _place(settings: Settings) -> Path:
    return settings.paths.runtime_dir / "status.sock"


def _listen(path: Path) -> socket.socket:
    """A socket for this user alone. What lies there is a dead Haven's: the living one holds the lock of the house."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        os.fchmod(listening.fileno(), 0o600)  # before bind: Linux makes the file with the socket's own mode
        listening.bind(str(path))
        listening.listen()
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
