"""Who asks for too much: nobody takes the live streams, or the pages that are heavy, from everybody else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from haven.access import Act, Role
from haven.app import open_house
from haven.faces import dashboard_of
from tests.e2e.house import settings_in
from tests.web.dashboard import PASSWORD, Browser, dashboard
from tests.web.furnished import furnished
from web.gate import AT_ONCE, SAFE
from web.streaming import PER_PERSON, PER_SESSION
from web.visit import Route, Visit


async def streams(browser: Browser, stack: AsyncExitStack, count: int) -> list[int]:
    """Open so many, and keep them."""
    asked = [browser.session.get(f"{browser.url}/live") for _ in range(count)]
    return [(await stack.enter_async_context(one)).status for one in asked]


async def test_a_person_has_so_many_live_streams_however_many_browsers(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, AsyncExitStack() as others:
        owner, mika, phone = await here.owner(), await here.person("Mika", Role.MEMBER), here.browser()
        await phone.log_in("Mika")
        async with AsyncExitStack() as open_ones:
            assert await streams(mika, open_ones, PER_SESSION + 1) == [200] * PER_SESSION + [429]
            rest = PER_PERSON - PER_SESSION
            assert await streams(phone, open_ones, rest + 1) == [200] * rest + [429]
            assert await streams(owner, others, 1) == [200]
        while await streams(mika, others, 1) != [200]:  # what was closed counts no more once its end is seen
            pass


async def test_who_floods_the_port_does_not_fill_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with dashboard(tmp_path) as here:
        stranger, port = here.browser(), int(here.url.rpartition(":")[2])
        await here.owner()
        caplog.clear()
        for garbage in (
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"\x16\x03\x01\x02\r\n\r\n",
            b"POST / HTTP/1.1\r\nX: \0\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(garbage)
            assert b" 400 " in await reader.readline()
            writer.close()
        answers = [await stranger.get("/enter") for _ in range(80)]
        while answers[-1].status != 429:
            answers.append(await stranger.get("/enter"))
        assert "Its id in the log" not in answers[-1].text and not caplog.records
        assert answers[-1].headers["Server"] == "Haven"


async def test_heavy_pages_are_fewer_for_a_person_and_the_others_go_on(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        await here.owner()
        mika, phone, nils = (
            await here.person("Mika", Role.MEMBER),
            here.browser(),
            await here.person("Nils", Role.MEMBER),
        )
        await phone.log_in("Mika")
        began = time.monotonic()
        answers = [(await one.get("/costs.csv")).status for _ in range(60) for one in (mika, phone)]
        assert answers[:60] == [200] * 60 and answers.count(429) >= 59 - (time.monotonic() - began)
        refused = await mika.get("/world/todo")
        while refused.status == 200:  # a second went by since
            refused = await mika.get("/world/todo")
        assert refused.status == 429 and refused.headers["Retry-After"] and "too much at once" in refused.text
        assert (await mika.get("/")).status == 200 and (await nils.get("/world/todo")).status == 200


async def test_heavy_pages_of_one_person_are_made_two_at_a_time(tmp_path: Path) -> None:
    running, most, all_in = Counter[str](), Counter[str](), asyncio.Event()

    async def heavy(visit: Visit) -> web.Response:
        name = visit.person.name
        running[name] += 1
        most[name] = max(most[name], running[name])
        if running.total() == 2 * AT_ONCE:
            all_in.set()
        await all_in.wait()
        running[name] -= 1
        return web.Response()

    async with open_house(settings_in(tmp_path)) as house:
        shown, cookies = await dashboard_of(house), []
        for name in ("Olga", "Nils"):
            account, _ = await shown.accounts.accept(await shown.accounts.invite(name, Role.OWNER), PASSWORD, "")
            cookies.append({SAFE: await shown.accounts.enter(account, "")})
        app = web.Application()
        shown.add_to(app)
        app.router.add_get("/heavy", shown.gate.bound(Route("GET", "/heavy", heavy, Act.READ, is_heavy=True)))
        async with TestServer(app) as server, TestClient(server) as browser:
            asked = [browser.get("/heavy", cookies=one) for _ in range(5) for one in cookies]
            assert {answer.status for answer in await asyncio.gather(*asked)} == {200}
    assert most == {"Olga": AT_ONCE, "Nils": AT_ONCE}
