"""What is kept for a person until they have read it: what their watches found, and the digest of the world."""

from __future__ import annotations

from dataclasses import dataclass

from haven.access import Act, Principal, check
from haven.events import Bus
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event
from kiosk.plain import line, plain

WATCH, DIGEST = "watch.told", "digest.told"
READ = "inbox.read"
"""The live event that tells a person's other displays."""
FACES = frozenset({"kiosk", "cli"})
"""Where a watch was made that is told here: a command ends before anything can be found."""


@dataclass(frozen=True)
class Message:
    """Safe to show as it stands. `id` is the number of its event, `at` in seconds since 1970."""

    id: int
    at: float
    title: str
    text: str


class Inbox:
    """One for a display; what is read is remembered for its person, on all of them and over a restart."""

    def __init__(self, database: Database, bus: Bus, principal: Principal) -> None:
        self._database = database
        self._bus = bus
        self._principal = principal
        self._note = f"kiosk.read.{principal.id}"
        self._looked = {WATCH: 0, DIGEST: 0}
        """The number of the event up to which each kind was looked through."""
        self._found: dict[int, Event] = {}

    async def unread(self) -> list[Message]:
        """The newest first; of digests the newest alone. Raises AccessDenied."""
        check(self._principal, Act.READ)
        read = int(await notes.get(self._database, self._note) or 0)
        for kind in self._looked:
            last = max(self._looked[kind], read)
            while found := await events.beginning_with(self._database, kind, last):
                self._found |= {one.id: one for one in found if self._is_theirs(one)}
                last = found[-1].id
            self._looked[kind] = last
        self._found = {id: one for id, one in self._found.items() if id > read}
        digests = sorted(id for id, one in self._found.items() if one.kind == DIGEST)
        for id in digests[:-1]:
            del self._found[id]
        return [_message(self._found[id]) for id in sorted(self._found, reverse=True)]

    async def read(self, last: int) -> None:
        """Keep nothing any more up to the message of that number."""
        check(self._principal, Act.READ)
        last = max(last, int(await notes.get(self._database, self._note) or 0))  # another display may have read more
        await notes.put(self._database, self._note, str(last))
        self._bus.live(READ, self._principal.id)

    def is_about(self, event: Event) -> bool:
        """Whether the inbox is another one after this event."""
        return event.subject == self._principal.id if event.kind == READ else self._is_theirs(event)

    def _is_theirs(self, event: Event) -> bool:
        if event.kind != WATCH:
            return event.kind == DIGEST
        return event.data.get("face") in FACES and event.data.get("principal") == self._principal.id


def _message(event: Event) -> Message:
    data = event.data
    if event.kind == WATCH:
        title = f"Your watch: {line(str(data.get('said', '')))}"
        return Message(event.id, event.at, title, plain(str(data.get("text", ""))))
    parts = []
    for section in data.get("sections", ()):
        lines = "\n".join(f"• {line(str(one), 400)}" for one in section.get("lines", ()))
        parts.append(f"{line(str(section.get('title', '')))}\n{lines}")
    return Message(event.id, event.at, line(str(data.get("title", ""))), "\n\n".join(parts))
