"""World: drafts, read word by word and decided one by one or several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft, seal_of
from web.visit import Route, Visit, at

LISTED = 100
"""Open drafts in the list; more are counted below it."""
TOGETHER = 20
"""Drafts that are decided together: more are not read with care."""
DECIDED = 30
"""Decided ones that are listed, the newest first."""
TOLD = 3
"""Problems that a notice tells."""


@dataclass(frozen=True)
class Read:
    """One draft with every word of what it would change."""

    draft: Draft
    changes: tuple[Difference, ...]


async def waiting(visit: Visit) -> web.StreamResponse:
    """The open ones, the oldest first; and the last that were decided."""
    drafts = visit.house.records.drafts
    found = await drafts.list(limit=LISTED)
    decided = [one for one in await drafts.list(None, DECIDED + LISTED) if one.state != "open"][:DECIDED]
    return visit.page(
        "world_drafts.html",
        drafts=found,
        count=await drafts.count(),
        decided=decided,
        together=TOGETHER,
        shown=seal_of(found),
    )


async def news(visit: Visit) -> web.StreamResponse:
    """Whether the queue is another one than the page shows, which a page that is open asks."""
    drafts = await visit.house.records.drafts.list(limit=LISTED)
    return visit.page("world_drafts_news.html", shown=visit.asked("shown"), now=seal_of(drafts))


async def several(visit: Visit) -> web.StreamResponse:
    """The chosen ones, whole, with the form that decides about exactly these."""
    ids = list(dict.fromkeys(visit.request.query.getall("id", [])))
    if not ids:
        return visit.go("/world/drafts", "Choose some drafts first.", "note")
    if len(ids) > TOGETHER:
        raise BadInput(f"{TOGETHER} drafts are the most that are decided together.", "Choose fewer.")
    return await _read(visit, await visit.house.records.drafts.get_many(ids))


async def one(visit: Visit) -> web.StreamResponse:
    return await _read(visit, [await visit.house.records.drafts.get(visit.part("id"))])


async def approve(visit: Visit) -> web.StreamResponse:
    """Make these true: exactly those that were read, each by itself."""
    person, fields, ids = await visit.confirmed(), await visit.fields(), await _ids(visit)
    drafts, same = visit.house.records.drafts, bool(fields.get("same_name"))
    decided = await drafts.approve(ids, person, seal=fields.get("shown", ""), allow_same_name=same)
    return _said(visit, decided, "recorded now")


async def reject(visit: Visit) -> web.StreamResponse:
    """Turn these down; everybody may take back their own."""
    ids, why = await _ids(visit), (await visit.fields()).get("why", "")
    return _said(visit, await visit.house.records.drafts.reject(ids, visit.person, why), "turned down")


async def _ids(visit: Visit) -> list[str]:
    ids = [text for text in (await visit.request.post()).getall("id", []) if isinstance(text, str)]
    if not 0 < len(ids) <= TOGETHER:
        raise BadInput("That form names no drafts, or too many.", "Open the drafts again and choose some.")
    return ids


async def _read(visit: Visit, drafts: Sequence[Draft]) -> web.StreamResponse:
    queue = visit.house.records.drafts
    read = [Read(draft, tuple(await queue.diff(draft))) for draft in drafts]
    open_ = [draft for draft in drafts if draft.state == "open"]
    return visit.page(
        "world_draft.html",
        read=read,
        open=[draft.id for draft in open_],
        shown=seal_of(open_),
        are_mine=bool(open_) and all(draft.by_id == visit.person.id for draft in open_),
    )


def _said(visit: Visit, decided: Sequence[Decided], done: str) -> web.StreamResponse:
    """What became of them; one that stands as it stood says why."""
    problems = [(result.id, result.problem) for result in decided if result.problem is not None]
    if len(decided) == 1:
        if problems:
            raise problems[0][1]
        ids = decided[0].ids
        return visit.go(f"/world/records/{ids[0]}" if len(ids) == 1 else "/world/drafts", f"It is {done}.")
    said = f"{len(decided) - len(problems)} of {len(decided)} are {done}."
    said += "".join(f" {id}: {problem.full}" for id, problem in problems[:TOLD])
    left = at("/world/drafts/read") + "?" + "&".join(f"id={id}" for id, _ in problems) if problems else "/world/drafts"
    return visit.go(left, said, "alert" if problems else "ok")


ROUTES = (
    Route("GET", "/world/drafts", waiting, Act.READ),
    Route("GET", "/world/drafts/news", news, Act.READ),
    Route("GET", "/world/drafts/read", several, Act.READ),
    Route("GET", "/world/drafts/{id}", one, Act.READ),
    Route("POST", "/world/drafts/approve", approve, Act.APPROVE_WORLD),
    Route("POST", "/world/drafts/reject", reject, Act.PROPOSE),
)
