"""Costs: against the caps, by day, person, kind and model, saved against a named model, and where the month goes."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from aiohttp import web

from assistants.accounting import accounts_of, shown_to
from haven.access import Act
from haven.ai.money import costs, prices
from haven.errors import BadInput
from haven.store import accounts as table
from haven.store import ledger
from haven.store.database import now
from haven.world.exchange.table import defused
from web.visit import Route, Visit, at

WINDOWS = (7, 14)
"""Days that the month's end is told from."""
COLUMNS = (
    "day",
    "person",
    "kind",
    "purpose",
    "tier",
    "model",
    "stand_in",
    "calls",
    "unknown",
    "usd",
    "input_tokens",
    "output_tokens",
)


async def shown(visit: Visit) -> web.StreamResponse:
    house, period = visit.house, _period(visit)
    database, cloud, whose = house.database, house.office.settings.cloud, shown_to(visit.person)
    found = await costs.analyze(database, *period, whose)
    baseline = visit.asked("baseline") or (cloud.model if cloud.model in prices.models() else "")
    projected = [await costs.project(database, now(), cloud.monthly_usd, days) for days in WINDOWS]
    return visit.page(
        "costs.html",
        standing=await accounts_of(house.office, database, visit.person),
        found=found,
        groups=_groups(found, everybody=not whose),
        names=await _names(visit),
        days=costs.days_of(period),
        baseline=baseline,
        baselines=prices.models(),
        saved=await costs.savings(database, baseline, *period) if baseline else None,
        projected=[one for one in projected if one is not None],
        csv=at("/costs.csv", **costs.days_of(period)),
    )


async def as_csv(visit: Visit) -> web.StreamResponse:
    """A row for calls of a day that have person, kind, purpose and model in common. What a server calls its model may
    look like a formula."""
    period, whose = _period(visit), shown_to(visit.person)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for cell in await ledger.cells(visit.house.database, *period):
        if whose in ("", cell.principal):
            day, usd = costs.day_name(cell.day), f"{cell.charged:.6f}"
            what = map(defused, (day, cell.principal, cell.kind, cell.purpose, cell.tier, cell.model))
            count = int(cell.stand_in), cell.calls, cell.unknown, usd, cell.input_tokens, cell.output_tokens
            rows.writerow((*what, *count))
    name = "haven-costs-{from}-{to}.csv".format(**costs.days_of(period))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(text=text.getvalue(), content_type="text/csv", headers=headers)


def _groups(found: costs.Analysis, everybody: bool) -> list[tuple[str, tuple[costs.Line, ...]]]:
    """By what they have in common; a member's own calls have one person in common."""
    people = [("Person", found.people)] if everybody else []
    return [*people, ("Kind", found.kinds), ("Model", found.models), ("Purpose", found.purposes)]


async def _names(visit: Visit) -> dict[str, str]:
    """People of the dashboard by their id; of others only the id is known here."""
    return {one.principal_id: one.name for one in await table.every(visit.house.database)}


def _period(visit: Visit) -> tuple[float, float]:
    """The days that the address names. Raises BadInput."""
    given: list[Any] = [visit.asked(name) for name in ("from", "to")]
    try:
        first, last = (datetime.strptime(text, "%Y-%m-%d") if text else None for text in given)
        return costs.period(first, last)
    except (ValueError, OverflowError):
        raise BadInput("A day is written as 2026-01-31.", "Correct it and look again.") from None


ROUTES = (
    Route("GET", "/costs", shown, Act.READ, is_heavy=True),
    Route("GET", "/costs.csv", as_csv, Act.READ, is_heavy=True),
)
