"""Hostile texts through every field of every form: nothing runs, nothing leaks, nothing falls over."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import aiohttp

from haven.settings import Web
from tests.e2e.house import OWNER
from tests.ports import unused_port
from tests.web.browser import Page, chromium
from tests.web.dashboard import PASSWORD, Browser
from tests.web.furnished import furnished
from tests.web.test_walk import whence
from tests.web.ways import Form, Got, Leads, address, matched, once, parts_of, words
from web.routes import ROUTES

CANARY = "window.canary=1"
RUNS = (
    f"<script>{CANARY}</script><img src=x onerror={CANARY}><svg onload={CANARY}>",
    f"\"'><input autofocus onfocus={CANARY}>{{{{7*7}}}}${{7*7}}",
    f"javascript:{CANARY}//</title></textarea></script><script>{CANARY}</script>",
    f"[a](javascript:{CANARY}) ![x](x) <a href=javascript:{CANARY}>x</a><iframe srcdoc='<script>parent.{CANARY}'>",
)
NAUGHTY = (
    "'; drop table change; --\u0000\u202e\u2066\u200b",
    "../../../../etc/passwd%00\r\nSet-Cookie: a=b",
    "\U0001f98a\u0301" * 200 + "ﷺ" * 50,
    "-1e999",
    "9" * 40,
    "{% raw %}{{ visit }}{% endraw %} %s %n {0.__class__}",
    "\ufeff\ufffe\u2028\u2029\u0085\x1b[31mred\x07",
    " ",
)
LEAKS = re.compile(r"Traceback|File \"|\.py\b.{0,40}line \d|sqlite3\.|jinja2\.|/dev/shm/|/tmp/|site-packages|<Task ")
RAW = ("<img src=x onerror", "<svg onload", "<input autofocus onfocus", "<script>window", "<iframe srcdoc")
"""What stands in no page as it was typed."""
KEPT = frozenset({"seal", "pin", "now", "again", "password"})
"""Fields that are filled in as they must be, or the form would stop there."""
NEVER = ("/leave", "/restart", "/me/forget", "/me/password", "/me/pin", "/me/browsers", "/models/", "/people/1/leave")
"""What would end the session or the house that the rest is tried with, or fetch from elsewhere; their one field is the
PIN."""
LISTS = ("/changes", "/chat/history", "/world/drafts", "/world/removed", "/people", "/roundtable", "/world/files")
"""Pages whose links lead to what was just made."""
MORE = 12
"""Of these links, so many of a page."""


class Attacker:
    """An owner who means harm, with the PIN at hand: no other comes as far."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.wrong: list[str] = []
        self.sent = 0

    async def come_in(self) -> None:
        self.browser.session.cookie_jar.clear()
        assert (await self.browser.log_in("Olga")).status == 200

    async def ask(self, method: str, path: str, **fields: str | bytes) -> Got:
        """With fields, those of a form; whoever asked for too much, or was logged out by it, comes in anew."""
        got = await self._once(method, path, fields)
        if (
            got.status == 429
            or "Nobody is logged in" in got.html
            or got.headers.get("Location", "").startswith("/enter")
        ):
            await self.come_in()
            got = await self._once(method, path, fields)
        where = f"{method} {path} with {fields}"
        if got.status >= 500 and got.status != 503:
            self.wrong.append(f"{got.status}: {where:.300}: {words(got.html)}")
        found = None if path.startswith("/log") else LEAKS.search(got.html)  # the owner's log has tracebacks
        raw = found[0] if found else next((one for one in RAW if got.is_page and one in got.html), "")
        if raw:
            self.wrong.append(f"{raw!r} stands in the answer to {where:.300}")
        return got

    async def fill(self, form: Form, alone: str, together: str) -> None:
        """One text in each field alone, the others as they are; and one in all of them."""
        fields = [name for name in form.fields if name not in KEPT]
        usual: dict[str, str | bytes] = {name: value or "words" for name, value in form.fields.items()}
        tries = [usual | {name: alone} for name in fields] + [usual | dict.fromkeys(fields, together)]
        for given in tries:
            files = {name: together.encode(errors="replace") for name in form.files}
            self.sent += 1
            await self.ask(form.method, form.action, **(given | files | {"pin": PASSWORD}))

    async def _once(self, method: str, path: str, fields: Mapping[str, str | bytes]) -> Got:
        if method == "GET":
            return await once(self.browser, "GET", path, headers=whence(), params=dict(fields))
        data = aiohttp.FormData(quote_fields=True)
        for name, value in (dict(fields) | {"seal": self.browser.seal}).items():
            data.add_field(name, value, **({"filename": RUNS[0]} if isinstance(value, bytes) else {}))
        return await once(self.browser, "POST", path, headers=whence(), data=data)


async def pages_of(attacker: Attacker, parts: dict[str, dict[str, str]]) -> dict[str, str]:
    """Every page that there is, by its address."""
    found = {}
    for path in [address(one, parts) for one in ROUTES if one.method == "GET" and one.path != "/live"]:
        got = await attacker.ask("GET", path)
        if got.status == 200 and got.is_page:
            found[path] = got.html
    return found


def forms_of(pages: Mapping[str, str]) -> list[Form]:
    """One of each sort, by where it goes and what it asks."""
    found = [form for path, html in pages.items() for form in Leads(html, path).forms]
    sorts = {(one.method, one.action, *sorted(one.fields)): one for one in found if matched(one.method, one.action)}
    return [one for one in sorts.values() if not one.action.startswith(NEVER)]


async def made_since(attacker: Attacker, pages: Collection[str]) -> list[str]:
    """Pages that were not there before."""
    lists = {path: await attacker.ask("GET", path) for path in LISTS if matched("GET", path)}
    links = {link for path, got in lists.items() for link in sorted(Leads(got.html, path).links)[:MORE]}
    found = []
    for link in sorted(links - {*pages}):
        got = await attacker.ask("GET", link)
        found += [link] if got.is_page and got.status == 200 else []
    return found


async def looked_at(page: Page, path: str) -> list[str]:
    """What a browser made of it that no page does."""
    await page.open(path)
    canary = await page.run("String(window.canary)")
    said = [one for one in page.wrong if "Content Security Policy" in one or not one.startswith("network")]
    page.wrong.clear()
    if canary != "undefined" or said or page.asked:
        return [f"{path}: canary {canary}, said {said}, asked {page.asked}"]
    return []


async def test_hostile_words_stay_words_in_every_field_and_on_every_page(tmp_path: Path) -> None:
    place = Web(port=unused_port(), trusted_proxies=("127.0.0.1/32",))
    async with furnished(tmp_path, place) as (here, change), chromium() as browser:
        await here.house.switch.off(OWNER)  # nobody waits for one who is not there
        attacker = Attacker(await here.owner())
        pages = await pages_of(attacker, await parts_of(here.house, change))
        forms = forms_of(pages)
        for number, form in enumerate(forms):
            await attacker.fill(form, RUNS[number % len(RUNS)], NAUGHTY[number % len(NAUGHTY)])
        assert len(forms) > 20 and attacker.sent > 60
        assert not attacker.wrong, "\n".join(attacker.wrong)
        shown = [*pages, *await made_since(attacker, pages)]
        await attacker.come_in()
        async with browser.page(attacker.browser) as page:
            for path in shown:
                attacker.wrong += await looked_at(page, path)
        assert not attacker.wrong, "\n".join(attacker.wrong)
