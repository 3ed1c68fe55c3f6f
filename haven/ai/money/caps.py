"""The caps of a day that an owner sets while Haven runs; what is not set is as the settings say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from haven.access import Act, Principal, check
from haven.errors import BadInput
from haven.settings import Cloud
from haven.store import caps as table
from haven.store.caps import Cap
from haven.store.database import Database, Transaction

DAILY, PER_PERSON = "daily_usd", "per_person_daily_usd"
"""As in `[cloud]`; the second one also for one person alone."""
MOST_USD = 1_000.0
Wish = tuple[str, float | None, str]
"""Which cap, US dollars (None: as the settings say), and the id of one person, or "" for everybody."""


@dataclass(frozen=True)
class InForce:
    """US dollars, as they hold now. `people`: who has a cap of their own; `set_` is what the settings don't say."""

    monthly: float
    daily: float
    per_person: float
    people: dict[str, float]
    set_: Sequence[Cap] = ()

    def of(self, person: str) -> float:
        """What one person may be charged in a day."""
        return self.people.get(person, self.per_person)


def wished(
    daily: float | None = None, each: float | None = None, person: str = "", *, reset: bool = False
) -> list[Wish]:
    """What somebody asks for in one go. Raises BadInput where that is nothing, or two things at once."""
    if reset and (daily is not None or each is not None):
        raise BadInput("A cap can't be set and reset at once.", "Choose one of them.")
    if person and each is None and not reset:
        raise BadInput("What may that person's day cost?", "Give `each` as well, or `reset`.")
    if reset:
        return [(name, None, person) for name in ((PER_PERSON,) if person else (DAILY, PER_PERSON))]
    everybodys: list[Wish] = [(DAILY, daily, "")] if daily is not None else []
    return [*everybodys, (PER_PERSON, each, person)] if each is not None else everybodys


class Caps:
    """One for the house; the ledger reads the same rows with each call, so a word counts at once in every process."""

    def __init__(self, database: Database, settings: Cloud) -> None:
        self._database = database
        self._settings = settings

    async def in_force(self) -> InForce:
        found = await table.all_in_force(self._database)
        everybody = {one.name: float(one.usd or 0) for one in found if not one.person}
        people = {one.person: float(one.usd or 0) for one in found if one.person and one.name == PER_PERSON}
        daily = everybody.get(DAILY, self._settings.daily_usd)
        per_person = everybody.get(PER_PERSON, self._settings.per_person_daily_usd)
        return InForce(self._settings.monthly_usd, daily, per_person, people, found)

    async def put(self, by: Principal, wishes: Sequence[Wish]) -> InForce:
        """Set them all, as one act, or where one can't be, none. Raises AccessDenied, BadInput."""
        check(by, Act.SETTINGS)
        for wish in wishes:
            self._check(*wish)
        caps = [Cap(name, usd, person, by_id=by.id, by_name=by.name) for name, usd, person in wishes]

        async def work(tx: Transaction) -> None:
            for cap in caps:
                await table.put(tx, cap)

        await self._database.write(work)
        return await self.in_force()

    def _check(self, name: str, usd: float | None, person: str) -> None:
        if name not in (DAILY, PER_PERSON) or (person and name != PER_PERSON):
            raise BadInput(f"There is no cap {name!r} that can be set while Haven runs.")
        if usd is not None and not (math.isfinite(usd) and 0 <= usd <= MOST_USD):
            raise BadInput(f"A cap is an amount from 0 to {MOST_USD:,.0f} USD.", "0 keeps the cloud out.")
        if usd is not None and usd > self._settings.monthly_usd:
            raise BadInput(
                f"{usd:.2f} USD a day is more than the month's cap of {self._settings.monthly_usd:.2f} USD.",
                "Set less, or raise `cloud.monthly_usd` in haven.toml first.",
            )
