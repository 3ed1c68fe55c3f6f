"""Chat and Round Table in a real browser: an answer grows on the page that asked, and a request is seen again."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistants.round_table import Request
from haven.ai.task import Where
from haven.app import House
from haven.demo.stand_in import Fault, FaultKind
from tests.e2e.house import MEMBER, at_home
from tests.web.browser import Page, chromium
from tests.web.dashboard import dashboard
from tests.web.test_browser_axe import AXE, found_by_axe


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop", "phone"])
async def test_an_answer_grows_is_stopped_and_the_table_follows(tmp_path: Path, phone: bool, dark: bool) -> None:
    slow, hanging = Fault(FaultKind.SLOW), Fault(FaultKind.HANG)
    async with (
        at_home(tmp_path, [slow, hanging]) as home,
        dashboard(tmp_path, house=home.house) as here,
        chromium() as browser,
        browser.page(await here.owner(), phone=phone, dark=dark) as page,
    ):
        await page.open("/chat")
        await _ask(page, "Tell me of the night", "Ask")
        await page.until("document.querySelector('[data-text]')?.textContent.length > 0")
        await page.run("window.here = 'the same page'")
        await page.see("Good answer")
        assert await page.run("window.here") == "the same page", "the finished answer is put in"
        assert await page.run("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        await _ask(page, "And of the morning", "")
        await page.see("thinking")
        await hanging.reached.wait()
        await page.click("button", "Stop")
        await page.see("Stopped before its end")
        hanging.release.set()
        await _read_by_all(page)
        await page.click("summary", "Attach")
        await page.see("A text file that it is about")
        await _table(page, home.house)
        assert not page.wrong


async def _ask(page: Page, words: str, button: str) -> None:
    """By the button, or by the keyboard alone."""
    await page.type("#text", words)
    await page.run("document.getElementById('where').value = 'cloud'")
    await page.run("document.getElementById('assistant').value = 'scribe'")
    async with page.loading():
        if button:
            await page.click("button", button)
        else:
            await page.press("Control+Enter")


async def _table(page: Page, house: House) -> None:
    await page.open("/roundtable")
    await page.see("Live: every request")
    await page.see("live", "#live.ok")
    await page.run("window.here = 'the same page'")
    request = Request("Which way to the harbour?", MEMBER, assistant="scribe", where=Where.CLOUD)
    pieces = [piece async for piece in house.round_table.ask(request)]
    assert pieces
    await page.see("Scribe answers Mika", ".step")
    await page.see("Which way to the harbour?", ".requests")
    assert await page.run("window.here") == "the same page"
    await _read_by_all(page)
    await house.database.write(lambda tx: tx.execute("update transcript set at = at + 10 * id"))
    async with page.loading():
        await page.click(".requests a", "harbour")
    shown = "[...document.querySelectorAll('.step')].filter((one) => !one.hidden).length"
    count = await page.run(shown)
    await page.click("button", "Replay")
    await page.click("button", "Pause")
    await page.see("resting")
    await page.click("label", "16x")
    await page.see("at 16x, resting")
    await page.click("button", "Go on")
    await page.see("the end of the replay")
    assert await page.run(shown) == count
    await _read_by_all(page)


async def _read_by_all(page: Page) -> None:
    """axe-core finds nothing serious on what is shown now."""
    await page.run(f"{AXE}; undefined")
    assert not await found_by_axe(page)
