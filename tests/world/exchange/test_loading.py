"""Files come into the world whole, once, with a report of every record; who may not write it proposes them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from haven.errors import AccessDenied, BadInput
from haven.settings import WorldSettings
from haven.store.database import Database, opened
from haven.world.drafts import Drafts
from haven.world.exchange.exporting import export
from haven.world.exchange.loading import Importer, Options
from haven.world.exchange.report import ImportReport, Outcome
from haven.world.schema import Kind, Lore, Planet, Region, System, Thing
from haven.world.world import World
from tests.world.a_world import MEMBER, OLGA, PANEL, STRANGER, told
from tests.world.exchange.sources import DIALECTS, ENTRY, OEC, SYSTEM, database, json_file

SHIPPED = Path(__file__).parents[3] / "haven" / "demo" / "world"


@dataclass
class Place:
    """A world in the test's own folder."""

    world: World
    drafts: Drafts
    importer: Importer
    database: Database

    async def bring(self, path: Path, by: Any = OLGA, **how: Any) -> ImportReport:
        return await self.importer.bring_in(path, by, Options(**how))

    async def names(self, *kinds: Kind) -> list[str]:
        return [thing.name for thing in await self.world.things(*kinds)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path / "state" / "haven.db") as ready:
        yield built(ready)


def built(ready: Database) -> Place:
    world, drafts = World(ready), Drafts(ready, WorldSettings())
    return Place(world, drafts, Importer(world, drafts, ready), ready)


def outcomes(report: ImportReport) -> dict[str, int]:
    return {name: count for name, count in report.counts().items() if count}


async def test_a_dry_run_says_the_same_and_writes_nothing_and_a_second_run_adds_nothing(
    place: Place, tmp_path: Path
) -> None:
    path = database(tmp_path)
    planned = await place.bring(path, dry_run=True)
    assert await place.names() == [] and planned.dry_run
    done = await place.bring(path)
    assert outcomes(done) == outcomes(planned) and done.defects == planned.defects and outcomes(done)["repaired"] >= 4
    there = await place.names()
    assert {"Diamond", "The Oyster", "Mirage", "Monolith", "Watcher"} <= set(there)
    [event] = await told(place.database, "world.")
    assert event.kind == "world.imported" and event.subject == path.name and event.data["added"] == len(there)
    again = await place.bring(path)
    assert again.known_files == 1 and "imported on" in again.entries[0].notes[0]
    forced = await place.bring(path, again=True)
    assert set(outcomes(forced)) == {"skipped", "refused", "remark"} and await place.names() == there


async def test_one_system_in_five_files_is_there_once_with_all_of_its_planets(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "dialects"
    folder.mkdir()
    for name, data in DIALECTS.items():
        json_file(folder, name, data)
    report = await place.bring(folder)
    assert report.files == 5 and await place.names(Kind.SYSTEM) == ["Diamond"]
    assert await place.names(Kind.PLANET) == ["Booga 2", "The Oyster"], "what one file alone has is added"
    skipped = [entry for entry in report.entries if entry.outcome is Outcome.SKIPPED and entry.kind == "system"]
    assert len(skipped) == 4 and all("it is there already" in entry.notes[-1] for entry in skipped)


async def test_systems_are_told_apart_by_glyphs_galaxy_and_reality_else_by_name(place: Place, tmp_path: Path) -> None:
    rows = [
        {"name": "First", "glyph_code": "60720193DFA9", "galaxy": "Euclid", "reality": "Normal"},
        {"name": "Again", "glyph_code": "20720193DFA9", "galaxy": "euclid"},
        {"name": "Elsewhere", "glyph_code": "60720193DFA9", "galaxy": "Hilbert Dimension"},
        {"name": "Other Life", "glyph_code": "60720193DFA9", "galaxy": "Euclid", "reality": "Permadeath"},
        {"name": "First", "glyph_code": "10830193DFA9", "galaxy": "Euclid"},
        {"name": "Sólo", "x": 1, "y": 2, "z": 3},
        {"name": "SOLO", "x": 9, "y": 9, "z": 1},
    ]
    report = await place.bring(json_file(tmp_path, "a", {"data": rows}))
    assert sorted(await place.names(Kind.SYSTEM)) == ["Elsewhere", "First", "First", "Other Life", "Sólo"]
    assert [one.name for one in report.entries if "stands twice" in "".join(one.notes)] == ["First", "Sólo"]


async def test_a_refused_record_leaves_the_others_and_strict_takes_nothing(place: Place, tmp_path: Path) -> None:
    path = json_file(tmp_path, "a", {"data": [SYSTEM, {"name": "N" * 200, "x": 1, "planets": ["Lost"]}]})
    with pytest.raises(BadInput, match=r"of its records are refused .*so nothing of it was taken"):
        await place.bring(path, strict=True)
    assert await place.names() == []
    report = await place.bring(path)
    refused = {one.name[:4]: one.notes[0] for one in report.entries if one.outcome is Outcome.REFUSED}
    assert "200 characters or entries, and 120 are the most" in refused["NNNN"] and "is refused" in refused["Lost"]
    assert "Diamond" in await place.names()


async def test_a_dry_run_and_the_real_one_agree_on_what_belongs_where(place: Place, tmp_path: Path) -> None:
    records = [
        {"id": "system-00000000aa", "kind": "system", "name": "Venture", "links": ["planet-00000000aa"]},
        {"id": "planet-00000000aa", "kind": "planet", "name": "Meridian", "parent": "system-00000000aa"},
        {"id": "planet-00000000bb", "kind": "planet", "name": "Small", "parent": "planet-00000000aa"},
    ]
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"format": "haven-world", "version": 1, "things": records}), encoding="utf-8")
    planned = await place.bring(path, dry_run=True)
    done = await place.bring(path)
    assert outcomes(planned) == outcomes(done) == {"added": 2, "refused": 1}
    [system, _, refused] = done.entries
    assert "'Meridian', a planet; a planet belongs to a system" in refused.notes[0]
    assert "a system links to systems" in system.notes[0]


async def test_an_export_comes_back_but_for_what_was_removed_and_that_is_said(place: Place, tmp_path: Path) -> None:
    [gate, _] = await place.world.put([System(name="Venture"), System(name="Oculi")], OLGA, "a test")
    await place.world.put([Planet(name="Meridian", parent=gate.thing.id)], OLGA, "a test")
    path = tmp_path / "own.json"
    await export(place.world, path)
    await place.world.remove([gate.thing.id], OLGA, "a test")
    for dry_run in (True, False):
        report = await place.bring(path, dry_run=dry_run)
        assert outcomes(report) == {"skipped": 1, "refused": 2}
        said = {entry.name: entry.notes[0] for entry in report.entries}
        assert f"haven world undo {gate.thing.id}" in said["Venture"] and "it was removed" in said["Meridian"]
    await place.world.undo(gate.thing.id, OLGA)
    assert outcomes(await place.bring(path, again=True)) == {"skipped": 3}


async def test_a_file_holds_what_its_ending_says_and_a_folder_is_whole_or_not_there(
    place: Place, tmp_path: Path
) -> None:
    await place.world.put([System(name="Venture")], OLGA, "a test")
    await export(place.world, tmp_path / "new.CSV")
    assert (tmp_path / "new.CSV").read_text(encoding="utf-8").startswith("kind,id,name\n")
    await export(place.world, tmp_path / "plain")
    assert (tmp_path / "plain").read_text(encoding="utf-8").startswith("{")
    with pytest.raises(BadInput, match="can't be seen by its ending"):
        await export(place.world, tmp_path / "new.xlsx")
    (tmp_path / "pages").mkdir()
    assert (await export(place.world, tmp_path / "pages", "markdown")).files
    assert list((tmp_path / "pages").rglob("*.md")) and not list(tmp_path.glob(".pages*"))


async def test_a_list_of_words_is_no_world_and_that_is_said_once(place: Place, tmp_path: Path) -> None:
    names = json_file(tmp_path, "galaxies", {f"{number}": f"Galaxy {number}" for number in range(256)})
    with pytest.raises(BadInput, match="holds 256 words or numbers and no records"):
        await place.bring(names)


async def test_update_fills_what_is_empty_and_an_edited_export_replaces(place: Place, tmp_path: Path) -> None:
    await place.bring(
        json_file(tmp_path, "a", {"data": [{"name": "Diamond", "x": 1, "y": 2, "z": 3, "star_type": "Red"}]})
    )
    more = json_file(tmp_path, "b", {"data": [{**SYSTEM, "star_type": "Blue"}]})
    report = await place.bring(more)
    assert "--update does" in next(one for one in report.entries if one.kind == "system").notes[-1]
    await place.bring(more, update=True)
    [system] = await place.world.things(Kind.SYSTEM)
    assert isinstance(system, System) and (system.star, system.region) == ("Red", "Sea of Ashes")
    table = tmp_path / "out.csv"
    await export(place.world, table, "csv", [Kind.SYSTEM])
    table.write_text(table.read_text(encoding="utf-8").replace("Red", "Green"), encoding="utf-8")
    edited = await place.bring(table, update=True)
    assert outcomes(edited) == {"changed": 1} and edited.entries[0].notes == ("changed: star",)
    assert [version.tool for version in await place.world.history(system.id)] == ["import"] * 3
    await place.world.undo(system.id, OLGA)
    assert getattr((await place.world.get(system.id)).thing, "star", "") == "Red"


async def test_who_may_not_write_the_world_proposes_it(place: Place, tmp_path: Path) -> None:
    path = json_file(tmp_path, "a", {"data": [SYSTEM]})
    report = await place.bring(path, by=MEMBER)
    assert set(outcomes(report)) == {"proposed", "remark"} and await place.names() == []
    [draft] = await place.drafts.list()
    assert draft.by == "Mia" and len(draft.things) == 4 and "a.json" in draft.reason
    assert (await place.bring(json_file(tmp_path, "b", {"data": [{"name": "B", "x": 1}]}), by=PANEL)).entries
    with pytest.raises(AccessDenied):
        await place.bring(path, by=STRANGER)
    await place.drafts.approve([draft.id], OLGA)
    assert set(await place.names()) == {"Diamond", "Diamond Station", "Mirage", "The Oyster"}
    [oyster] = await place.world.named("The Oyster")
    assert getattr(oyster, "parent", "") == (await place.world.named("Diamond"))[0].id


async def test_lore_links_to_what_is_there_and_to_what_comes_with_it(place: Place, tmp_path: Path) -> None:
    await place.bring(json_file(tmp_path, "a", {"data": [SYSTEM]}))
    folder = tmp_path / "lore"
    folder.mkdir()
    (folder / "a sleep.md").write_text(ENTRY, encoding="utf-8")
    (folder / "b song.md").write_text("---\ntitle: The Song\n---\nOf [[The Sleep]] and [[the song]].", encoding="utf-8")
    report = await place.bring(folder)
    by_name = {thing.name: thing for thing in await place.world.things()}
    sleep, song = by_name["The Grey Sleep"], by_name["The Song"]
    assert isinstance(sleep, Lore) and isinstance(song, Lore)
    assert sleep.links == (by_name["The Oyster"].id, by_name["Diamond"].id)
    assert song.links == (sleep.id,), "an alias leads to it, and nothing links to itself"
    assert "'Nowhere', which nothing is called" in str(report.entries)


async def test_a_discovery_finds_its_place_by_name_and_is_told_once(place: Place, tmp_path: Path) -> None:
    row = {"type": "🦴", "name": "Bones", "description": "Old.", "planet_name": "The Oyster", "system_name": "Diamond"}
    await place.bring(json_file(tmp_path, "a", {"discoveries": [row]}))
    assert getattr((await place.world.named("Bones"))[0], "parent", "x") == ""
    both = json_file(tmp_path, "b", {"data": [SYSTEM], "discoveries": [row, {**row, "name": "More"}]})
    await place.bring(both, update=True)
    [oyster] = await place.world.named("The Oyster")
    assert {thing.name for thing in await place.world.children(oyster.id)} == {"Mirage", "Bones", "More"}


async def test_each_file_of_an_archive_keeps_its_own_together(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("A", "B", "C"):
            packed.writestr(f"{name}.xml", OEC.replace("Kepler-16", f"Star {name}"))
            system = {
                **SYSTEM,
                "name": f"System {name}",
                "planets": [{"name": f"Planet {name}", "moons": [f"Moon {name}"]}],
            }
            packed.writestr(f"{name}.json", json.dumps({"data": [system]}))
    await place.bring(path)
    by_id = {thing.id: thing for thing in await place.world.things()}
    bodies = [thing for thing in by_id.values() if thing.kind in (Kind.PLANET, Kind.MOON)]
    assert len(bodies) == 9 and all(body.name.split()[1] in by_id[body.parent].name for body in bodies)
    lore = [thing for thing in by_id.values() if isinstance(thing, Lore)]
    assert len(lore) == 3 and all(by_id[one.links[0]].name == one.name for one in lore)


async def test_a_broken_file_of_a_folder_is_said_and_a_single_one_is_an_error(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "bad.json").write_text('{"Diamond": ', encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "link.json").symlink_to(json_file(tmp_path, "secret", {"data": [{**SYSTEM, "name": "Secret"}]}))
    (folder / "system.xml").write_text(OEC, encoding="utf-8")
    report = await place.bring(folder)
    refused = {one.name: one.notes[0] for one in report.entries if one.outcome is Outcome.REFUSED}
    assert set(refused) == {"bad.json", "picture.png", "empty.csv", "link.json"}
    assert "in line 1" in refused["bad.json"] and "not followed" in refused["link.json"]
    assert await place.names(Kind.SYSTEM) == ["Kepler-16"]
    with pytest.raises(BadInput, match="is no JSON"):
        await place.bring(folder / "bad.json")
    with pytest.raises(BadInput, match="nothing at"):
        await place.bring(tmp_path / "missing")


async def test_the_whole_world_reads_back_identically(place: Place, tmp_path: Path) -> None:
    await place.bring(SHIPPED)
    odd = System(
        name="=1+1", notes='"quoted"\nsecond, line; [[not a link', aliases=("a, b", "c;d"), measures={"a b": 1e-9}
    )
    region = Region(name="Ünïcode ✨", properties={"when": "0015", "yes": "no", "list": "[1, 2]"})
    await place.world.put([odd, region], OLGA, "test")
    before = {thing.id: thing for thing in await place.world.things()}
    assert len(before) > 200
    for format, name in (("json", "w.json"), ("csv", "w.csv"), ("markdown", "pages")):
        done = await export(place.world, tmp_path / name, format)
        assert done.records == len(before)
        async with opened(tmp_path / f"{format}.db") as ready:
            other = built(ready)
            report = await other.bring(tmp_path / name)
            assert set(outcomes(report)) == {"added"}, format
            after: dict[str, Thing] = {thing.id: thing for thing in await other.world.things()}
            assert after == before, format
        assert set(outcomes(await place.bring(tmp_path / name, dry_run=True, update=True))) == {"skipped"}, format


async def test_the_map_has_a_feature_for_every_system_and_link(place: Place, tmp_path: Path) -> None:
    await place.bring(SHIPPED)
    await place.world.put([System(name="Unplaced")], OLGA, "test")
    done = await export(place.world, tmp_path / "map.json", "map")
    features = json.loads(done.path.read_text(encoding="utf-8"))["features"]
    systems = [one for one in features if one["properties"]["kind"] == "system"]
    assert len(systems) == len(await place.names(Kind.SYSTEM))
    assert "Unplaced" in [one["properties"]["name"] for one in systems if one["geometry"] is None]
    lines = [one["geometry"]["coordinates"] for one in features if one["properties"]["kind"] == "link"]
    assert lines and len({str(sorted(ends)) for ends in lines}) == len(lines), "both ways are one line"
    with pytest.raises(BadInput, match="no format"):
        await export(place.world, tmp_path / "x", "pdf")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(BadInput, match="no empty folder"):
        await export(place.world, tmp_path / "full", "markdown")


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from haven.settings import WorldSettings
from haven.store.database import opened
from haven.world.drafts import Drafts
from haven.world.exchange.loading import Importer
from haven.world.world import World
from tests.world.a_world import OLGA

def tell(at):
    if at.done == 1 and at.doing == "writing":
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with opened(Path(sys.argv[1])) as ready:
        importer = Importer(World(ready), Drafts(ready, WorldSettings()), ready)
        await importer.bring_in(Path(sys.argv[2]), OLGA, None, tell)

asyncio.run(main())
"""


async def test_a_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("a", "b", "c"):
        json_file(folder, name, {"data": [{**SYSTEM, "name": f"System {name}"}]})
    state = tmp_path / "state" / "haven.db"
    done = subprocess.run([sys.executable, "-c", KILLED, str(state), str(folder)], check=False, cwd=SHIPPED.parents[2])
    assert done.returncode == -signal.SIGKILL
    async with opened(state) as ready:
        place = built(ready)
        assert await place.names(Kind.SYSTEM) == ["System a"], "the file that was under way left nothing"
        report = await place.bring(folder)
        assert report.known_files == 1 and report.files == 2
        assert await place.names(Kind.SYSTEM) == ["System a", "System b", "System c"]
