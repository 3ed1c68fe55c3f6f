"""How many questions of one person are answered at once, so that many of one make nobody else wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from haven.errors import Conflict


class Turns:
    """`most` at once for each person; who asks more waits for their own, in order, with at most `open` in all."""

    def __init__(self, most: int, open: int) -> None:
        self._most, self._open = most, open
        self._at_work: dict[str, tuple[asyncio.Semaphore, int]] = {}
        """By person: the places, and how many hold or want one."""

    @contextmanager
    def asking(self, person: str) -> Iterator[tuple[int, asyncio.Semaphore]]:
        """How many of their own go first, and what to wait for. Raises Conflict where `open` have no answer."""
        places, count = self._at_work.get(person, (asyncio.Semaphore(self._most), 0))
        if count >= self._open:
            raise Conflict(f"{count} of your questions have no answer yet.", "Wait for one, then ask again.")
        self._at_work[person] = places, count + 1
        try:
            yield max(0, count + 1 - self._most), places
        finally:
            _, count = self._at_work[person]
            if count == 1:
                del self._at_work[person]
            else:
                self._at_work[person] = places, count - 1
