"""What somebody wrote down is found by their name, where no record of the world bears it."""

from __future__ import annotations

from pathlib import Path

from assistants.table.recorders import recorded_by
from haven.access import Principal, Role
from haven.world.schema import Kind, Moon, Planet, System
from tests.world.a_world import OLGA, world_in

SAM = Principal("discord:9", "Sam", Role.REVIEWER, "bot")


async def test_the_records_of_a_person_are_those_that_they_wrote_first(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        [star] = await world.put([System(name="Aster")], OLGA, "test")
        [rime] = await world.put([Planet(name="Rime", parent=star.thing.id)], OLGA, "test")
        await world.put([Moon(name="Chip", parent=rime.thing.id)], SAM, "test")
        await world.put([rime.thing.model_copy(update={"biome": "Frozen"})], SAM, "test")
        for question in (
            *("planets of Olga", "Olga's planets", "which planets did olga record?", "Planeten von Olga"),
            *("planets recorded by Olga", "show me all the planets by Olga", "how many planets were added by Olga"),
        ):
            found = await recorded_by(question, world)
            assert found is not None and found.text == "1 planet recorded by Olga: Rime.", question
            assert [one.id for one in found.sources] == [rime.thing.id]
        both = await recorded_by("what did Olga add", world)
        assert both is not None and both.text == "2 records recorded by Olga: Aster; Rime."
        await world.remove([one.id for one in await world.things(Kind.MOON)], SAM, "test")
        for nothing in ("moons of Olga", "planets of Hilda", "planets of Aster", "what did Olga say", "", "Olga"):
            assert await recorded_by(nothing, world) is None, nothing
        assert await recorded_by("planets of " + "Olga " * 5_000, world) is None
