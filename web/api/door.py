"""The API's own gate: a token in each call and nothing else that counts, checked scopes, rates, fields and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from haven.access import Principal, check
from haven.errors import AccessDenied, BadInput
from haven.settings.plain import wrong_value
from haven.store.accounts import Token
from web.api.answering import Answering
from web.api.describe import written
from web.api.endpoint import MOST_BYTES, Call, Endpoint, Given
from web.forms import WrongType
from web.gate import Gate
from web.limits import Limit, place_of
from web.visit import Port

BEARER = "bearer "
BODY_S = 10.0
"""Seconds that a body may take to come in."""
HEADERS = {"Cache-Control": "no-store"}


class NoToken(AccessDenied):
    """Nobody is known by what came with this call."""


class Door:
    """One for the port. Cookies are not looked at, so that no page of elsewhere can use a browser's."""

    def __init__(self, gate: Gate, port: Port) -> None:
        self._gate = gate
        self._port = port
        self._answering = Answering(port.chats)
        self._wrong = Limit(per_s=5, reserve=100)  # nobody guesses a token; it is the database that is spared
        self._calls = Limit(per_s=10, reserve=200)  # of a person: another token is no way around it

    def bound(self, endpoint: Endpoint) -> Handler:
        """What aiohttp calls for an endpoint."""

        async def handle(request: web.Request) -> web.StreamResponse:
            token, person = await self._who(request)
            self._calls.take(person.id)
            _check(endpoint, token, person)
            given = await _given(request.clone(client_max_size=MOST_BYTES), endpoint)
            call = Call(self._port.house, person, token, dict(request.match_info), given, self._answering)
            answer = await endpoint.do(call)
            text = await asyncio.to_thread(answer.model_dump_json)
            return web.Response(text=text, status=endpoint.status, content_type="application/json", headers=HEADERS)

        return handle

    async def _who(self, request: web.Request) -> tuple[Token, Principal]:
        given = request.headers.get("Authorization", "")
        secret = given[len(BEARER) :].strip() if given.casefold().startswith(BEARER) else ""
        found = await self._port.accounts.program(secret) if secret else None
        if found is None:
            self._wrong.take(place_of(self._gate.source(request)))
            raise NoToken(
                "This needs a token that holds.",
                "Make one on the dashboard under your name; send it as a bearer token.",
            )
        return found


async def description(request: web.Request) -> web.Response:
    """The OpenAPI file, for anybody: there is nothing of this house in it."""
    return web.Response(text=written(), content_type="application/json", headers={"Cache-Control": "no-cache"})


def sorry(status: int, sentence: str, id: str) -> web.Response:
    """What went wrong, in words; a call without a token is told what kind of one it takes."""
    wanted = {"WWW-Authenticate": 'Bearer realm="Haven"'} if status == 401 else {}
    return web.json_response({"error": sentence, "error_id": id}, status=status, headers=HEADERS | wanted)


def _check(endpoint: Endpoint, token: Token, person: Principal) -> None:
    """Raises AccessDenied."""
    if not {*endpoint.scopes} & {*token.scopes}:
        wanted = " or ".join(endpoint.scopes)
        raise AccessDenied(f"The token {token.name!r} is not for that.", f"It takes one with the scope {wanted}.")
    check(person, endpoint.act)


async def _given(request: web.Request, endpoint: Endpoint) -> Given:
    """Raises BadInput: which field, and what it must be."""
    try:
        if endpoint.method == "GET":
            return endpoint.takes.model_validate_strings(_once(request.query))
        if request.query:
            raise BadInput("Fields belong into the body here.", "Send them as one JSON object.")
        if request.content_type != "application/json":
            raise WrongType("The body must be JSON.", "Send it with the Content-Type application/json.")
        async with asyncio.timeout(BODY_S):
            return endpoint.takes.model_validate_json(await request.read(), strict=True)
    except TimeoutError:
        raise BadInput("The body did not come in time.", "Send it again.") from None
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise BadInput("The body is not JSON.", "It takes one object.") from None
        where = ".".join(map(str, first["loc"])) or "the body"
        raise BadInput(f"{where[:80]}: {wrong_value(first)}.") from None


def _once(query: Mapping[str, str]) -> dict[str, str]:
    """Each field of the address. Raises BadInput for one that is given twice."""
    if len(query) != len({*query}):
        raise BadInput("A field of the address is given twice.", "Give it once.")
    return dict(query)
