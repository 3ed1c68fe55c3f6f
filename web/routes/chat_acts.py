"""What is done in a conversation: ask, say yes to a price, stop, decide what waits, judge, ask the same again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from aiohttp import web

from assistants.table.asking import new_id
from assistants.table.proposing import change_kind
from assistants.waiting import Choice
from haven.access import Act, check
from haven.ai.task import Where
from haven.changes.proposal import Kind, clean
from haven.errors import BadInput, Conflict
from haven.store.database import now
from web.chat.attached import FILE_BYTES, attached
from web.chat.chats import request_of
from web.chat.sheet import Price, Sheet, State
from web.routes.chat import ID
from web.visit import FORM_BYTES, Route, Visit

T = TypeVar("T", Where, Kind, Choice)
WAIT_S = 600.0
"""A browser without scripts is shown the finished answer, if it comes within that."""
VOTES = {"up": 1, "down": -1}


async def ask(visit: Visit) -> web.StreamResponse:
    """A question, or words for a change: its price first, where it has one that should be seen."""
    fields, person = await visit.fields(), visit.person
    after = await visit.chats.get(fields["after"], person) if fields.get("after") else None
    changes = fields.get("act") == "change"
    text = clean(fields.get("text", ""))
    about, file = await attached((await visit.request.post()).get("file"), for_change=changes)
    if not about and after is not None and fields.get("with"):
        about, file = after.about, after.file
    wanted, private = fields.get("assistant", ""), bool(fields.get("private"))
    seat, id = visit.house.round_table.seat(wanted), new_id()
    private = private or (seat is not None and seat.private)
    sheet = Sheet(
        id=id,
        talk=after.talk if after else id,
        asker=person.id,
        at=now(),
        question=text,
        state=State.BEGUN,
        wanted=wanted,
        where=Where.LOCAL if private else _one_of(Where, fields.get("where") or Where.AUTO.value),
        private=private,
        kind=_kind(fields.get("kind", ""), text).value if changes else "",
        about=about,
        file=file,
    )
    return await _priced_first(visit, sheet)


async def again(visit: Visit) -> web.StreamResponse:
    """The same words once more: as they were, in the cloud, or as a change."""
    sheet, how = await visit.chats.get(visit.part("id"), visit.person), await visit.field("as")
    if not sheet.question:
        raise Conflict("The words of that question are not kept.", "Type them again.")
    fresh = Sheet(
        id=new_id(),
        talk=sheet.talk,
        asker=sheet.asker,
        at=now(),
        question=sheet.question,
        state=State.BEGUN,
        wanted=sheet.wanted,
        where=sheet.where,
        private=sheet.private,
        kind=sheet.kind,
        about=sheet.about,
        file=sheet.file,
    )
    if how == "cloud":
        fresh = replace(fresh, where=Where.CLOUD, wanted=sheet.seat, kind="")
    elif how == "change":
        fresh = replace(fresh, kind=_kind("", sheet.question).value)
    return await _priced_first(visit, fresh)


async def price(visit: Visit) -> web.StreamResponse:
    """Yes or no to a price: counted once more, and held against the caps."""
    sheet, pricing = await visit.chats.get(visit.part("id"), visit.person), visit.house.office.pricing
    if sheet.state != State.PRICED or sheet.price is None:
        raise Conflict("That was decided already.", "Nothing was done a second time.")
    if await visit.field("yes") != "yes":
        await visit.chats.keep(replace(sheet, state=State.DECLINED, said="Nothing was sent, and nothing was spent."))
        return _there(visit, sheet)
    found = await pricing.of(request_of(sheet, visit.person))
    if found is not None and found.differs(sheet.price.high):
        await visit.chats.keep(replace(sheet, price=Price.of(found)))
        return _there(visit, sheet, "The price is another one by now, so nothing was sent. Look again.", "note")
    if found is not None:
        await pricing.admit(found)
    return await _on_its_way(visit, sheet)


async def stop(visit: Visit) -> web.StreamResponse:
    """No more of the answer that is being written: the model is stopped at once."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    await visit.chats.stop(sheet.id)
    return _there(visit, sheet)


async def decide(visit: Visit) -> web.StreamResponse:
    """What becomes of a question that only the cloud could answer."""
    sheet = await visit.chats.get(visit.part("id"), visit.person)
    if sheet.state != State.HELD:
        raise Conflict("That was decided already.", "Look at the conversation again.")
    await visit.chats.decide(sheet, _one_of(Choice, await visit.field("choice")), visit.person)
    return await _shown(visit, sheet)


async def vote(visit: Visit) -> web.StreamResponse:
    """Whether an answer helped; the newest word counts."""
    sheet, key = await visit.chats.get(visit.part("id"), visit.person), await visit.field("vote")
    if key not in VOTES or not sheet.outcome:
        raise BadInput("That answer can't be judged.", "Ask again, and judge the new one.")
    await visit.house.verdict(sheet.outcome, visit.person, VOTES[key])
    await visit.chats.keep(replace(sheet, vote=VOTES[key]))
    helped = "helped" if VOTES[key] > 0 else "did not help"
    return _there(visit, sheet, f"Noted: this answer {helped}. The other thumb changes it.")


async def _priced_first(visit: Visit, sheet: Sheet) -> web.Response:
    check(visit.person, Act.REQUEST if sheet.kind else Act.CLOUD if sheet.where is Where.CLOUD else Act.ASK)
    found = await visit.house.office.pricing.ask_first(request_of(sheet, visit.person))
    if found is None:
        return await _on_its_way(visit, sheet)
    await visit.chats.keep(replace(sheet, state=State.PRICED, price=Price.of(found)))
    return _there(visit, sheet)


async def _on_its_way(visit: Visit, sheet: Sheet) -> web.Response:
    if sheet.kind:
        done = await visit.chats.propose(sheet, visit.person)
        return _there(visit, done, f"Change {done.change} is on its way.")
    await visit.chats.ask(sheet, visit.person)
    return await _shown(visit, sheet)


async def _shown(visit: Visit, sheet: Sheet) -> web.Response:
    """At once to a page that follows the answer by itself; to one that can't, when it is there."""
    writing = visit.chats.writing(sheet.id)
    if writing is not None and not (await visit.fields()).get("live"):
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await writing.ended.wait()
    return _there(visit, sheet)


def _there(visit: Visit, sheet: Sheet, said: str = "", level: str = "ok") -> web.Response:
    return visit.go(f"/chat/{sheet.id}#turn-{sheet.id}", said, level)


def _kind(given: str, text: str) -> Kind:
    return _one_of(Kind, given) if given else change_kind(text) or Kind.FEATURE


def _one_of(kind: type[T], given: str) -> T:
    try:
        return kind(given)
    except ValueError:
        raise BadInput(f"{given[:40]!r} is none of: {', '.join(kind)}.") from None


ROUTES = (
    Route("POST", "/chat", ask, Act.ASK, FILE_BYTES + FORM_BYTES),
    Route("POST", f"/chat/{ID}/again", again, Act.ASK),
    Route("POST", f"/chat/{ID}/price", price, Act.ASK),
    Route("POST", f"/chat/{ID}/stop", stop, Act.ASK),
    Route("POST", f"/chat/{ID}/decide", decide, Act.ASK),
    Route("POST", f"/chat/{ID}/vote", vote, Act.ASK),
)
