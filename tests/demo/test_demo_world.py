"""The demo's world: there from the first start on, and never over what people wrote since."""

from __future__ import annotations

from pathlib import Path

from assistants.sentinel import HAVEN
from haven.app import open_house
from haven.demo import charts
from haven.demo.journey import demo_settings
from haven.world.fields import edited
from haven.world.schema import Kind


async def test_the_demos_world_is_brought_in_once_and_what_people_change_stays(tmp_path: Path) -> None:
    async with open_house(demo_settings(tmp_path, changes={})) as house:
        first = await charts.bring_in(house)
        counts = await house.world.counts()
        assert not first.counts()["refused"] and counts[Kind.SYSTEM] > 40 and counts[Kind.LORE] > 40
        oculi = (await house.world.one("Oculi", Kind.SYSTEM)).thing
        await house.world.put([edited(oculi, {"economy": "Tourism"})], HAVEN, "haven world")
        again = await charts.bring_in(house)
        assert again.known_files == 2 and not again.counts()["added"]
        assert (await house.world.get(oculi.id)).version == 2
        found = await house.cartographer.answer("map around Oculi", HAVEN)
        assert found is not None and found.picture is not None and found.picture.startswith(b"\x89PNG")
