"""The dashboard as one aiohttp application: every route behind the gate, every answer with its safe headers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from haven.errors import AccessDenied, BadInput, Conflict, HavenError, NotFound, SettingsError, Unavailable, error_id
from haven.settings import Web
from web.accounts import Accounts
from web.api.door import Door, NoToken, description, sorry
from web.api.endpoint import BASE
from web.api.table import ENDPOINTS
from web.chat.chats import Chats
from web.chores import Chores
from web.forms import WrongType
from web.gate import Gate
from web.handed import Handed
from web.imports import Imports
from web.limits import TooMuch
from web.pages import Pages
from web.routes import ROUTES
from web.screens import Screens
from web.shelf import shelf
from web.streaming import Streams
from web.visit import VISIT, Port

log = logging.getLogger("haven.web")

STATUS: Sequence[tuple[type[HavenError], int]] = (
    (NoToken, 401),
    (AccessDenied, 403),
    (WrongType, 415),
    (BadInput, 400),
    (NotFound, 404),
    (Conflict, 409),
    (SettingsError, 409),
    (TooMuch, 429),
    (Unavailable, 503),
)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Dashboard:
    """Adds itself to the application of the port."""

    def __init__(self, settings: Web, house: Handed, accounts: Accounts) -> None:
        self.accounts = accounts
        self._chats = Chats(house)
        self._chores = Chores(house.bus)
        self._imports = Imports(house.importer)
        port = Port(house, accounts, Pages(), self._chores, self._chats, self._imports, Screens(), Streams())
        self.gate = Gate(settings, port)
        self._api = Door(self.gate, port)

    def add_to(self, app: web.Application) -> None:
        app.middlewares.append(self._told)
        app.on_response_prepare.append(_headers)
        app.on_shutdown.append(self._ends)
        app.router.add_get("/static/{name:.+}", shelf().serve)
        for route in ROUTES:
            app.router.add_route(route.method, route.path, self.gate.bound(route))
        app.router.add_get(f"{BASE}/openapi.json", description)
        for endpoint in ENDPOINTS:
            app.router.add_route(endpoint.method, f"{BASE}{endpoint.path}", self._api.bound(endpoint))

    async def _ends(self, app: web.Application) -> None:
        await self._chats.close()
        await self._chores.close()
        await self._imports.close()

    @web.middleware
    async def _told(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What goes wrong, as a sentence for people with the id that stands in the log; never a traceback."""
        try:
            return await handler(request)
        except HavenError as error:
            level = logging.INFO if isinstance(error, AccessDenied | BadInput) else logging.WARNING
            id = "" if isinstance(error, TooMuch) else error.id  # whoever floods the port must not flood the log
            if id:
                log.log(level, "[%s] %s", id, error)
            status = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
            return self._sorry(request, status, str(error), error.mend, id, error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            sentence = "There is no such page." if error.status == 404 else f"That can't be answered: {error.reason}."
            answer = self._sorry(request, error.status, sentence, "", "", None)
            if allowed := error.headers.get("Allow"):
                answer.headers["Allow"] = allowed
            return answer
        except Exception:
            id = error_id()
            log.exception("[%s] the dashboard failed at %s", id, request.path)
            return self._sorry(request, 500, "Something went wrong.", "The log has the rest.", id, None)

    def _sorry(
        self, request: web.Request, status: int, sentence: str, mend: str, id: str, error: HavenError | None
    ) -> web.Response:
        if request.path.startswith(f"{BASE}/"):
            answer = sorry(status, f"{sentence} {mend}".strip(), id)
        else:
            visit = request.get(VISIT) or self.gate.visit(request, None)
            answer = visit.page("sorry.html", status=status, sentence=sentence, mend=mend, error_id=id)
        if isinstance(error, Unavailable) and error.after:
            answer.headers["Retry-After"] = f"{error.after:.0f}"
        return answer


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Haven"  # and not with which version of what
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
