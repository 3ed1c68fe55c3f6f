"""axe-core on every page that there is, light and dark: nothing serious for people who can't see, point or wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from haven.store.changes import Change
from tests.web.browser import Page, chromium
from tests.web.dashboard import Browser, Dashboard
from tests.web.furnished import furnished
from tests.web.ways import address, once, parts_of
from web.routes import ROUTES

AXE = (Path(__file__).parent / "vendored" / "axe.min.js").read_text(encoding="utf-8")
BAD = ("serious", "critical")


async def found_by_axe(page: Page, *rules: str) -> list[str]:
    """What is serious on it: the rule, how often, and the first place."""
    only = {"runOnly": {"type": "rule", "values": [*rules]}} if rules else {}
    script = f"axe.run(document, {json.dumps(only | {'resultTypes': ['violations']})})"
    got: dict[str, Any] = await page.run(f"{script}.then((found) => ({{violations: found.violations}}))")
    return [
        f"{one['id']} ({one['impact']}, {len(one['nodes'])}): {one['nodes'][0]['html'][:200]}"
        f" {one['nodes'][0].get('failureSummary', '')[:200]}"
        for one in got["violations"]
        if one["impact"] in BAD
    ]


async def pages_of(here: Dashboard, change: Change, owner: Browser, stranger: Browser) -> list[tuple[str, bool]]:
    """The address of every page, and whether it is a stranger's."""
    parts, found = await parts_of(here.house, change), list[tuple[str, bool]]()
    for route in ROUTES:
        if route.method == "GET" and route.path != "/live":
            path = address(route, parts)
            got = await once(owner if route.act else stranger, "GET", path)
            found += [(path, not route.act)] if got.status == 200 and "<!doctype html>" in got.html[:40] else []
    assert len(found) > 20
    return found


async def test_axe_finds_nothing_serious_on_any_page_light_or_dark(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        owner, stranger, wrong = await here.owner(), here.browser(), list[str]()
        async with browser.page(owner) as inside, browser.page(stranger) as outside:
            for path, is_strangers in await pages_of(here, change, owner, stranger):
                page = outside if is_strangers else inside
                await page.open(path)
                await page.run(f"{AXE}; undefined")
                for dark in (False, True):
                    await page.colours(dark)
                    found = await found_by_axe(page, *(("color-contrast",) if dark else ()))
                    wrong += [f"{path}{' (dark)' if dark else ''}: {one}" for one in found]
                wrong += [f"{path}: {one}" for one in page.wrong]
                page.wrong.clear()
            await outside.run("document.querySelector('label').replaceWith(document.querySelector('input'))")
            assert await found_by_axe(outside), "axe itself sees nothing"
        assert not wrong, "\n".join(wrong)


async def test_no_page_is_wider_than_a_phone_or_a_desktop(tmp_path: Path) -> None:
    wide = (
        "[...document.querySelectorAll('main *')].find((one) => one.getBoundingClientRect().right > screen.width + 1)"
    )
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        owner, stranger, wrong = await here.owner(), here.browser(), list[str]()
        pages = await pages_of(here, change, owner, stranger)
        for phone in (True, False):
            async with browser.page(owner, phone=phone) as inside:
                for path in [path for path, is_strangers in pages if not is_strangers]:
                    await inside.open(path)
                    if await inside.run("document.documentElement.scrollWidth > screen.width"):
                        told = await inside.run(f"({wide})?.outerHTML.slice(0, 120)")
                        wrong.append(f"{path} is too wide{' for a phone' if phone else ''}: {told}")
        assert not wrong, "\n".join(wrong)
