"""What a person does with a change that is there, where that may cost something: other words for it, or another try."""

from __future__ import annotations

from dataclasses import dataclass

from assistants.pricing import Step
from haven.access import Act, Principal, check
from haven.changes.decisions import Changes
from haven.changes.review.pointing import Remark
from haven.changes.states import DECISIONS, State
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Database

TWEAKABLE = (State.REVIEW, State.FAILED)
MAY_BE_TWEAKED = DECISIONS["tweak"]
"""Those, and where a plan waits: another one is made."""


@dataclass(frozen=True)
class Going:
    """Another round of the change `id` by `words`, after the `round` that the person saw; without words, what waits is
    tried now."""

    id: str
    round: int
    words: str = ""
    at: str = ""
    more: tuple[Remark, ...] = ()
    """What is said of other lines; none where what waits is tried."""

    async def step(self, changes: Changes, database: Database, person: Principal) -> Step | None:
        """What there is a price of; None where it would not be done at all: the card is out of date.

        Raises AccessDenied.
        """
        change = await changes.get(self.id)
        check(person, Act.TWEAK if self.words else Act.CANCEL, requester=change.requester)
        states = DECISIONS["tweak" if self.words else "retry"]
        if change.state not in states or (self.words and change.round != self.round):
            return None
        spent = sum(one.charged for one in await changes.spent(self.id))
        return Step(change, await table.round_of(database, change), spent, self.words, self.at, self.more)

    async def go(self, changes: Changes, person: Principal) -> Change:
        """Raises what the core raises, which looks once more whose change it is, and at which round."""
        if self.words:
            return await changes.tweak(self.id, person, self.words, round=self.round, at=self.at, more=self.more)
        return await changes.resume(self.id, person)
