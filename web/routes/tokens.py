"""Tokens: the programs that speak for a person through the API, made and taken back here."""

from __future__ import annotations

from aiohttp import web

from haven.access import Act
from haven.errors import AccessDenied
from haven.store import accounts as table
from web.api import tokens
from web.api.endpoint import BASE, MEANS, Scope
from web.visit import Route, Visit


async def shown(visit: Visit) -> web.StreamResponse:
    return await _page(visit, "")


async def make(visit: Visit) -> web.StreamResponse:
    """The token stands on this one page, and nowhere else."""
    await visit.confirmed()
    fields = await visit.fields()
    wanted = [scope for scope in Scope if fields.get(f"scope-{scope}")]
    for scope in wanted:
        if not visit.may(MEANS[scope][1]):
            raise AccessDenied(f"You may not {MEANS[scope][1].value}, and nor may a program of yours.")
    fresh = await tokens.make(visit.house.database, visit.known.account, fields.get("name", ""), wanted)
    return await _page(visit, fresh)


async def take_back(visit: Visit) -> web.StreamResponse:
    id, account = visit.part("id"), visit.known.account.id
    await visit.house.database.write(lambda tx: table.drop_token(tx, int(id), account))
    return visit.go("/me/tokens", "That token holds no more.")


async def _page(visit: Visit, fresh: str) -> web.Response:
    return visit.page(
        "tokens.html",
        fresh=fresh,
        tokens=await table.tokens(visit.house.database, visit.known.account.id),
        scopes=[(scope.value, words) for scope, (words, act) in MEANS.items() if visit.may(act)],
        base=BASE,
    )


ROUTES = (
    Route("GET", "/me/tokens", shown, Act.READ),
    Route("POST", "/me/tokens", make, Act.READ),
    Route("POST", r"/me/tokens/{id:\d{1,15}}/end", take_back, Act.READ),
)
