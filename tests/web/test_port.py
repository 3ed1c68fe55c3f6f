"""The web port over real sockets: what Prometheus and a watchdog get, of a Haven that is well and one that is not."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from haven.ai.memory import Memory
from haven.ai.memory.cache import Cache
from haven.ai.memory.outcomes import Outcomes
from haven.app import House, open_house, run
from haven.demo.stand_in import Fault, FaultKind
from haven.faces import faces_of
from haven.health import LoopLag
from haven.settings import Cloud, Web
from haven.store.database import Database
from tests.ai.desk import Desk, desk_and_stand_in, task
from tests.ai.test_escalation import GOOD, WORSE, asked, desk_with
from tests.e2e.house import settings_in
from tests.ports import unused_port
from tests.web.dashboard import dashboard
from web.metrics import Meters
from web.server import FRESH_S, serve

Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Values:
    """Each sample by its name and labels, as Prometheus's own parser reads it."""
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(found: Values, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def meters_of(desk: Desk, folder: Path) -> Meters:
    return Meters(desk.database, desk.engine.roster, desk.ledger, LoopLag(), Cloud(), folder)


async def test_calls_tokens_costs_and_fallbacks_are_counted_once_by_tier_model_and_kind(tmp_path: Path) -> None:
    def remembering(database: Database) -> Memory:
        return Memory(Outcomes(database), Cache(database, lambda step: step.model))

    both = desk_with(tmp_path, local=[WORSE, WORSE], cloud=[GOOD], costs=True, memory=remembering)
    async with both as (desk, *_):
        meters = meters_of(desk, tmp_path)
        await meters.begin()
        assert value(parsed((await meters.text()).decode()), "haven_spent_usd", period="day") == 0
        await desk.pieces(asked())
        await desk.pieces(asked())  # from the cache
        for _ in range(2):
            text = (await meters.text()).decode()
            found = parsed(text)
            cloud = {"kind": "answer", "tier": "cloud", "model": Cloud().model}
            assert value(found, "haven_calls_total", **cloud) == 1
            assert value(found, "haven_calls_total", kind="answer", tier="local", model="scripted") == 2
            assert value(found, "haven_answers_total", **cloud, passed="yes") == 1
            assert value(found, "haven_fallbacks_total", kind="answer") == 1
            assert value(found, "haven_cache_hits_total", kind="answer") == 1
            tokens = value(found, "haven_tokens_total", **cloud, direction="output")
            cost = value(found, "haven_cost_usd_total", **cloud)
            assert tokens == 7 and cost and value(found, "haven_spent_usd", period="day") == pytest.approx(cost)
        assert "Mika" not in text and "discord" not in text and "Ilkesh" not in text
        again = meters_of(desk, tmp_path)
        await again.begin()  # a new process counts from 0, or the monitor would count the old ones twice
        assert "haven_calls_total{" not in (await again.text()).decode()


async def test_a_call_under_way_is_counted_when_it_has_ended(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with desk_and_stand_in(tmp_path, [hanging], costs=True) as (desk, _):
        meters = meters_of(desk, tmp_path)
        await meters.begin()
        first = asyncio.create_task(desk.pieces(task()))
        await hanging.reached.wait()
        await desk.pieces(task("And who are you?"))
        counted = {"kind": "answer", "tier": "cloud", "model": Cloud().model}
        assert value(parsed((await meters.text()).decode()), "haven_calls_total", **counted) == 1
        hanging.release.set()
        await first
        assert value(parsed((await meters.text()).decode()), "haven_calls_total", **counted) == 2


@asynccontextmanager
async def running(folder: Path, place: Web) -> AsyncIterator[tuple[House, asyncio.Task[None]]]:
    """A whole house with all its faces."""
    ready = settings_in(folder).model_copy(update={"web": place})
    async with open_house(ready) as house:
        work = asyncio.create_task(run(house, faces_of(house, asyncio.Event())))
        try:
            yield house, work
        finally:
            work.cancel()
            await asyncio.wait([work])


async def told(house: House, label: str) -> str:
    """What a face says of itself, once it does."""
    async with asyncio.timeout(60):
        while True:
            for line in await house.sentinel.status():
                if line.label == label:
                    return f"{line.level}: {line.text}"


async def said(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with session.get(url) as answer:
        return answer.status, await answer.text()


async def test_it_is_ready_from_when_its_parts_stand_until_its_end_begins(tmp_path: Path) -> None:
    port = unused_port()
    url = f"http://127.0.0.1:{port}/readyz"
    ready = settings_in(tmp_path).model_copy(update={"web": Web(port=port)})
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(ready))
        await stack.enter_async_context(dashboard(tmp_path, house=house, web=ready.web))
        async with aiohttp.ClientSession() as session:
            assert await said(session, url) == (503, "clock\n"), "it listens, and nothing is at work yet"
            ends = asyncio.Event()

            async def face(_: House) -> None:
                try:
                    await asyncio.Event().wait()
                finally:  # a face that takes its time to end
                    await ends.wait()

            work = asyncio.create_task(run(house, [face]))
            while (answer := await said(session, url))[0] == 503:
                assert answer[1] in {"clock\n", "models\n"}
            assert answer == (200, "ready\n")
            work.cancel()
            while (answer := await said(session, url))[0] == 200:
                pass
            assert answer == (503, "stopping\n") and not work.done()
            assert await said(session, url.replace("readyz", "healthz")) == (200, "ok\n"), "the process lives"
            ends.set()
            await asyncio.wait([work])


async def test_the_port_answers_until_the_end_and_says_when_haven_is_not_well(tmp_path: Path) -> None:
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    async with running(tmp_path, Web(port=port)) as (house, work), aiohttp.ClientSession() as session:
        assert await told(house, "Web") == f"ok: {url}: dashboard, /metrics and /healthz"
        async with session.get(f"{url}/metrics") as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            found = parsed(await answer.text())
        assert value(found, "haven_circuit", tier="cloud", model=Cloud().model, state="closed") == 1
        assert value(found, "haven_circuit", tier="cloud", model=Cloud().model, state="open") == 0
        assert value(found, "haven_held_requests", state="waiting") == 0
        assert (value(found, "process_resident_memory_bytes") or 0) > 1e6
        assert await said(session, f"{url}/healthz") == (200, "ok\n")
        while (await said(session, f"{url}/readyz"))[1] in {"clock\n", "models\n"}:
            pass
        assert await said(session, f"{url}/readyz") == (200, "ready\n")
        await house.database.write(lambda tx: tx.execute("alter table job rename to gone"))
        for path, words in (("readyz", "database"), ("metrics", "not well")):
            status = 200
            while status == 200:  # what was found out a moment ago may be told once more
                status, text = await said(session, f"{url}/{path}")
            assert status == 503 and words in text and str(tmp_path) not in text
        assert await said(session, f"{url}/healthz") == (200, "ok\n"), "the process lives"
        await house.database.write(lambda tx: tx.execute("alter table gone rename to job"))
    assert work.cancelled()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_many_who_ask_for_the_figures_are_told_the_same_ones(tmp_path: Path) -> None:
    port, asked, all_there = unused_port(), itertools.count(), asyncio.Event()

    async def metrics() -> bytes:
        next(asked)
        return b"haven_jobs 1\n"

    async def look() -> None:
        pass

    work = asyncio.create_task(serve(Web(port=port), metrics, look, str, lambda url: all_there.set()))
    await all_there.wait()
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:

        async def one() -> int:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                assert await answer.read() == b"haven_jobs 1\n"
                return answer.status

        assert {*await asyncio.gather(*(one() for _ in range(200)))} == {200}
    assert next(asked) <= 1 + (time.monotonic() - began) / FRESH_S
    work.cancel()
    await asyncio.wait([work])


async def test_a_port_that_is_taken_is_told_and_the_other_faces_go_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        async with running(tmp_path, Web(port=other.getsockname()[1])) as (house, work):
            said = await told(house, "Web")
            assert said.startswith("alert: Nothing can listen at 127.0.0.1") and "web.port" in said
            assert not work.done()
