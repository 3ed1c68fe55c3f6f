"""Changes that another process of the house works on: where each is, told live as its own process tells it there."""

from __future__ import annotations

from contextlib import suppress

from haven.changes.decisions import JOB
from haven.changes.states import State
from haven.errors import NotFound
from haven.store import changes as table
from haven.store import jobs
from haven.store.changes import Change, Round
from haven.store.database import Database
from haven.store.events import Event

PROGRESS = "change.progress"
DOING = {
    State.PLANNING: "reading the repository",
    State.EDITING: "round {}: asking for edits",
    State.TESTING: "round {}: running the tests",
    State.MERGING: "merging",
}
"""What the work is at in each state, as far as its rows tell."""
APPLYING = "round {}: applying the edits"


class Elsewhere:
    """One for the house; `worker` is the name under which this process works itself."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._told: dict[str, str] = {}
        """What was told last of each change that is worked on."""

    async def look(self) -> list[Event]:
        """What has moved on since the last look."""
        doing: dict[str, str] = {}
        events = []
        for id in await jobs.elsewhere(self._database, JOB, self._worker):
            with suppress(NotFound):  # deleted meanwhile
                change = await table.get(self._database, id)
                text = doing[id] = said_of(change, await table.round_of(self._database, change))
                if text and text != self._told.get(id):
                    events.append(Event(PROGRESS, id, {"stage": change.state, "text": text}))
        self._told = doing
        return events


def said_of(change: Change, current: Round) -> str:
    """What is done for a change that somebody works on; "" where its state does not tell."""
    state = State(change.state)
    if state is State.EDITING and current.proposal is not None:
        return APPLYING.format(current.number)
    if state is State.TESTING and current.tests and not current.summary:
        return "writing the summary"
    return DOING.get(state, "").format(current.number)
