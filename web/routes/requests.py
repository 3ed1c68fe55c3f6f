"""A new request for a change: kind, words, files to look at, a log for a fix, private notes; its price first."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

from aiohttp import web
from aiohttp.web_request import FileField

from assistants.table.request import Request
from haven.access import Act
from haven.changes import private_notes
from haven.changes.looked_at import with_files
from haven.changes.proposal import MAX_REQUEST, Kind
from haven.changes.rounds import evidence
from haven.errors import BadInput
from web import prices
from web.visit import Route, Visit

KINDS: Mapping[Kind, str] = {
    Kind.FEATURE: "something new in the project",
    Kind.FIX: "a fault to be mended",
    Kind.DOCS: "documentation",
    Kind.REFACTOR: "code to be put in better shape",
}
MOST_SENT = 12_000_000
"""Bytes of the form with its log; only the log's end is read."""


async def form(visit: Visit) -> web.StreamResponse:
    project = visit.house.office.settings.project
    folder = project.repository.name if project.repository else ""
    return visit.page(
        "change_new.html",
        kinds=KINDS,
        project=project.name or folder.removesuffix(".git"),
        target=project.target_branch,
        most=MAX_REQUEST,
        most_private=private_notes.MOST,
        key=secrets.token_hex(8),
        fields={name: visit.asked(name) for name in ("text", "kind", "files", "private")},
    )


async def send(visit: Visit) -> web.StreamResponse:
    """The same form sent twice is one change."""
    fields = await visit.fields()
    if fields.get("kind") not in list(Kind):
        raise BadInput("That is no kind of change.", f"Choose one of {', '.join(Kind)}.")
    kind, log = Kind(fields["kind"]), await _log(visit, fields)
    request = Request(
        with_files(fields.get("text", "").strip(), fields.get("files", "")),
        visit.person,
        kind=kind,
        key=f"{visit.person.id}:{fields.get('key') or secrets.token_hex(8)}"[:200],
        evidence=log or None,
        private_notes=private_notes.kept(fields.get("private", "")),
    )
    if (asked := await prices.shown_first(visit, request, {**fields, "log": log}, "/changes/new")) is not None:
        return asked
    change = await visit.house.round_table.propose(request, kind)
    return visit.go(f"/changes/{change.id}", f"Change {change.id} is queued.")


async def _log(visit: Visit, fields: Mapping[str, str]) -> str:
    """What is kept of the log that was attached or typed in, without secrets; "" for none. Raises BadInput."""
    sent = (await visit.request.post()).get("file")
    given = fields.get("log", "")[-evidence.MOST_GIVEN :]
    if isinstance(sent, FileField) and sent.filename:
        given = (await asyncio.to_thread(sent.file.read))[-evidence.MOST_GIVEN :].decode("utf-8", "replace")
    return await asyncio.to_thread(evidence.prepare, given) if given.strip() else ""


ROUTES = (
    Route("GET", "/changes/new", form, Act.REQUEST),
    Route("POST", "/changes/new", send, Act.REQUEST, MOST_SENT),
)
