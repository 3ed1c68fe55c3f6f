"""The Round Table: what assistants, models and people say to each other, live, and one request in its own time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from assistants.base import Assistant
from assistants.table.replaying import SPEEDS, silences
from assistants.table.shown import TIERS, Shown
from assistants.table.transcript import TABLE, Move, costs
from assistants.waiting import is_for
from haven.access import Act
from haven.errors import NotFound
from haven.store.transcripts import Said, Talk
from web.visit import Route, Visit, at

LISTED, RECENT, LOOKED_AT = 30, 80, 500
"""Requests in the list; steps of the live chat; steps, and changes, among which is looked for what fits."""
MINE, LEFT = "mine", "yes"
VOICES = 6
"""Colours of assistants, in the order in which they sit."""


@dataclass(frozen=True)
class Step:
    """One message as the page shows it. `voice` is the number of a colour, 0 for who is no assistant."""

    shown: Shown
    who: str
    whom: str
    voice: int
    silence: float = 0.0
    """Seconds before it in a replay at 1x."""

    @property
    def said(self) -> Said:
        return self.shown.said

    @property
    def tier(self) -> str:
        return TIERS.get(self.said.tier, self.said.tier)


@dataclass(frozen=True)
class Row:
    """A request in the list."""

    talk: Talk
    theirs: bool
    seat: str


@dataclass(frozen=True)
class Filters:
    """Which steps: by assistant or one's own, by where, only what has left the house."""

    who: str
    tier: str
    left: bool

    @classmethod
    def of(cls, visit: Visit) -> Filters:
        seats = {one.name for one in visit.house.round_table.assistants}
        who, tier = visit.asked("who"), visit.asked("tier")
        known = who if who in seats or who == MINE else ""
        return cls(known, tier if tier in TIERS else "", visit.asked("left") == LEFT)

    @property
    def query(self) -> Mapping[str, str]:
        return {"who": self.who, "tier": self.tier, "left": LEFT if self.left else ""}

    def wanted(self, visit: Visit) -> dict[str, Any]:
        mine = self.who == MINE
        person = visit.person.id if mine else ""
        return {"assistant": "" if mine else self.who, "person": person, "tier": self.tier}


async def live(visit: Visit) -> web.StreamResponse:
    """The newest steps of all requests; the page goes on by itself."""
    filters = Filters.of(visit)
    steps, last = await _steps(visit, filters, None)
    return visit.page("roundtable.html", steps=steps, last=last, **await _around(visit, filters), request="")


async def news(visit: Visit) -> web.StreamResponse:
    """Steps after one that the page has, for a page that is open."""
    filters, after = Filters.of(visit), visit.asked("after", "0")
    steps, last = await _steps(visit, filters, int(after) if after.isdecimal() and len(after) < 19 else 0)
    return visit.page("roundtable_steps.html", steps=steps, last=last, replay=False)


async def listed(visit: Visit) -> web.StreamResponse:
    """The list of requests without its page."""
    filters = Filters.of(visit)
    return visit.page("roundtable_list.html", **await _around(visit, filters), request=visit.asked("request"))


async def one(visit: Visit) -> web.StreamResponse:
    """All steps of one request, and its replay."""
    id, filters = visit.part("id"), Filters.of(visit)
    said = await visit.house.round_table.transcript.whole(visit.person, id)
    if said[0].request != id:
        raise NotFound("There is no such request.", "It may be so old that it is kept no more.")
    shown = await _shown(visit, said, silences(said))
    about: dict[str, Any] = {
        "request": id,
        "cost": costs(said),
        "change": any(step.move == Move.PROPOSES for step in said),
    }
    return visit.page("roundtable.html", steps=shown, speeds=SPEEDS, last=0, **await _around(visit, filters), **about)


async def _steps(visit: Visit, filters: Filters, after: int | None) -> tuple[list[Step], int]:
    """Those that fit, and the number of the last that was looked at."""
    transcript = visit.house.round_table.transcript
    limit = LOOKED_AT if filters.left or after is not None else RECENT
    said = await transcript.steps(visit.person, limit, after=after, **filters.wanted(visit))
    last = said[-1].id if said else after or 0
    fitting = [step for step in said if step.sent or not filters.left]
    return await _shown(visit, fitting[-RECENT:]), last


async def _shown(visit: Visit, said: Sequence[Said], silent: Sequence[float] = ()) -> list[Step]:
    changes = await _changes(visit, {step.request: step.person for step in said})
    changes |= {step.request for step in said if step.move == Move.PROPOSES}
    seats = {seat.name: (number, seat) for number, seat in enumerate(visit.house.round_table.assistants)}
    found = []
    for number, step in enumerate(said):
        shown = Shown(step, is_for(step.person, visit.person) or step.request in changes)
        who = shown.named(step.who, seats)
        voice = seats[who][0] % VOICES + 1 if who in seats else 0
        silence = silent[number] if silent else 0.0
        found.append(Step(shown, _title(who, seats), _title(shown.named(step.whom, seats), seats), voice, silence))
    return found


async def _changes(visit: Visit, requests: Mapping[str, str]) -> set[str]:
    """Which of these requests of others are changes: whoever may see these may see what was said about them."""
    if all(is_for(person, visit.person) for person in requests.values()):
        return set()
    return {change.id for change in await visit.house.changes.list(limit=LOOKED_AT)} & set(requests)


async def _around(visit: Visit, filters: Filters) -> dict[str, Any]:
    """The list of requests and what it can be narrowed by; where its cap hides some, they are older."""
    transcript, wanted = visit.house.round_table.transcript, filters.wanted(visit)
    talks = await transcript.talks(visit.person, LISTED, **wanted)
    if filters.left:
        gone = {step.request for step in await transcript.steps(visit.person, LOOKED_AT, **wanted) if step.sent}
        talks = [talk for talk in talks if talk.request in gone]
    changes = await _changes(visit, {talk.request: talk.person for talk in talks})
    titles = {one.name: one.title for one in visit.house.round_table.assistants}
    return {
        "rows": [
            Row(talk, is_for(talk.person, visit.person) or talk.request in changes, titles.get(talk.assistant, ""))
            for talk in talks
        ],
        "filters": filters,
        "query": at("", **filters.query),
        "seats": visit.house.round_table.assistants,
        "tiers": {name: words for name, words in TIERS.items() if name != "lan" or visit.house.lan()},
    }


def _title(name: str, seats: Mapping[str, tuple[int, Assistant]]) -> str:
    if name == TABLE:
        return "Round Table"
    return seats[name][1].title if name in seats else name


ROUTES = (
    Route("GET", "/roundtable", live, Act.READ),
    Route("GET", "/roundtable/steps", news, Act.READ),
    Route("GET", "/roundtable/list", listed, Act.READ),
    Route("GET", "/roundtable/requests/{id:[0-9a-zA-Z-]{1,40}}", one, Act.READ),
)
