"""World: drafts read together and approved by their seal, turned down, taken back."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse

from haven.access import Role
from tests.web.browser import chromium
from tests.web.dashboard import PASSWORD, dashboard
from tests.web.test_world import HOSTILE
from tests.world.a_world import MEMBER, system

BEGAN = re.compile(r'data-began="(\d+)"')
SHOWN = re.compile(r'name="shown" value="([0-9a-f]+)"')


async def test_several_drafts_are_approved_only_as_they_were_read(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        drafts = here.house.drafts
        one, two, three = [
            await drafts.propose([system(name, notes=HOSTILE)], MEMBER, "submit")
            for name in ("Halden", "Brook", "Eyre")
        ]
        owner = await here.owner()
        listed = await owner.get("/world/drafts")
        assert all(name in listed.text for name in ("Halden", "Brook", "Eyre"))
        read = await owner.get(f"/world/drafts/read?id={one.id}&id={two.id}")
        assert HOSTILE in read.text and "<script>alert" not in read.html and "Eyre" not in read.text
        shown = SHOWN.search(read.html)
        assert shown
        assert (await owner.post("/world/drafts/approve", id=one.id, shown=shown[1], pin="wrong")).status == 403
        answer = await owner.post("/world/drafts/approve", id=[one.id, three.id], shown=shown[1], pin=PASSWORD)
        assert answer.status == 409 and "not the drafts that were shown" in answer.text
        assert await drafts.count() == 3
        done = await owner.post("/world/drafts/approve", id=[one.id, two.id], shown=shown[1], pin=PASSWORD)
        assert "2 of 2 are recorded now" in done.text and await drafts.count() == 1
        version = (await here.house.world.history((await here.house.world.one("Brook")).thing.id))[0]
        assert (version.by, version.approved_by) == ("Mia", "Olga")
        refused = await owner.post("/world/drafts/reject", id=three.id, why="Nobody was there")
        assert "turned down" in refused.text and "Nobody was there" in (await owner.get("/world/drafts")).text
        assert (await owner.post("/world/drafts/reject", id=three.id)).status == 409


async def test_nobody_approves_their_own_and_everybody_takes_their_own_back(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.owner()
        member, reviewer = await here.person("Mika", Role.MEMBER), await here.person("Rena", Role.REVIEWER)
        new: dict[str, Any] = {"kind": "system", "of.name": "Dorn", "do": "propose"}
        mine = (await reviewer.post("/world/new", **new)).path.rpartition("/")[2]
        own = await reviewer.post("/world/drafts/approve", id=mine, pin=PASSWORD)
        assert own.status == 403 and "what they proposed themselves" in own.text
        assert (await member.post("/world/drafts/approve", id=mine, pin=PASSWORD)).status == 403
        assert (await member.post("/world/drafts/reject", id=mine)).status == 403
        theirs = await member.post("/world/new", **new | {"of.name": "Cairn"})
        assert "Take back" in theirs.text and "Approve" not in theirs.text
        await member.post("/world/drafts/reject", id=theirs.path.rpartition("/")[2])
        assert [one.things[0].name for one in await here.house.drafts.list()] == ["Dorn"]


async def test_what_happens_before_a_page_is_followed_is_told_to_it_too(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, asyncio.timeout(20):
        owner = await here.owner()
        began = BEGAN.search((await owner.get("/world/drafts")).html)
        assert began
        with here.house.bus.subscribe() as told:
            missed = await here.house.drafts.propose([system("Halden")], MEMBER, "submit")
            await anext(told)
        followed = f"{owner.url}/live?after={began[1]}"
        async with owner.session.get(followed) as stream:
            assert await subject(stream) == missed.id
        async with owner.session.get(followed, headers={"Last-Event-ID": "open"}) as stream:
            await stream.content.readuntil(b"\n\n")
            later = await here.house.drafts.propose([system("Brook")], MEMBER, "submit")
            assert await subject(stream) == later.id, "it looked at everything anew when it connected again"


async def subject(stream: ClientResponse) -> str:
    """What the next event is about."""
    while not (line := await stream.content.readline()).startswith(b"data: "):
        pass
    return str(json.loads(line.removeprefix(b"data: "))["subject"])


async def test_an_open_queue_says_when_it_has_changed(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner) as page:
            await page.open("/world/drafts")
            await page.see("live", "#live.ok")
            await here.house.drafts.propose([system("Halden")], MEMBER, "submit")
            await page.click("main a", "Load it anew")
            await page.see("Halden", ".drafts")
            await page.click(".drafts input")
            await page.click("button", "Read the chosen ones")
            await page.type("#pin", PASSWORD)
            await page.click("button", "Approve")
            await page.see("It is recorded now")
            assert page.wrong == []
