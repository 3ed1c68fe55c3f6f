"""Signatures of webhooks: Standard Webhooks 1.0.0, the symmetric scheme `v1` (HMAC-SHA256 over id, time and body)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping

from haven.errors import AccessDenied, SettingsError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret (Standard Webhooks, signature scheme)."""
WINDOW_S = 300
"""A timestamp further from now than this is refused: what somebody has recorded is of no use to them later."""
SIGNATURES = 5
"""While secrets are changed one request carries several signatures; of more only the first are looked at."""
_ID = re.compile(r"[A-Za-z0-9_:-]{1,100}")
"""Without a full stop, so that id, time and body can't be cut in another place."""


def new_secret() -> str:
    """A fresh secret, as both sides write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(name: str, read: Callable[[str], str | None]) -> bytes:
    """The bytes of a secret by its file's name. Raises SettingsError where it is missing, or is not one."""
    text, mend = read(name), f"Make one: haven webhooks secret {name}"
    if text is None:
        raise SettingsError(f"The webhook's secret {name!r} is missing.", mend)
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        form = f"{PREFIX} and {SHORTEST} to {LONGEST} bytes in base64"
        raise SettingsError(f"The webhook's secret {name!r} is not {form}.", mend)
    return key


def signed(key: bytes, id: str, at: float, body: bytes) -> dict[str, str]:
    """The headers that go along with a body."""
    return {ID: id, TIMESTAMP: f"{at:.0f}", SIGNATURE: f"v1,{_signature(key, id, f'{at:.0f}', body)}"}


def sender_of(keys: Mapping[str, bytes], headers: Mapping[str, str], body: bytes, at: float) -> str:
    """Whose key signed this. Raises AccessDenied, in the same words whatever is wrong with id, time or signature."""
    id, time = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    in_time = re.fullmatch(r"\d{1,12}", time, re.ASCII) and abs(int(time) - at) <= WINDOW_S
    given = [one.removeprefix("v1,") for one in headers.get(SIGNATURE, "").split() if one.startswith("v1,")]
    found = ""
    for name, key in keys.items():
        right = _signature(key, id, time, body).encode()
        for one in given[:SIGNATURES]:
            if hmac.compare_digest(right, one.encode("utf-8", "surrogateescape")):
                found = name
    if not in_time or not _ID.fullmatch(id) or not found:
        raise AccessDenied(
            "The signature is not right, or more than five minutes old.",
            f"Sign {{{ID}}}.{{{TIMESTAMP}}}.{{body}} with the secret, as Standard Webhooks says, with a right clock.",
        )
    return found


def _signature(key: bytes, id: str, time: str, body: bytes) -> str:
    content = f"{id}.{time}.".encode("utf-8", "surrogateescape") + body
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
