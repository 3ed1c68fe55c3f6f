"""What Haven keeps of a person: shown, handed out, and deleted, by themselves or by the owner."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from haven.access import Principal, Role
from haven.errors import AccessDenied, BadInput, Conflict
from haven.store import accounts
from haven.store import privacy as table
from haven.store.database import Database, Transaction, now
from haven.store.events import record
from haven.store.ledger import DAY_S

PERSON = re.compile(r"discord:\d{15,20}|unix:\d{1,10}|web:(?:owner|\d{1,10})")
"""Whose data can be asked for: the panel and Haven itself are nobody."""
HOUR_S = 3600.0
STAYS = (
    "What others rest on stays, under the name “somebody who left”: that somebody asked for a change, who approved it,"
    " what was written into the world, and what calls cost. The words of a change that you asked for belong to the"
    " project's history and stay as well."
)
LATER = (
    "The ledger's lines of today keep your id until the day is over (UTC), because today's limits count on them. A"
    " limit that the owner has set for you stays."
)
ELSEWHERE = (
    "The daily backups still hold everything until seven newer ones have taken their place: seven days, where Haven"
    " runs every day. Log files name your id until they are rotated. What stands in Discord's channels and in the"
    " project's repository, Haven does not take away."
)


class Privacy:
    """One for the house. A person is a principal's id, such as `discord:123`."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = now,
        is_served: Callable[[str], bool] = lambda person: False,
    ) -> None:
        """`is_served`: whether something that a person asked for is being answered in this process."""
        self._database = database
        self._clock = clock
        self._is_served = is_served
        self._left: dict[str, float] = {}

    async def held(self, by: Principal, person: str) -> dict[str, int]:
        """How many things of each kind. Raises AccessDenied for somebody else's, BadInput for no person's id."""
        _check(by, person)
        return await table.held(self._database, person)

    async def export(self, by: Principal, person: str) -> dict[str, Any]:
        """All of it, ready to be written as JSON; times are seconds since 1970. Raises as `held` does."""
        _check(by, person)
        return {"person": person, "at": self._clock(), "kept": await table.given(self._database, person)}

    async def delete(self, by: Principal, person: str) -> dict[str, int]:
        """Forget the person; what there was before. Where that is nothing, nothing is done. It can't be undone.

        Raises as `held` does, and Conflict while something of theirs is under way: nobody may decide their own change
        under another name, and an answer that comes afterwards would be written down with their id. Every table is
        looked through, so a person's own word counts once an hour.
        """
        _check(by, person)
        before, alias = await table.held(self._database, person), f"{table.ALIAS}{secrets.token_hex(6)}"
        if not any(before.values()):
            return before
        self._left = {one: at for one, at in self._left.items() if 0 <= self._clock() - at < HOUR_S}
        if by.id == person and person in self._left:
            raise Conflict("What was kept of you was deleted within this hour already.", "Do it again later.")

        async def work(tx: Transaction) -> None:
            if self._is_served(person) or await table.is_asking(tx, person):
                raise Conflict("A question is being answered at this moment.", "Wait until its answer is there.")
            if await accounts.is_last_owner(tx, person):
                raise Conflict(
                    "That account is the only owner of the dashboard who can log in.",
                    "Make somebody else an owner first.",
                )
            if open_changes := await table.open_changes(tx, person):
                raise Conflict(
                    f"A change is still open: {', '.join(open_changes)}.", "Withdraw it, or wait until it is decided."
                )
            await table.forget(tx, person, alias, int(self._clock() // DAY_S))
            actor = by.id if by.id != person else alias
            await record(tx, "person.left", alias, actor, by=by.name if by.id != person else table.NOBODY)

        await self._database.write(work)
        self._left[person] = self._clock()
        return before

    async def finish(self) -> int:
        """Take the ids of people who left from the lines of a day that is over; how many are gone for good."""
        today = int(self._clock() // DAY_S)
        return await self._database.write(lambda tx: table.finish(tx, today))


def _check(by: Principal, person: str) -> None:
    if by.id != person and by.role < Role.OWNER:
        raise AccessDenied(f"{by.name} may not see what is kept of somebody else.", "The owner may.")
    if not PERSON.fullmatch(person):
        raise BadInput(f"{person!r} is nobody's id.", "A person's id looks like discord:123456789012345678.")
