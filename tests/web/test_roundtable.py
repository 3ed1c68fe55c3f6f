"""The Round Table on the dashboard: live, narrowed, one request with its replay, and whose words are shown to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from assistants.round_table import Request
from haven.access import Role
from haven.ai.task import Reply, Where
from haven.app import House
from tests.e2e.house import MEMBER, at_home
from tests.web.dashboard import dashboard

ADA = replace(MEMBER, id="discord:77", name="Ada")
STEP = re.compile(r'<li class="step[^>]*data-silence="([\d.]+)"')


async def said(house: House, text: str, **more: object) -> None:
    pieces = [piece async for piece in house.round_table.ask(Request(text, ADA, assistant="scribe", **more))]  # type: ignore[arg-type]
    assert isinstance(pieces[-1], Reply)


async def test_steps_are_followed_narrowed_and_replayed_and_others_words_are_kept_back(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home, dashboard(tmp_path, house=home.house) as here:
        owner, mika = await here.owner(), await here.person("Mika", Role.MEMBER)
        assert "Nothing is said here yet" in (await owner.get("/roundtable")).text
        await said(home.house, "Tell me of the lantern", where=Where.CLOUD)
        await said(home.house, "How is this machine?", private=True)
        page = await owner.get("/roundtable")
        assert "Ada asks Round Table" in page.text and "lantern" in page.text and "left the house:" in page.text
        theirs = await mika.get("/roundtable")
        assert "somebody asks Round Table" in theirs.text and "Scribe answers somebody" in theirs.text
        assert "Somebody else's words." in theirs.text and "Somebody's question" in theirs.text
        for words in ("Ada", "lantern", "machine"):
            assert words not in theirs.text
        left = await owner.get("/roundtable?left=yes")
        assert len(STEP.findall(left.html)) == 1 and "Scribe sends to" in left.text
        assert not STEP.findall((await owner.get("/roundtable?who=mine")).html)
        request = re.search(r'href="/roundtable/requests/([0-9a-f]{16})', left.html)
        assert request
        await home.house.database.write(
            lambda tx: tx.execute("update transcript set at = at + 900 where move = 'answers'")
        )
        one = await owner.get(f"/roundtable/requests/{request[1]}")
        silences = [float(silence) for silence in STEP.findall(one.html)]
        assert silences[0] == 0 and silences[-1] == 3, "a long silence of then is a short one now"
        assert "16x" in one.text and "1 of" not in one.text
        kept_back = await mika.get(f"/roundtable/requests/{request[1]}")
        assert kept_back.status == 200 and "lantern" not in kept_back.text
        assert (await mika.get("/roundtable/requests/0123456789abcdef")).status == 404


async def test_an_open_page_asks_for_what_came_after_what_it_has(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home, dashboard(tmp_path, house=home.house) as here:
        owner = await here.owner()
        page = await owner.get("/roundtable")
        after = re.search(r'data-after="(\d+)"', page.html)
        assert after
        await said(home.house, "How is this machine?")
        new = await owner.get(f"/roundtable/steps?after={after[1]}")
        assert "How is this machine?" in new.text and "<main" not in new.html
        last = re.search(r'data-last="(\d+)"', new.html)
        assert last
        assert not STEP.findall((await owner.get(f"/roundtable/steps?after={last[1]}")).html)
        assert "Scribe ·" in (await owner.get("/roundtable/list")).text
        assert (await owner.get("/roundtable/steps?after=-1&who=nobody&tier=moon")).status == 200
