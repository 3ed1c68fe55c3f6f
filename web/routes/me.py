"""A page of one's own: password, PIN, the browsers that one is logged in with, and what Haven keeps of one."""

from __future__ import annotations

import json
from dataclasses import replace

from aiohttp import web

from haven.access import Act
from haven.errors import NotFound
from haven.privacy import ELSEWHERE, LATER, STAYS
from haven.store import accounts as table
from haven.store.database import now
from web import people
from web.accounts import IDLE_S, LONGEST_S
from web.routes.entering import ended_with_it, entered, twice
from web.visit import Route, Visit

MARK = 16
"""Letters of a session's hash that name it on the page."""


async def me(visit: Visit) -> web.StreamResponse:
    database, account = visit.house.database, visit.known.account
    sessions = await table.sessions(database, account.id)
    alive = [one for one in sessions if now() - one.seen_at < IDLE_S and now() - one.created_at < LONGEST_S]
    return visit.page(
        "me.html",
        account=account,
        sessions=[(one, one.hash[:MARK], one.hash == visit.known.session.hash) for one in alive],
        idle_days=int(IDLE_S // 86400),
        longest_days=int(LONGEST_S // 86400),
        kept={
            kind: count
            for kind, count in (await visit.house.office.privacy.held(visit.person, visit.person.id)).items()
            if count
        },
        stays=(STAYS, LATER, ELSEWHERE),
    )


async def set_password(visit: Visit) -> web.StreamResponse:
    """Every browser is logged out with it and every token ends; this one comes in again at once."""
    await _by_password(visit)
    id = visit.known.account.id
    ended = await visit.accounts.set_password(visit.known.account, twice(await visit.fields()))
    account = await people.there(visit.house.database, str(id))
    said = "The password is set, and every other browser is logged out."
    return await entered(visit, account, "/me", f"{said} {ended_with_it(ended)}".strip())


async def set_pin(visit: Visit) -> web.StreamResponse:
    """By the password, so that who forgot the PIN chooses another."""
    await _by_password(visit)
    await visit.accounts.set_pin(visit.known.account, twice(await visit.fields(), "PINs"))
    return visit.go("/me", "That PIN is yours now. It is asked before what can't be undone.")


async def log_out_one(visit: Visit) -> web.StreamResponse:
    """A browser of one's own."""
    sessions = await table.sessions(visit.house.database, visit.known.account.id)
    named = [one for one in sessions if one.hash[:MARK] == visit.part("mark")]
    if not named:
        raise NotFound("That browser is logged out already.", "Look at the list again.")
    await visit.house.database.write(lambda tx: table.log_out(tx, named[0].hash))
    return visit.go("/me", "That browser is logged out.")


async def log_out_others(visit: Visit) -> web.StreamResponse:
    session = visit.known.session
    await visit.house.database.write(lambda tx: table.log_out_others(tx, session.account, session.hash))
    return visit.go("/me", "Every other browser is logged out.")


async def export(visit: Visit) -> web.StreamResponse:
    """All that is kept of whoever asks, to take along."""
    kept = await visit.house.office.privacy.export(visit.person, visit.person.id)
    headers = {"Content-Disposition": 'attachment; filename="haven-keeps-of-me.json"', "Cache-Control": "no-store"}
    return web.json_response(kept, headers=headers, dumps=lambda tree: json.dumps(tree, indent=1, ensure_ascii=False))


async def forget(visit: Visit) -> web.StreamResponse:
    """The person's own words, their account with it."""
    person = await visit.confirmed()
    await visit.house.office.privacy.delete(person, person.id)
    answer = visit.go("/enter")
    answer.del_cookie(visit.cookie, path="/")
    return answer


async def _by_password(visit: Visit) -> None:
    """It is still that person. Raises AccessDenied."""
    account = replace(visit.known.account, pin="")
    await visit.accounts.confirm(account, (await visit.fields()).get("now", ""))


ROUTES = (
    Route("GET", "/me", me, Act.READ),
    Route("POST", "/me/password", set_password, Act.READ),
    Route("POST", "/me/pin", set_pin, Act.READ),
    Route("POST", "/me/browsers/{mark}/leave", log_out_one, Act.READ),
    Route("POST", "/me/browsers/leave", log_out_others, Act.READ),
    Route("GET", "/me/kept.json", export, Act.READ, is_heavy=True),
    Route("POST", "/me/forget", forget, Act.READ),
)
