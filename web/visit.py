"""One request of a browser: who asks, what they may do, and the page that they get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from aiohttp import web

from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied, BadInput
from web.accounts import Accounts, Visitor
from web.chores import Chores
from web.handed import Handed
from web.imports import Imports
from web.screens import Screens

if TYPE_CHECKING:
    from web.chat.chats import Chats
    from web.pages import Pages
    from web.streaming import Streams

FORM_BYTES = 256 * 1024
NOBODY = Principal("", "a stranger", Role.STRANGER, "web")


@dataclass(frozen=True)
class Route:
    """A way in. `act` is what its visitors must be allowed to do; None opens it to anybody, also without a password."""

    method: str
    path: str
    handle: Handle
    act: Act | None
    most: int = FORM_BYTES
    """Bytes of a body."""
    is_heavy: bool = False
    """It takes so long to answer that one person may ask for few at a time."""


@dataclass(frozen=True)
class Port:
    """What all visits share."""

    house: Handed
    accounts: Accounts
    pages: Pages
    chores: Chores
    chats: Chats
    imports: Imports
    screens: Screens
    streams: Streams


class Visit:
    """What a route works with."""

    def __init__(self, request: web.Request, port: Port, visitor: Visitor | None, source: str, cookie: str) -> None:
        self.request = request
        self.house = port.house
        self.accounts = port.accounts
        self.chores = port.chores
        self.chats = port.chats
        self.imports = port.imports
        self.screens = port.screens
        self.streams = port.streams
        self.visitor = visitor
        self.source = source
        """The address that it came from."""
        self.cookie = cookie
        """The name of the session's cookie."""
        self._pages = port.pages
        self.began = self.house.bus.last
        """The newest event when it began: what came later may not be on its page."""

    @property
    def person(self) -> Principal:
        """Whoever asks; a stranger where nobody is logged in."""
        return self.visitor.person if self.visitor else NOBODY

    @property
    def known(self) -> Visitor:
        """Whoever asks, on a route that nobody comes to without a session."""
        assert self.visitor is not None
        return self.visitor

    def may(self, act: Act) -> bool:
        """Whether a control is shown; who acts is checked again."""
        return _may(self.person, act)

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def asked(self, name: str, default: str = "") -> str:
        """A field of the address."""
        return self.request.query.get(name, default)

    async def fields(self) -> dict[str, str]:
        """The form's fields that are text; the last of one name counts."""
        found = await self.request.post()
        return {name: value for name, value in found.items() if isinstance(value, str)}

    async def field(self, name: str) -> str:
        """Raises BadInput where it is missing or empty."""
        if not (value := (await self.fields()).get(name, "").strip()):
            raise BadInput(f"The field {name!r} is empty.", "Fill it in and send it again.")
        return value

    async def confirmed(self) -> Principal:
        """Whoever asks, after the PIN (their password while they have none) that came in the form's field `pin`.

        Raises AccessDenied for a wrong one.
        """
        await self.accounts.confirm(self.known.account, (await self.fields()).get("pin", ""))
        return self.person.with_pin()

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """The template as a whole page, or as the piece of one that htmx asked for."""
        return self._pages.page(self, template, status, values)

    def go(self, path: str, said: str = "", level: str = "ok") -> web.Response:
        """Go there with a notice: what a form is answered with, so that a reload sends nothing twice."""
        if said and self.visitor:
            self._pages.notice(self.visitor, said, level)
        if "HX-Request" in self.request.headers:
            return web.Response(status=204, headers={"HX-Redirect": path})
        return web.Response(status=303, headers={"Location": path})


VISIT = web.RequestKey("visit", Visit)
Handle: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]


def at(path: str, **query: str) -> str:
    """An address with its fields, escaped."""
    fields = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
    return f"{path}?{fields}" if fields else path


def _may(person: Principal, act: Act) -> bool:
    try:
        check(person, act)
    except AccessDenied:
        return False
    return True
