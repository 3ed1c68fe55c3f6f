"""What each assistant is at, from the steps of the Round Table as they are told live."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from assistants.table.transcript import Move
from haven.store.transcripts import Said

IDLE, THINKING, WRITING, WAITING = "idle", "thinking", "writing", "waiting for the cloud"
FORGOTTEN_S = 900.0
"""A request that told nothing for so long is none any more: its process has ended, or it waits for a person."""
MOST = 100
BUSY = {
    Move.SEATS: THINKING,
    Move.CONSULTS: THINKING,
    Move.TELLS: THINKING,
    Move.SENDS: THINKING,
    Move.DRAFTS: WRITING,
    Move.WAITS: WAITING,
}
ENDS = frozenset({Move.ANSWERS, Move.FAILS, Move.PROPOSES})


@dataclass(frozen=True)
class Work:
    """One request: the assistant, what they are at, and the words it began with, for whoever may see them."""

    state: str
    assistant: str = ""
    words: str = ""
    person: str = ""
    at: float = 0.0


class Doing:
    """The requests that are open now."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Work] = OrderedDict()

    def take(self, said: Said) -> None:
        """One step more."""
        before = self._open.get(said.request)
        if said.move in ENDS:
            self._open.pop(said.request, None)
        elif said.move == Move.ASKS:
            self._open[said.request] = Work(THINKING, said.assistant, said.words, said.person, said.at)
        elif before is not None and said.move in BUSY:
            self._open[said.request] = replace(before, state=BUSY[Move(said.move)], at=said.at)
        while len(self._open) > MOST:
            self._open.popitem(last=False)

    def writes(self, request: str) -> None:
        """Its answer has begun to be written."""
        if request in self._open:
            self._open[request] = replace(self._open[request], state=WRITING)

    def of(self, assistant: str, now: float) -> list[Work]:
        """What that assistant is at, the newest first."""
        mine = [one for one in self._open.values() if one.assistant == assistant and now - one.at < FORGOTTEN_S]
        return mine[::-1]
