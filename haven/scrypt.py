"""Secrets that people type: kept as scrypt hashes, and slowed down after wrong ones."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from haven.errors import AccessDenied

N, R, P = 2**15, 8, 1
"""scrypt: 32 MB and about a tenth of a second a try on a small machine."""
FREE_TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 3600.0


def hashed(secret: str, n: int = N) -> str:
    """What may be kept of it; `n`, a power of two: how much work a try is. Blocks for a tenth of a second."""
    salt = secrets.token_bytes(16)
    return f"scrypt${n}${R}${P}${salt.hex()}${_hash(secret, salt, n, R, P).hex()}"


def of_nothing(n: int = N) -> str:
    """What no secret was made of; a try at it is as much work."""
    return f"scrypt${n}${R}${P}${bytes(16).hex()}${bytes(32).hex()}"


def matches(secret: str, kept: str) -> bool:
    """Whether it is the secret that `kept` was made of. Raises ValueError where that is damaged. Blocks likewise."""
    kind, n, r, p, salt, digest = kept.split("$")
    if kind != "scrypt":
        raise ValueError(kind)
    given = _hash(secret, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(given, bytes.fromhex(digest))


class Tries:
    """Wrong ones of one secret: five are free, then each doubles the wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong = 0
        self._open_at = 0.0

    def check(self, sentence: str) -> None:
        """Raises AccessDenied, with that sentence and how long to wait, while nobody may try."""
        if (left := self._open_at - self._clock()) > 0:
            raise AccessDenied(sentence, f"Try again in {_in_words(left)}.")

    def count(self, right: bool) -> None:
        """What came of a try."""
        if right:
            self._wrong, self._open_at = 0, 0.0
            return
        self._wrong += 1
        if self._wrong >= FREE_TRIES:
            self._open_at = self._clock() + min(FIRST_WAIT_S * 2 ** (self._wrong - FREE_TRIES), LONGEST_WAIT_S)

    def after_a_wrong_one(self) -> str:
        """What a person is told then: how many tries are left, or how long to wait for the next."""
        left = FREE_TRIES - self._wrong
        if left > 0:
            return f"{left} more {'try' if left == 1 else 'tries'}, then there is a wait."
        return f"Wait {_in_words(self._open_at - self._clock())} before the next try; it grows with each wrong one."


def _in_words(seconds: float) -> str:
    whole = max(1, round(seconds))
    number, unit = (whole, "second") if whole < 90 else (round(whole / 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _hash(secret: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=32)
