"""Every version stays; whatever was done to the world can be taken back, and that taken back again."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from haven.access import Role
from haven.errors import BadInput, Conflict, NotFound
from haven.world.schema import Moon, Planet, System, parent_of
from haven.world.world import World
from tests.world.a_world import MEMBER, OLGA, SAM, system, told, venture, world_in


async def names(world: World) -> set[str]:
    return {one.name for one in await world.things()}


async def test_a_change_and_an_addition_are_taken_back_and_done_again(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [first] = await world.put([system("Venture", economy="Mining")], OLGA, "a test")
        id = first.thing.id
        changed = first.thing.model_copy(update={"economy": "Trading"})
        await world.put([changed], SAM, "a form")
        back = await world.undo(id, OLGA)
        assert back is not None and back.thing == first.thing and back.version == 3
        again = await world.undo(id, OLGA)
        assert again is not None and again.thing == changed
        one = await world.undo(id, SAM, to=1)
        assert one is not None and one.thing == first.thing
        past = await world.history(id)
        assert [(version.version, version.op, version.by, version.tool) for version in past] == [
            (1, "added", "Olga", "a test"),
            (2, "changed", "Sam", "a form"),
            (3, "restored", "Olga", "undo"),
            (4, "restored", "Olga", "undo"),
            (5, "restored", "Sam", "undo"),
        ]
        assert [version.thing and version.thing.economy for version in past] == [  # type: ignore[union-attr]
            *("Mining", "Trading", "Mining", "Trading", "Mining"),
        ]
        with pytest.raises(BadInput, match="no earlier version 9"):
            await world.undo(id, OLGA, to=9)
        with pytest.raises(NotFound):
            await world.undo("system-nowhere", OLGA)


async def test_two_who_undo_at_once_do_not_undo_each_other(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [first] = await world.put([system("Venture", economy="Mining")], OLGA, "a test")
        id = first.thing.id
        await world.put(
            [first.thing.model_copy(update={"economy": "Trading"})], replace(MEMBER, role=Role.REVIEWER), "a form"
        )
        both = await asyncio.gather(world.undo(id, OLGA), world.undo(id, SAM), return_exceptions=True)
        assert [type(one) for one in both].count(Conflict) == 1, "the second one is told that it is done"
        assert (await world.get(id)).thing == first.thing and (await world.get(id)).version == 3
        both = await asyncio.gather(*(world.undo(id, one, expect=3) for one in (OLGA, SAM)), return_exceptions=True)
        assert [type(one) for one in both].count(Conflict) == 1 and (await world.get(id)).version == 4
        with pytest.raises(Conflict, match="you have seen version 3"):
            await world.undo(id, OLGA, to=1, expect=3)
        assert await world.undo(id, SAM, to=1, expect=4)


async def test_an_addition_taken_back_is_a_removal_and_comes_back_whole(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        kept = [one.thing for one in await world.put(venture(), OLGA, "a test")]
        place, planet = kept[0], kept[1]
        await world.remove([planet.id], SAM, "a test")
        assert await names(world) == {"Venture", "Venture Station"}
        assert await world.undo(place.id, OLGA) is None and await names(world) == set()
        with pytest.raises(BadInput, match=r"'system-.*', which is not there"):
            await world.undo(planet.id, OLGA)
        back = await world.undo(place.id, OLGA)
        assert back is not None and await names(world) == {"Venture", "Venture Station"}, "the planet went before"
        await world.undo(planet.id, OLGA)
        assert {one.id: one for one in await world.things()} == {one.id: one for one in kept}
        assert [version.op for version in await world.history(planet.id)] == ["added", "removed", "restored"]
        assert [one.data["name"] for one in await told(database, "world.added")][-2:] == ["Meridian", "Little Meridian"]


async def test_what_can_not_stand_beside_what_came_since_stays_away(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [old] = await world.put([system("Venture")], OLGA, "a test")
        await world.remove([old.thing.id], OLGA, "a test")
        await world.put([system("Venture")], SAM, "a test")
        with pytest.raises(BadInput, match="two systems of one name"):
            await world.undo(old.thing.id, OLGA)
        assert len(await world.history(old.thing.id)) == 2


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_done_the_world_and_its_history_agree(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with world_in(tmp_path) as (world, _):
        ids: list[str] = []
        for step in range(60):
            there = await world.things()
            match chance.choice(["add", "add", "edit", "remove", "undo", "undo", "undo"]):
                case "add":
                    family = [
                        System(id="new-1", name=f"Star {step}"),
                        *(Planet(id=f"new-{n + 2}", name=f"{step}.{n}", parent="new-1") for n in range(2)),
                        Moon(name=f"Moon {step}", parent="new-2"),
                    ]
                    ids += [one.thing.id for one in await world.put(family, OLGA, "a walk")]
                case "edit" if there:
                    one = chance.choice(there)
                    await world.put([one.model_copy(update={"name": f"{one.name}'"})], SAM, "a walk")
                case "remove" if there:
                    await world.remove([chance.choice(there).id], SAM, "a walk")
                case "undo" if ids:
                    with suppress(BadInput):  # of a planet whose system is gone
                        await world.undo(id := chance.choice(ids), OLGA)
                        done = await world.things()
                        await world.undo(id, OLGA)
                        await world.undo(id, OLGA)
                        assert await world.things() == done, "undone and done again"
            await agree(world, ids)


async def agree(world: World, ids: list[str]) -> None:
    """What is there is the last version of each record, hangs together, and is found by its name."""
    there = {one.id: one for one in await world.things()}
    for id in ids:
        past = await world.history(id)
        assert [one.version for one in past] == list(range(1, len(past) + 1))
        assert past[-1].thing == there.get(id)
    for one in there.values():
        assert not parent_of(one) or parent_of(one) in there
        assert one in await world.named(one.name)
    assert sum((await world.counts()).values()) == len(there)


async def test_nobody_alters_history(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [kept, *_] = await world.put(venture(), OLGA, "a test")
        await world.put([Planet(name="Second", parent=kept.thing.id)], SAM, "a test")
        recent = await world.fates(0)
        assert [one.name for one in (await world.as_then(recent[-2:])).values()] == ["Venture Station", "Second"]
        path = tmp_path / "state" / "haven.db"
        for tampering in (
            "update thing_version set data = ''",
            "delete from thing_version",
            "insert or replace into thing_version select thing, version, write, op, '' from thing_version",
            "update world_write set by_name = 'Zed'",
            "delete from world_write",
            "insert or replace into world_write select id, 0, '', '', '', '', '', '' from world_write",
        ):
            with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.Error, match="only added to"), other:
                other.execute(tampering)
        assert await world.fates(0) == recent
