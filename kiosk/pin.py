"""The panel's PIN: hashed with scrypt, asked for per action, slowed down after wrong ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from haven.errors import BadInput, SettingsError, Unavailable
from haven.scrypt import Tries, hashed, matches
from haven.settings import KIOSK_PIN, Settings

DIGITS = range(4, 13)


class Pin:
    """One for all displays, so that a second display is no second set of tries."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._tries = Tries(clock)
        self._one_try = asyncio.Lock()

    def set(self, pin: str) -> None:
        """Store its hash. Raises BadInput unless it is 4 to 12 digits. Blocks for a tenth of a second."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in DIGITS):
            raise BadInput("A PIN is 4 to 12 digits.", "Choose another one.")
        self._settings.write_secret(KIOSK_PIN, hashed(pin))

    async def check(self, pin: str) -> bool:
        """Whether it is the PIN.

        Raises Unavailable where none is set, AccessDenied while it is locked after wrong ones.
        """
        async with self._one_try:
            self._tries.check("Too many wrong PINs.")
            right = await asyncio.to_thread(self._matches, pin)
            self._tries.count(right)
            return right

    def after_a_wrong_one(self) -> str:
        """What a person is told then: how many tries are left, or how long to wait for the next."""
        return self._tries.after_a_wrong_one()

    def _matches(self, pin: str) -> bool:
        kept = self._settings.secret(KIOSK_PIN)
        if kept is None:
            raise Unavailable("No PIN is set.", "Run `haven setup pin`.", retry=False)
        try:
            return matches(pin, kept)
        except ValueError:
            raise SettingsError("The stored PIN is damaged.", "Run `haven setup pin`.") from None
