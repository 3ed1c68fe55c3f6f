"""Models: what stands on the shelf, what fits into memory, who can be asked elsewhere, and what is brought here."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from haven.access import Act
from haven.ai.models.hub import TOKEN_SECRET
from haven.ai.models.stock import stock
from haven.ai.switch import CloudSwitch
from haven.ai.task import Tier
from haven.errors import Conflict
from web.chores import Tell
from web.visit import Route, Visit

CHORE = "model"


async def shelf(visit: Visit) -> web.StreamResponse:
    return visit.page("models.html", **await _seen(visit))


async def part(visit: Visit) -> web.StreamResponse:
    """The same without its frame, for a page that is open."""
    return visit.page("models_parts.html", **await _seen(visit))


async def install(visit: Visit) -> web.StreamResponse:
    """It goes on while the page is away; what a cut line brought is kept for the next try."""
    await visit.confirmed()
    office = visit.house.office
    model = office.registry.get(visit.part("name"))

    async def work(tell: Tell) -> str:
        token = await asyncio.to_thread(office.settings.secret, TOKEN_SECRET)
        await office.registry.install(model.name, tell, token)
        return f"{model.title} is here. It is used from Haven's next start on, where the settings name it."

    visit.chores.begin(CHORE, work, model.name)
    return visit.go("/models")


async def stop(visit: Visit) -> web.StreamResponse:
    """What has come is kept."""
    visit.chores.stop(CHORE)
    return visit.go("/models")


async def check(visit: Visit) -> web.StreamResponse:
    """Hash the file, load it and ask it one question."""
    office = visit.house.office
    model = office.registry.get(visit.part("name"))

    async def work(tell: Tell) -> str:
        return (await office.registry.validate(model.name)).sentence

    visit.chores.begin(CHORE, work, model.name)
    return visit.go("/models")


async def remove(visit: Visit) -> web.StreamResponse:
    await visit.confirmed()
    model = visit.house.office.registry.get(visit.part("name"))
    chore = visit.chores.of(CHORE)
    if chore and chore.goes_on and chore.about == model.name:
        raise Conflict(f"{model.title} is at work just now.", "Wait until it is finished, or stop it.")
    await visit.house.office.registry.remove(model.name)
    return visit.go("/models", f"{model.title} is deleted from this machine.")


async def _seen(visit: Visit) -> dict[str, Any]:
    office = visit.house.office
    far = [one for one in office.roster.providers if one.tier is not Tier.LOCAL]
    found = await asyncio.to_thread(stock, office.registry, office.settings.models)
    chore = visit.chores.of(CHORE)
    return {
        "stock": found,
        "elsewhere": [(one, office.roster.missing(one)) for one in far],
        "refusal": await CloudSwitch(visit.house.database).refusal(),
        "chore": chore,
        "title": office.registry.models[chore.about].title if chore else "",
    }


ROUTES = (
    Route("GET", "/models", shelf, Act.READ),
    Route("GET", "/models/parts", part, Act.READ),
    Route("POST", "/models/stop", stop, Act.SETTINGS),
    Route("POST", "/models/{name}/install", install, Act.SETTINGS),
    Route("POST", "/models/{name}/check", check, Act.SETTINGS),
    Route("POST", "/models/{name}/remove", remove, Act.SETTINGS),
)
