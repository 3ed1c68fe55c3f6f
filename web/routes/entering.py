"""Coming in and going out: the first owner, invitations, logging in."""

from __future__ import annotations

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput
from haven.store.accounts import Account
from web.accounts import LONGEST_S
from web.visit import Route, Visit


async def door(visit: Visit) -> web.StreamResponse:
    """Where one logs in."""
    if visit.visitor is not None:
        return visit.go(_inside(visit.asked("next")))
    if not await visit.accounts.has_owner():
        return visit.go("/begin")
    return visit.page("enter.html", next=_inside(visit.asked("next")))


async def log_in(visit: Visit) -> web.StreamResponse:
    fields = await visit.fields()
    name, password = fields.get("name", ""), fields.get("password", "")
    account = await visit.accounts.log_in(name, password, visit.source)
    return await entered(visit, account, _inside(fields.get("next", "")))


async def log_out(visit: Visit) -> web.StreamResponse:
    await visit.accounts.leave(visit.known)
    answer = visit.go("/enter")
    answer.del_cookie(visit.cookie, path="/")
    return answer


async def beginning(visit: Visit) -> web.StreamResponse:
    """Where the owner begins, once."""
    if await visit.accounts.has_owner():
        return visit.go("/enter")
    return visit.page("begin.html")


async def begin(visit: Visit) -> web.StreamResponse:
    fields = await visit.fields()
    password = twice(fields)
    account = await visit.accounts.become_owner(fields.get("code", ""), fields.get("name", ""), password, visit.source)
    return await entered(visit, account, "/")


async def invited(visit: Visit) -> web.StreamResponse:
    """Where somebody who was invited chooses a password."""
    return visit.page("invited.html", code=visit.asked("code"))


async def accept(visit: Visit) -> web.StreamResponse:
    fields = await visit.fields()
    account = await visit.accounts.accept(fields.get("code", ""), twice(fields), visit.source)
    return await entered(visit, account, "/")


async def entered(visit: Visit, account: Account, path: str) -> web.Response:
    token = await visit.accounts.enter(account, visit.request.headers.get("User-Agent", ""))
    answer = visit.go(path)
    answer.set_cookie(
        visit.cookie,
        token,
        max_age=int(LONGEST_S),
        httponly=True,
        samesite="Strict",
        secure=visit.cookie.startswith("__Host-"),
        path="/",
    )
    return answer


def twice(fields: dict[str, str], what: str = "passwords") -> str:
    """What people can't see while they type it."""
    if fields.get("password", "") != fields.get("again", ""):
        raise BadInput(f"The two {what} are not the same.", "Type them again.")
    return fields.get("password", "")


def _inside(path: str) -> str:
    """A page of this dashboard, whatever somebody put into the address."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


ROUTES = (
    Route("GET", "/enter", door, None),
    Route("POST", "/enter", log_in, None),
    Route("POST", "/leave", log_out, Act.READ),
    Route("GET", "/begin", beginning, None),
    Route("POST", "/begin", begin, None),
    Route("GET", "/invited", invited, None),
    Route("POST", "/invited", accept, None),
)
