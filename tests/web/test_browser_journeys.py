"""Every journey of the dashboard with mouse and keys on a desktop and with a finger on a phone, in one house each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haven.store import backup
from haven.store import changes as table
from tests.web.browser import Page, chromium
from tests.web.dashboard import PASSWORD, Dashboard
from tests.web.furnished import furnished, in_review
from tests.web.pictured import QUESTION
from tests.world.a_world import MEMBER, system

PIN = "74821"


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop", "phone"])
async def test_all_journeys(tmp_path: Path, phone: bool, dark: bool) -> None:
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner, phone=phone, dark=dark) as page:
            await a_pin(page)
            await a_request(page)
            await a_remark(page, here)
            await an_approval(page, change.id)
            await a_question_with_a_file(page)
            await a_search_and_a_route(page)
            await an_edit_and_its_undo(page, here)
            await drafts_together(page, here)
            await an_import(page, here)
            await a_person(page)
            await a_setting(page)
            await a_backup(page, here)
            await the_log(page)
            await the_kiosk(page)
            assert not page.wrong, page.wrong


async def fits(page: Page) -> None:
    """Nothing is to be scrolled sideways."""
    path = await page.run("location.pathname")
    assert await page.run("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"


async def put_in(page: Page, field: str, name: str, text: str) -> None:
    """A file into a field of a form."""
    script = "((given) => { given.items.add(new File([%s], %s)); document.querySelector(%s).files = given.files; })"
    await page.run(script % (json.dumps(text), json.dumps(name), json.dumps(field)) + "(new DataTransfer())")


async def a_pin(page: Page) -> None:
    await page.open("/me")
    for field, words in {"now": PASSWORD, "new": PIN, "again": PIN}.items():
        await page.type(f"#pin-{field}", words)
    async with page.loading():
        await page.click("button", "Set a PIN")
    await page.see("You have one.")
    await fits(page)


async def a_request(page: Page) -> None:
    await page.open("/changes")
    async with page.loading():
        await page.click("a", "New request")
    await page.click("label", "documentation")
    await page.type("#text", "Say in the README what a glyph is")
    await page.type("#files", "README.md")
    await page.click("summary", "Private notes")
    await page.type("#private", "Ada asked for it twice")
    await fits(page)
    async with page.loading():
        await page.click("button", "Ask for it")
    await page.see("Say in the README what a glyph is", "h1")
    await page.see("Ada asked for it twice")
    await fits(page)


async def a_remark(page: Page, here: Dashboard) -> None:
    """A line of the diff is pointed at, and what is said of it becomes the next round."""
    change = await in_review(here.house, "Name the seas", {"atlas/seas.py": "SEAS = ('North',)\n"})
    await page.open(f"/changes/{change.id}/diff")
    await page.click(".l.a", "SEAS")
    await page.click(".plus-button")
    await page.type(".remark textarea", "the South too")
    await fits(page)
    async with page.loading():
        await page.click("#send-remarks", "Send 1 remark as a tweak")
    await page.see("goes into another round")
    with here.house.bus.subscribe() as news:
        while len(rounds := await table.rounds(here.house.database, change.id)) < 2:
            await anext(news)
    assert rounds[1].instruction.endswith("which reads `SEAS = ('North',)`:\nthe South too")


async def an_approval(page: Page, id: str) -> None:
    await page.open(f"/changes/{id}")
    await page.see("Your PIN")
    await page.type("#approve-pin", PIN)
    await fits(page)
    async with page.loading():
        await page.click("button", "Approve round 1")
    await page.see("is approved")


async def a_question_with_a_file(page: Page) -> None:
    await page.open("/chat")
    await page.type("#text", QUESTION)
    await page.run("document.getElementById('where').value = 'local'")
    await page.click("summary", "Attach")
    await put_in(page, "input[type=file]", "notes.txt", "Aster is far away.\n")
    async with page.loading():
        await page.click("button", "Ask")
    await page.see("by computation")
    await page.see("about notes.txt (19 characters)")
    await fits(page)


async def a_search_and_a_route(page: Page) -> None:
    await page.open("/world")
    await page.type("#words", "lamplighter")
    async with page.loading():
        await page.press("Enter")
    await page.see("The Lamplighter", ".found")
    await fits(page)
    await page.open("/world/map")
    await page.run("havenMap.ready.then(() => true)")
    for field, words in {"from": "Aster", "to": "Wintermark"}.items():
        await page.type(f"#{field}", words)
    async with page.loading():
        await page.click("#route button", "Plan")
    await page.see("Wintermark", ".stops")
    await fits(page)


async def an_edit_and_its_undo(page: Page, here: Dashboard) -> None:
    aster = (await here.house.world.one("Aster")).thing
    await page.open(f"/world/records/{aster.id}")
    async with page.loading():
        await page.click("a", "Edit")
    await page.type("#f-economy", "Trading of lamps")
    await page.click("label", "misspelt")
    await fits(page)
    async with page.loading():
        await page.click("button", "Save")
    await page.see("Trading of lamps")
    async with page.loading():
        await page.click("a", "History")
    await page.see("Trading of lamps", "ins")
    await fits(page)
    async with page.loading():
        await page.click("button", "Take the last change back")
    assert (await here.house.world.one("Aster")).thing == aster


async def drafts_together(page: Page, here: Dashboard) -> None:
    for name in ("Farlight", "Nearlight"):
        await here.house.drafts.propose([system(name)], MEMBER, "submit")
    await page.open("/world/drafts")
    for name in ("Farlight", "Nearlight"):
        await page.run(f"document.querySelector('[aria-label*={name}]').click()")
    async with page.loading():
        await page.click("button", "Read the chosen ones")
    await page.see("2 drafts", "h1")
    await fits(page)
    await page.type("#pin", PIN)
    async with page.loading():
        await page.click("button", "Approve these 2")
    await page.see("2 of 2 are recorded now")


async def an_import(page: Page, here: Dashboard) -> None:
    await page.open("/world/files")
    await put_in(page, "#file", "stars.csv", "kind,name\nsystem,Emberfall\n")
    await page.click("button", "Try it")
    await page.see("It would be")
    await page.see("Nothing was written.")
    assert "Emberfall" not in {one.name for one in await here.house.world.things()}
    await fits(page)
    await page.click("button", "Bring it in")
    await page.see("To the world")
    assert "Emberfall" in {one.name for one in await here.house.world.things()}


async def a_person(page: Page) -> None:
    await page.open("/people")
    await page.type("#name", "Mika")
    await page.type("#invite-pin", PIN)
    async with page.loading():
        await page.click("button", "Make an invitation")
    await page.see("An invitation for Mika")
    await fits(page)


async def a_setting(page: Page) -> None:
    await page.open("/settings")
    await page.type("[id='alerts.celsius']", "71")
    async with page.loading():
        await page.press("Enter")
    await page.see("+celsius = 71")
    await fits(page)
    await page.type("#pin", PIN)
    async with page.loading():
        await page.press("Enter")
    await page.see("It counts from now on.")


async def a_backup(page: Page, here: Dashboard) -> None:
    await page.open("/backups")
    async with page.loading():
        await page.click("button", "Make one now")
    await page.see("whole", ".badge")
    async with page.loading():
        await page.click("button", "Check that it is whole")
    await page.see("was restored to check it")
    await fits(page)
    [made] = backup.found(here.house.settings.backups)
    assert made.is_verified


async def the_log(page: Page) -> None:
    await page.open("/log")
    await page.type("#words", "no record says this")
    async with page.loading():
        await page.press("Enter")
    await page.see("No record has that in it.")
    async with page.loading():
        await page.click("a", "Every word again")
    await fits(page)


async def the_kiosk(page: Page) -> None:
    await page.open("/kiosk")
    await page.type("#pin", PIN)
    async with page.loading():
        await page.click("button", "Show it")
    await page.see("HAVEN", ".xterm-rows")
    await fits(page)
