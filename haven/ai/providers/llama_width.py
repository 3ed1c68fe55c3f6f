"""How many cores a step gets: one fewer than there are, or all of them where several people wait and nobody else does.

Threads of llama.cpp wait for each other after every node of the graph, so that one core taken by somebody else makes a
step on all cores several times slower. That is seen afterwards: the process got less time than its threads wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SOUND = 0.85
"""Share of the cores' time that a step on all of them must have got: less, and somebody else needs one."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 16.0
"""After a slow step all cores are left alone for so long; twice as long each time in a row."""
_computing: set[int] = set()
"""The models of this process that compute now: their time can't be told from one's own."""


class Width:
    """The number of threads for each step of one model. `all_cores` 0: never more than `threads`.

    Used as `with` around a step by the thread that computes. `clock` and `used` are seconds: of the wall, and of the
    processors this process had.
    """

    def __init__(
        self,
        threads: int,
        all_cores: int,
        clock: Callable[[], float] = time.perf_counter,
        used: Callable[[], float] = time.process_time,
    ) -> None:
        self._threads, self._all, self._clock, self._used = threads, max(threads, all_cores), clock, used
        self._pause, self._again = FIRST_PAUSE_S, 0.0
        self._watched: tuple[float, float] | None = None

    def choose(self, people: int) -> int:
        """Threads for a step while so many people are being answered."""
        wide = people > 1 and self._all > self._threads and not (_computing - {id(self)})
        wide = wide and self._clock() >= self._again
        self._watched = (self._clock(), self._used()) if wide else None
        return self._all if wide else self._threads

    def __enter__(self) -> None:
        _computing.add(id(self))

    def __exit__(self, *_: object) -> None:
        _computing.discard(id(self))
        if self._watched is None:
            return
        now, (start, used) = self._clock(), self._watched
        if self._used() - used >= SOUND * self._all * (now - start):
            self._pause = FIRST_PAUSE_S
        else:
            self._again, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE_S)
