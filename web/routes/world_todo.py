"""World: what to fill in next, the biggest gain first; and what contradicts itself or is there twice."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from haven.access import Act
from haven.world.gazetteer import Gazetteer
from haven.world.quality.audit import audit
from haven.world.quality.todo import alike, todo
from web.visit import Route, Visit

SHOWN, NAMED = 40, 6
"""Lines of each list, and records that a line names."""
AT_ONCE = 20_000
"""Systems that are graded for one page, some seconds; of a larger world a part must be named."""


async def shown(visit: Visit) -> web.StreamResponse:
    region, person = visit.asked("region").strip(), visit.asked("person").strip()

    def work(gazetteer: Gazetteer) -> dict[str, Any]:
        regions = sorted({one.region for one in gazetteer.systems if one.region})
        if len(gazetteer.systems) > AT_ONCE and not (region or person):
            return {"regions": regions, "groups": [], "count": 0, "findings": [], "odd": 0, "is_large": True}
        groups = alike(todo(gazetteer, region=region, person=person, limit=len(gazetteer.things) + 1))
        findings = [] if person else audit(gazetteer, region=region)
        return {
            "regions": regions,
            "groups": groups[:SHOWN],
            "count": len(groups),
            "findings": [(one, _records(gazetteer, one.ids)) for one in findings[:SHOWN]],
            "odd": len(findings),
            "is_large": False,
        }

    found = await visit.house.records.cartographer.look(work)
    return visit.page("world_todo.html", region=region, who=person, named=NAMED, **found)


def _records(gazetteer: Gazetteer, ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """Id and name of those that are there."""
    return [(id, gazetteer.things[id].name) for id in ids[:NAMED] if id in gazetteer.things]


ROUTES = (Route("GET", "/world/todo", shown, Act.READ, is_heavy=True),)
