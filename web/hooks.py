"""`POST /hooks/change`: a program elsewhere asks for a change, as a member does. It approves nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.changes.proposal import MAX_REQUEST, Kind
from haven.errors import AccessDenied, BadInput, Conflict, HavenError, Unavailable
from haven.settings import Sender, Webhooks
from haven.settings.plain import wrong_value
from haven.store import changes
from haven.store.changes import Change
from haven.store.database import Database, now
from haven.webhooks.signing import ID, key_of, sender_of

log = logging.getLogger("haven.web")

MOST = 64 * 1024
"""Bytes of a body."""
PATIENCE_S = 10.0
"""Seconds that a body may take to come in."""
HOUR_S = 3600.0
STATUS: Mapping[type[HavenError], int] = {AccessDenied: 401, BadInput: 400, Conflict: 409, Unavailable: 503}


class Wish(BaseModel):
    """The body."""

    model_config = ConfigDict(extra="forbid", strict=False)

    kind: Kind
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REQUEST)]
    log: str | None = None
    """A log or traceback that comes with a fix."""


class TooMany(HavenError):
    """The sender has asked for enough within this hour."""


class Hooks:
    """One for the port. Raises SettingsError where a sender's secret is missing or can't be used."""

    def __init__(
        self,
        settings: Webhooks,
        secret: Callable[[str], str | None],
        propose: Callable[[Request, Kind], Awaitable[Change]],
        database: Database,
    ) -> None:
        self._senders = {one.name: one for one in settings.senders}
        self._keys = {one.name: key_of(one.secret, secret) for one in settings.senders}
        self._propose = propose
        self._database = database
        self._one_by_one = asyncio.Lock()
        """Between counting a sender's changes and the next one nothing else is let in."""

    async def change(self, request: web.Request) -> web.Response:
        """202 with the change's id; 401 for a wrong signature, 409 for one that came before, 429 for too many."""
        try:
            change = await self._taken(request)
        except HavenError as error:
            log.info("[%s] a webhook was refused: %s", error.id, error.full)
            status = 429 if isinstance(error, TooMany) else STATUS.get(type(error), 503)
            wait = {"Retry-After": f"{HOUR_S:.0f}"} if status == 429 else {}
            return web.json_response({"error": error.full, "error_id": error.id}, status=status, headers=wait)
        return web.json_response({"id": change.id, "state": change.state}, status=202)

    async def _taken(self, request: web.Request) -> Change:
        """The body is read as bytes first and believed to be nothing until its signature is right."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                body = await request.read()
        except TimeoutError:
            raise BadInput("The body did not come in time.", "Send it again.") from None
        sender = self._senders[sender_of(self._keys, request.headers, body, now())]
        wish = _read(body)
        who = Principal(f"hook:{sender.name}", sender.name, Role.MEMBER, "web")
        key = f"{who.id}:{request.headers[ID]}"
        async with self._one_by_one:
            await self._check(sender, who, key)
            return await self._propose(Request(wish.text, who, kind=wish.kind, key=key, evidence=wish.log), wish.kind)

    async def _check(self, sender: Sender, who: Principal, key: str) -> None:
        """Raises Conflict for an id that made a change already, TooMany."""
        if known := await changes.with_key(self._database, key):
            raise Conflict(f"This id asked for change {known.id} already.", "A new request needs an id of its own.")
        newest = await changes.find(self._database, requester=who.id, limit=sender.per_hour)
        if len(newest) == sender.per_hour and newest[-1].created_at > now() - HOUR_S:
            raise TooMany(f"{sender.name} has asked for {sender.per_hour} changes within an hour.", "Ask again later.")


def _read(body: bytes) -> Wish:
    """Raises BadInput: which field, and what it must be."""
    try:
        return Wish.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise BadInput("The body is not JSON.", '{"kind": "feature", "text": "..."}') from None
        where = ".".join(map(str, first["loc"])) or "the body"
        raise BadInput(f"{where}: {wrong_value(first)}.", '{"kind": "feature", "text": "..."}') from None
