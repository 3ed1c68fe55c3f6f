"""The house for programs: how it is, whom the token speaks for, and what was spent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assistants.sentry.lines import worst_first
from haven.access import Act, Role
from haven.ai.money import costs
from haven.ai.switch import CloudSwitch
from haven.store.database import now
from haven.store.ledger import DAY_S
from web.api.endpoint import Call, Endpoint, Given, Scope, Shape

SEES_ALL = Role.REVIEWER
"""Others' figures are shown from this role on; members see their own and the sums that the caps count."""


class LineShape(Shape):
    """One fact about the running house; `level` is ok, note or alert."""

    label: str
    text: str
    level: str


class StatusShape(Shape):
    """The worst first. `name`, `role` and `scopes` are those of the token's person and of the token."""

    name: str
    role: str
    scopes: list[str]
    cloud_on: bool
    open_alerts: int
    lines: list[LineShape]


class CostLine(Shape):
    """Calls that have a name in common; `unknown` of them are charged at their worst case."""

    name: str
    calls: int
    usd: float
    input_tokens: int
    output_tokens: int
    unknown: int


class CostsShape(Shape):
    """US dollars. `everybody`: others' figures are in the lists as well; the first four are the house's."""

    today_usd: float
    month_usd: float
    daily_cap_usd: float
    monthly_cap_usd: float
    everybody: bool
    total: CostLine
    days: list[CostLine]
    people: list[CostLine]
    kinds: list[CostLine]
    models: list[CostLine]


class Period(Given):
    days: Annotated[int, Field(ge=1, le=366, description="how far back")] = 30


async def get_status(call: Call) -> StatusShape:
    """How Haven is, and whom the token speaks for."""
    house = call.house
    return StatusShape(
        name=call.person.name,
        role=call.person.role.name.lower(),
        scopes=list(call.token.scopes),
        cloud_on=(await CloudSwitch(house.database).state()).on,
        open_alerts=len(await house.alerts.open()),
        lines=[LineShape.model_validate(one) for one in worst_first(await house.status())],
    )


async def get_costs(call: Call) -> CostsShape:
    """What was spent, on what, and the caps."""
    office, at = call.house.office, now()
    everybody = call.person.role >= SEES_ALL
    whose = "" if everybody else call.person.id
    since = at - call.take(Period).days * DAY_S
    found = await costs.analyze(call.house.database, since, at + 1, whose)
    caps = await office.caps.in_force()
    lists = {
        name: [CostLine.model_validate(one) for one in getattr(found, name)]
        for name in ("days", "people", "kinds", "models")
    }
    return CostsShape(
        today_usd=await office.ledger.spent_today(),
        month_usd=await office.ledger.spent_this_month(),
        daily_cap_usd=caps.daily,
        monthly_cap_usd=caps.monthly,
        everybody=everybody,
        total=CostLine.model_validate(found.total),
        **lists,
    )


ENDPOINTS = (
    Endpoint("GET", "/status", get_status, (Scope.READ,), Act.READ, StatusShape),
    Endpoint("GET", "/costs", get_costs, (Scope.READ,), Act.READ, CostsShape, Period),
)
