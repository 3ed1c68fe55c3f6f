"""The panel's PIN: hashed with scrypt, asked for per action, slowed down after wrong ones."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from haven.errors import AccessDenied, BadInput, SettingsError, Unavailable
from haven.settings import KIOSK_PIN, Settings

N, R, P = 2**15, 8, 1
"""scrypt: 32 MB and about a tenth of a second a try on a small machine."""
FREE_TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 3600.0
DIGITS = range(4, 13)


class Pin:
    """One for all displays, so that a second display is no second set of tries."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._wrong = 0
        self._open_at = 0.0
        self._one_try = asyncio.Lock()

    def set(self, pin: str) -> None:
        """Store its hash. Raises BadInput unless it is 4 to 12 digits. Blocks for a tenth of a second."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in DIGITS):
            raise BadInput("A PIN is 4 to 12 digits.", "Choose another one.")
        salt = secrets.token_bytes(16)
        self._settings.write_secret(KIOSK_PIN, f"scrypt${N}${R}${P}${salt.hex()}${_hash(pin, salt, N, R, P).hex()}")

    async def check(self, pin: str) -> bool:
        """Whether it is the PIN.

        Raises Unavailable where none is set, AccessDenied while it is locked after wrong ones.
        """
        async with self._one_try:
            self._refuse_while_locked()
            right = await asyncio.to_thread(self._matches, pin)
            if right:
                self._wrong = 0
                return True
            self._wrong += 1
            if self._wrong >= FREE_TRIES:
                wait = min(FIRST_WAIT_S * 2 ** (self._wrong - FREE_TRIES), LONGEST_WAIT_S)
                self._open_at = self._clock() + wait
            return False

    def after_a_wrong_one(self) -> str:
        """What a person is told then: how many tries are left, or how long to wait for the next."""
        left = FREE_TRIES - self._wrong
        if left > 0:
            return f"{left} more {'try' if left == 1 else 'tries'}, then there is a wait."
        return f"Wait {_in_words(self._open_at - self._clock())} before the next try; it grows with each wrong one."

    def _refuse_while_locked(self) -> None:
        left = self._open_at - self._clock()
        if left > 0:
            raise AccessDenied("Too many wrong PINs.", f"Try again in {_in_words(left)}.")

    def _matches(self, pin: str) -> bool:
        stored = self._settings.secret(KIOSK_PIN)
        if stored is None:
            raise Unavailable("No PIN is set.", "Run `haven setup pin`.", retry=False)
        try:
            kind, n, r, p, salt, digest = stored.split("$")
            if kind != "scrypt":
                raise ValueError(kind)
            given = _hash(pin, bytes.fromhex(salt), int(n), int(r), int(p))
            return hmac.compare_digest(given, bytes.fromhex(digest))
        except ValueError:
            raise SettingsError("The stored PIN is damaged.", "Run `haven setup pin`.") from None


def _in_words(seconds: float) -> str:
    whole = max(1, round(seconds))
    number, unit = (whole, "second") if whole < 90 else (round(whole / 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _hash(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=32)
