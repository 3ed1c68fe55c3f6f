"""Who lost a role meanwhile approves nothing and spends nothing; whoever wrote a round does not approve it alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from haven.access import Principal, Role
from haven.changes.rounds.prompting import requester
from haven.changes.standing import check_goes_on, check_wrote
from haven.changes.states import State
from haven.errors import AccessDenied, Unavailable
from haven.store import approvals, events
from haven.store import changes as table
from tests.changes.test_reviewing import approved, in_review
from tests.e2e.house import MEMBER, REVIEWER, Home, at_home

THIRD = Principal("discord:9", "Tara", Role.REVIEWER, "bot")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(tmp_path, working=False) as ready:
        yield ready


def told(home: Home, *gone: Principal, away: bool = False, face: str = "bot") -> None:
    """What Discord, or the dashboard, says of today's roles."""

    async def today(person: Principal) -> Principal:
        if away:
            raise Unavailable("Discord can't be asked now.")
        return replace(person, role=Role.STRANGER if person.id in {one.id for one in gone} else Role.REVIEWER)

    home.house.waiting.ask_about(face, today)


async def test_the_word_of_an_approver_who_lost_the_role_counts_no_more(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home, "conftest.py")
        commit = (await home.house.changes.review(change.id)).commit
        told(home)
        assert (await approved(home, change, REVIEWER, "two taps")).state == State.REVIEW
        told(home, away=True)
        with pytest.raises(Unavailable):
            await approved(home, change, THIRD, "two taps")
        told(home, REVIEWER)
        assert (await approved(home, change, THIRD, "two taps")).state == State.REVIEW, "one of the two has gone"
        words = await approvals.of(home.house.database, change.id, commit)
        assert [one.principal for one in words] == [THIRD.id]
        lapsed = [one for one in await events.of(home.house.database, change.id) if one.kind.endswith("lapsed")]
        assert [one.data["who"] for one in lapsed] == [REVIEWER.id]
        assert (await approved(home, change, replace(REVIEWER, id="discord:10"), "two taps")).state == State.MERGING


async def test_an_approver_of_the_dashboard_keeps_the_role_there_or_loses_the_word(tmp_path: Path) -> None:
    of_web = Principal("web:3", "Wanda", Role.REVIEWER, "web")
    async with at_home(tmp_path, working=False, changes={"two_people_for_risk": True}) as home:
        change = await in_review(home, "conftest.py")
        told(home)
        assert (await approved(home, change, of_web, "two taps")).state == State.REVIEW
        told(home, of_web, face="web")
        assert (await approved(home, change, REVIEWER, "two taps")).state == State.REVIEW, "one of the two has gone"
        told(home, REVIEWER)
        told(home, face="web")  # who lost a role in Discord has an account of the dashboard that may
        assert (await approved(home, change, of_web, "two taps")).state == State.MERGING


async def test_whoever_tweaked_a_round_does_not_approve_it_where_the_requester_may_not(home: Home) -> None:
    object.__setattr__(home.house.settings.changes, "requester_may_approve", False)
    change = await in_review(home)
    round = await table.round_of(home.house.database, change)
    assert round.by_id == ""
    await home.house.changes.tweak(change.id, REVIEWER, "Do something else entirely", round=2)
    three = {"commit_id": round.commit_id[:-1] + "0", "parent": round.commit_id}
    rounds = await table.rounds(home.house.database, change.id)
    assert rounds[-1].by_id == REVIEWER.id and rounds[-1].parent == round.commit_id
    await home.house.database.write(lambda tx: table.update_round(tx, change.id, 3, **three))
    settings, database = home.house.settings, home.house.database
    with pytest.raises(AccessDenied):
        await check_wrote(database, REVIEWER, change, three["commit_id"], settings)
    await check_wrote(database, THIRD, change, three["commit_id"], settings)
    await check_wrote(database, REVIEWER, change, round.commit_id, settings)  # the round before has none of their words
    object.__setattr__(settings.changes, "requester_may_approve", True)
    await check_wrote(database, REVIEWER, change, three["commit_id"], settings)


async def test_nobody_pays_for_a_round_of_one_who_was_thrown_out(home: Home) -> None:
    change = await in_review(home)
    round = await table.round_of(home.house.database, change)
    today = home.house.waiting.today
    await check_goes_on(today, change, round, requester(change))  # no face is there that could be asked
    told(home, MEMBER)
    with pytest.raises(Unavailable, match="may not ask for changes here any more") as caught:
        await check_goes_on(today, change, round, requester(change))
    assert caught.value.retry and caught.value.after
    await check_goes_on(today, change, replace(round, by_id=REVIEWER.id), requester(change))
