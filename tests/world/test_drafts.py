"""What people propose waits for somebody else's word, shows what it changes, and is decided once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from haven.errors import AccessDenied, BadInput, Conflict, NotFound
from haven.settings import Keep, WorldSettings
from haven.store import retention
from haven.store.database import Database, now
from haven.world.drafts import MOST, MOST_AN_HOUR, MOST_OF_STRANGERS, TALES, Drafts, seal_of
from haven.world.schema import Lore, Planet
from haven.world.world import World
from tests.world.a_world import MEMBER, OLGA, PANEL, SAM, STRANGER, system, told, venture, world_in

OPEN_TO_ALL = WorldSettings(strangers_may_propose=True)


@dataclass
class Queue:
    world: World
    drafts: Drafts
    database: Database


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    async with world_in(tmp_path) as (world, database):
        yield Queue(world, Drafts(database, OPEN_TO_ALL), database)


async def test_a_strangers_system_becomes_true_when_a_reviewer_approves_it(queue: Queue) -> None:
    draft = await queue.drafts.propose(venture(), STRANGER, "submit", "I was there")
    assert await queue.world.things() == []
    [shown] = await queue.drafts.list()
    assert (shown, shown.by, shown.face, shown.reason) == (draft, "Zed", "bot", "I was there")
    diff = await queue.drafts.diff(draft)
    assert ("system Venture, new", "position", "", "1, 2, 3") in [
        (one.record, one.field, one.before, one.after) for one in diff
    ]
    assert ("planet Meridian, new", "parent", "", "Venture (new-1)") in [
        (one.record, one.field, one.before, one.after) for one in diff
    ]
    [done] = await queue.drafts.approve([draft.id], OLGA)
    assert done.problem is None and len(done.ids) == 4
    stored = await queue.world.get(done.ids[0])
    assert (stored.thing.name, stored.by, stored.tool) == ("Venture", "Zed", "submit")
    [version] = await queue.world.history(done.ids[0])
    assert version.approved_by == "Olga"
    assert await queue.drafts.list() == [] and (await queue.drafts.get(draft.id)).decided_by == "Olga"
    proposed, approved = await told(queue.database, "draft.")
    assert (proposed.kind, proposed.subject, proposed.data["by"]) == ("draft.proposed", draft.id, "Zed")
    assert (approved.kind, approved.data["proposer"], approved.data["ids"]) == (
        *("draft.approved", STRANGER.id, list(done.ids)),
    )


async def test_who_may_propose_and_approve(queue: Queue) -> None:
    closed = Drafts(queue.database, WorldSettings())
    with pytest.raises(AccessDenied):
        await closed.propose(venture(), STRANGER, "submit")
    draft = await closed.propose([system("Own")], SAM, "submit")
    panel = await closed.propose([system("Panel's")], PANEL, "submit")
    for who in (STRANGER, MEMBER, PANEL):
        with pytest.raises(AccessDenied):
            await closed.approve([draft.id], who)
    [own, other] = await closed.approve([draft.id, panel.id], SAM, seal=seal_of([draft, panel]))
    assert isinstance(own.problem, AccessDenied) and "proposed themselves" in str(own.problem) and other.ids
    [allowed] = await Drafts(queue.database, WorldSettings(requester_may_approve=True)).approve([draft.id], SAM)
    assert allowed.problem is None
    mine, theirs = [await closed.propose([system(name)], MEMBER, "submit") for name in ("Mine", "Theirs")]
    [taken_back] = await closed.reject([mine.id], MEMBER)
    assert taken_back.problem is None
    [denied] = await closed.reject([theirs.id], STRANGER)
    assert isinstance(denied.problem, AccessDenied)
    [rejected] = await closed.reject([theirs.id], OLGA, "It is there already.")
    assert rejected.problem is None and (await closed.get(theirs.id)).why == "It is there already."


async def test_of_several_each_is_decided_by_itself_and_once(queue: Queue) -> None:
    one, two, twin = [await queue.drafts.propose([system(name)], MEMBER, "submit") for name in ("One", "Two", "ONE")]
    chosen = [one.id, twin.id, "draft-0", two.id]
    with pytest.raises(BadInput, match="once they were read"):
        await queue.drafts.approve(chosen, OLGA)
    with pytest.raises(Conflict, match="not the drafts that were shown"):
        await queue.drafts.approve(chosen, OLGA, seal=seal_of([one, twin]))
    assert len(await queue.drafts.list()) == 3
    results = await queue.drafts.approve(chosen, OLGA, seal=seal_of([two, twin, one]))
    assert [type(result.problem) for result in results] == [type(None), BadInput, NotFound, type(None)]
    assert "two systems of one name" in str(results[1].problem)
    assert [draft.id for draft in await queue.drafts.list()] == [twin.id], "it stands as it stood"
    [meant] = await queue.drafts.approve([twin.id], OLGA, allow_same_name=True)
    assert meant.problem is None
    three = await queue.drafts.propose([system("Three")], MEMBER, "submit")
    both = await asyncio.gather(queue.drafts.approve([three.id], OLGA), queue.drafts.reject([three.id], SAM))
    problems = [result.problem for [result] in both]
    assert [type(problem) for problem in problems].count(Conflict) == 1
    assert len(await queue.world.named("Three")) == (problems[0] is None)


async def test_a_stale_draft_shows_both_and_changes_nothing(queue: Queue) -> None:
    [venture_] = await queue.world.put([system("Venture", economy="Mining", region="Oculi")], OLGA, "a test")
    place = venture_.thing
    draft = await queue.drafts.propose([place.model_copy(update={"economy": "Tech"})], MEMBER, "submit")
    fine = await queue.drafts.propose([Planet(name="Meridian", parent=place.id)], MEMBER, "submit")
    [change] = await queue.drafts.diff(draft)
    assert (change.field, change.before, change.after, change.record) == ("economy", "Mining", "Tech", "system Venture")
    changed = place.model_copy(update={"economy": "Trading"})
    await queue.world.put([changed], SAM, "a form")
    [stale, other] = await queue.drafts.approve([draft.id, fine.id], OLGA, seal=seal_of([draft, fine]))
    assert isinstance(stale.problem, Conflict) and other.problem is None
    assert str(stale.problem) == (
        "Venture was changed by Sam since this was proposed: economy was 'Mining' and is 'Trading' now, the draft says"
        " 'Tech'."
    )
    assert (await queue.world.get(place.id)).thing == changed
    await queue.world.remove([place.id], SAM, "a form")
    [gone] = await queue.drafts.approve([draft.id], OLGA)
    assert "was removed since this was proposed" in str(gone.problem)


async def test_what_was_added_under_its_id_since_is_not_written_over(queue: Queue) -> None:
    draft = await queue.drafts.propose([system("Mine", id="system-one")], MEMBER, "submit")
    await queue.world.put([system("Yours", id="system-one")], OLGA, "a test")
    [refused] = await queue.drafts.approve([draft.id], OLGA)
    assert "system-one was added by Olga since this was proposed" in str(refused.problem)
    there = await queue.world.get("system-one")
    assert there.thing.name == "Yours"
    edited = there.thing.model_copy(update={"economy": "Tech"})
    with pytest.raises(Conflict, match="you have seen version 7"):
        await queue.drafts.propose([edited], MEMBER, "submit", expect={"system-one": 7})


async def test_strangers_together_do_not_fill_the_queue(queue: Queue) -> None:
    for number in range(MOST_OF_STRANGERS):
        who = replace(STRANGER, id=f"discord:{number + 100}")
        assert (await queue.drafts.propose([system(f"Star {number}")], who, "submit")).stranger
    with pytest.raises(BadInput, match="people without a role"):
        await queue.drafts.propose([system("One more")], STRANGER, "submit")
    assert not (await queue.drafts.propose([system("One more")], MEMBER, "submit")).stranger


async def test_what_could_not_be_approved_is_refused_at_once(queue: Queue) -> None:
    [there] = await queue.world.put([system("Venture")], OLGA, "a test")
    huge = [Lore(name=f"Part {number}", text="ü" * 60_000) for number in range(2)]
    for wrong, says in (
        ([], "nothing in this proposal"),
        ([there.thing], "recorded already"),
        ([Planet(name="Lost", parent="system-0")], "which is not there"),
        (huge, "larger than 200 kB"),
    ):
        with pytest.raises(BadInput, match=says):
            await queue.drafts.propose(wrong, MEMBER, "submit")
    assert await told(queue.database, "draft.") == []


async def test_one_person_has_ten_at_most_and_a_second_delivery_is_the_same_one(queue: Queue) -> None:
    first = await queue.drafts.propose([system("First")], MEMBER, "submit", key="message 7")
    assert await queue.drafts.propose([system("First")], MEMBER, "submit", key="message 7") == first
    for number in range(MOST - 1):
        await queue.drafts.propose([system(f"Star {number}")], MEMBER, "submit")
    with pytest.raises(BadInput, match=f"Mia has {MOST} open drafts"):
        await queue.drafts.propose([system("One more")], MEMBER, "submit")
    await queue.drafts.propose([system("Another's")], STRANGER, "submit")
    for number in range(MOST):
        await queue.drafts.propose([Lore(name=f"Tale {number}", text="Once.")], MEMBER, TALES)
    with pytest.raises(BadInput, match=f"Mia has {MOST} tales that wait"):
        await queue.drafts.propose([Lore(name="One more", text="Once.")], MEMBER, TALES)
    await queue.drafts.approve([first.id], OLGA)
    last = await queue.drafts.propose([system("One more")], MEMBER, "submit")
    with pytest.raises(BadInput, match=f"Mia has proposed {MOST_AN_HOUR} drafts within an hour"):
        for _ in range(MOST_AN_HOUR):
            await queue.drafts.reject([last.id], MEMBER)
            last = await queue.drafts.propose([system("One more")], MEMBER, "submit")
    decided = [one for one in await queue.drafts.list(None) if one.state != "open"]
    later = now() + 91 * retention.DAY_S
    assert (await retention.sweep(queue.database, Keep(), later))["drafts"] == len(decided), "only the decided ones go"
    assert len(await queue.drafts.list(None)) == 2 * MOST
    assert len(await queue.world.history((await queue.world.one("First")).thing.id)) == 1
