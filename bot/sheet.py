"""What is kept about one answer's message, so that its buttons work in any later process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from haven.store import notes
from haven.store.database import Database

FACE = "discord.answer"


@dataclass(frozen=True)
class Sheet:
    """One message; ids of Discord. Nothing private is ever in it."""

    channel: int
    message: int
    asker: str
    """The id of the principal."""
    question: str = ""
    about: str = ""
    """Somebody else's words that the question is about."""
    link: str = ""
    """To the message that those words stand in."""
    assistant: str = ""
    outcome: int = 0
    draft: str = ""
    note: str = ""
    """What stands below the draft."""
    shown: str = ""
    """State and time of the waiting request that was drawn last; `answered` where nothing more is drawn."""
    asked_again: bool = False
    """The cloud was asked as well."""

    @property
    def place(self) -> dict[str, Any]:
        """Where a later answer goes, as the waiting room keeps it."""
        return {"channel": self.channel, "message": self.message}


async def load(database: Database, message: int) -> Sheet | None:
    data = await notes.card(database, FACE, str(message))
    return Sheet(**data) if data else None


async def save(database: Database, sheet: Sheet) -> None:
    await notes.set_card(database, FACE, str(sheet.message), asdict(sheet))


async def forget(database: Database, message: int) -> None:
    await notes.take_card(database, FACE, str(message))
