"""The frame of every page in a real browser: coming in, the menu by keyboard, what is live, and no complaint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.house import OWNER
from tests.web.browser import chromium
from tests.web.dashboard import PASSWORD, dashboard


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop", "phone"])
async def test_somebody_begins_comes_in_and_sees_what_happens_as_it_happens(
    tmp_path: Path, phone: bool, dark: bool
) -> None:
    async with (
        dashboard(tmp_path) as here,
        chromium() as browser,
        browser.page(here.browser(), phone=phone, dark=dark) as page,
    ):
        await page.open("/")
        await page.see("no owner here yet")
        for field, words in {"code": here.accounts.first_code, "name": "Olga", "password": PASSWORD}.items():
            await page.type(f"#{field}", words)
        await page.type("#again", PASSWORD)
        await page.click("button", "Begin")
        await page.see("Waits for you")
        await page.see("live", "#live.ok")
        await page.run("window.here = 'the same page'")
        await here.house.switch.off(OWNER, "visitors")
        await page.see("switched it off")
        assert await page.run("window.here") == "the same page"
        assert await page.run("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        if not phone:
            await page.press("Tab")
            assert await page.run("document.activeElement.textContent") == "Skip to the page"
            await page.press("Enter")
            assert await page.run("document.activeElement.id") == "main"
        await page.click("button", "Log out")
        await page.see("Log in")
        assert not page.wrong


async def test_any_number_of_tabs_open_and_each_is_up_to_date_when_it_is_looked_at(tmp_path: Path) -> None:
    """Browsers keep no more than six connections to a place: a tab that nobody sees holds none."""
    async with dashboard(tmp_path) as here, chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner) as first:
            await first.open("/")
            await first.see("live", "#live.ok")
            for _ in range(7):
                tab = await browser.tab(first.context, owner)
                await tab.open("/")
                await tab.see("live", "#live.ok")
            assert await first.run("document.hidden")
            await here.house.switch.off(OWNER, "visitors")
            await tab.see("switched it off")
            assert "switched it off" not in await first.text()
            await first.run("window.here = 'the same page'")
            await first.call("Page.bringToFront")
            await first.see("switched it off")
            assert await first.run("window.here") == "the same page" and not first.wrong + tab.wrong
