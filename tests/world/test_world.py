"""The world keeps what it is given, refuses what can't be true, and tells of every write once."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.errors import AccessDenied, BadInput, Conflict, NotFound
from haven.world.schema import Discovery, Found, Kind, Lore, Moon, Planet, System
from tests.world.a_world import MEMBER, OLGA, PANEL, SAM, at, system, told, venture, world_in


async def test_a_system_comes_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        before = await world.stamp()
        place, planet, moon, station = [one.thing for one in await world.put(venture(), OLGA, "a test")]
        assert place.id.startswith("system-") and len(place.id) == len("system-") + 10
        assert isinstance(planet, Planet) and planet.parent == place.id
        assert isinstance(moon, Moon) and moon.parent == planet.id
        stored = await world.get(place.id)
        assert stored.thing == place and (stored.version, stored.by, stored.tool) == (1, "Olga", "a test")
        assert {one.id for one in await world.children(place.id)} == {planet.id, station.id}
        assert [one.name for one in await world.things(Kind.MOON, Kind.SYSTEM)] == ["Little Meridian", "Venture"]
        assert await world.counts() == dict.fromkeys([Kind.MOON, Kind.PLANET, Kind.STATION, Kind.SYSTEM], 1)
        assert await world.placed("map") == [(place.id, "Venture", 1.0, 2.0, 3.0)]
        assert await world.frames() == {"map": 1}
        for name in ("venture", "VENTURE!", "the gate", " Ventüre "):
            assert [one.id for one in await world.named(name)] == [place.id]
            assert (await world.one(name)).thing == place
        assert await world.named("Venture", Kind.PLANET) == []
        assert set(await world.changed_since(before)) == {one.id for one in (place, planet, moon, station)}
        assert await world.stamp() > before
        events = await told(database, "world.")
        assert [(one.kind, one.data["kind"], one.data["name"], one.data["by"], one.actor) for one in events[:2]] == [
            ("world.added", "system", "Venture", "Olga", "discord:1"),
            ("world.added", "planet", "Meridian", "Olga", "discord:1"),
        ]


async def test_a_change_is_a_version_and_what_stays_the_same_is_none(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        [first] = await world.put([system("Venture", economy="Mining")], OLGA, "a test")
        stamp = await world.stamp()
        [same] = await world.put([first.thing], SAM, "a test")
        assert same == first and await world.stamp() == stamp
        changed = first.thing.model_copy(update={"economy": "Trading", "name": "Adventure"})
        [second] = await world.put([changed], SAM, "a form", expect={first.thing.id: 1})
        assert (second.version, second.by, second.tool) == (2, "Sam", "a form")
        assert await world.named("Venture") == [] and await world.named("adventure") == [changed]
        with pytest.raises(Conflict, match="changed by Sam meanwhile: it is at version 2, and you have seen version 1"):
            await world.put([first.thing], OLGA, "a form", expect={first.thing.id: 1})
        assert (await world.get(first.thing.id)).thing == changed
        assert [one.kind for one in await told(database, "world.")] == ["world.added", "world.changed"]


async def test_what_can_not_be_true_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [gate, planet, *_] = [one.thing for one in await world.put(venture(), OLGA, "a test")]
        stamp = await world.stamp()
        good = system("Unharmed")
        for wrong, says in (
            (
                [Planet(name="Lost", parent="system-0000000000")],
                "Lost belongs to 'system-0000000000', which is not there",
            ),
            ([Planet(name="Lost", parent=planet.id)], "is a planet and can't belong to a planet"),
            ([Moon(name="Lost", parent=gate.id)], "is a moon and can't belong to a system"),
            ([Planet(name="Lost", parent="new-9")], "refers to 'new-9'"),
            ([Planet(name="Lost", parent="")], "Lost belongs to nothing"),
            ([system("Far", links=("system-0000000000",))], "which is not there"),
            ([system("Far", links=(planet.id,))], "can't lead to a planet"),
            ([system("Venture")], "two systems of one name: 'Venture' \\(system-.*\\) and 'Venture'"),
            ([system("VENTURE ", galaxy="euclid")], "two systems of one name"),
            ([system("Twin"), system("twin")], "two systems of one name"),
            ([good.model_copy(update={"id": gate.id}), gate], "same id"),
            ([good.model_copy(update={"id": "planet-1"})], "can't be the id of a system"),
            ([good.model_copy(update={"id": "system-<b>"})], "can't be the id of a system"),
        ):
            with pytest.raises(BadInput, match=says):
                await world.put([good, *wrong], OLGA, "a test")
        assert await world.stamp() == stamp and await world.named("Unharmed") == []


async def test_systems_of_one_name_in_different_places_are_two(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        await world.put([system("Venture", galaxy="Euclid", position=at(1))], OLGA, "a test")
        await world.put([system("Venture", galaxy="Hilbert")], OLGA, "a test")
        await world.put([system("Venture", galaxy="Euclid", position=at(1, frame="sun"))], OLGA, "a test")
        await world.put([system("Venture", galaxy="Euclid")], OLGA, "a test", allow_same_name=True)
        assert len(await world.named("Venture")) == 4
        with pytest.raises(BadInput, match="Several records are called 'Venture'"):
            await world.one("Venture")


async def test_a_place_stands_before_the_lore_of_its_name(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        gate, planet, *_ = [one.thing for one in await world.put(venture(), OLGA, "a test")]
        tales = [Lore(name="Meridian", text="It is told."), Lore(name="Tale"), Lore(name="Tale")]
        story = (await world.put(tales, OLGA, "a test"))[0].thing
        assert (await world.one("meridian")).thing == planet and (await world.one("Meridian", Kind.LORE)).thing == story
        with pytest.raises(BadInput, match="Several records are called 'Tale'"):
            await world.one("Tale")
        await world.put([Discovery(name="Meridian", parent=gate.id, found=Found.RUIN)], OLGA, "a test")
        with pytest.raises(BadInput, match="Several records are called 'Meridian'"):
            await world.one("Meridian")
        assert (await world.one("Meridian", Kind.PLANET)).thing == planet


async def test_the_last_eleven_glyphs_name_one_system(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        await world.put([system("Seen from 6", glyphs="60720193DFA9", galaxy="Euclid")], OLGA, "a test")
        with pytest.raises(BadInput, match="Two systems have the same portal glyphs"):
            await world.put([system("Seen from 2", glyphs="2-072-01-93D-FA9")], OLGA, "a test", allow_same_name=True)
        await world.put([system("Elsewhere", glyphs="20720193DFA9", galaxy="Hilbert")], OLGA, "a test")


async def test_a_removed_place_takes_its_bodies_and_leaves_what_people_wrote(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        kept = [one.thing for one in await world.put(venture(), OLGA, "a test")]
        place, moon = kept[0], kept[2]
        bone = Discovery(name="Bones", parent=moon.id, found=Found.FOSSIL)
        story = Lore(name="The first jump", links=(place.id,))
        wrote = [one.thing for one in await world.put([bone, story], OLGA, "a test")]
        assert set(await world.remove([place.id], SAM, "a test")) == {one.id for one in kept}
        assert {one.id for one in await world.things()} == {one.id for one in wrote}
        with pytest.raises(NotFound, match=f"Venture \\({place.id}\\) was removed by Sam on "):
            await world.get(place.id)
        edited = wrote[0].model_copy(update={"text": "Old."})
        await world.put([edited], OLGA, "a test")
        with pytest.raises(NotFound, match="was removed"):
            await world.put([place], OLGA, "a test")
        with pytest.raises(NotFound, match="no record 'system-nowhere'"):
            await world.remove(["system-nowhere"], SAM, "a test")
        assert len(await told(database, "world.removed")) == 4


async def test_an_import_is_told_once_and_put_again_changes_nothing(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        given = [System(id=f"system-{number}", name=f"Star {number}") for number in range(300)]
        await world.put(given, OLGA, "import", imported="stars.csv")
        stamp = await world.stamp()
        await world.put(given, OLGA, "import", imported="stars.csv")
        assert await world.stamp() == stamp and await world.counts() == {Kind.SYSTEM: 300}
        [event] = await told(database, "world.")
        assert (event.kind, event.subject) == ("world.imported", "stars.csv")
        assert event.data["added"] == 300 and event.data["kinds"] == {"system": 300}


async def test_only_a_reviewer_writes_and_the_panel_with_its_pin(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        for who in (MEMBER, PANEL):
            with pytest.raises(AccessDenied):
                await world.put(venture(), who, "a test")
        [place, *_] = await world.put(venture(), PANEL.with_pin(), "a test")
        with pytest.raises(AccessDenied):
            await world.remove([place.thing.id], MEMBER, "a test")
        with pytest.raises(AccessDenied):
            await world.undo(place.thing.id, MEMBER)
