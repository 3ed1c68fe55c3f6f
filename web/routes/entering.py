"""Coming in and going out: the first owner, invitations, logging in."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput
from haven.store.accounts import Account
from web.accounts import LONGEST_S
from web.guesses import fresh_mark
from web.visit import Route, Visit

KNOWN_S = 365 * 86400.0
"""Seconds for which a browser stays known; each time that somebody logs in begins them anew."""


async def door(visit: Visit) -> web.StreamResponse:
    """Where one logs in."""
    if visit.visitor is not None:
        return visit.go(_inside(visit.asked("next")))
    if not await visit.accounts.has_owner():
        return visit.go("/begin")
    return visit.page("enter.html", next=_inside(visit.asked("next")), was_in=visit.cookie in visit.request.cookies)


async def log_in(visit: Visit) -> web.StreamResponse:
    fields = await visit.fields()
    name, password = fields.get("name", ""), fields.get("password", "")
    mark = visit.request.cookies.get(_marks(visit), "")
    account = await visit.accounts.log_in(name, password, visit.source, mark)
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
    account, ended = await visit.accounts.accept(fields.get("code", ""), twice(fields), visit.source)
    return await entered(visit, account, "/", ended_with_it(ended))


async def entered(visit: Visit, account: Account, path: str, said: str = "") -> web.Response:
    """Logged in from now on, whoever was so in this browser; `said` is the notice of the first page."""
    if visit.visitor is not None:
        await visit.accounts.leave(visit.visitor)
    token = await visit.accounts.enter(account, visit.request.headers.get("User-Agent", ""))
    visit.visitor = await visit.accounts.visitor(token)
    answer = visit.go(path, said)
    for name, value, seconds in ((visit.cookie, token, LONGEST_S), (_marks(visit), fresh_mark(account), KNOWN_S)):
        answer.set_cookie(
            name,
            value,
            max_age=int(seconds),
            httponly=True,
            samesite="Strict",
            secure=visit.cookie.startswith("__Host-"),
            path="/",
        )
    return answer


def ended_with_it(tokens: Sequence[str]) -> str:
    """What to tell of tokens that a new password ended; "" for none."""
    if not tokens:
        return ""
    which = "This token of a program" if len(tokens) == 1 else "These tokens of programs"
    return f"{which} ended with the old password: {', '.join(tokens)}. Make new ones under Tokens."


def twice(fields: dict[str, str], what: str = "passwords") -> str:
    """What people can't see while they type it."""
    if fields.get("password", "") != fields.get("again", ""):
        raise BadInput(f"The two {what} are not the same.", "Type them again.")
    return fields.get("password", "")


def _marks(visit: Visit) -> str:
    """The cookie by which a browser is known that somebody logged in with before."""
    return visit.cookie.replace("session", "known")


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
