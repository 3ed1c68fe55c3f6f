"""The digest: what happened, by whom, and nothing where nothing did."""

from __future__ import annotations

from pathlib import Path

from assistants.scribe import Scribe
from haven.settings import WorldSettings
from haven.store.database import now
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.schema import Lore, Planet, System
from tests.world.a_world import MEMBER, OLGA, SAM, venture, world_in


async def test_a_digest_tells_what_became_of_each_record(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        drafts = Drafts(database, WorldSettings())
        scribe = Scribe(world, drafts, Atlases(world))
        assert (await scribe.digest()).sections == () and "Nothing happened" in (await scribe.digest()).text
        system, planet, *_ = await world.put(venture(), OLGA, "test")
        await world.put([system.thing.model_copy(update={"star": "Green", "name": "Venture <b>"})], SAM, "test")
        [gone] = await world.put([System(name="Mistake")], OLGA, "test")
        await world.remove([gone.thing.id], OLGA, "test")
        draft = await drafts.propose([Planet(name="Rime", parent=system.thing.id, biome="Frozen")], MEMBER, "test")
        await drafts.approve([draft.id], SAM)
        await drafts.propose([System(name="Waiting")], MEMBER, "test")
        told = await scribe.digest(days=1)
        sections = {one.title: one.lines for one in told.sections}
        assert sections["Added"] == (
            *("1 system: Venture <b>", "2 planets: Meridian, Rime", "1 moon: Little Meridian"),
            "1 station: Venture Station",
        )
        assert (
            "Changed" not in sections and "Removed" not in sections and "Mistake" not in told.text.split("By whom")[0]
        )
        assert "Sam: 1 changed, 1 approved" in sections["By whom"] and "Mia: 1 added" in sections["By whom"]
        assert "Rime: the only Frozen world so far" in sections["Notable"]
        assert "Venture <b>: the only Green star so far" in sections["Notable"]
        assert "Waiting" in sections["Drafts that wait"][0] and sections["What would gain most"]
        assert told.text.startswith("# The world from") and "## Added\n- 1 system" in told.text
        assert (await scribe.digest(days=1, until=told.since)).sections == ()
        found = await scribe.answer("Give me the weekly digest", MEMBER)
        assert found and "2 planets: Meridian, Rime" in found.text
        assert planet.thing.id not in told.text


async def test_a_digest_of_a_large_import_counts_all_of_it(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        scribe = Scribe(world, Drafts(database, WorldSettings()), Atlases(world))
        [old, other] = await world.put([System(name="Old"), System(name="Gone")], SAM, "test")
        before = now()
        await world.put([System(name=f"Point {number}") for number in range(4_000)], OLGA, "test")
        await world.put([Lore(name=f"Tale {number}") for number in range(3_000)], OLGA, "test")
        await world.put([old.thing.model_copy(update={"star": "Green"})], SAM, "test")
        await world.remove([other.thing.id], SAM, "test")
        told = await scribe.digest(days=(now() - before) / 86_400)
        sections = {one.title: one.lines for one in told.sections}
        assert sections["Added"] == (
            "4,000 systems: Point 0, Point 1, Point 2, Point 3, Point 4, Point 5 and 3,994 more",
            "3,000 lore entries: Tale 0, Tale 1, Tale 2, Tale 3, Tale 4, Tale 5 and 2,994 more",
        )
        assert sections["Changed"] == ("system Old, by Sam",) and sections["Removed"] == ("system Gone, by Sam",)
        assert sections["By whom"] == ("Olga: 7,000 added", "Sam: 1 changed, 1 removed")
