"""How a waiting ends: never with the local model's words as the awaited answer, never with nothing, never twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assistants.waiting import LONGEST_S, Choice, Held, choices_of
from haven.ai.task import Reply, Tier
from haven.errors import BadInput, Conflict, HavenError
from haven.settings import Away
from tests.ai.desk import MEMBER, claude_said, said
from tests.ai.servers.loopback import Answer, End
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE
from tests.assistants.test_waiting import DOWN, DRAFT, GOOD, Cloud, Home, home

REFUSED = CLAUDE_WIRE.turned_away(401)
CUT_OFF = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, b"event: nonsense\ndata: {\n\n")
LITTLE = {"costs": True, "per_request_usd": 0.000001}
"""No call of a cloud that costs money fits under that cap."""


def put(house: Home, sql: str, *values: object) -> None:
    """Past Haven's own connections: what another process does."""
    with closing(sqlite3.connect(house.desk.file)) as database, database:
        database.execute(sql, values)


async def failed(house: Home, id: str) -> str:
    """Try once more; the reason for which it ended without an answer."""
    asked = len(house.local.asked)
    assert await house.try_again(id) is None
    one = await house.now(id)
    assert (one.state, one.reply, house.room.reply(one)) == ("failed", "", None)
    assert house.told(id)[-1] == "answer.failed"
    assert len(house.local.asked) == asked, "nobody waits for what the local model says"
    return one.reason


@pytest.mark.parametrize(("answer", "reason"), [(REFUSED, "key"), (CUT_OFF, "Claude")], ids=["refused", "malformed"])
async def test_what_the_cloud_will_not_answer_ends_as_failed(tmp_path: Path, answer: Answer, reason: str) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.answer = answer
        assert reason in await failed(house, held.id)


async def test_without_a_cloud_it_ends_as_failed(tmp_path: Path) -> None:
    """The process was started again, and this cloud can't be used in it."""
    async with home(tmp_path) as house:
        held = await house.waits()
    async with home(tmp_path, stand_in=False) as house:
        assert "cloud: the cloud is switched off here" in await failed(house, held.id) and house.cloud.asked == []


async def test_over_the_cap_of_one_request_it_ends_as_failed(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.waits()
    async with home(tmp_path, lambda: claude_said(GOOD), **LITTLE) as house:
        assert "cap for one request" in await failed(house, held.id) and house.cloud.asked == []


async def test_a_cloud_that_is_only_away_is_waited_for(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.waits()
        asked = len(house.local.asked)
        assert await house.try_again(held.id) is not None
        one = await house.now(held.id)
        assert (one.state, one.reply) == ("waiting", "") and len(house.local.asked) == asked


class Near:
    """A local model that breaks down until it is mended."""

    def __init__(self) -> None:
        self.answer = said(DRAFT)

    def __call__(self) -> Answer:
        return self.answer


@pytest.mark.parametrize("first", [None, Choice.WAIT])
async def test_where_the_local_model_fails_the_request_is_not_lost(tmp_path: Path, first: Choice | None) -> None:
    near = Near()
    async with home(tmp_path, near=near) as house:
        held = await house.held()
        if first:
            await house.decide(held.id, first)
        before, near.answer = await house.now(held.id), HOME_WIRE.turned_away(500)
        with pytest.raises(HavenError):
            await house.decide(held.id, Choice.LOCAL)
        assert await house.now(held.id) == before
        near.answer = said(DRAFT)
        reply = await house.decide(held.id, Choice.LOCAL)
        assert isinstance(reply, Reply) and reply.tier is Tier.LOCAL
        assert (await house.now(held.id)).state == "cancelled" and house.told(held.id).count("answer.cancelled") == 1


async def test_two_presses_for_the_local_model_at_once_are_one_answer(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        held = await house.held()
        asked = len(house.local.asked)
        presses = [house.decide(held.id, Choice.LOCAL) for _ in range(3)]
        ended = await asyncio.gather(*presses, return_exceptions=True)
        assert sum(isinstance(one, Reply) for one in ended) == 1
        assert len(house.local.asked) == asked + 2, "an answer and one mending of it"
        assert sum(isinstance(one, Conflict) for one in ended) == 2
        assert house.told(held.id).count("answer.cancelled") == 1


async def test_what_was_decided_while_the_local_model_wrote_counts(tmp_path: Path) -> None:
    near = Near()
    async with home(tmp_path, near=near) as house:
        held = await house.held()
        asked, near.answer = len(house.local.asked), HOME_WIRE.answer(*HOME_WIRE.begins, end=End.HANG)
        writing = asyncio.create_task(house.decide(held.id, Choice.LOCAL))
        await house.local.asked_times(asked + 1)
        assert (await house.now(held.id)).state == "asked", "nothing is decided before the answer is there"
        assert await house.decide(held.id, Choice.CANCEL) is None
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        with pytest.raises(Conflict):
            await house.room.replaced(held.id, MEMBER)
        assert house.told(held.id).count("answer.cancelled") == 1


async def test_an_answer_that_comes_after_the_cancelling_is_not_recorded(tmp_path: Path) -> None:
    answers = iter([DOWN])

    def cloud() -> Answer:
        if answer := next(answers, None):
            return answer
        put(house, "update waiting set state = 'cancelled', retry_at = null where id = ?", held.id)
        return claude_said(GOOD)

    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        assert await house.try_again(held.id) is None
        one = await house.now(held.id)
        assert (one.state, one.reply) == ("cancelled", "") and "answer.answered" not in house.told(held.id)
        assert len(house.cloud.asked) == 2


@pytest.mark.parametrize("away", [Away.ASK, Away.WAIT])
async def test_waiting_is_offered_only_where_it_may_help(tmp_path: Path, away: Away) -> None:
    async with home(tmp_path, lambda: claude_said(GOOD), away=away, **LITTLE) as house:
        held = await house.held()
        assert held.choices == (Choice.LOCAL, Choice.CANCEL) and "cap for one request" in held.reason
        one = await house.now(held.id)
        assert one.state == "asked" and choices_of(one) == held.choices and house.rows("select id from job") == []
        with pytest.raises(BadInput, match="Waiting can't help"):
            await house.decide(held.id, Choice.WAIT)
        assert isinstance(await house.decide(held.id, Choice.LOCAL), Reply)


async def test_who_is_asked_and_never_chooses_is_asked_no_more_after_three_days(tmp_path: Path) -> None:
    async with home(tmp_path, lambda: DOWN) as house:
        old, waits = await house.held(), await house.waits()
        put(house, "update waiting set at = at - ?", LONGEST_S + 60)
        young = await house.held()
        await house.room.expire()
        await house.room.expire()
        states = [(await house.now(one.id)).state for one in (old, waits, young)]
        assert states == ["cancelled", "waiting", "asked"] and isinstance(waits, Held)
        assert house.told(old.id) == ["answer.asked", "answer.cancelled"]
