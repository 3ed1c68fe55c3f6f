"""Chat: asked, streamed, stopped, judged, decided, gone on with, and found again; by whoever asked, and nobody else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assistants.waiting import JOB
from haven.access import Role
from haven.ai import engine
from haven.ai.money import prices
from haven.ai.roster import Roster
from haven.ai.task import Tier
from haven.demo.stand_in import Fault, FaultKind
from haven.store.jobs import Job
from tests.ai.desk import Talker, model_at, said
from tests.e2e.house import OWNER, Home, at_home
from tests.web.dashboard import Browser, Dashboard, dashboard

HOUSE = "How is this machine?"
MINE = "Please explain the history of the coal mine of Ilkesh."
CLOUD = {"text": "Tell me of the night", "where": "cloud", "assistant": "scribe"}


@pytest.fixture
def allowed() -> Iterator[None]:
    """The stand-in of these tests may be asked as if it were a real cloud."""
    before, engine.ALLOW_CLOUD = engine.ALLOW_CLOUD, True
    yield
    engine.ALLOW_CLOUD = before


@asynccontextmanager
async def chatting(folder: Path, *faults: Fault | None, **more: Any) -> AsyncIterator[tuple[Dashboard, Home, Browser]]:
    """A house with a stand-in for the cloud, its dashboard, and the owner at it."""
    async with at_home(folder, faults, **more) as home, dashboard(folder, house=home.house) as here:
        owner = await here.owner()
        await owner.get("/chat")
        yield here, home, owner


def id_of(path: str) -> str:
    found = re.search(r"/chat/([0-9a-f]{16})", path)
    assert found, path
    return found[1]


async def told(browser: Browser, id: str) -> list[dict[str, Any]]:
    """The stream of an answer, to its end."""
    answer = await browser.get(f"/chat/stream/{id}")
    assert answer.headers["Content-Type"] == "text/event-stream"
    return [json.loads(line[6:]) for line in answer.html.splitlines() if line.startswith("data: ")]


async def test_without_scripts_a_form_waits_for_the_answer_and_goes_on_from_it(tmp_path: Path) -> None:
    async with chatting(tmp_path) as (_, home, owner):
        answer = await owner.post("/chat", text=HOUSE)
        assert answer.status == 200 and "Sentinel" in answer.text and "by computation" in answer.text
        await owner.post("/chat", after=id_of(answer.path), **CLOUD)
        [body] = home.asked
        assert HOUSE in json.dumps(body["messages"]), "what was said before goes along"
        page = await owner.get(answer.path)
        assert page.text.count("How is this machine?") >= 2 and "Tell me of the night" in page.text
        assert "Asked before" in page.text and "stand-in" in page.text
        history = await owner.get("/chat/history?words=night")
        assert "Tell me of the night" in history.text and HOUSE not in history.text
        steps = await owner.get(f"/roundtable/requests/{id_of(answer.path)}")
        assert f'href="{steps.path}"' in page.html and "Olga asks Round Table" in steps.text
        exported = (await owner.get(f"{answer.path.partition('#')[0]}/export.md")).html
        assert "> Tell me of the night" in exported and "by computation" in exported
        whole = json.loads((await owner.get("/chat/all.json")).html)
        assert [one["question"] for one in whole] == [HOUSE, "Tell me of the night"]
        assert whole[0]["conversation"] == whole[1]["conversation"] == whole[0]["id"]


async def test_an_answer_is_streamed_to_its_asker_alone_and_safe_when_it_is_there(tmp_path: Path) -> None:
    async with chatting(tmp_path) as (here, _, owner):
        mika = await here.person("Mika", Role.MEMBER)
        page = await owner.post("/chat", live="yes", **CLOUD)
        id = id_of(page.path)
        for path in (f"/chat/{id}", f"/chat/stream/{id}", f"/chat/{id}/answer", f"/chat/{id}/export.md"):
            assert (await mika.get(path)).status == 404
        assert (await mika.post(f"/chat/{id}/stop")).status == 404
        pieces = await told(owner, id)
        assert pieces[-1] == {"end": True}
        part = await owner.get(f"/chat/{id}/answer")
        assert 'data-state="answered"' in part.html and "<main" not in part.html
        whole = json.loads((await owner.get(f"/chat/{id}/export.json")).html)[0]["answer"]
        assert whole and "stand-in" in part.text
        assert await told(owner, id) == [{"end": True}], "who comes late is shown the answer itself"


async def test_stop_ends_the_models_work_and_keeps_what_it_said(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with chatting(tmp_path, hanging) as (here, _, owner):
        page = await owner.post("/chat", live="yes", **CLOUD)
        id = id_of(page.path)
        assert "Stop" in page.text and 'data-state="begun"' in page.html
        await hanging.reached.wait()
        stopped = await owner.post(f"/chat/{id}/stop")
        assert "Stopped before its end" in stopped.text and "Ask again" in stopped.text
        hanging.release.set()
        steps = await here.house.round_table.transcript.steps(OWNER, request=id)
        assert steps[-1].move == "has no answer for", "the Round Table knows"
        again = await owner.post(f"/chat/{id}/again", **{"as": "same"})
        assert id_of(again.path) != id and 'data-state="answered"' in again.html


@asynccontextmanager
async def cloud_away(folder: Path, calls: int) -> AsyncIterator[tuple[Dashboard, Browser]]:
    """A house whose local model says too little, and whose cloud fails so many times."""
    down = [Fault(FaultKind.SERVER_ERROR, retry_after_s=None)] * calls
    async with Talker(lambda _: said("No.")) as near, at_home(folder, down, attempts=1) as home:
        roster = home.house.engine.roster
        Roster.__init__(roster, [model_at(near.url), *roster.providers])
        async with dashboard(folder, house=home.house) as here:
            owner = await here.owner()
            await owner.get("/chat")
            yield here, owner


async def test_what_only_the_cloud_could_answer_is_decided_on_the_page(tmp_path: Path) -> None:
    async with cloud_away(tmp_path, 9) as (_, owner):
        page = await owner.post("/chat", text=MINE, assistant="scribe")
        id = id_of(page.path)
        assert "Only the cloud would do" in page.text and "draft, below the bar" in page.text
        waits = await owner.post(f"/chat/{id}/decide", choice="wait")
        assert "It waits for the cloud" in waits.text and "Cancel the question" in waits.text
        over = await owner.post(f"/chat/{id}/decide", choice="cancel")
        assert "Cancelled" in over.text and "A question" not in (await owner.get("/")).text
        assert (await owner.post(f"/chat/{id}/decide", choice="cancel")).status == 409
        page = await owner.post("/chat", text=f"{MINE} Again, please.", assistant="scribe")
        local = await owner.post(f"/chat/{id_of(page.path)}/decide", choice="local")
        assert "instead of the cloud" in local.text and "take it with care" in local.text
        assert "Ask the stand-in instead" in local.text


async def test_what_waited_is_found_on_the_overview_when_it_has_come(tmp_path: Path) -> None:
    async with cloud_away(tmp_path, 2) as (here, owner):
        page = await owner.post("/chat", text=MINE, assistant="scribe")
        id = id_of(page.path)
        await owner.post(f"/chat/{id}/decide", choice="wait")
        assert f'<a href="/chat/{id}">A question</a> waits for the cloud' in (await owner.get("/")).html
        [row] = await here.house.database.rows("select id from waiting")
        await here.house.waiting.handle(Job(1, JOB, row[0], f"{JOB}:{row[0]}", 0.0, 1))
        assert f'<a href="/chat/{id}">A question</a> is answered' in (await owner.get("/")).html
        answer = await owner.get(f"/chat/{id}")
        assert "it waited for the cloud" in answer.text and 'data-state="answered"' in answer.html
        assert "A question" not in (await owner.get("/")).text, "it was looked at"


async def test_a_dear_question_waits_for_a_yes_to_its_price(tmp_path: Path, allowed: None) -> None:
    async with chatting(tmp_path, ask_above_usd=0.0) as (here, home, owner):
        for cloud in here.house.engine.roster.on(Tier.CLOUD):  # as if it were a real one
            cloud.stand_in, cloud.price = False, prices.of("claude-opus-5-5")
        page = await owner.post("/chat", **CLOUD)
        assert "The price first" in page.text and "Nothing has left yet" in page.text and not home.asked
        no = await owner.post(f"/chat/{id_of(page.path)}/price", yes="no")
        assert "nothing was spent" in no.text and not home.asked
        assert (await owner.post(f"/chat/{id_of(page.path)}/price", yes="yes")).status == 409
        page = await owner.post(f"/chat/{id_of(page.path)}/again", **{"as": "same"})
        yes = await owner.post(f"/chat/{id_of(page.path)}/price", yes="yes")
        assert 'data-state="answered"' in yes.html and len(home.asked) == 1
        change = await owner.post("/chat", text="Add dark mode to the map viewer", act="change")
        assert "The price first" in change.text and not await here.house.changes.list()
        await owner.post(f"/chat/{id_of(change.path)}/price", yes="yes")
        assert len(await here.house.changes.list()) == 1


async def test_a_file_is_material_and_never_the_question(tmp_path: Path) -> None:
    async with chatting(tmp_path) as (_, home, owner):
        log = "boot ok\nValueError: the map is empty\n" * 3_000
        page = await owner.post("/chat", **CLOUD, file=("boot.log", log.encode()))
        assert "about boot.log" in page.text
        sent = json.dumps(home.asked[-1])
        assert "the map is empty" in sent and "characters left out" in sent and len(sent) < 40_000
        await owner.post("/chat", after=id_of(page.path), **{"with": "yes"}, **CLOUD)
        assert "the map is empty" in json.dumps(home.asked[-1])
        for bad in (b"\xff\xfe\x00", b"", b"\x00\x01", b"y" * 1_000_001):
            assert (await owner.post("/chat", text="x", file=("x.bin", bad))).status == 400


async def test_private_words_stand_nowhere_on_the_disk(tmp_path: Path) -> None:
    async with chatting(tmp_path) as (here, home, owner):
        page = await owner.post("/chat", text="What is a zebrafish canary?", private="yes")
        assert "zebrafish" in page.text and "private" in page.text
        assert not home.asked
        assert "zebrafish" not in (await owner.get("/chat/history")).text
        assert "zebrafish" not in (await owner.get("/chat/all.json")).html
        for row in await here.house.database.rows("select name from sqlite_master where type = 'table'"):
            for one in await here.house.database.rows(f'select * from "{row[0]}"'):
                assert "zebrafish" not in repr(tuple(one))


async def test_words_become_a_change_and_lead_to_it(tmp_path: Path) -> None:
    async with chatting(tmp_path, working=False) as (here, _, owner):
        page = await owner.post("/chat", text="Add dark mode to the map viewer", act="change")
        [change] = await here.house.changes.list()
        assert f'href="/changes/{change.id}"' in page.html and change.kind == "feature"
        assert f'href="/changes/{change.id}"' in (await owner.get(f"/roundtable/requests/{change.id}")).html
        assert "on its way" in page.text


async def test_an_answer_is_judged(tmp_path: Path) -> None:
    async with chatting(tmp_path) as (here, _, owner):
        page = await owner.post("/chat", **CLOUD)
        judged = await owner.post(f"/chat/{id_of(page.path)}/vote", vote="down")
        assert "did not help" in judged.text
        [row] = await here.house.database.rows("select value from verdict")
        assert row[0] == -1
        assert (await owner.post(f"/chat/{id_of(page.path)}/vote", vote="sideways")).status == 400


async def test_what_haven_was_restarted_over_says_so(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with at_home(tmp_path, [hanging]) as home:
        async with dashboard(tmp_path, house=home.house) as here:
            owner = await here.owner()
            await owner.get("/chat")
            page = await owner.post("/chat", live="yes", **CLOUD)
            await hanging.reached.wait()
        assert not [one for one in asyncio.all_tasks() if one.get_name().startswith("chat ")], "nothing is left behind"
        async with dashboard(tmp_path, house=home.house) as here:
            owner = await here.owner()
            page = await owner.get(page.path)
            assert "Stopped before its end" in page.text and "Ask again" in page.text


async def test_streams_that_browsers_leave_are_none(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with chatting(tmp_path, hanging) as (_, _, owner):
        id = id_of((await owner.post("/chat", live="yes", **CLOUD)).path)
        await hanging.reached.wait()
        async with AsyncExitStack() as open_here:
            for _ in range(8):
                answer = await open_here.enter_async_context(owner.session.get(f"{owner.url}/chat/stream/{id}"))
                assert answer.status == 200
                assert b"retry" in await answer.content.readline()
            assert (await owner.get(f"/chat/stream/{id}")).status == 429
        for _ in range(12):
            async with owner.session.get(f"{owner.url}/chat/stream/{id}") as answer:
                assert answer.status == 200
                await answer.content.readline()
                answer.close()
