"""Requests that wait for the cloud: asked once, on the disk, going on by themselves, each with one end."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistants.waiting import JOB, LONGEST_S, Choice, Held
from haven.access import Principal, Role
from haven.ai.task import Reply, Tier, Where
from haven.errors import AccessDenied, CloudAway, Conflict, NotFound
from haven.events import Bus
from haven.jobs import JobQueue
from haven.settings import Away
from haven.store import jobs
from haven.store.database import now
from haven.store.waiting import Waiting
from tests.ai.desk import MEMBER, PANEL, claude_said, task
from tests.ai.servers.loopback import End
from tests.ai.servers.wires import CLAUDE_WIRE
from tests.assistants.waiting_room import DRAFT, GOOD, OTHER, OWNER, PLACE, QUESTION, Cloud, Home, home


async def test_the_person_is_asked_once_and_the_request_is_on_the_disk(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        assert held.choices == tuple(Choice) and "Claude" in held.reason and held.retry_at is None
        assert isinstance(held.draft, Reply) and held.draft.text == DRAFT and held.draft.score < 70
        [row] = house.rows("select id, principal, face, state, place from waiting")
        assert row == (held.id, "discord:7", "bot", "asked", '{"channel": "12", "message": "34"}')
        assert house.rows("select kind from job") == [], "nothing happens until they choose"
        assert house.told(held.id) == ["answer.asked"]


async def test_what_waits_goes_on_by_itself_when_the_cloud_is_back(tmp_path: Path) -> None:
    """The whole way with the real queue and the real bus."""
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        bus, queue = Bus(house.desk.database), JobQueue(house.desk.database, {JOB: house.room.handle})
        await bus.start()
        with bus.subscribe() as subscription:
            running = [asyncio.create_task(part) for part in (bus.run(), queue.run())]
            held = await house.waits()
            assert held.choices == () and held.retry_at is not None and 0 < held.retry_at - now() <= 60
            cloud.is_back()
            await house.desk.database.write(lambda tx: jobs.hurry(tx, held.id))
            async for event in subscription:
                if event.kind == "answer.answered":
                    break
            assert (event.subject, event.data["face"]) == (held.id, "bot")
        for part in running:
            part.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        one = await house.now(held.id)
        reply = house.room.reply(one)
        assert reply is not None and (reply.text, reply.tier) == (GOOD, Tier.CLOUD)
        assert (one.state, one.retry_at, one.place, one.told) == ("answered", None, PLACE, False)
        assert house.told(held.id) == ["answer.asked", "answer.waiting", "answer.answered"]


async def test_it_is_answered_once_however_often_it_is_tried(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.is_back()
        assert [await house.try_again(held.id) for _ in range(3)] == [None] * 3
        assert len(house.cloud.asked) == 2 and house.told(held.id).count("answer.answered") == 1


async def test_while_it_stays_away_the_pauses_grow_and_the_reason_is_the_newest(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        pauses = []
        for _ in range(6):
            at = await house.try_again(held.id)
            assert at is not None
            pauses.append(at - now())
        assert [round(pause / 10) * 10 for pause in pauses] == [300, 900, 1800, 1800, 1800, 1800]
        one = await house.now(held.id)
        assert (one.state, one.attempts, one.retry_at) == ("waiting", 6, at)
        cloud.answer = CLAUDE_WIRE.turned_away(429, retry_after="3000")
        at = await house.try_again(held.id)
        assert at is not None and 2900 < at - now() <= 3000, "what the other side named"
        assert "rate limit" in (await house.now(held.id)).reason


async def test_a_cloud_left_alone_is_waited_for_and_not_replaced_by_the_local_model(tmp_path: Path) -> None:
    async with home(tmp_path, breaker_failures=2, breaker_s=5000.0) as house:
        held = await house.waits()
        await house.try_again(held.id)
        asked = len(house.cloud.asked)
        at = await house.try_again(held.id)
        assert at is not None and at - now() > 4000 and len(house.cloud.asked) == asked == 2
        assert (await house.now(held.id)).state == "waiting"


@pytest.mark.parametrize("first", [None, Choice.WAIT])
async def test_the_local_model_now(tmp_path: Path, first: Choice | None) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        if first:
            await house.decide(held.id, first)
        reply = await house.decide(held.id, Choice.LOCAL)
        assert isinstance(reply, Reply) and (reply.text, reply.tier) == (DRAFT, Tier.LOCAL)
        assert "local was asked for" in reply.route.reasons
        one = await house.now(held.id)
        assert one.state == "cancelled" and one.reason.endswith("The local model answered instead.")
        assert await house.try_again(held.id) is None and len(house.cloud.asked) == 1, "nobody asks the cloud any more"


async def test_cancelled_is_cancelled(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        assert await house.decide(held.id, Choice.CANCEL) is None
        cloud.is_back()
        assert await house.try_again(held.id) is None and len(house.cloud.asked) == 1
        assert house.told(held.id) == ["answer.asked", "answer.waiting", "answer.cancelled"]


async def test_cancelling_while_the_cloud_writes_wins(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.answer = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.HANG)
        trying = asyncio.create_task(house.try_again(held.id))
        await house.cloud.asked_times(2)
        await house.decide(held.id, Choice.CANCEL)
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        one = await house.now(held.id)
        assert (one.state, one.reply) == ("cancelled", "") and "reserved" not in house.desk.rows()


@pytest.mark.parametrize("choice", Choice)
async def test_nobody_decides_for_somebody_else_but_the_owner(tmp_path: Path, choice: Choice) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        for stranger in (OTHER, replace(OTHER, role=Role.STRANGER)):
            with pytest.raises(AccessDenied):
                await house.decide(held.id, choice, stranger)
            assert held.id not in [one.id for one in await seen(house, stranger)]
        with pytest.raises(AccessDenied):
            await house.decide(held.id, choice, replace(MEMBER, role=Role.STRANGER))  # no longer a member
        assert (await house.now(held.id)).state == "asked"
        await house.decide(held.id, choice, OWNER)
        assert (await house.now(held.id)).state == ("waiting" if choice is Choice.WAIT else "cancelled")
        with pytest.raises(NotFound):
            await house.decide("00000000", choice)


async def test_the_panel_needs_its_pin_for_what_others_asked(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        for choice in Choice:
            with pytest.raises(AccessDenied, match="somebody else's request"):
                await house.decide(held.id, choice, PANEL)
        assert await seen(house, PANEL) == []
        await house.decide(held.id, Choice.CANCEL, PANEL.with_pin())
        assert (await house.now(held.id)).state == "cancelled"


async def seen(house: Home, principal: Principal) -> list[Waiting]:
    with contextlib.suppress(AccessDenied):
        return await house.room.list(principal)
    return []


@pytest.mark.parametrize("first", Choice)
@pytest.mark.parametrize("second", Choice)
async def test_two_presses_are_one_decision(tmp_path: Path, first: Choice, second: Choice) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        await house.decide(held.id, first)
        later = first is Choice.WAIT and second is not Choice.WAIT  # the mind may be changed while it waits
        if later:
            await house.decide(held.id, second)
        else:
            with pytest.raises(Conflict) as caught:
                await house.decide(held.id, second)
            assert f"It is {(await house.now(held.id)).state} now" in caught.value.mend
        assert len(house.rows("select id from job")) == (1 if first is Choice.WAIT else 0)


async def test_two_presses_at_once_are_one_decision(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        presses = [house.decide(held.id, choice) for choice in (Choice.WAIT, Choice.WAIT, Choice.WAIT)]
        ended = await asyncio.gather(*presses, return_exceptions=True)
        assert sum(isinstance(one, Held) for one in ended) == 1
        lost = [one for one in ended if isinstance(one, Conflict)]
        assert len(lost) == 2 and all("It is waiting now" in one.mend for one in lost)


@pytest.mark.parametrize("chosen", [None, Choice.WAIT])
async def test_a_restart_between_loses_nothing(tmp_path: Path, chosen: Choice | None) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        if chosen:
            await house.decide(held.id, chosen)
    async with home(tmp_path, lambda: claude_said(GOOD)) as house:
        [one] = await house.room.list(MEMBER)
        assert one.id == held.id and one.reason == held.reason and house.room.reply(one) is None
        if chosen is None:
            assert one.state == "asked"
            await house.decide(held.id, Choice.WAIT)
        assert house.rows("select subject from job where state = 'due'") == [held.id]
        await house.try_again(held.id)
        assert (await house.now(held.id)).state == "answered"
    async with home(tmp_path) as house:
        reply = house.room.reply(await house.now(held.id))
        assert reply is not None and reply.text == GOOD, "and the answer is still there after the next one"


async def test_a_kill_in_the_middle_of_the_call_asks_again_with_a_new_reservation(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.answer = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.HANG)
        trying = asyncio.create_task(house.try_again(held.id))
        await house.cloud.asked_times(2)
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        assert (await house.now(held.id)).state == "waiting"
        cloud.is_back()
        await house.try_again(held.id)
        assert (await house.now(held.id)).state == "answered"
        assert house.desk.rows()[-2:] == ["unknown", "settled"]


async def test_a_cap_that_was_reached_is_waited_for_and_goes_on_once_it_is_raised(tmp_path: Path) -> None:
    async with home(tmp_path, lambda: claude_said(GOOD), costs=True, daily_usd=0.000001) as house:
        held = await house.held()
        assert "today's cap" in held.reason and house.cloud.asked == []
        await house.decide(held.id, Choice.WAIT)
        at = await house.try_again(held.id)
        assert at is not None and 3500 < at - now() <= 3600, "a cap is looked at hourly"
        assert house.cloud.asked == []
    async with home(tmp_path, lambda: claude_said(GOOD), costs=True, daily_usd=1.0) as house:
        await house.try_again(held.id)
        one = await house.now(held.id)
        assert one.state == "answered" and len(house.cloud.asked) == 1
        assert house.rows("select principal, state from ledger") == [("discord:7", "settled")]


async def test_after_three_days_it_ends_and_says_so(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.waits()
        with closing(sqlite3.connect(house.desk.file)) as database, database:
            database.execute("update waiting set at = at - ?", (LONGEST_S + 60,))
        assert await house.try_again(held.id) is None
        one = await house.now(held.id)
        assert one.state == "failed" and "3 days" in one.reason and "Claude" in one.reason
        assert house.told(held.id)[-1] == "answer.failed"


async def test_the_settings_may_answer_wait(tmp_path: Path) -> None:
    async with home(tmp_path, away=Away.WAIT) as house:
        held = await house.held()
        assert held.choices == () and held.retry_at is not None
        assert (await house.now(held.id)).state == "waiting" and house.told(held.id) == ["answer.waiting"]
        assert house.rows("select subject, state from job") == [(held.id, "due")]


async def test_the_settings_may_answer_local(tmp_path: Path) -> None:
    async with home(tmp_path, away=Away.LOCAL) as house:
        reply = (await house.ask())[-1]
        assert isinstance(reply, Reply) and reply.tier is Tier.LOCAL and house.rows("select id from waiting") == []


async def test_the_settings_may_answer_cancel(tmp_path: Path) -> None:
    async with home(tmp_path, away=Away.CANCEL) as house:
        with pytest.raises(CloudAway, match="Claude"):
            await house.ask()
        assert house.rows("select id from waiting") == []


async def test_background_work_never_asks_a_person(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        reply = await house.desk.engine.complete(task(QUESTION, background=True, where=Where.CLOUD))
        assert reply.tier is Tier.LOCAL and house.rows("select id from waiting") == []


async def test_a_private_request_is_answered_here_and_never_held(tmp_path: Path) -> None:
    async with home(tmp_path, away=Away.WAIT) as house:
        reply = (await house.ask(private=True))[-1]
        assert isinstance(reply, Reply) and reply.tier is Tier.LOCAL
        assert house.cloud.asked == [] and house.rows("select id from waiting") == []
