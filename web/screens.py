"""The kiosk in browsers: the tickets that open it, each for one session and for a minute, and how many are open."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from web.limits import TooMuch

TICKET_S = 60.0
"""Seconds from the PIN until the page must have connected."""
MOST_OPEN, MOST_TICKETS = 3, 100


class Screens:
    """One for the port."""

    def __init__(self) -> None:
        self._tickets: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """By ticket: the session that it is for, and until when."""
        self._open = 0

    def ticket(self, session: str) -> str:
        """For that session, whose person has given the PIN."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = session, time.monotonic() + TICKET_S
        while len(self._tickets) > MOST_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    def use(self, ticket: str, session: str) -> bool:
        """Whether it opens the kiosk for that session: once, and not for long."""
        owner, until = self._tickets.pop(ticket, ("", 0.0))
        return owner == session and time.monotonic() <= until

    @contextmanager
    def opened(self) -> Iterator[None]:
        """One of those that are shown at the same time. Raises TooMuch beyond `MOST_OPEN`."""
        if self._open >= MOST_OPEN:
            raise TooMuch("The kiosk is shown in as many browsers as it can be.", "Close one of them.", after=10)
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
