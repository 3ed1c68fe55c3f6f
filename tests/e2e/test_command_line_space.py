"""`haven world ask, near, route, map ...` with the real command, over a world that was put in before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree import ElementTree

from haven.app import open_house
from haven.settings import load
from tests.e2e.command import haven
from tests.e2e.test_command_line_world import a_house
from tests.world.a_world import OLGA
from tests.world.star_map import THINGS


async def test_places_are_found_measured_and_drawn(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    async with open_house(load(home / "haven.toml")) as house:
        await house.world.put(list(THINGS), OLGA, "test", allow_same_name=True)
    picture = tmp_path / "reach.svg"
    asked, near, box, route, drawn, glyphs = await asyncio.gather(
        haven(home, "world", "ask", "ocean planets within 50 of Halden"),
        haven(home, "world", "near", "Aqua", "--count", "2", "--json"),
        haven(home, "world", "box", "-5", "-5", "-5", "15", "5", "5", "--json"),
        haven(home, "world", "route", "Halden", "Dorn", "--jump", "25", "--json"),
        haven(home, "world", "map", str(picture), "--region", "outer reach", "--theme", "light"),
        haven(home, "world", "glyphs", "20720193DFA9", "--json"),
    )
    assert "Mirror (24 units)" in asked.out and "where biome = Ocean" in asked.out and "planet-aqua" in asked.out
    assert [(one["name"], one["distance"]) for one in near.data["systems"]] == [("Brook", 10.0), ("Cairn", 24.0)]
    assert "Eyre" in near.data["left_out"]
    assert [one["name"] for one in box.data] == ["Brook", "Halden"]
    assert route.data["route"] == ["system-halden", "system-brook", "system-dorn"] and route.data["jumps"] == 2
    texts = {one.text for one in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")}
    assert drawn.status == 0 and {"Outer Reach", "Cairn", "Dorn", "Twin"} <= texts
    assert glyphs.data["voxel"] == [-87, 1, -1731] and glyphs.data["recorded"] == ["Halden"]
