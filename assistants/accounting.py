"""What the accounts tell a person: spending against the caps, by whom and for what, and what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistants.office import Office
from haven.access import Principal, Role
from haven.ai.money import costs, prices
from haven.ai.money.caps import InForce
from haven.ai.money.costs import Analysis, Savings
from haven.ai.money.ledger import month_start
from haven.ai.switch import CloudSwitch
from haven.store.database import Database, now
from haven.store.ledger import DAY_S

LATELY_S = 30 * DAY_S
DAYS = 14
SEES_ALL = Role.REVIEWER
"""Others' figures are shown from this role on; members see their own and the sums that the caps count."""


@dataclass(frozen=True)
class Accounts:
    """`everybody`: the asker may see the others' figures; US dollars, days in UTC."""

    today: float
    week: float
    month: float
    mine_today: float
    caps: InForce
    my_cap: float
    lately: Analysis
    daily: Sequence[tuple[int, float]]
    saved: Savings | None
    everybody: bool
    off: str
    """Why nothing may leave for the cloud; "" while it may."""
    stand_in: bool


def shown_to(person: Principal) -> str:
    """Whose figures a person sees: "" for everybody's, else their own id."""
    return "" if person.role >= SEES_ALL else person.id


async def accounts_of(office: Office, database: Database, person: Principal) -> Accounts:
    """As they stand now."""
    at, cloud = now(), office.settings.cloud
    today, whose = int(at // DAY_S), shown_to(person)
    begin = (min(today - DAYS + 1, month_start(at))) * DAY_S
    whole = await costs.analyze(database, begin, at + 1)
    mine = await costs.analyze(database, begin, at + 1, whose) if whose else whole
    own_today = await costs.analyze(database, today * DAY_S, at + 1, person.id)
    spent = {line.name: line.usd for line in whole.days}
    shown = {line.name: line.usd for line in mine.days}
    caps = await office.caps.in_force()
    known = cloud.model in prices.models()
    return Accounts(
        today=await office.ledger.spent_today(),
        week=sum(spent.get(costs.day_name(today - back), 0.0) for back in range(7)),
        month=await office.ledger.spent_this_month(),
        mine_today=own_today.total.usd,
        caps=caps,
        my_cap=caps.of(person.id),
        lately=await costs.analyze(database, at - LATELY_S, at + 1, whose),
        daily=[(day, shown.get(costs.day_name(day), 0.0)) for day in range(today - DAYS + 1, today + 1)],
        saved=await costs.savings(database, cloud.model, at - LATELY_S, at + 1) if known else None,
        everybody=not whose,
        off=await CloudSwitch(database).refusal(),
        stand_in=cloud.stand_in,
    )
