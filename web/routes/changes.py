"""Changes: the board by state with its filters, and one change with all that a person wants to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from haven.access import Act
from haven.changes import looked_at, private_notes
from haven.changes.decisions import check_decides
from haven.changes.proposal import Kind
from haven.changes.review import NAMED, Review
from haven.changes.review.diffing import FileDiff
from haven.changes.stages import STAGES, stage
from haven.changes.states import RESTING, State
from haven.errors import AccessDenied
from haven.store.changes import Change
from web.review import acts
from web.review.tests import classes
from web.visit import Route, Visit, at

S = State
LANES: Mapping[str, tuple[str, Sequence[State]]] = {
    "waits": ("Waits for a person", (S.REVIEW, S.AWAITING_PLAN)),
    "work": ("At work", (S.QUEUED, S.PLANNING, S.EDITING, S.TESTING, S.MERGING, S.WAITING)),
    "merged": ("Merged", (S.MERGED,)),
    "away": ("Put away", (S.FAILED, S.REJECTED, S.CANCELLED, S.REVERTED)),
}
"""The columns of the board."""
SHOWS = {"all": "everybody's", "mine": "yours", "waits": "those you can decide"}
LOOKED_THROUGH = 200
"""Changes of a lane, the newest, among which is searched."""
SHOWN, MORE = 12, 100
"""Cards of a lane, and those of one that is looked at alone."""
LEVELS = {S.REVIEW: "note", S.AWAITING_PLAN: "note", S.MERGED: "ok", S.FAILED: "alert", S.WAITING: "home"}


class Lane(NamedTuple):
    """A column; `more` tells that there are others."""

    key: str
    label: str
    cards: Sequence[Change]
    more: bool


async def board(visit: Visit) -> web.StreamResponse:
    return visit.page("changes.html", **await _board(visit))


async def board_part(visit: Visit) -> web.StreamResponse:
    """The same without its filters, for a page that is open."""
    return visit.page("changes_board.html", **await _board(visit))


async def _board(visit: Visit) -> dict[str, Any]:
    asked = {name: visit.asked(name) for name in ("show", "kind", "words", "lane")}
    chosen = {asked["lane"]: LANES[asked["lane"]]} if asked["lane"] in LANES else LANES
    most = SHOWN if len(chosen) > 1 else MORE
    lanes = []
    for key, (label, states) in chosen.items():
        found = [one for one in await _of(visit, states, asked["show"]) if _fits(one, asked)]
        lanes.append(Lane(key, label, found[:most], len(found) > most))
    query = {name: value for name, value in asked.items() if value}
    return {
        "lanes": lanes,
        "asked": asked,
        "shows": SHOWS,
        "kinds": [kind.value for kind in Kind],
        "levels": LEVELS,
        "part": at("/changes/board", **query),
        "stages": STAGES,
        "stage": stage,
        "lane_path": lambda key: at("/changes", **{**query, "lane": key}),
    }


async def _of(visit: Visit, states: Sequence[State], show: str) -> list[Change]:
    requester = visit.person.id if show == "mine" else None
    found = await visit.house.changes.list(states, requester, LOOKED_THROUGH)
    if show != "waits":
        return found
    return [one for one in found if one.state in LANES["waits"][1] and not refusal(visit, one)]


def _fits(change: Change, asked: Mapping[str, str]) -> bool:
    words = asked["words"].casefold().split()
    told = f"{change.id} {change.title} {change.request} {change.requester_name}".casefold()
    return asked["kind"] in {"", change.kind} and all(word in told for word in words)


def refusal(visit: Visit, change: Change) -> str:
    """Why this person may not decide it; "" where they may."""
    try:
        check_decides(visit.person, change, visit.house.office.settings)
    except AccessDenied as error:
        return error.full
    return ""


async def shown(visit: Visit) -> web.StreamResponse:
    """One change: what matters most first, then everything."""
    change = await visit.house.changes.get(visit.part("id"))
    review = await visit.house.changes.review(change.id)
    return visit.page(
        "change.html",
        classes=classes(review.tests),
        named=NAMED,
        unseen=_unseen(change),
        private=await private_notes.read(visit.house.database, change, visit.person),
        private_mine=change.requester == visit.person.id,
        most_private=private_notes.MOST,
        **about(visit, change, review),
    )


def _unseen(change: Change) -> list[str]:
    """Files that the request names and that were not shown; none before it was planned."""
    if "files" not in change.plan:
        return []
    paths = [one["path"] for one in change.plan["files"]]
    return [name for name in looked_at.files_of(change.request) if not looked_at.is_among(name, paths)]


async def keep_private(visit: Visit) -> web.StreamResponse:
    """Other private notes in place of what was there."""
    change = await visit.house.changes.get(visit.part("id"))
    await private_notes.write(visit.house.database, change, visit.person, (await visit.fields()).get("private", ""))
    return visit.go(f"/changes/{change.id}", "Your private notes are kept.")


def about(visit: Visit, change: Change, review: Review) -> dict[str, Any]:
    """What every page of a change shows: where it stands, and what this person may do with it."""
    return {
        "change": change,
        "levels": LEVELS,
        "stages": STAGES,
        "stage": stage(change.state),
        "acts_now": acts.offered(visit.person, change),
        "refused": refusal(visit, change),
        "review": review,
        "whole": (len(review.files), *lines(review.files)),
    }


def lines(files: Sequence[FileDiff]) -> tuple[int, int]:
    """How many lines a diff adds, and how many it takes away."""
    return sum(one.added or 0 for one in files), sum(one.removed or 0 for one in files)


async def part(visit: Visit) -> web.StreamResponse:
    """Where it stands, for a page that is open: that page is told to come anew where nobody is typing in it."""
    change = await visit.house.changes.get(visit.part("id"))
    seen, now = visit.asked("seen"), f"{change.state}/{change.round}"
    moved = bool(seen) and seen != now
    answer = visit.page(
        "change_standing.html",
        change=change,
        levels=LEVELS,
        stages=STAGES,
        stage=stage(change.state),
        ahead=await visit.house.changes.ahead(change.id),
        moved=moved,
        seen=seen,
    )
    if moved and seen.partition("/")[0] not in RESTING:
        answer.headers["HX-Refresh"] = "true"
    return answer


ROUTES = (
    Route("GET", "/changes", board, Act.READ),
    Route("GET", "/changes/board", board_part, Act.READ),
    Route("GET", "/changes/{id}", shown, Act.READ),
    Route("GET", "/changes/{id}/standing", part, Act.READ),
    Route("POST", "/changes/{id}/private", keep_private, Act.REQUEST),
)
