"""How a waiting ends: never with the local model's words as the awaited answer, never with nothing, never twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assistants.table.transcript import Move
from assistants.waiting import JOB, LONGEST_S, MOST, Choice, Held, WaitingRoom, choices_of
from assistants.wording import way
from haven.access import Role
from haven.ai.policy import Policy
from haven.ai.task import Reply, Tier, Where
from haven.errors import BadInput, Conflict, HavenError, Unavailable
from haven.settings import Away, Routing
from haven.store.jobs import Job
from tests.ai.desk import MEMBER, claude_said, said
from tests.ai.servers.loopback import Answer, End
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE
from tests.assistants.waiting_room import DOWN, DRAFT, GOOD, Cloud, Home, home

REFUSED = CLAUDE_WIRE.turned_away(401)
CUT_OFF = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, b"event: nonsense\ndata: {\n\n")
LITTLE: dict[str, Any] = {"costs": True, "per_request_usd": 0.000001}
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


async def test_who_is_asked_and_never_chooses_is_told_after_three_days(tmp_path: Path) -> None:
    async with home(tmp_path, lambda: DOWN) as house:
        old, waits = await house.held(), await house.waits()
        put(house, "update waiting set at = at - ?", LONGEST_S + 60)
        young = await house.held()
        await house.room.expire()
        await house.room.expire()
        states = [(await house.now(one.id)).state for one in (old, waits, young)]
        assert states == ["failed", "waiting", "asked"] and isinstance(waits, Held)
        assert house.told(old.id) == ["answer.asked", "answer.failed"]
        reason = (await house.now(old.id)).reason
        assert reason.startswith("Nobody chose what to do for 3 days") and "Claude" in reason


async def test_nobody_holds_more_than_five(tmp_path: Path) -> None:
    """Those that have an end don't count, nor do other people's."""
    async with home(tmp_path) as house:
        held = [await house.held() for _ in range(MOST)]
        with pytest.raises(Unavailable, match="5 of your questions are held already") as caught:
            await house.ask()
        assert "Claude" in str(caught.value) and "Decide or cancel one" in caught.value.mend
        assert len(house.rows("select id from waiting")) == MOST
        put(house, "update waiting set principal = 'discord:8' where id = ?", held[0].id)
        await house.held()
        with pytest.raises(Unavailable):
            await house.ask()
        await house.decide(held[1].id, Choice.CANCEL)
        await house.held()


@pytest.mark.parametrize("role", [Role.STRANGER, Role.MEMBER, Role.REVIEWER])
async def test_what_waited_goes_on_with_the_role_of_today(tmp_path: Path, role: Role) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.is_back()
        house.today[MEMBER.id] = role
        asked = len(house.cloud.asked)
        if role is Role.STRANGER:
            assert "needs the role member" in await failed(house, held.id) and len(house.cloud.asked) == asked
        else:
            assert await house.try_again(held.id) is None
            assert (await house.now(held.id)).state == "answered"


async def test_while_nobody_can_say_what_the_asker_may_do_today_it_waits_on(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.is_back()
        asked, house.today[MEMBER.id] = len(house.cloud.asked), None
        assert await house.try_again(held.id) is not None
        one = await house.now(held.id)
        assert (one.state, one.reason) == ("waiting", "Discord can't be asked.") and len(house.cloud.asked) == asked
        del house.today[MEMBER.id]
        assert await house.try_again(held.id) is None
    async with home(tmp_path) as house:
        held = await house.waits()
        alone = WaitingRoom(house.desk.database, house.desk.engine)  # a process without that face
        assert await alone.handle(Job(1, JOB, held.id, f"{JOB}:{held.id}", 0.0, 1)) is not None
        assert "what Mika may do here" in (await house.now(held.id)).reason


@pytest.mark.parametrize("where", [Where.AUTO, Where.CLOUD])
async def test_a_cap_for_one_request_that_keeps_the_cloud_out_asks_the_person(tmp_path: Path, where: Where) -> None:
    """The policy knows the cap and sees that no cloud fits: all the same nobody is given less in silence."""
    capped = Policy(Routing(), max_usd=0.000001)
    async with home(tmp_path, lambda: claude_said(GOOD), policy=capped, **LITTLE) as house:
        held = await house.held(where=where)
        assert held.choices == (Choice.LOCAL, Choice.CANCEL) and "the cap for one request" in held.reason
        assert (held.draft is None) is (where is Where.CLOUD)
        reply = await house.decide(held.id, Choice.LOCAL)
        assert isinstance(reply, Reply) and reply.tier is Tier.LOCAL and reply.instead == held.reason
        assert f"instead of the cloud: {held.reason[:60]}" in way(reply, lambda text, most: text[:most])
        assert house.cloud.asked == []


async def test_the_settings_answer_for_the_person_where_a_cap_keeps_the_cloud_out(tmp_path: Path) -> None:
    capped = Policy(Routing(away=Away.LOCAL), max_usd=0.000001)
    async with home(tmp_path, lambda: claude_said(GOOD), policy=capped, **LITTLE) as house:
        reply = (await house.ask())[-1]
        assert isinstance(reply, Reply) and reply.tier is Tier.LOCAL and house.cloud.asked == []
        assert "the cap for one request" in reply.instead and reply.instead in reply.route.reasons


async def test_what_the_local_model_answers_well_asks_nobody(tmp_path: Path) -> None:
    capped = Policy(Routing(), max_usd=0.000001)
    async with home(tmp_path, lambda: DOWN, near=lambda: said(GOOD), policy=capped, **LITTLE) as house:
        reply = (await house.ask())[-1]
        assert isinstance(reply, Reply) and reply.text == GOOD and not house.rows("select id from waiting")


async def test_a_late_answer_stands_in_the_transcript_of_its_request(tmp_path: Path) -> None:
    cloud = Cloud()
    async with home(tmp_path, cloud) as house:
        held = await house.waits()
        cloud.answer = claude_said(GOOD)
        await house.try_again(held.id)
        said = await house.table.transcript.steps(MEMBER)
        assert len({one.request for one in said}) == 1
        assert [one.move for one in said][-3:] == [Move.WAITS, Move.SENDS, Move.ANSWERS]
        assert said[-1].words == GOOD and said[-1].tier == "cloud"
