"""What of a conversation is kept, and for whom: asked elsewhere, by a private assistant, asked back, in many turns."""

from __future__ import annotations

import json
import re
from pathlib import Path

from assistants.round_table import Request
from assistants.waiting import JOB
from haven.access import Principal, Role
from haven.ai.task import Delta, Reply, Restart, Route, Step, Tier
from haven.app import House
from haven.store.accounts import named
from haven.store.jobs import Job
from haven.world.schema import Planet, System
from tests.assistants.test_own import MINER, write
from tests.e2e.house import MEMBER
from tests.e2e.house import OWNER as SHELL
from tests.web.dashboard import PASSWORD, dashboard
from tests.web.test_chat import MINE, cloud_away, id_of
from web.chat.sheet import Sheet, State
from web.chat.writing import Writing

HOUSE = "How is this machine?"


async def everything(house: House) -> str:
    """Each row of each table."""
    found = []
    for row in await house.database.rows("select name from sqlite_master where type = 'table'"):
        found += [repr(tuple(one)) for one in await house.database.rows(f'select * from "{row[0]}"')]
    return "\n".join(found)


async def test_what_was_asked_elsewhere_is_found_and_nobody_elses(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        [row] = await here.house.database.rows("select principal from account")
        me = Principal(row[0], "Olga", Role.OWNER, "kiosk")
        for person in (me, MEMBER):
            pieces = [piece async for piece in here.house.round_table.ask(Request(f"{HOUSE} {person.name}", person))]
            assert isinstance(pieces[-1], Reply)
        history = await owner.get("/chat/history")
        assert "How is this machine? Olga" in history.text and "Mika" not in history.text
        found = re.findall(r'href="(/chat/[0-9a-f]{16})"', history.html)
        page = await owner.get(found[0])
        assert "by computation" in page.text and "Sentinel" in page.text
        assert "How is this machine? Olga" in (await owner.get("/chat/all.md")).html
        theirs = await here.house.round_table.transcript.talks(SHELL, person=MEMBER.id)
        assert (await owner.get(f"/chat/{theirs[0].request}")).status == 404, (
            "not for the owner either: see Round Table"
        )
        assert (await owner.get(f"/chat/{found[0][6:14]}")).status == 404, "half an id is none"
        on = await owner.post("/chat", text=HOUSE, after=found[0].removeprefix("/chat/"))
        assert on.status == 200


async def test_a_private_assistant_takes_a_question_off_the_disk(tmp_path: Path) -> None:
    write(tmp_path, miner__toml=MINER)
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/chat")
        page = await owner.post("/chat", text="Which ore( is in the zebrafish mine, and what of mining there?")
        assert "Quartermaster" in page.text and "private" in page.text and "zebrafish" in page.text
        assert "zebrafish" not in await everything(here.house)
        after = id_of(page.path)
        chosen = await owner.post(
            "/chat", text="And the zebrafish?", assistant="quartermaster", where="cloud", after=after
        )
        assert "private" in chosen.text and "zebrafish" not in await everything(here.house)


async def test_what_is_asked_back_is_completed_by_the_next_words(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        two = [System(id="new-1", name="Oculi"), System(id="new-2", name="Venture")]
        moons = [
            Planet(id=f"new-{n}", name="Ash", parent=f"new-{n - 2}", biome=b) for n, b in ((3, "lush"), (4, "ice"))
        ]
        await here.house.world.put([*two, *moons], SHELL, "test")
        owner = await here.owner()
        await owner.get("/chat")
        back = await owner.post("/chat", text="What is the biome of Ash?")
        assert "Oculi" in back.text and "Venture" in back.text
        page = await owner.post("/chat", text="the one in Venture", after=id_of(back.path))
        answer = page.html.rpartition('class="prose"')[2].partition("</div>")[0]
        assert "ice" in answer.casefold() and "lush" not in answer.casefold()
        source = re.search(r'href="(/world/records/[^"]+)"', page.html)
        assert source and (await owner.get(source[1])).status == 200


async def test_a_draft_that_is_begun_anew_takes_the_place_of_the_first() -> None:
    sheet = Sheet("a" * 16, "a" * 16, "web:1", 0.0, "q", State.BEGUN)
    writing, none = Writing(sheet), Route((), ())
    first = await writing.next(None)
    assert first and first.add == "" and "thinking" in first.said
    writing.take(Delta("A poor "))
    writing.take(Delta("draft"))
    second = await writing.next(first)
    assert second and (second.at, second.add, second.draft) == (0, "A poor draft", False)
    writing.take(Restart("below the bar.", Step(Tier.CLOUD, "claude")))
    third = await writing.next(second)
    assert third and third.draft and third.add == "" and "draft, below the bar" in third.said
    writing.take(Delta("Better"))
    fourth = await writing.next(third)
    assert fourth and (fourth.at, fourth.add, fourth.draft) == (0, "Better", False)
    writing.take(Reply("Better.", Tier.CLOUD, "claude", "", none))
    writing.end()
    assert await writing.next(fourth) is None and writing.sheet.text == "Better."


async def test_what_somebody_asked_goes_along_when_they_are_linked_and_stays_on_discord_after(tmp_path: Path) -> None:
    async with cloud_away(tmp_path, 2) as (here, owner):
        rena, database = await here.person("Rena", Role.REVIEWER), here.house.database
        account = await named(database, "Rena")
        assert account is not None
        page = f"/people/{account.id}"
        await rena.get("/chat")
        held = await rena.post("/chat", text=MINE, assistant="scribe")
        await rena.post(f"/chat/{id_of(held.path)}/decide", choice="wait")
        await owner.get(page)
        await owner.post(f"{page}/cap", usd="0.25", pin=PASSWORD)
        await owner.post(f"{page}/discord", discord="123456789012345678", pin=PASSWORD)
        assert MINE in (await rena.get("/chat/history")).text
        [row] = await database.rows("select id from waiting")
        await here.house.waiting.handle(Job(1, JOB, row[0], f"{JOB}:{row[0]}", 0.0, 1))
        answer = await rena.get(held.path)
        assert "it waited for the cloud" in answer.text and 'data-state="answered"' in answer.html
        assert 'value="0.25"' in (await owner.get(page)).html
        kept = json.loads((await rena.get("/me/kept.json")).body)["kept"]
        assert kept["round table"] and kept["outcomes"] and kept["waiting requests"] and kept["messages"]

        await owner.post(f"{page}/discord", discord="", pin=PASSWORD)
        assert MINE not in (await rena.get("/chat/history")).text and (await rena.get(held.path)).status == 404
