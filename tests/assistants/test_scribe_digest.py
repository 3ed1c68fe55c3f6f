"""The digest: what happened, by whom, and nothing where nothing did."""

from __future__ import annotations

from pathlib import Path

from assistants.scribe import Scribe
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.schema import Planet, System
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


async def test_a_digest_says_what_it_does_not_count(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        scribe = Scribe(world, Drafts(database, WorldSettings()), Atlases(world))
        for start in range(0, 6_000, 1_000):
            await world.put([System(name=f"Point {number}") for number in range(start, start + 1_000)], OLGA, "test")
        told = (await scribe.digest(days=1)).text
        assert "the newest 5,000 of 6,000 writings" in told and "1,000 earlier ones are not counted" in told
