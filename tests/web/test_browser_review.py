"""A whole review in a real browser, by keyboard alone and by finger: files, lines, remarks, keys, decisions, news."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from haven.access import Role
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.web.browser import chromium
from tests.web.dashboard import PASSWORD, Dashboard
from tests.web.furnished import furnished, in_review
from tests.web.ways import Leads

OLD = {"atlas/extra.py": "SCALE = 2\n\n\ndef half(x):\n    return x / SCALE\n"}
EDITED = {"atlas/extra.py": "SCALE = 4\ndef half(x):\n    return x / SCALE\n", "docs/how.md": "# How\n"}


async def edited(here: Dashboard, old: Mapping[str, str] = OLD, new: Mapping[str, str] = EDITED) -> Change:
    """A change of a file, and a new one."""
    change = await in_review(here.house, "Half of it", old)
    repository, house = here.house.repository, here.house
    assert repository is not None
    base = (await table.rounds(house.database, change.id))[0].commit_id
    tree = await repository.worktree(change.id, f"haven/change-{change.id}-shown", base)
    for name, text in new.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text)
    commit = await repository.commit(tree, "halves")

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id=commit)
        await table.update(tx, change.id, base=base)

    await house.database.write(work)
    return await house.changes.get(change.id)


async def round_two(here: Dashboard, change: Change) -> str:
    """What the second round was asked for with, once there is one."""
    with here.house.bus.subscribe() as news:
        while len(rounds := await table.rounds(here.house.database, change.id)) < 2:
            await anext(news)
    return rounds[1].instruction


async def test_a_review_by_keyboard_alone_ends_in_a_tweak_of_two_remarks(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _), chromium() as browser:
        change = await edited(here)
        rena = await here.person("Rena", Role.REVIEWER)
        async with browser.page(rena) as page:
            await page.open(f"/changes/{change.id}")
            async with page.loading():
                await page.press("2")
            await page.see("0 of 2 viewed")
            sides = "[...document.querySelectorAll('.l.d, .l.a')].map((one) => one.getBoundingClientRect().x > 700)"
            assert True in await page.run(sides) and False in await page.run(sides), "not side by side"
            assert await page.run("document.querySelector('.l.a i.w').textContent") == "4"
            await page.press("n", "j", "c")
            await page.until("document.activeElement.matches('.remark textarea')")
            place = await page.run("document.activeElement.getAttribute('aria-label')")
            assert place == "Remark on atlas/extra.py:1"
            await page.call("Input.insertText", text="eight")
            await page.press("Escape", "]", "j", "c")
            await page.call("Input.insertText", text="say more")
            await page.see("Send 2 remarks as a tweak")
            await page.press("Escape", "e")
            await page.see("1 of 2 viewed")
            async with page.loading():
                await page.press("v")
            await page.see("Send 2 remarks as a tweak")
            await page.see("1 of 2 viewed")
            assert not await page.run("document.querySelector('#file-1 details').open")
            assert True not in await page.run(sides), "not in one column"
            await page.press("?")
            await page.see("A remark on the line")
            await page.press("Escape")
            await page.miss("A remark on the line")
            await page.press("t")
            await page.until("document.activeElement.id === 'words'")
            async with page.loading():
                await page.press("Tab", "Tab", "Enter")
            await page.see("goes into another round")
            assert not page.wrong
        said = await round_two(here, change)
        assert "line 1, which reads `SCALE = 4`:\neight" in said and "which reads `# How`:\nsay more" in said


async def test_on_a_phone_a_change_is_read_remarked_on_and_approved(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner, phone=True, dark=True) as page:
            await page.open("/changes")
            async with page.loading():
                await page.click("a", "Draw the glyphs")
            for path in ("", "/diff"):
                await page.open(f"/changes/{change.id}{path}")
                assert await page.run("document.documentElement.scrollWidth <= window.innerWidth"), (
                    "it scrolls sideways"
                )
            await page.click(".l.a", "return 2 * size")
            await page.click(".plus-button")
            await page.until("document.activeElement.matches('.remark textarea')")
            await page.click(".remark button", "Take it back")
            await page.miss("What should be different in")
            await page.type("#approve-pin", PASSWORD)
            async with page.loading():
                await page.click("button", "Approve round 1")
            await page.see("is approved")
            assert not page.wrong


async def test_an_open_page_follows_the_work_and_says_when_it_has_moved_on(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change), chromium() as browser:
        house = here.house
        rena = await here.person("Rena", Role.REVIEWER)
        async with browser.page(rena) as page:
            await page.open(f"/changes/{change.id}")
            await page.see("live", "#live.ok")
            await page.press("r")
            await page.until("document.activeElement.id === 'why'")
            await page.call("Input.insertText", text="half a sentence")
            await moved(here, change, "editing", 2)
            await page.see("This change has moved on: it is at round 2, editing.")
            assert await page.run("document.querySelector('#why').value") == "half a sentence"
            async with page.loading():
                await page.click("a", "Show it as it is now")
            await page.see("live", "#live.ok")
            house.bus.live("change.progress", change.id, stage="editing", text="round 2: applying the edits")
            await page.see("round 2: applying the edits")
            assert await page.text(".stages .now") == "edits"
            async with page.loading():
                await moved(here, change, "review", 2)
            await page.see("Decide")
            await page.open("/changes")
            await page.see("live", "#live.ok")
            await in_review(house, "Name the seas", {"docs/seas.md": "# Seas\n"})
            await page.see("Name the seas", ".board")
            assert not page.wrong


async def moved(here: Dashboard, change: Change, state: str, round: int) -> None:
    """As the pipeline would, with its event."""

    async def work(tx: Transaction) -> None:
        await table.insert_round(tx, change.id, round, "tweak", "more")
        await table.update(tx, change.id, state=state, round=round)
        await events.record(tx, "change.state", change.id, state=state, round=round)

    await here.house.database.write(work)


async def test_what_is_too_long_for_a_page_comes_when_it_is_looked_at(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _), chromium() as browser:
        files = {f"atlas/m{number}.py": f"NAME = 'm{number}'\n" * 900 for number in range(6)}
        change = await in_review(here.house, "Much", files)
        rena = await here.person("Rena", Role.REVIEWER)
        plain = await rena.get(f"/changes/{change.id}/diff")
        assert "m0" in plain.text and "'m5'" not in plain.text and len(plain.body) < 1_000_000
        assert int(plain.headers["Content-Length"]) < 100_000
        alone = await rena.get(f"/changes/{change.id}/diff?file=5")
        assert alone.text.count("NAME = 'm5'") == 900
        assert (await rena.get(f"/changes/{change.id}/diff?file=6")).status == 404
        moved_on = await rena.get(f"/changes/{change.id}/diff/file?file=1&commit={'0' * 40}")
        assert moved_on.status == 409
        async with browser.page(rena) as page:
            await page.open(f"/changes/{change.id}/diff")
            await page.until("document.querySelector('#file-0 i.s')")
            assert not await page.run("!!document.querySelector('#file-1 i.s')")
            await page.click("#file-5 summary")
            await page.see("NAME = 'm5'", "#file-5 .code")
            assert not page.wrong


async def test_lines_around_a_hunk_unfold_on_the_page_and_without_a_script(tmp_path: Path) -> None:
    lines = [f"NAME_{number} = {number}" for number in range(1, 81)]
    lines[20] = "EVIL = '<script>alert(1)</script>\u202e'"
    old = {"atlas/names.py": "".join(f"{one}\n" for one in lines)}
    lines[4] = lines[69] = "CHANGED = 1"
    new = {"atlas/names.py": "".join(f"{one}\n" for one in lines)}
    async with furnished(tmp_path) as (here, _), chromium() as browser:
        change = await edited(here, old, new)
        path = f"/changes/{change.id}/diff"
        rena = await here.person("Rena", Role.REVIEWER)
        plain = await rena.get(path)
        assert "NAME_9 " not in plain.text and plain.text.count("More lines around it") == 2
        [link] = {one for one in Leads(plain.html, path).links if "around=0-20" in one and "/file" not in one}
        wide = await rena.get(link)
        assert "NAME_25 " in wide.text and "NAME_40 " not in wide.text and "NAME_1 " in wide.text
        assert "&lt;script&gt;alert" in wide.html and "<script>alert" not in wide.html and "\u202e" not in wide.html
        every = await rena.get(f"{path}?file=0&around=0-99999,1-500,7-3,x,-1,1-1-1,{'9' * 5000}-1")
        assert every.text.count("CHANGED = 1") == 2 and "NAME_40 " in every.text and "More lines" not in every.text
        async with browser.page(rena) as page:
            await page.open(path)
            await page.run("window.here = 'the same page'")
            await page.click("a", "More lines around it")
            await page.see("NAME_25 ", ".code")
            await page.click("#more-0-2")
            await page.see("NAME_60 ", ".code")
            assert "NAME_25 " in await page.text(".code") and await page.run("window.here") == "the same page"
            await page.click(".l.s:not(.twin)", "NAME_25 ")
            await page.click(".plus-button")
            await page.until("document.activeElement.getAttribute('aria-label') === 'Remark on atlas/names.py:25'")
            assert not page.wrong
