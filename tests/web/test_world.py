"""World: records found, read, edited with their history, removed and brought back, by those who may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from haven.access import Role
from haven.world.schema import System
from tests.web.dashboard import Answer, Dashboard, dashboard
from tests.world.a_world import OLGA, system, venture

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


async def a_world(here: Dashboard) -> str:
    """Venture and what belongs to it; its id."""
    [kept, *_] = await here.house.world.put(venture(), OLGA, "test")
    return kept.thing.id


def form(answer: Answer) -> dict[str, Any]:
    """What a page's last form would send as it stands."""
    html = answer.html
    found = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', html))
    found |= {
        name: text.removeprefix("\n") for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)', html)
    }
    return {
        name: value
        for name, value in found.items()
        if name not in ("seal", "as_typed", "same_name", "link", "of.canon")
    }


async def test_a_record_is_found_read_edited_and_put_back_by_its_history(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        id = await a_world(here)
        owner = await here.owner()
        found = await owner.get("/world?words=the+gate")
        assert f'href="/world/records/{id}"' in found.html
        page = await owner.get(f"/world/records/{id}")
        assert "Oculi" in page.text and "Meridian" in page.text and "version 1" in page.text.lower()
        fields = form(await owner.get(f"/world/records/{id}/edit"))
        assert fields["of.position"] == "1, 2, 3"
        slip = await owner.post(f"/world/records/{id}/edit", **fields | {"of.economy": "Minning", "do": "save"})
        assert slip.status == 400 and "did you mean Mining" in slip.text and 'value="Minning"' in slip.html
        kept = await owner.post(f"/world/records/{id}/edit", **fields | {"of.economy": "Mining", "do": "save"})
        assert kept.path == f"/world/records/{id}" and "version 2 now" in kept.text and "Mining" in kept.text
        stale = await owner.post(f"/world/records/{id}/edit", **fields | {"of.economy": "Trading", "do": "save"})
        assert stale.status == 409 and "since you opened it" in stale.text and 'value="Trading"' in stale.html
        past = await owner.get(f"/world/records/{id}/history")
        assert "economy now: Mining" in past.text and "Olga with dashboard" in past.text
        back = await owner.post(f"/world/records/{id}/undo", seen="2", to="1")
        assert "as it was before, at version 3" in back.text and "Mining" not in back.text
        late = await owner.post(f"/world/records/{id}/undo", seen="2")
        assert late.status == 409 and "version 3, and you have seen version 2" in late.text
        stored = await here.house.world.get(id)
        assert isinstance(stored.thing, System) and stored.thing.economy == "" and stored.thing.position is not None


async def test_a_new_record_names_its_place_and_what_was_removed_comes_back(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        id = await a_world(here)
        owner = await here.owner()
        fields = form(await owner.get(f"/world/new?kind=station&in={id}"))
        assert fields["of.parent"] == id
        hostile = fields | {"of.name": "Gate", "of.parent": "Venture", "of.notes": HOSTILE, "do": "save"}
        made = await owner.post("/world/new", **hostile)
        assert "Gate is at version 1" in made.text and HOSTILE in made.text and "<script>alert" not in made.html
        nowhere = await owner.post("/world/new", **fields | {"of.name": "Lost", "of.parent": "Nirgends", "do": "save"})
        assert nowhere.status == 400 and "Nirgends" in nowhere.text
        again = form(await owner.get("/world/new?kind=system")) | {"of.name": "Venture", "do": "save"}
        assert "two systems of one name" in (await owner.post("/world/new", **again)).text
        gone = await owner.post(f"/world/records/{id}/remove")
        assert gone.path.endswith("/history") and "4 records below it" in gone.text
        assert (await owner.get(f"/world/records/{id}")).path == f"/world/records/{id}/history"
        assert "Venture" in (await owner.get("/world/removed")).text
        back = await owner.post(f"/world/records/{id}/undo", seen="2")
        assert back.path == f"/world/records/{id}" and "Gate" in back.text


async def test_lore_is_linked_to_what_its_text_names(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        id = await a_world(here)
        owner = await here.owner()
        fields = form(await owner.get("/world/new?kind=lore")) | {"of.name": "The Landing", "do": "save"}
        told = await owner.post("/world/new", **fields | {"of.text": "They came to Venture.", "link": "yes"})
        assert f'href="/world/records/{id}"' in told.html and "not canon" in told.text
        assert "They came to Venture." in (await owner.get(f"/world/records/{id}/mentions")).text
        lore = form(await owner.get(told.path + "/edit"))
        assert lore["of.links"] == id
        canon = await owner.post(told.path + "/edit", **lore | {"of.canon": "yes", "do": "save"})
        assert "version 2" in canon.text and "not canon" not in canon.text


async def test_a_member_proposes_and_reads_but_writes_nothing(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        id = await a_world(here)
        await here.owner()
        member = await here.person("Mika", Role.MEMBER)
        page = await member.get(f"/world/records/{id}")
        assert "Remove" not in page.text and f"/world/records/{id}/edit" in page.html
        fields = form(await member.get(f"/world/records/{id}/edit")) | {"of.economy": "Mining"}
        assert (await member.post(f"/world/records/{id}/edit", **fields | {"do": "save"})).status == 403
        sent = await member.post(f"/world/records/{id}/edit", **fields | {"do": "propose", "reason": "I was there"})
        assert sent.path.startswith("/world/drafts/draft-") and "economy now: Mining" in sent.text
        twice = await member.post(f"/world/records/{id}/edit", **fields | {"do": "propose", "reason": "I was there"})
        assert twice.path == sent.path and await here.house.drafts.count() == 1
        for path in ("remove", "undo"):
            assert (await member.post(f"/world/records/{id}/{path}", seen="1")).status == 403
        assert (await member.get("/world/removed")).status == 403
        assert (await here.house.world.get(id)).version == 1


async def test_records_are_listed_by_kind_in_pages(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.house.world.put([system(f"Star {number:03}") for number in range(120)], OLGA, "test")
        owner = await here.owner()
        first = await owner.get("/world?kind=system")
        assert "Star 000" in first.text and "Star 049" in first.text and "Star 050" not in first.text
        last = await owner.get("/world?kind=system&page=3")
        assert "Star 119" in last.text and "Page 3 of 3" in last.text
        assert (await owner.get("/world?kind=system&page=-1")).status == 200
        assert "no such page" in (await owner.get("/world?kind=system&page=99999999")).text
