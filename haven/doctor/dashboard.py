"""The dashboard: where it is, who owns it, who reaches it, its certificate, and whether it answers there."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from haven.doctor.check import Finding
from haven.doctor.machine import is_running
from haven.settings import Settings, Web
from haven.store.check import has_owner
from haven.store.database import now

PATIENCE_S = 3.0
DAY_S = 86_400.0
SOON_DAYS = 14
"""A certificate that ends within so many days is told before."""
HERE = ("127.0.0.1", "localhost", "::1")
"""Hosts that this machine alone reaches."""
EVERYWHERE = {"0.0.0.0": HERE[0], "": HERE[0], "::": HERE[2]}
"""Hosts that are no address to ask at, each with one that is."""
EXPIRED = 10
"""OpenSSL's number for a certificate whose time is over (X509_V_ERR_CERT_HAS_EXPIRED)."""


async def dashboard(settings: Settings) -> Finding | list[Finding]:
    place = settings.web
    if not place.port:
        return None, "Off: web.port is 0.", "haven setup web"
    has_one = not place.dashboard or (settings.database.exists() and await has_owner(settings.database))
    address = _address(place, is_open=has_one)
    secure, reach = await _certificate(place), await _reach(settings, address)
    owned = _owned(place, has_one) if place.dashboard else None
    what = "dashboard and figures" if place.dashboard else "figures alone (web.dashboard is false)"
    found = [one for one in (secure, reach, owned) if one is not None and one[0] is not True]
    told = " ".join(one[1] for one in (owned, secure, reach) if one is not None and one[0] is True)
    return found or (True, f"{address}: {what}. {told}".strip())


def _address(place: Web, *, is_open: bool) -> str:
    """Where it answers; until it `is_open` for others that is this machine's own address."""
    host = EVERYWHERE.get(place.host, place.host) if is_open or place.host in HERE else HERE[0]
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if place.certificate else 'http'}://{name}:{place.port}"


def _owned(place: Web, has_one: bool) -> Finding:
    if not has_one:
        said = (
            "It has no owner yet, so this machine alone reaches it; whoever gives the code of Haven's log is the owner."
        )
        return None, said, "haven setup web"
    who = "this machine alone reaches" if place.host in HERE else "other machines reach"
    return True, f"It has an owner, and {who} it."


async def _certificate(place: Web) -> Finding | None:
    """None where it speaks http; plain http for other machines is said."""
    if place.certificate is None or place.key is None:
        if place.host not in HERE and not place.trusted_proxies:
            said = "Other machines reach it over http: whoever is in the same network could read along."
            return None, said, "Set web.certificate and web.key; README.md says how."
        return None
    mend = "Set web.certificate and web.key to PEM files that belong together and hold now."
    try:
        until = await asyncio.to_thread(ends_at, place.certificate, place.key)
    except (OSError, ssl.SSLError) as error:
        over = isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == EXPIRED
        why = "its time is over" if over else error.strerror or type(error).__name__
        return False, f"The certificate can't be used: {why}.", mend
    days = int((until - now()) / DAY_S)
    if days < SOON_DAYS:
        return False, f"The certificate ends in {days} day{'s' * (days != 1)}.", "Renew it, then: haven service restart"
    return True, f"Its certificate holds for {days} days."


def ends_at(certificate: Path, key: Path) -> float:
    """When it ends, in seconds since 1970, found by a handshake with itself. Raises OSError and ssl.SSLError."""
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate, key, password="")  # else OpenSSL asks the terminal
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)]
    asking = ends[0]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue
    return ssl.cert_time_to_seconds(str((asking.getpeercert() or {})["notAfter"]))


async def _reach(settings: Settings, address: str) -> Finding:
    """Whether Haven answers at its port; where Haven is not running, whether somebody else has taken it."""
    runs = await asyncio.to_thread(is_running, settings)
    try:
        said = await _ready(address)
    except aiohttp.ClientConnectorError:
        if runs:
            mend = "haven logs says why; then: haven service restart"
            return False, f"Haven is running, and nothing answers at {address}.", mend
        return True, "Nothing answers there, as Haven is not running."
    except (aiohttp.ClientError, TimeoutError, OSError):
        said = ""
    if not runs or not said:
        return False, f"What is at {address} does not answer as Haven.", "End it, or set web.port to another number."
    return True, "It answers." if said == "ready" else f"It answers, and is not ready: {said}."


async def _ready(address: str) -> str:
    """What it says of itself there; "" where that is not Haven. Raises what aiohttp raises."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)))
        # Its certificate is looked at above, and it has a name that is not the address.
        answer = await stack.enter_async_context(session.get(f"{address}/readyz", ssl=False))
        said = (await answer.content.read(40)).decode("utf-8", "replace").strip()
        return said if answer.status in (200, 503) and said.isalpha() and said.isascii() else ""
