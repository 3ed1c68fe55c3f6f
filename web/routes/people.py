"""People: who has an account here, with which role and cap, and who they are on Discord. For owners."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from haven.access import Act, Principal, Role
from haven.ai.money.caps import PER_PERSON, wished
from haven.errors import BadInput
from haven.store import accounts as table
from haven.store.accounts import Account
from web import people
from web.accounts import INVITED_S
from web.visit import Route, Visit, at


async def listed(visit: Visit) -> web.StreamResponse:
    """Everybody, and who has a cap of their own without an account."""
    database = visit.house.database
    found = await table.every(database)
    caps = await visit.house.office.caps.in_force()
    known = {one.principal_id for one in found}
    return visit.page(
        "people.html",
        people=[
            (one, Role(one.role).name.lower(), caps.of(one.principal_id), await _seen(visit, one)) for one in found
        ],
        others={who: usd for who, usd in caps.people.items() if who not in known},
        caps=caps,
        roles=_roles(),
    )


async def invite(visit: Visit) -> web.StreamResponse:
    """The code is shown in the answer itself, once; it is kept nowhere."""
    await visit.confirmed()
    name, role = await visit.field("name"), people.role_of(await visit.field("role"))
    code = await visit.accounts.invite(name, role)
    return _shown_once(visit, " ".join(name.split()), code)


async def one(visit: Visit) -> web.StreamResponse:
    """Somebody, and all that an owner may do with their account."""
    account = await people.there(visit.house.database, visit.part("id"))
    caps = await visit.house.office.caps.in_force()
    return visit.page("person.html", **await _about(visit, account), caps=caps, roles=_roles())


async def set_role(visit: Visit) -> web.StreamResponse:
    account, by = await _confirmed(visit)
    role = people.role_of(await visit.field("role"))
    await people.set_role(visit.house.database, by, account, role)
    return visit.go(_place(account), f"{account.name} is {role.name.lower()} now.")


async def set_link(visit: Visit) -> web.StreamResponse:
    account, by = await _confirmed(visit)
    number = (await visit.fields()).get("discord", "")
    await people.link(visit.house.database, by, account, number)
    said = "is that person of Discord now" if number.strip() else "is linked to nobody on Discord"
    return visit.go(_place(account), f"{account.name} {said}.")


async def set_cap(visit: Visit) -> web.StreamResponse:
    account, by = await _confirmed(visit)
    return visit.go(_place(account), await _capped(visit, by, account.principal_id, account.name))


async def cap_of_another(visit: Visit) -> web.StreamResponse:
    """Of somebody who has no account here, by their id."""
    by, person = await visit.confirmed(), await visit.field("person")
    if not person.startswith("discord:") or not people.NUMBER.fullmatch(person.removeprefix("discord:")):
        raise BadInput("Whose cap? An id looks like discord:123456789012345678.", "Correct it and send it again.")
    return visit.go("/people", await _capped(visit, by, person, person))


async def invite_again(visit: Visit) -> web.StreamResponse:
    account, _ = await _confirmed(visit)
    return _shown_once(visit, account.name, await visit.accounts.invite_again(account.id))


async def log_out(visit: Visit) -> web.StreamResponse:
    """Their browsers; for oneself all but this one."""
    account, _ = await _confirmed(visit)
    here = visit.known.session.hash if account.id == visit.known.account.id else ""
    await visit.house.database.write(lambda tx: table.log_out_others(tx, account.id, here))
    return visit.go(_place(account), f"{account.name} is logged out everywhere.")


async def remove(visit: Visit) -> web.StreamResponse:
    account, by = await _confirmed(visit)
    await people.remove(visit.house.database, by, account)
    return visit.go("/people", f"{account.name} has no account here any more. What they did stays as it is.")


async def _confirmed(visit: Visit) -> tuple[Account, Principal]:
    """Whom it is about, and who does it."""
    by = await visit.confirmed()
    return await people.there(visit.house.database, visit.part("id")), by


async def _capped(visit: Visit, by: Principal, person: str, name: str) -> str:
    """What was done, in words; an empty amount gives the word back to everybody's cap."""
    text = (await visit.fields()).get("usd", "").strip()
    if not text:
        await visit.house.office.caps.put(by, [(PER_PERSON, None, person)])
        return f"{name} has the cap that everybody has."
    try:
        usd = float(text)
    except ValueError:
        raise BadInput("A cap is a number of US dollars.", "Such as 0.50; 0 keeps the cloud out.") from None
    await visit.house.office.caps.put(by, wished(each=usd, person=person))
    return f"{name} may cost {usd:.2f} USD a day now."


async def _about(visit: Visit, account: Account) -> dict[str, Any]:
    return {
        "account": account,
        "role": Role(account.role).name.lower(),
        "discord": account.principal_id.removeprefix("discord:") if account.principal_id.startswith("discord:") else "",
        "sessions": await table.sessions(visit.house.database, account.id),
        "tokens": await table.tokens(visit.house.database, account.id),
    }


async def _seen(visit: Visit, account: Account) -> float:
    """When one of their browsers was here last; 0 where none is logged in."""
    sessions = await table.sessions(visit.house.database, account.id)
    return sessions[0].seen_at if sessions else 0.0


def _shown_once(visit: Visit, name: str, code: str) -> web.Response:
    scheme = "https" if visit.cookie.startswith("__Host-") else "http"
    link = at(f"{scheme}://{visit.request.host}/invited", code=code)
    return visit.page("person_invited.html", name=name, code=code, link=link, days=int(INVITED_S // 86400))


def _roles() -> list[str]:
    return [role.name.lower() for role in people.ROLES]


def _place(account: Account) -> str:
    return f"/people/{account.id}"


ROUTES = (
    Route("GET", "/people", listed, Act.SETTINGS),
    Route("POST", "/people", invite, Act.SETTINGS),
    Route("POST", "/people/caps", cap_of_another, Act.SETTINGS),
    Route("GET", "/people/{id}", one, Act.SETTINGS),
    Route("POST", "/people/{id}/role", set_role, Act.SETTINGS),
    Route("POST", "/people/{id}/discord", set_link, Act.SETTINGS),
    Route("POST", "/people/{id}/cap", set_cap, Act.SETTINGS),
    Route("POST", "/people/{id}/invite", invite_again, Act.SETTINGS),
    Route("POST", "/people/{id}/leave", log_out, Act.SETTINGS),
    Route("POST", "/people/{id}/remove", remove, Act.SETTINGS),
)
