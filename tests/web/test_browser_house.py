"""Managing the house in Chromium: an invitation on a phone, settings by keyboard, a model whose coming is seen live."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.app import open_house
from haven.faces import settings_file
from haven.settings import load
from haven.store import accounts as table
from tests.ai.hub_by_hand import FILE, REPO, hub_by_hand, write_catalogue
from tests.e2e.house import settings_in
from tests.web.browser import chromium
from tests.web.dashboard import PASSWORD, dashboard

WEIGHTS = b"GGUF" + bytes(range(256)) * 8000
CUT = 3 << 18


async def test_an_owner_invites_somebody_by_phone_and_saves_a_setting_by_keyboard(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner, phone=True, dark=True) as page:
            await page.open("/people")
            await page.type("#name", "Mika")
            await page.type("#invite-pin", PASSWORD)
            await page.click("button", "Make an invitation")
            await page.see("An invitation for Mika")
            link = await page.run("document.querySelector('dd a').href")
            assert not page.wrong, page.wrong
        guest = here.browser()
        async with browser.page(guest, phone=True) as page:
            await page.open(link)
            for field in ("#password", "#again"):
                await page.type(field, PASSWORD)
            await page.press("Enter")
            await page.see("Overview", "h1")
            assert not page.wrong, page.wrong
        assert await table.named(here.house.database, "Mika") is not None
        async with browser.page(owner) as page:
            await page.open("/settings")
            await page.type("[id='alerts.celsius']", "hot")
            await page.press("Enter")
            await page.see("it must be a number", "[role=alert]")
            await page.type("[id='alerts.celsius']", "71")
            await page.press("Enter")
            await page.see("+celsius = 71")
            await page.type("#pin", PASSWORD)
            await page.press("Enter")
            await page.see("It counts from now on.")
            page.wrong = [one for one in page.wrong if "400" not in one]  # the console tells of the wrong value too
            assert not page.wrong, page.wrong
        assert load(settings_file(here.house.settings)).alerts.celsius == 71


async def test_how_far_a_model_is_is_seen_without_loading_the_page_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    shelf = settings.paths.state_dir / "models"
    shelf.mkdir(parents=True)
    write_catalogue(shelf / "catalogue.toml", f'{{ kind = "hub", repo = "{REPO}", file = "{FILE}" }}')
    async with (
        hub_by_hand(WEIGHTS) as far,
        open_house(settings) as house,
        dashboard(tmp_path, house=house) as here,
        chromium() as browser,
    ):
        monkeypatch.setenv("HF_ENDPOINT", far.hub)
        owner = await here.owner()
        async with browser.page(owner) as looks, browser.page(owner) as page:
            await looks.open("/models")
            await looks.run("window.same = true")
            far.faults = [("stall", CUT), ("stall", 1), ("stall", 1)]
            await page.open("/models")
            form = "form[action='/models/tiny/install']"
            await page.run(f"document.querySelector({form!r}).closest('details').open = true")
            await page.type(f"{form} input[type=password]", PASSWORD)
            await page.press("Enter")
            await far.stalled.wait()
            await page.see(" of 2.0 MB")
            await page.click("button", "Stop")
            await looks.see("Tiny: It was stopped.")
            far.faults = []
            await looks.run(f"document.querySelector({form!r}).closest('details').open = true")
            await looks.type(f"{form} input[type=password]", PASSWORD)
            await looks.click(f"{form} button", "Bring it here")
            await page.see("Tiny is here. It is used from Haven's next start on")
            assert not page.wrong + looks.wrong, (page.wrong, looks.wrong)
