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
from haven.changes.proposal import MAX_REQUEST, Kind, clean
from haven.changes.rounds import evidence
from haven.errors import AccessDenied, BadInput, Conflict, HavenError, Unavailable
from haven.settings import Sender, Webhooks
from haven.settings.plain import wrong_value
from haven.store import changes
from haven.store.changes import Change
from haven.store.database import Database, now
from haven.webhooks.signing import ID, key_of, sender_of
from web.accounts import PROGRAM
from web.limits import Limit, TooMuch

log = logging.getLogger("haven.web")

MOST = 64 * 1024
"""Bytes of a body."""
PATIENCE_S = 10.0
"""Seconds that a body may take to come in."""
HOUR_S = 3600.0
FULL_S = 600.0
"""Seconds after which one of the changes under way may have come to its end."""
STATUS: Mapping[type[HavenError], int] = {AccessDenied: 401, BadInput: 400, Conflict: 409, Unavailable: 503}


class Wish(BaseModel):
    """The body."""

    model_config = ConfigDict(extra="forbid", strict=False)

    kind: Kind
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REQUEST)]
    log: str | None = None
    """A log or traceback that comes with a fix."""


class TooMany(HavenError):
    """The sender has asked for enough; `after` is how many seconds it should wait."""

    def __init__(self, sentence: str, mend: str = "", *, after: float) -> None:
        super().__init__(sentence, mend)
        self.after = after


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
        self._one_by_one = {name: asyncio.Lock() for name in self._senders}
        """Between counting a sender's changes and its next one nothing else of that sender's is let in."""
        self._unsigned = Limit(per_s=0.2, reserve=30)
        """Of those whose signature is wrong, in all: what is beyond is not written down."""

    async def change(self, request: web.Request) -> web.Response:
        """202 with the change's id, for a second delivery too; 401 for a wrong signature, 409 for an id that asked for
        something else, 429 for too many."""
        try:
            change = await self._taken(request)
        except HavenError as error:
            if isinstance(error, AccessDenied) and not self._is_worth_a_line():
                return web.json_response({"error": error.full, "error_id": ""}, status=401)
            log.info("[%s] a webhook was refused: %s", error.id, error.full)
            wait = {"Retry-After": f"{error.after:.0f}"} if isinstance(error, TooMany) else {}
            status = 429 if wait else STATUS.get(type(error), 503)
            return web.json_response({"error": error.full, "error_id": error.id}, status=status, headers=wait)
        return web.json_response({"id": change.id, "state": change.state}, status=202)

    def _is_worth_a_line(self) -> bool:
        try:
            self._unsigned.take("")
        except TooMuch:
            return False
        return True

    async def _taken(self, request: web.Request) -> Change:
        """The body is read as bytes first and believed to be nothing until its signature is right."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                body = await request.read()
        except TimeoutError:
            raise BadInput("The body did not come in time.", "Send it again.") from None
        sender = self._senders[sender_of(self._keys, request.headers, body, now())]
        wish = _read(body)
        who = Principal(f"{PROGRAM}{sender.name}", sender.name, Role.MEMBER, "web")
        key = f"{who.id}:{request.headers[ID]}"
        async with self._one_by_one[sender.name]:
            if known := await changes.with_key(self._database, key):
                return await _again(known, wish)
            await self._count(sender, who)
            asked = Request(wish.text, who, kind=wish.kind, key=key, evidence=wish.log)
            try:
                return await self._propose(asked, wish.kind)
            except Conflict as error:  # as many as anybody may have are under way
                raise TooMany(str(error), error.mend, after=FULL_S) from error

    async def _count(self, sender: Sender, who: Principal) -> None:
        """Raises TooMany."""
        newest = await changes.find(self._database, requester=who.id, limit=sender.per_hour)
        if len(newest) == sender.per_hour and (left := newest[-1].created_at + HOUR_S - now()) > 0:
            said = f"{sender.name} has asked for {sender.per_hour} changes within an hour."
            raise TooMany(said, "Ask again later.", after=max(1.0, left))


async def _again(known: Change, wish: Wish) -> Change:
    """The change that the first delivery made. Raises Conflict where this one asks for something else."""
    log = await asyncio.to_thread(evidence.prepare, wish.log) if wish.log is not None else ""
    if (known.kind, known.request, known.evidence) != (wish.kind.value, clean(wish.text), log):
        raise Conflict(f"This id asked for change {known.id} already.", "A new request needs an id of its own.")
    return known


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
