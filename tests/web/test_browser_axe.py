"""axe-core on every page that there is, light and dark: nothing serious for people who can't see, point or wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.web.browser import Page, chromium
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


async def test_axe_finds_nothing_serious_on_any_page_light_or_dark(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        owner, stranger, wrong, seen = await here.owner(), here.browser(), list[str](), 0
        parts = await parts_of(here.house, change)
        async with browser.page(owner) as inside, browser.page(stranger) as outside:
            for route in ROUTES:
                who, page = (stranger, outside) if route.act is None else (owner, inside)
                path = address(route, parts)
                got = await once(who, "GET", path) if route.method == "GET" and route.path != "/live" else None
                if got is None or got.status != 200 or "<!doctype html>" not in got.html[:40]:
                    continue
                seen += 1
                await page.open(path)
                await page.run(f"{AXE}; undefined")
                for dark in (False, True):
                    await page.colours(dark)
                    found = await found_by_axe(page, *(("color-contrast",) if dark else ()))
                    wrong += [f"{path}{' (dark)' if dark else ''}: {one}" for one in found]
            await outside.run("document.querySelector('label').replaceWith(document.querySelector('input'))")
            assert await found_by_axe(outside), "axe itself sees nothing"
        assert seen > 20
        assert not wrong, "\n".join(wrong)
