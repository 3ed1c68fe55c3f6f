"""The price first: what may cost more than the settings let pass is asked about, and happens after a yes alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

from haven.access import Role
from haven.app import House, open_house
from haven.settings import ANTHROPIC_KEY, Settings
from haven.store import changes as table
from tests.e2e.copies import sample_project
from tests.e2e.house import settings_in
from tests.web.dashboard import Answer, Browser, Dashboard, dashboard
from tests.web.furnished import in_review


@asynccontextmanager
async def paying(folder: Path) -> AsyncIterator[tuple[House, Dashboard, Settings]]:
    """A house whose Claude would cost money; nobody works in it, so nothing is sent."""
    ready = settings_in(folder, stand_in=False, ask_above_usd=0.01)
    ready.write_secret(ANTHROPIC_KEY, "of nobody")
    assert ready.project.repository is not None
    await sample_project(ready.project.repository)
    async with open_house(ready) as house, dashboard(folder, house=house) as here:
        yield house, here, ready


async def agree(browser: Browser, asked: Answer, **other: str) -> Answer:
    """Press "Yes, go on" on the page with the price: its hidden fields go along, as a browser would send them."""
    hidden = re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', asked.html)
    fields = {name: unescape(value) for name, value in hidden}
    return await browser.post(asked.path, sealed=False, **{**fields, **other})


async def test_a_dear_request_waits_for_a_yes_to_the_price_that_was_seen(tmp_path: Path) -> None:
    async with paying(tmp_path) as (house, here, _):
        member = await here.person("Mika", Role.MEMBER)
        asked = await member.post("/changes/new", kind="feature", text="Add a <b>zoom</b> button", key="k1")
        assert "The price first" in asked.text and "would be asked" in asked.text and "tokens" in asked.text
        assert "Add a <b>zoom</b> button" in asked.text and not await house.changes.list()
        stale = await agree(member, asked, agreed="0.0001")
        assert "another one by now" in stale.text and not await house.changes.list()
        assert "The price first" in (await agree(member, asked, agreed="nan")).text
        done = await agree(member, stale)
        assert "is queued" in done.text
        (change,) = await house.changes.list()
        assert change.request == "Add a <b>zoom</b> button" and change.requester_name == "Mika"


async def test_a_tweak_and_another_try_are_priced_as_well(tmp_path: Path) -> None:
    async with paying(tmp_path) as (house, here, _):
        change = await in_review(house)
        rena = await here.person("Rena", Role.REVIEWER)
        remarks = {"remark-1-at": "atlas/glyphs.py:1", "remark-1-words": "name it better"}
        asked = await rena.post(f"/changes/{change.id}/tweak", round=1, words="thrice", **remarks)
        assert "The price first" in asked.text and "thrice" in asked.text
        assert (await house.changes.get(change.id)).state == "review"
        assert "goes into another round" in (await agree(rena, asked)).text
        said = (await table.rounds(house.database, change.id))[1].instruction
        assert said.startswith("thrice\n\nIn atlas/glyphs.py, line 1,") and said.endswith("name it better")
        waits = {"state": "waiting", "resume": "editing", "retry_at": 9e9, "reason": "No cloud."}
        await house.database.write(lambda tx: table.update(tx, change.id, **waits))
        again = await rena.post(f"/changes/{change.id}/retry", round=2)
        assert "The price first" in again.text
        assert "is tried again" in (await agree(rena, again)).text
        assert (await house.changes.get(change.id)).retry_at is None
