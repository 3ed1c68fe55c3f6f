"""Every way in, as a stranger and as each role: what its table says, safe headers, and no page that leads astray."""

from __future__ import annotations

import itertools
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from haven.access import Role
from haven.settings import Web
from haven.store.accounts import named
from tests.ports import unused_port
from tests.web.dashboard import Browser, Dashboard
from tests.web.furnished import furnished
from tests.web.programs import program
from tests.web.ways import Got, Leads, address, allowed, matched, once, parts_of, words
from web.api import tokens
from web.api.endpoint import Scope
from web.api.table import ENDPOINTS
from web.routes import ROUTES
from web.visit import Route

ROLES = {"Mika": Role.MEMBER, "Rena": Role.REVIEWER, "Olga": Role.OWNER}
OURS = (
    *("/chat/", "/alerts/", "/backups/", "/models/", "/roundtable/requests/", "/world/files/"),
    *("/changes/{id}/rounds/", "/world/map/names", "/kiosk/socket"),
)
"""Ways to what is one person's, not there in this house, or gone by: who may go in finds nothing."""
numbers = itertools.count(1)


def whence() -> dict[str, str]:
    """An address of its own for each try: who comes too often is sent away, and this is not about that."""
    number = next(numbers)
    return {"X-Forwarded-For": f"10.1.{number // 250}.{number % 250}"}


def behind_a_proxy() -> Web:
    return Web(port=unused_port(), trusted_proxies=("127.0.0.1/32",))


def check_headers(got: Got, where: str) -> None:
    policy = got.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy, where
    assert "unsafe" not in policy and got.headers["X-Content-Type-Options"] == "nosniff", where
    if got.status == 200:
        kept = got.headers.get("Cache-Control", "")
        assert "no-store" in kept or "private" in kept, f"{where} may be kept by others: {kept!r}"


class Walker:
    """Somebody of a role, who tries everything with the seal alone, and comes in anew where that was too much."""

    def __init__(self, name: str, browser: Browser) -> None:
        self.name, self.role, self._browser = name, ROLES[name], browser
        self._followed: set[str] = set()

    async def ask(self, method: str, path: str) -> Got:
        fields = {"data": {"seal": self._browser.seal}} if method == "POST" else {}
        got = await once(self._browser, method, path, headers=whence(), **fields)
        if got.status != 429:
            return got
        self._browser.session.cookie_jar.clear()
        answer = await self._browser.log_in(self.name)
        assert answer.status == 200, answer.text
        return await self.ask(method, path)

    async def astray(self, path: str, page: Got) -> list[str]:
        """Links and forms of a page that lead this person to a refusal or to nothing."""
        leads, wrong, tried = Leads(page.html, path), list[str](), set[str]()
        for link in sorted(leads.links):
            route = matched("GET", urlsplit(link).path)
            if route is None:
                wrong += [] if link.startswith("/api/v1/") else [f"{path} leads to {link}, which is nowhere"]
            elif not allowed(route.act, self.role):
                wrong.append(f"{path} leads to {link}, which is not for {self.name}")
            elif link not in self._followed and route.path not in tried:
                tried.add(route.path)
                self._followed.add(link)
                got = await self.ask("GET", link)
                wrong += [] if got.status < 400 else [f"{path} leads to {link}, which is {got.status}"]
        for form in leads.forms:
            route = matched(form.method, form.action)
            if route is None or not allowed(route.act, self.role):
                wrong.append(f"{path} has a form for {form.method} {form.action}, which is not for {self.name}")
        return wrong

    def off(self, route: Route, path: str, got: Got) -> list[str]:
        """Where an answer is not what the table says."""
        said = f"{route.method} {path} is {got.status} for {self.name}: {words(got.html)}"
        if not allowed(route.act, self.role):
            return [] if got.status == 403 else [said]
        if route.method == "GET" and not route.path.startswith(OURS):
            return [] if got.status in (200, 303) else [said]
        refused = self.role is Role.OWNER and "needs the role" in got.html
        return [said] if got.status >= 500 or refused else []


async def come_in(here: Dashboard, name: str) -> Walker:
    owner = await here.owner()
    return Walker(name, owner if name == "Olga" else await here.person(name, ROLES[name]))


async def test_a_stranger_finds_the_door_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path, behind_a_proxy()) as (here, change):
        await here.owner()
        parts, stranger = await parts_of(here.house, change), here.browser()
        for route in ROUTES:
            where = f"{route.method} {route.path}"
            got = await once(stranger, route.method, address(route, parts), headers=whence())
            check_headers(got, where)
            assert "set-cookie" not in {name.lower() for name in got.headers}, where
            if route.act is None:
                assert got.status < 500, where
            elif route.method == "GET":
                assert got.status == 303 and got.headers["Location"].startswith("/enter?next="), where
            else:
                assert got.status == 403 and "Nobody is logged in" in got.html, where
        async with program(here) as api:
            for one in ENDPOINTS:
                said = await api.call(one.method, one.path.replace("{id}", change.id).replace("{record}", "x"))
                assert said.status == 401, one.path


@pytest.mark.parametrize("name", ROLES)
async def test_each_role_comes_where_the_table_says_and_no_page_leads_astray(tmp_path: Path, name: str) -> None:
    async with furnished(tmp_path, behind_a_proxy()) as (here, change):
        parts, walker, wrong = await parts_of(here.house, change), await come_in(here, name), list[str]()
        for route in sorted(ROUTES, key=lambda one: (one.path == "/leave", one.method)):  # looking comes first
            path = address(route, parts)
            got = await walker.ask(route.method, path)
            check_headers(got, f"{route.method} {path}")
            wrong += walker.off(route, path, got)
            if got.status == 200 and got.is_page:
                wrong += await walker.astray(path, got)
        assert not wrong, "\n".join(wrong)
        assert (await walker.ask("GET", "/")).headers["Location"].startswith("/enter")


async def test_a_token_goes_as_far_as_its_scope_and_its_person(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        for name, role in ROLES.items():
            await come_in(here, name)
            account = await named(here.house.database, name)
            assert account is not None
            for scope in Scope:
                secret = await tokens.make(here.house.database, account, f"for {scope}", [scope])
                async with program(here, secret) as api:
                    for one in ENDPOINTS:
                        path = one.path.replace("{id}", "ffffff").replace("{record}", "Oculi")
                        given = {"json": {}} if one.method == "POST" else {}
                        said = await api.call(one.method, path, **given)
                        where = f"{one.method} {one.path} by {name} for {scope}: {said}"
                        check_headers(Got(said.status, said.headers, b""), where)
                        if scope not in one.scopes or not allowed(one.act, role):
                            assert said.status == 403, where
                        else:
                            assert said.status in (200, 400, 404), where
