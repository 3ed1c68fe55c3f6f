"""The decisions about a change, each for exactly the round, commit or plan that stood on the page."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from assistants.going import Going
from haven.access import Act
from haven.changes.review.pointing import MOST_REMARKS, Remark
from haven.changes.states import State
from haven.errors import BadInput
from web import prices
from web.visit import Route, Visit


def _path(visit: Visit) -> str:
    return f"/changes/{visit.part('id')}"


async def _round(visit: Visit, name: str = "round") -> int:
    """The number of a round as the page gave it. Raises BadInput."""
    given = (await visit.fields()).get(name, "")
    if not given.isascii() or not given.isdigit() or len(given) > 6:
        raise BadInput("That page does not say which round it is of.", "Load it again and decide then.")
    return int(given)


async def approve(visit: Visit) -> web.StreamResponse:
    """Merge exactly this commit; where it takes a second person, wait for them."""
    fields, person = await visit.fields(), await visit.confirmed()
    change = await visit.house.changes.approve(
        visit.part("id"),
        person,
        round=await _round(visit),
        commit=fields.get("commit", ""),
        plan=fields.get("plan", ""),
        confirm=fields.get("confirm", ""),
    )
    if change.state != State.REVIEW:
        return visit.go(_path(visit), f"Change {change.id} is approved.")
    said = (await visit.house.changes.review(change.id)).people_said
    return visit.go(_path(visit), said, "note")


async def accept_plan(visit: Visit) -> web.StreamResponse:
    """Go on with exactly this plan."""
    plan = await visit.field("plan")
    change = await visit.house.changes.get(visit.part("id"))
    if change.state != State.AWAITING_PLAN:
        raise BadInput(f"No plan of change {change.id} waits for a word.", "Open it again to see where it stands.")
    await visit.house.changes.approve(change.id, visit.person, round=await _round(visit), commit="", plan=plan)
    return visit.go(_path(visit), f"Change {change.id} goes on with this plan.")


async def skip(visit: Visit) -> web.StreamResponse:
    """Go on without the plan."""
    plan = await visit.field("plan")
    change = await visit.house.changes.skip(visit.part("id"), visit.person, round=await _round(visit), plan=plan)
    return visit.go(_path(visit), f"Change {change.id} goes on without the plan.")


async def tweak(visit: Visit) -> web.StreamResponse:
    """Another round, or another plan, by the person's words and remarks on lines; its price first."""
    fields = await visit.fields()
    said = _remarks(fields)
    if fields.get("words", "").strip() or not said:
        said.insert(0, Remark(await visit.field("words"), fields.get("at", "").strip()))
    first, *more = said
    return await _go_on(visit, Going(visit.part("id"), await _round(visit), *first, tuple(more)))


def _remarks(fields: Mapping[str, str]) -> list[Remark]:
    """Those on lines of the diff, in their order; one more than is allowed is enough for the core to say so."""
    found = []
    for number in range(1, MOST_REMARKS + 2):
        words, at = (fields.get(f"remark-{number}-{name}", "").strip() for name in ("words", "at"))
        if words and at:
            found.append(Remark(words, at))
    return found


async def retry(visit: Visit) -> web.StreamResponse:
    """Try what waits again now; its price first."""
    return await _go_on(visit, Going(visit.part("id"), await _round(visit)))


async def _go_on(visit: Visit, going: Going) -> web.StreamResponse:
    house, fields = visit.house, await visit.fields()
    step = await going.step(house.changes, house.database, visit.person)
    if (asked := await prices.shown_first(visit, step, fields, _path(visit))) is not None:
        return asked
    change = await going.go(house.changes, visit.person)
    said = {State.PLANNING: "is planned again", State.WAITING: "is tried again"}.get(
        State(change.state), "goes into another round"
    )
    return visit.go(_path(visit), f"Change {change.id} {said}.")


async def reject(visit: Visit) -> web.StreamResponse:
    fields = await visit.fields()
    change = await visit.house.changes.reject(
        visit.part("id"), visit.person, round=await _round(visit), why=fields.get("why", "")
    )
    return visit.go(_path(visit), f"Change {change.id} is rejected; its branch is kept for some days.")


async def stop(visit: Visit) -> web.StreamResponse:
    """End the work; the best round so far is shown."""
    await visit.house.changes.stop(visit.part("id"), visit.person)
    return visit.go(_path(visit), f"Change {visit.part('id')} stops.")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Put it away for good."""
    change = await visit.house.changes.cancel(visit.part("id"), visit.person)
    return visit.go(_path(visit), f"Change {change.id} is cancelled.")


async def undo(visit: Visit) -> web.StreamResponse:
    """Order the change that takes this one back; it leads there."""
    fields, person = await visit.fields(), await visit.confirmed()
    change = await visit.house.changes.undo(visit.part("id"), person, confirm=fields.get("confirm", ""))
    return visit.go(f"/changes/{change.id}", f"Change {change.id} undoes it: it is merged where its tests are green.")


async def go_back(visit: Visit) -> web.StreamResponse:
    """Show another round again."""
    to = await _round(visit, "to")
    change = await visit.house.changes.go_back(visit.part("id"), visit.person, to, round=await _round(visit))
    return visit.go(_path(visit), f"Change {change.id} shows round {to} again.")


ROUTES = (
    Route("POST", "/changes/{id}/approve", approve, Act.DECIDE),
    Route("POST", "/changes/{id}/plan", accept_plan, Act.DECIDE),
    Route("POST", "/changes/{id}/skip", skip, Act.DECIDE),
    Route("POST", "/changes/{id}/tweak", tweak, Act.READ),  # the core looks at whose change it is
    Route("POST", "/changes/{id}/retry", retry, Act.READ),
    Route("POST", "/changes/{id}/reject", reject, Act.DECIDE),
    Route("POST", "/changes/{id}/stop", stop, Act.READ),
    Route("POST", "/changes/{id}/withdraw", withdraw, Act.READ),
    Route("POST", "/changes/{id}/undo", undo, Act.DECIDE),
    Route("POST", "/changes/{id}/back", go_back, Act.DECIDE),
)
