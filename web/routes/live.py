"""Server-sent events: what happens in the house, by kind and subject; pages ask anew for what they show of it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from assistants.table.transcript import LIVE
from haven.access import Act
from haven.changes.stages import stage
from haven.events import BACKLOG, Subscription
from haven.store.events import Event
from web.streaming import Stream
from web.visit import Route, Visit

SHOWN = ("change.", "alert.", "cloud.", "world.", "draft.", "waiting.", "model.", "backup.", "cap.", "kiosk.")
"""What the kinds begin with that every member may know of: nothing of an event but kind and subject goes out."""
PROGRESS = "change.progress"
ANSWERS = "answer."
"""What becomes of a question that waits is told to whoever asked it."""
STEP = "step"
"""What a step of the Round Table is called here; its subject may be a person's, and stays in the house."""


async def stream(visit: Visit) -> web.StreamResponse:
    """Until the browser goes, the session ends, or Haven does."""
    with visit.house.bus.subscribe(_after(visit)) as news:
        return await visit.streams.run(visit, lambda stream: _tell(stream, news, visit.person.id))


def _after(visit: Visit) -> int | None:
    """The newest event that the page may show; None where a browser connects again, which looks at all of it anew."""
    after = visit.asked("after")[:18]
    if "Last-Event-ID" in visit.request.headers or not (after.isascii() and after.isdigit()):
        return None
    return max(int(after), visit.house.bus.last - BACKLOG)


async def _tell(stream: Stream, news: Subscription, person: str) -> None:
    while (event := await stream.wait(lambda: anext(news))) is not None:
        kind, subject = _told(event, person)
        if kind:
            await stream.tell(kind=kind, subject=subject, **_doing(event))


def _doing(event: Event) -> dict[str, Any]:
    """What the work on a change is doing, in Haven's own words, and the stage that it is at; else nothing."""
    if event.kind != PROGRESS:
        return {}
    text = str(event.data.get("text", ""))
    return {"text": text, "stage": stage(str(event.data.get("stage", "")), text)}


def _told(event: Event, person: str) -> tuple[str, str]:
    """Kind and subject as this person may know them; "" for what is not told."""
    if event.kind == LIVE:
        return STEP, ""
    theirs = event.kind.startswith(ANSWERS) and event.actor == person
    return (event.kind, event.subject) if theirs or event.kind.startswith(SHOWN) else ("", "")


ROUTES = (Route("GET", "/live", stream, Act.READ),)
