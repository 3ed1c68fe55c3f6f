"""Overview: what waits for this person, what goes on, what it costs, how Haven is, and the cloud's switch."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from assistants import queue
from assistants.sentry.lines import worst_first
from haven.access import Act, Principal
from haven.ai.switch import CloudSwitch
from haven.changes.decisions import check_decides
from haven.changes.states import State
from haven.errors import AccessDenied
from haven.store.changes import Change
from haven.store.waiting import OPEN, Waiting
from web.visit import Route, Visit

DECIDED = (State.REVIEW.value, State.AWAITING_PLAN.value)


async def overview(visit: Visit) -> web.StreamResponse:
    return visit.page("overview.html", **await _seen(visit))


async def part(visit: Visit) -> web.StreamResponse:
    """The same without its frame, for a page that is open."""
    return visit.page("overview_parts.html", **await _seen(visit))


async def switch(visit: Visit) -> web.StreamResponse:
    """Turn the privacy mode: off for whoever reviews, on for an owner with their PIN."""
    fields, cloud = await visit.fields(), CloudSwitch(visit.house.database)
    if fields.get("to") == "on":
        await cloud.on(await visit.confirmed())
        return visit.go("/", "The cloud may be used again.")
    await cloud.off(visit.person, fields.get("why", ""))
    return visit.go("/", "Nothing leaves for the cloud now. Calls that were under way end by themselves.")


async def acknowledge(visit: Visit) -> web.StreamResponse:
    """Take charge of an alert."""
    await visit.house.alerts.acknowledge(visit.part("id"), visit.person)
    return visit.go("/", "You look after that alert now.")


async def _seen(visit: Visit) -> dict[str, Any]:
    house, person = visit.house, visit.person
    office = house.office
    return {
        "waiting": [one for one in await house.changes.list(DECIDED) if _may_decide(visit, one)],
        "drafts": await house.records.drafts.count() if visit.may(Act.APPROVE_WORLD) else 0,
        "answers": [one for one in await house.waiting.list(person) if _is_news(one, person)],
        "jobs": await queue.look(house.database, house.changes, house.waiting, person),
        "lines": worst_first(await house.status()),
        "alerts": await house.alerts.open(),
        "cloud": await CloudSwitch(house.database).state(),
        "asked_in_cloud": house.cloud(),
        "today": await office.ledger.spent_today(),
        "month": await office.ledger.spent_this_month(),
        "caps": await office.caps.in_force(),
    }


def _is_news(one: Waiting, person: Principal) -> bool:
    """What waits; and what has come to its end, until this person has looked at it in the chat."""
    came = one.state in ("answered", "failed") and not one.told
    return one.state in OPEN or (came and (one.face, one.principal) == ("web", person.id))


def _may_decide(visit: Visit, change: Change) -> bool:
    """Nobody is told to look at what they may not decide."""
    try:
        check_decides(visit.person, change, visit.house.office.settings)
    except AccessDenied:
        return False
    return True


ROUTES = (
    Route("GET", "/", overview, Act.READ),
    Route("GET", "/overview/parts", part, Act.READ),
    Route("POST", "/cloud", switch, Act.READ),
    Route("POST", "/alerts/{id}/acknowledge", acknowledge, Act.ACKNOWLEDGE),
)
