"""Every way into the dashboard with an address that leads somewhere, and what a page leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from aiohttp import web

from haven.access import NEEDS, Act, Principal, Role
from haven.app import House
from haven.store.changes import Change
from haven.world.fields import made
from haven.world.schema import Kind
from tests.web.dashboard import WORDS, Browser
from web.routes import ROUTES
from web.visit import Route

PART = re.compile(r"{(\w+)[^{}]*(?:{[^{}]*}[^{}]*)?}")
QUERIES = {"/changes/{id}/diff/file": "?file=0", "/world/map/card": "?id={id}"}
"""What a way needs beside its path; `id` is a system's."""
BY = Principal("discord:9", "Tin", Role.MEMBER, "bot")


async def parts_of(house: House, change: Change) -> dict[str, dict[str, str]]:
    """What stands in addresses that begin so: a new kind of address with parts needs its line here."""
    draft = await house.drafts.propose([made(Kind.SYSTEM, {"name": "Farlight"})], BY, "submit")
    system = (await house.world.things(Kind.SYSTEM, limit=1))[0]
    alert = {"id": "nothing"}
    return {
        "/alerts/": alert,
        "/backups/": {"name": "nothing", "id": "nothing"},
        "/changes/": {"id": change.id, "first": "1", "second": "1"},
        "/chat/": {"id": "0" * 16, "form": "json"},
        "/chat/all.": {"form": "json"},
        "/chat/stream/": {"id": "0" * 16},
        "/me/browsers/": {"mark": "nothing"},
        "/me/tokens/": {"id": "1"},
        "/models/": {"name": "nothing"},
        "/people/": {"id": "1"},
        "/roundtable/requests/": {"id": "0" * 16},
        "/world/files/": {"id": "nothing"},
        "/world/drafts/": {"id": draft.id},
        "/world/records/": {"id": system.id},
    }


def address(route: Route, parts: dict[str, dict[str, str]]) -> str:
    """Raises AssertionError for a route whose parts nobody has named."""
    query = QUERIES.get(route.path, "")
    if "{" not in route.path:
        return route.path + query.format(**parts["/world/records/"])
    begin = route.path.partition("{")[0]
    assert begin in parts, f"tests/web/ways.py:parts_of needs a line for {route.path}"
    named = parts[begin]
    for name in PART.findall(route.path):
        assert name in named, f"tests/web/ways.py:parts_of needs {name!r} of {route.path}"
    return PART.sub(lambda found: named[found[1]], route.path) + query


def allowed(act: Act | None, role: Role) -> bool:
    return act is None or role >= NEEDS[act]


def matched(method: str, path: str) -> Route | None:
    """The route that answers this address."""
    return next((one for one in ROUTES if one.method == method and _PATTERNS[one.path].fullmatch(path)), None)


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with what stands in them."""

    method: str
    action: str
    fields: dict[str, str]
    files: set[str]
    elsewhere: bool = False
    """Its buttons name where it goes."""


class Leads(HTMLParser):
    """What a page leads to: links, htmx addresses and forms, all on this dashboard."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self._path, self._form = path, None
        self._choices = ""
        self.feed(html)
        self.forms = [one for one in self.forms if not one.elsewhere]

    _form: Form | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get"):
            if tag != "link" and name in found:
                self._link(found[name])
        if tag == "form":
            action = urlsplit(urljoin(self._path, found.get("action") or self._path)).path
            self._form = Form(found.get("method", "get").upper(), action, {}, set())
            if self._form.method in ("GET", "POST"):  # "dialog" goes nowhere
                self.forms.append(self._form)
        elif tag == "button" and self._form and "formaction" in found:
            self.forms.append(Form("POST", urljoin(self._path, found["formaction"]), self._form.fields, set()))
            self._form.elsewhere = True
        elif tag in ("input", "textarea", "select", "button") and self._form and found.get("name"):
            self._field(tag, found)
        elif tag == "option" and self._form and self._choices:
            fields = self._form.fields
            fields[self._choices] = found.get("value", "") if "selected" in found else fields[self._choices]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._choices = ""

    def _field(self, tag: str, found: dict[str, str]) -> None:
        assert self._form is not None
        if found.get("type") == "file":
            self._form.files.add(found["name"])
        elif found.get("type") != "radio" or "checked" in found or found["name"] not in self._form.fields:
            self._form.fields[found["name"]] = found.get("value", "")
        if tag == "select":
            self._choices = found["name"]

    def _link(self, address: str) -> None:
        whole = urlsplit(urljoin(self._path, address))
        if not whole.netloc and whole.path.startswith("/") and not whole.path.startswith("/static/"):
            self.links.add(whole.path + (f"?{whole.query}" if whole.query else ""))


@dataclass
class Got:
    """One answer, not followed; of a stream the beginning alone."""

    status: int
    headers: Any
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def is_page(self) -> bool:
        return "text/html" in self.headers.get("Content-Type", "")


def words(html: str) -> str:
    """The heading of a page, and what follows it."""
    return " ".join(unescape(WORDS.sub(" ", html.partition("<main")[2] or html)).split())[:300]


async def once(person: Browser, method: str, path: str, **more: Any) -> Got:
    """Ask, and follow nothing."""
    request = person.session.request(method, person.url + path, allow_redirects=False, **more)
    async with request as answer:
        stream = "event-stream" in answer.headers.get("Content-Type", "")
        return Got(answer.status, answer.headers, b"" if stream else await answer.read())


def _patterns() -> dict[str, re.Pattern[str]]:
    router = web.UrlDispatcher()
    found = {}
    for one in ROUTES:
        told = router.add_resource(one.path).get_info()
        found[one.path] = told.get("pattern") or re.compile(re.escape(told["path"]))
    return found


_PATTERNS = _patterns()
