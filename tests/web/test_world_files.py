"""World: an import that is tried, looked at and brought in; exports that read back; what is to do."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from haven.access import Role
from tests.web.browser import chromium
from tests.web.dashboard import Answer, Browser, Dashboard, dashboard
from tests.world.a_world import OLGA, at, system, venture

CSV = b"kind,name,x,y,z,economy\nsystem,Halden,1,2,3,Trading\nsystem,Brook,4,5,6,<b>Mining</b>\nsystem,,,,,\n"


@asynccontextmanager
async def ended(here: Dashboard) -> AsyncIterator[None]:
    """Until the import that is begun in here has ended."""
    with here.house.bus.subscribe() as news:
        yield
        async for event in news:
            if event.kind == "import.chore":
                return


async def sent(here: Dashboard, person: Browser, *files: tuple[str, bytes], **more: str) -> Answer:
    """The page of what was sent, once it was tried."""
    async with ended(here):
        page = await person.post("/world/files", file=list(files), **more)  # type: ignore[arg-type]
    assert page.status == 200, page.text
    return await person.get(page.path)


async def test_an_import_is_tried_before_it_is_written_and_says_what_became_of_every_record(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, member = await here.owner(), await here.person("Mika", Role.MEMBER)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("seal", owner.seal)
        form.add_field("file", CSV, filename="../../evil/../stars.csv")
        async with ended(here):
            page = await owner._asked("POST", "/world/files", data=form)
        tried = await owner.get(page.path)
        assert "It would be" in tried.text and "Nothing was written" in tried.text and "stars.csv" in tried.text
        assert "<b>Mining" not in tried.html and "evil" not in tried.text
        assert await here.house.world.things() == []
        every = await owner.get(tried.path + "?all=1")
        assert "Halden" in every.text and "Brook" in every.text
        async with ended(here):
            await owner.post(tried.path + "/import")
        done = await owner.get(tried.path)
        assert "Done" in done.text and {one.name for one in await here.house.world.things()} == {"Halden", "Brook"}
        [version] = await here.house.world.history((await here.house.world.one("Halden")).thing.id)
        assert (version.by, version.tool) == ("Olga", "import")
        assert (await owner.post(tried.path + "/import")).status == 400
        again = await sent(here, owner, ("stars.csv", CSV))
        assert "imported before" in again.text
        broken = await sent(here, owner, ("stars.json", b"{nonsense"))
        assert "stars.json" in broken.text and "Bring it in" not in broken.text
        assert (await member.post("/world/files", file=("stars.csv", CSV))).status == 403
        assert (await member.get(tried.path)).status == 403
        assert (await owner.post("/world/files", format="json")).status == 400


async def test_an_import_that_is_stopped_is_whole_or_not_at_all_and_the_next_may_begin(tmp_path: Path) -> None:
    rows = "\n".join(f"system,Far {number},{number},0,{number % 7}" for number in range(600))
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        tried = await sent(here, owner, ("far.csv", f"kind,name,x,y,z\n{rows}\n".encode()))
        assert "added 600" in tried.text
        async with ended(here):
            await owner.post(tried.path + "/import")
            await owner.post(tried.path + "/stop")
        page = await owner.get(tried.path)
        there = len(await here.house.world.things())
        assert there == (600 if "Done" in page.text else 0) and f"{tried.path}/stop" not in page.html
        await sent(here, owner, ("stars.csv", CSV))
        listed = (await owner.get("/world/files")).text
        assert listed.index("stars.csv") < listed.index("far.csv")


async def test_several_files_come_in_together_and_the_page_follows_by_itself(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, chromium() as browser:
        owner = await here.owner()
        async with browser.page(owner) as page:
            await page.open("/world/files")
            script = """(async () => {
              const given = new DataTransfer();
              for (const name of ["one", "two"]) {
                given.items.add(new File([`kind,name\\nsystem,${name}\\n`], `${name}.csv`));
              }
              document.getElementById("file").files = given.files;
            })()"""
            await page.run(script)
            await page.click("button", "Try it")
            await page.see("It would be")
            await page.click("button", "Bring it in")
            await page.see("To the world")
            assert page.wrong == []
        assert {one.name for one in await here.house.world.things()} == {"one", "two"}


async def test_what_is_exported_reads_back(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.house.world.put(venture(), OLGA, "test")
        owner = await here.owner()
        whole = await owner.get("/world/export?format=json")
        assert whole.headers["Content-Disposition"] == 'attachment; filename="world.json"'
        tried = await sent(here, owner, ("world.json", whole.body))
        assert re.search(r"skipped: there already 4", tried.text)
        some = await owner.get("/world/export?format=csv&kind=planet")
        assert b"Meridian" in some.body and b"Venture Station" not in some.body
        chart = json.loads((await owner.get("/world/export?format=map")).body)
        assert chart["features"][0]["properties"]["name"] == "Venture"
        pages = zipfile.ZipFile(io.BytesIO((await owner.get("/world/export?format=markdown")).body))
        assert any("Venture" in pages.read(name).decode() for name in pages.namelist())
        assert (await owner.get("/world/export?format=exe")).status == 400
        member = await here.person("Mika", Role.MEMBER)
        assert (await member.get("/world/export?format=json")).body == whole.body, "what they read they may take along"
        files = await member.get("/world/files")
        assert "The world as files" in files.text and "Bring files in" not in files.text and "by Olga" not in files.text


async def test_to_do_names_what_to_fill_in_and_what_looks_wrong(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        twins = [system(name, position=at(1, 1, 1), region="Oculi") for name in ("Halden", "Haldenn")]
        await here.house.world.put([*venture(), *twins], OLGA, "test")
        member = await here.person("Mika", Role.MEMBER)
        page = await member.get("/world/todo")
        assert "What is missing" in page.text and "Halden" in page.text and "C to" in page.text
        assert "duplicate" in page.text
        assert "Nothing is missing" in (await member.get("/world/todo?region=Nirgends")).text
