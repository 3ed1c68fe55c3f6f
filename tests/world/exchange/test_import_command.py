"""`haven world import` and `export` with the real command: a dry run, the import, out as a table."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command import haven
from tests.e2e.test_command_line_world import a_house
from tests.world.exchange.sources import database, json_file


async def test_a_world_comes_in_once_and_goes_out_again(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    source = str(database(tmp_path))
    planned = (await haven(home, "world", "import", source, "--dry-run", "--json")).data
    assert planned["dry_run"] and planned["counts"]["refused"] == 1 and planned["defects"]["confidence"] == 1
    done = await haven(home, "world", "import", source)
    assert "repaired: system Diamond" in done.out and "system_id SYS_9 is not in the file" in done.out
    assert "Done: " in done.out and "galaxy in the region" in done.out
    out = tmp_path / "out" / "world.csv"
    assert "Wrote" in (await haven(home, "world", "export", str(out), "--format", "csv")).out
    assert out.read_text(encoding="utf-8").startswith("kind,id,name,")
    rows = [{"name": "\x1b[2JEvil [red]", "x": 1, "fauna": "Mid"}, "\x1b[2J"]
    hostile = json_file(tmp_path, "b\x1b]0;x", {"data": rows})
    shown = await haven(home, "world", "import", str(hostile), "--all")
    assert "\x1b" not in shown.out and "Evil [red]" in shown.out and "<U+001B>" in shown.out
