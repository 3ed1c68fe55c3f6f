"""A cloud answer that a person carries by hand: private, whole, and no way past a decision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from haven.access import Principal, Role
from haven.changes.rounds.by_hand import ByHand
from haven.changes.states import State
from haven.errors import AccessDenied, BadInput, Conflict, EditError, HavenError
from haven.store import changes as table
from haven.store.changes import Change
from tests.changes.standing import OTHER, STRANGER, put
from tests.e2e.house import MEMBER, OWNER, REVIEWER, Home, at_home

ANSWER = "A note.\n\nNOTES.md\n```\n<<<<<<< SEARCH\n=======\nMaps can be saved.\n>>>>>>> REPLACE\n```\n"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(tmp_path, working=False) as ready:
        yield ready


@pytest.fixture
def by_hand(home: Home) -> ByHand:
    assert home.house.by_hand is not None
    return home.house.by_hand


@pytest.mark.parametrize("state", sorted(set(State) - {State.WAITING, State.AWAITING_PLAN, State.FAILED}))
async def test_no_answer_by_hand_where_none_is_waited_for(home: Home, by_hand: ByHand, state: State) -> None:
    change = await put(home, state)
    for attempt in (by_hand.prompt(change.id, OWNER), by_hand.reply(change.id, ANSWER, OWNER)):
        with pytest.raises(Conflict):
            await attempt
    assert (await home.house.changes.get(change.id)).state == state


async def test_a_prompt_by_hand_is_private_and_recorded(home: Home, by_hand: ByHand) -> None:
    change = await put(home, State.WAITING, resume="editing")
    for _ in range(2):
        file = await by_hand.prompt(change.id, MEMBER)
    assert file.stat().st_mode & 0o077 == 0 and "dark mode" in file.read_text(encoding="utf-8")
    assert [entry.state for entry in await home.house.changes.spent(change.id)] == ["by hand", "by hand"]
    with pytest.raises(AccessDenied):
        await by_hand.prompt(change.id, STRANGER)


async def test_an_answer_by_hand_replaces_all_of_an_earlier_try(home: Home, by_hand: ByHand) -> None:
    change = await put(home, State.FAILED)
    await home.house.database.write(lambda tx: table.update_round(tx, change.id, 1, summary={"text": "old"}, ended="x"))
    answered = await by_hand.reply(change.id, ANSWER, MEMBER)
    current = await table.round_of(home.house.database, answered)
    assert (answered.state, current.proposal) == ("editing", {"text": ANSWER})
    assert (current.commit_id, current.summary, current.tests, current.ended) == ("", {}, {}, "")


async def test_of_two_answers_at_once_one_is_taken_whole(home: Home, by_hand: ByHand) -> None:
    change = await put(home, State.WAITING, resume="editing")
    other = ANSWER.replace("saved", "printed")
    await by_hand.prompt(change.id, OWNER)
    results = await asyncio.gather(
        by_hand.reply(change.id, ANSWER, OWNER), by_hand.reply(change.id, other, MEMBER), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Change", "Conflict"]
    kept = (await table.round_of(home.house.database, await home.house.changes.get(change.id))).proposal
    assert kept == {"text": ANSWER if isinstance(results[0], Change) else other}


@pytest.mark.parametrize("answer", ["", "  \n", "I can't do that.", "<<<<<<< SEARCH\nhalf"])
async def test_an_answer_that_can_not_be_used_changes_nothing(home: Home, by_hand: ByHand, answer: str) -> None:
    change = await put(home, State.WAITING, resume="editing")
    with pytest.raises((BadInput, EditError, HavenError)):
        await by_hand.reply(change.id, answer, OWNER)
    assert await home.house.changes.get(change.id) == change


async def test_an_answer_that_lets_a_plan_go_on_needs_that_right(home: Home, by_hand: ByHand) -> None:
    change = await put(home, State.AWAITING_PLAN)
    with pytest.raises(AccessDenied):
        await by_hand.reply(change.id, ANSWER, MEMBER)
    assert (await by_hand.reply(change.id, ANSWER, REVIEWER)).state == "editing"


async def test_who_asked_may_carry_a_prompt_but_not_past_a_plan_they_may_not_approve(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"requester_may_approve": False}) as home:
        by_hand = home.house.by_hand
        assert by_hand is not None
        asker = Principal(MEMBER.id, MEMBER.name, Role.REVIEWER, "bot")
        planned, waiting = await put(home, State.AWAITING_PLAN), await put(home, State.WAITING, resume="editing")
        with pytest.raises(AccessDenied, match="who asked"):
            await by_hand.reply(planned.id, ANSWER, asker)
        assert (await by_hand.reply(waiting.id, ANSWER, asker)).state == "editing", "that is work, and no decision"
        assert (await by_hand.reply(planned.id, ANSWER, OTHER)).state == "editing"
