"""When a provider is left alone: a circuit breaker and a limit per minute, for one provider. Pure: time is passed in.

    CLOSED --tripped--> OPEN --tried--> TRYING --worked--> CLOSED
                                        TRYING --failed--> OPEN (the pause begins again)
                                        TRYING --ended---> OPEN (cancelled: it may be tried again at once)

`tripped` is so many failures one after another; `tried` is the first call after the pause, alone. While it is not
CLOSED only the outcome of the trial counts: calls that began before may end as they like.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from haven.errors import Unavailable

WINDOW_S = 60.0
SHARE = 3
"""One person has a third of a minute's calls, so that whoever asks much leaves some to the others."""


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


NEXT: dict[tuple[Circuit, str], Circuit] = {
    (Circuit.CLOSED, "tripped"): Circuit.OPEN,
    (Circuit.OPEN, "tried"): Circuit.TRYING,
    (Circuit.TRYING, "worked"): Circuit.CLOSED,
    (Circuit.TRYING, "failed"): Circuit.OPEN,
    (Circuit.TRYING, "ended"): Circuit.OPEN,
}


class Breaker:
    """`failures` one after another open it for `pause_s` seconds; `per_minute` calls at most (0: no limit) begin in any
    60 seconds.

    Every call that `began` must be told of once: it `worked`, `failed`, or just `ended` (cancelled, or its failure
    says nothing about the provider). `name` begins the sentences.
    """

    def __init__(
        self,
        failures: int,
        pause_s: float,
        per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        name: str = "This model",
    ) -> None:
        self.circuit = Circuit.CLOSED
        self._most, self._pause_s, self._per_minute = failures, pause_s, per_minute
        self._clock, self.name = clock, name
        self._failures = 0
        self._closed_until = 0.0
        self._starts: deque[tuple[float, str]] = deque(maxlen=max(1, per_minute))
        self._calls = 0
        self._trial = 0

    def refusal(self, person: str = "") -> tuple[str, float] | None:
        """Why no call may begin now, and the seconds until one may be tried; None where it may.

        `person` is the id of whom it is for, where they have a share alone.
        """
        now = self._clock()
        if self.circuit is Circuit.TRYING:
            return f"{self.name} failed before and is being tried by another call.", 1.0
        if self.circuit is Circuit.OPEN and now < self._closed_until:
            return f"{self.name} failed {self._failures} times in a row and is left alone.", self._closed_until - now
        if not self._per_minute:
            return None
        recent = [(at, whose) for at, whose in self._starts if now - at < WINDOW_S]
        if len(recent) == self._per_minute:
            said = f"{self.name} was asked {self._per_minute} times within a minute, which is the limit."
            return said, WINDOW_S - (now - recent[0][0])
        own = [at for at, whose in recent if person and whose == person]
        share = -(-self._per_minute // SHARE)
        if len(own) >= share:
            said = f"{self.name} was asked {share} times within a minute for one person, which is their share."
            return said, WINDOW_S - (now - own[-share])
        return None

    def began(self, person: str = "") -> int:
        """A call begins: its number, to be told of when it is over. Raises Unavailable where `refusal` says no."""
        if (refused := self.refusal(person)) is not None:
            raise Unavailable(refused[0], "Haven tries again later.", after=refused[1])
        self._starts.append((self._clock(), person))
        self._calls += 1
        if self.circuit is Circuit.OPEN:
            self._move("tried")
            self._trial = self._calls
        return self._calls

    def worked(self, call: int) -> None:
        """A whole reply came."""
        if self._counts(call):
            self._failures = 0
            self._move("worked")

    def failed(self, call: int) -> None:
        """The provider failed: out of reach, overloaded, broken off."""
        if not self._counts(call):
            return
        self._failures += 1
        if self.circuit is Circuit.TRYING or self._failures >= self._most:
            self._move("failed" if self.circuit is Circuit.TRYING else "tripped")
            self._closed_until = self._clock() + self._pause_s

    def ended(self, call: int) -> None:
        """The call is over and says nothing about the provider."""
        if self._counts(call):
            self._move("ended")

    def _counts(self, call: int) -> bool:
        return self.circuit is Circuit.CLOSED or (self.circuit is Circuit.TRYING and call == self._trial)

    def _move(self, event: str) -> None:
        self.circuit = NEXT.get((self.circuit, event), self.circuit)
