"""Private notes of a change: read by who asked for it and by those who decide it, in this house and nowhere else.

Nothing that makes prompts, cards, commits or exports comes here: no model is given them, not even one in this house.
"""

from __future__ import annotations

from haven.access import Act, Principal, check
from haven.changes.proposal import clean
from haven.errors import AccessDenied
from haven.store import private_notes as table
from haven.store.changes import Change
from haven.store.database import Database

MOST = 4_000
"""Characters."""


def kept(words: str) -> str:
    """As they are kept; "" for none. Raises BadInput where they are too long."""
    return clean(words, MOST, "private note") if words.strip() else ""


async def read(database: Database, change: Change, principal: Principal) -> str | None:
    """The notes, "" where there are none; None for whoever may not read them."""
    try:
        check(principal, Act.NOTES, requester=change.requester)
    except AccessDenied:
        return None
    return await table.of(database, change.id)


async def write(database: Database, change: Change, principal: Principal, words: str) -> None:
    """Other words in their place, or none. Raises AccessDenied for everybody but who asked for the change, BadInput."""
    check(principal, Act.NOTES, requester=change.requester)
    if principal.id != change.requester:
        raise AccessDenied(f"The private notes of change {change.id} are {change.requester_name}'s: you may read them.")
    words = kept(words)
    await database.write(lambda tx: table.put(tx, change.id, words))
