"""Chat: a conversation with the assistants, each answer as it is written, and what was asked before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from assistants.findings import ids_of
from assistants.table.proposing import change_kind
from assistants.table.suggesting import tries
from assistants.waiting import Choice, choices_of
from haven.access import Act
from haven.ai.task import Where
from haven.changes.proposal import MAX_REQUEST, Kind
from haven.errors import NotFound
from haven.store.transcripts import Talk
from haven.world.world import World
from web.chat.export import FORMS
from web.chat.sheet import Sheet, State, day, recalled
from web.chat.writing import Piece
from web.streaming import Stream
from web.visit import Route, Visit

LISTED, HISTORY, STEPS = 20, 300, 10_000
"""Questions beside a conversation, on the page of all, and steps of questions asked elsewhere in a file of all."""
TURNS = 30
"""The newest of a conversation that are on its page."""
FLUSH_S = 0.1
"""Between two pieces of an answer: nobody reads faster."""
ID = "{id:[0-9a-f]{6,16}}"


@dataclass(frozen=True)
class Turn:
    """One question and what has become of it, as the page shows it."""

    sheet: Sheet
    seat: str
    """The title of whoever took it."""
    sources: Sequence[tuple[str, str]]
    """Each in words, and the id of its record where that is there."""
    cloud: str
    """Who may be asked instead, by name."""
    choices: Sequence[Choice]
    retry_at: float | None
    change_kind: str
    """The kind of change that its words ask for."""


async def begin(visit: Visit) -> web.StreamResponse:
    """A new conversation."""
    found = await tries(visit.house.records.world)
    return visit.page("chat.html", turns=[], tries=found, earlier=0, **await _around(visit, None))


async def conversation(visit: Visit) -> web.StreamResponse:
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    sheets = await visit.chats.talk(sheet, visit.person)
    turns = [await turn_of(visit, one) for one in sheets[-TURNS:]]
    around = await _around(visit, sheets[-1])
    return visit.page("chat.html", turns=turns, tries=[], earlier=len(sheets) - len(turns), **around)


async def answer(visit: Visit) -> web.StreamResponse:
    """One question of it, for a page that is open."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    return visit.page("chat_answer.html", turn=await turn_of(visit, sheet))


async def stream(visit: Visit) -> web.StreamResponse:
    """What is written of an answer, to whoever asked, until its end."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    writing = visit.chats.writing(sheet.id)

    async def tell(stream: Stream) -> None:
        seen: Piece | None = None
        while writing is not None:
            seen = await stream.wait(partial(writing.next, seen))
            if seen is None:
                break
            await stream.tell(at=seen.at, add=seen.add, said=seen.said, draft=seen.draft)
            await asyncio.sleep(FLUSH_S)
        if writing is None or writing.ended.is_set():
            await stream.tell(end=True)

    return await visit.streams.run(visit, tell)


async def picture(visit: Visit) -> web.StreamResponse:
    """The map, or what else belongs to an answer."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    found = visit.chats.picture(sheet)
    return web.Response(body=found, content_type="image/png", headers={"Cache-Control": "no-store"})


async def history(visit: Visit) -> web.StreamResponse:
    """What this person asked, here and elsewhere, the newest first."""
    words = visit.asked("words")
    found = [one for one in await _talks(visit, HISTORY) if words.casefold() in one.words.casefold()]
    return visit.page("chat_history.html", talks=found, words=words, most=HISTORY, titles=_titles(visit))


async def export(visit: Visit) -> web.StreamResponse:
    """A conversation as a file."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    return _file(visit, await visit.chats.talk(sheet, visit.person), visit.part("form"))


async def export_all(visit: Visit) -> web.StreamResponse:
    """All that this person asked, with what was asked elsewhere."""
    kept = {one.id: one for one in await visit.chats.kept(visit.person)}
    steps: dict[str, list[Any]] = {}
    transcript = visit.house.round_table.transcript
    for said in await transcript.steps(visit.person, STEPS, person=visit.person.id):
        if not said.private:  # this process may remember its words, and a file would keep them
            steps.setdefault(said.request, []).append(said)
    kept |= {id: recalled(several) for id, several in steps.items() if id not in kept}
    began = {one.talk: one.at for one in sorted(kept.values(), key=lambda one: -one.at)}
    ordered = sorted(kept.values(), key=lambda one: (began[one.talk], one.talk, one.at))
    return _file(visit, ordered, visit.part("form"))


async def turn_of(visit: Visit, sheet: Sheet) -> Turn:
    seat, cloud = visit.house.round_table.seat(sheet.seat), ""
    choices: Sequence[Choice] = ()
    retry_at = None
    if sheet.state == State.HELD:
        row = await visit.house.waiting.get(sheet.waiting, visit.person)
        choices, retry_at = choices_of(row) or (Choice.CANCEL,), row.retry_at
    far = seat is None or seat.where(Where.CLOUD) is Where.CLOUD
    if sheet.local and not sheet.private and far and visit.may(Act.CLOUD):
        cloud = visit.house.cloud()
    kind = change_kind(sheet.question) if sheet.state == State.ANSWERED and not sheet.stays else None
    sources = await _sources(visit.house.records.world, sheet.sources)
    return Turn(sheet, seat.title if seat else "", sources, cloud, choices, retry_at, kind.value if kind else "")


async def _sources(world: World, sources: Sequence[str]) -> list[tuple[str, str]]:
    ids = [next(iter(ids_of([one])), "") for one in sources]
    there = await world.get_many([id for id in ids if id])
    return [(one, id if id in there else "") for one, id in zip(sources, ids, strict=True)]


async def _around(visit: Visit, last: Sheet | None) -> dict[str, Any]:
    """What stands around the turns: whom one may ask, and what was asked before."""
    house = visit.house
    return {
        "last": last,
        "seats": house.round_table.assistants,
        "lan": house.lan(),
        "cloud": house.cloud() if visit.may(Act.CLOUD) else "",
        "kinds": list(Kind),
        "longest": MAX_REQUEST,
        "talks": await _talks(visit, LISTED),
        "titles": _titles(visit),
    }


async def _talks(visit: Visit, limit: int) -> list[Talk]:
    """This person's questions; private ones have no words there, and lead nowhere."""
    found = await visit.house.round_table.transcript.talks(visit.person, limit, person=visit.person.id)
    return [one for one in found if one.words]


def _titles(visit: Visit) -> dict[str, str]:
    return {one.name: one.title for one in visit.house.round_table.assistants}


def _file(visit: Visit, sheets: Sequence[Sheet], form: str) -> web.Response:
    if form not in FORMS:
        raise NotFound("There is no such file.", "Conversations come as md or json.")
    type, write = FORMS[form]
    name = f"haven-chat-{day(sheets[0].at) if sheets else 'empty'}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(text=write(sheets, _titles(visit)), content_type=type, headers=headers)


ROUTES = (
    Route("GET", "/chat", begin, Act.ASK),
    Route("GET", "/chat/history", history, Act.ASK),
    Route("GET", "/chat/all.{form}", export_all, Act.ASK, is_heavy=True),
    Route("GET", f"/chat/stream/{ID}", stream, Act.ASK),
    Route("GET", f"/chat/{ID}", conversation, Act.ASK),
    Route("GET", f"/chat/{ID}/answer", answer, Act.ASK),
    Route("GET", f"/chat/{ID}/picture", picture, Act.ASK),
    Route("GET", f"/chat/{ID}/export.{{form}}", export, Act.ASK),
)
