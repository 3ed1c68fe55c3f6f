"""How the rounds of a change end: whatever it was that ended them, the best round is shown and it is said why."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.decisions import Changes
from haven.changes.handing_in import MOST_AN_HOUR, MOST_UNDER_WAY
from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind
from haven.errors import Conflict
from haven.store import changes as table
from tests.changes import sources
from tests.e2e.branching import GREEN, LIGHT, ONE_RED, TWO_RED, WISH, asked, becomes, small_house, wished
from tests.e2e.house import MEMBER, OWNER, REVIEWER

pytestmark = pytest.mark.sandbox

REFUSED = Fault(FaultKind.REFUSAL)
MANY = {f"part{n}.py": f"def piece_{n}(star):\n    return star * {n}\n" + "# filler\n" * 60 for n in range(30)}


async def test_failures_that_come_in_turns_end_it_as_well(tmp_path: Path) -> None:
    turns = [becomes(ONE_RED), becomes(TWO_RED, ONE_RED), becomes(ONE_RED, TWO_RED)]
    async with small_house(tmp_path, *turns, changes={"rounds": 9}) as home:
        change = await wished(home)
        assert change.state == State.REVIEW and len(asked(home)) == 3
        assert "The same failures came back as in round 1" in change.reason


async def test_edits_that_change_nothing_end_it_at_once(tmp_path: Path) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), becomes(ONE_RED, ONE_RED), changes={"rounds": 9}) as home:
        change = await wished(home)
        assert (change.state, change.round, len(asked(home))) == (State.REVIEW, 1, 2), change.reason
        assert "round 1 is the best of 2" in change.reason


async def test_a_model_that_answers_in_words_is_heard_by_the_person(tmp_path: Path) -> None:
    words = "I can't tell how bright a star should be."
    async with small_house(tmp_path / "first", words) as home:
        change = await wished(home)
        assert change.state == State.FAILED and words in change.reason and len(asked(home)) == 1
    async with small_house(tmp_path, becomes(ONE_RED), words) as home:
        change = await wished(home)
        assert (change.state, change.round) == (State.REVIEW, 1) and words in change.reason


async def test_replies_that_can_not_be_used_leave_the_round_before(tmp_path: Path) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), faults=[None, REFUSED, REFUSED, REFUSED]) as home:
        change = await wished(home)
        assert (change.state, change.round) == (State.REVIEW, 1) and "refused" in change.reason
        rounds = await table.rounds(home.house.database, change.id)
        assert [one.ended for one in rounds] == ["tests failed", "no usable reply"]


async def test_a_cap_that_never_opens_again_ends_a_change_that_has_nothing_to_show(tmp_path: Path) -> None:
    async with small_house(tmp_path, becomes(GREEN), costs=True, per_change_usd=0.001) as home:
        change = await wished(home)
        assert change.state == State.FAILED and "cloud.per_change_usd" in change.reason
        assert home.stand_in.requests == [], "it is not counted by the far end either"


async def test_every_round_is_priced_before_its_call_and_reads_the_last_ones_prompt_from_the_cache(
    tmp_path: Path,
) -> None:
    async with small_house(tmp_path, becomes(ONE_RED), becomes(GREEN, ONE_RED)) as home:
        sources.commit(home.project, {**MANY, "light.py": LIGHT})
        change = await wished(home)
        assert (change.state, change.round) == (State.REVIEW, 2), change.reason
        rounds = await table.rounds(home.house.database, change.id)
        assert all(one.context["worst_usd"] > 0 for one in rounds)
        review = await home.house.changes.review(change.id)
        assert review.tokens["cached"] > 2_000, review.tokens
        first, second = ([block["text"] for block in body["system"]] for body in home.asked)
        assert first == second


async def test_a_stop_from_another_process_is_not_waited_for_where_the_cloud_goes_away_with_it(tmp_path: Path) -> None:
    hang = Fault(FaultKind.HANG)
    async with small_house(tmp_path, faults=[hang], attempts=1) as home:
        change = await home.ask_for(WISH)
        await hang.reached.wait()
        house, repository = home.house, home.house.repository
        assert repository is not None
        elsewhere = Changes(house.database, house.settings, lambda: repository, stop=lambda subject: None)
        await elsewhere.stop(change.id, MEMBER)
        await home.stand_in.close()
        change = await home.rest(change, State.WAITING)
        assert change.state == State.CANCELLED or change.retry_at is None, change.reason


async def test_a_change_tells_how_many_come_before_it(tmp_path: Path) -> None:
    async with small_house(tmp_path, working=False) as home:
        asked_for = [await home.ask_for(WISH) for _ in range(3)]
        assert [await home.house.changes.ahead(one.id) for one in asked_for] == [0, 1, 2]
        await home.house.changes.cancel(asked_for[0].id, OWNER)
        assert [await home.house.changes.ahead(one.id) for one in asked_for] == [None, 0, 1]
    async with small_house(tmp_path / "other") as home:
        done = await wished(home)
        assert done.state == State.REVIEW and await home.house.changes.ahead(done.id) is None


async def test_nobody_fills_the_queue_for_all_others(tmp_path: Path) -> None:
    async with small_house(tmp_path, working=False) as home:
        first = await home.ask_for(WISH, key="the same")
        for _ in range(MOST_UNDER_WAY - 1):
            await home.ask_for(WISH)
        with pytest.raises(Conflict, match="under way already"):
            await home.ask_for(WISH)
        assert (await home.ask_for(WISH, key="the same")).id == first.id, "asked once more, it is no new one"
        await home.ask_for(WISH, REVIEWER)
        await home.ask_for(WISH, OWNER)
        await home.house.changes.cancel(first.id, MEMBER)
        await home.ask_for(WISH)
        with pytest.raises(Conflict, match=f"asked for {MOST_AN_HOUR} changes within an hour"):
            for _ in range(MOST_AN_HOUR):
                mine = [one for one in await home.house.changes.list() if one.requester == MEMBER.id]
                await home.house.changes.cancel(mine[0].id, MEMBER)
                await home.ask_for(WISH)
