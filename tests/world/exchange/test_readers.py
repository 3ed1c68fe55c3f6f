"""Every format is read into the records that it holds, in the shapes that the real programs write."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from haven.errors import BadInput
from haven.world.exchange import formats, table
from haven.world.exchange.oec import place
from haven.world.exchange.pieces import Piece, read_file
from haven.world.exchange.report import Reading
from haven.world.schema import Discovery, Kind, Lore, Moon, Planet, Region, Station, System
from tests.world.exchange.sources import DIALECTS, ENTRY, OEC, PAYLOAD, database, json_file


def read(path: Path, format: str = "") -> list[Reading]:
    return formats.read_file(read_file(path), format)


def text(name: str, words: str, format: str = "") -> list[Reading]:
    return formats.read_file(Piece(name, words.encode()), format)


def things(found: list[Reading]) -> dict[str, Any]:
    return {one.thing.name: one.thing for one in found if one.thing}


def told(found: list[Reading]) -> str:
    return "\n".join(note.text for one in found for note in one.notes)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_five_json_dialects_give_the_same_system(dialect: str, tmp_path: Path) -> None:
    found = things(read(json_file(tmp_path, dialect, DIALECTS[dialect])))
    system, planet = found["Diamond"], found["The Oyster"]
    assert isinstance(system, System) and isinstance(planet, Planet) and planet.parent == system.id
    if dialect == "explorer":
        assert (
            system.region == "Core" and system.position and system.position.x == 52 and system.position.frame == "map"
        )
        assert (planet.biome, planet.sentinels, planet.materials) == ("Desert", "Medium", ("Gold", "Copper"))
        assert system.properties == {"recorded": "2025-11-06T05:48:04+00:00"} and system.notes == "No"
        return
    assert (system.region, system.galaxy, system.lifeform) == ("Sea of Ashes", "Euclid", "Korvax")
    station = found["Diamond Station"]
    assert isinstance(station, Station) and (station.race, station.buy_percent) == ("Vykeen", 120)
    if dialect == "bare":
        assert set(found) == {"Diamond", "The Oyster", "Booga 2", "Diamond Station"}
    else:
        assert (planet.biome, planet.flora, planet.materials) == ("Shell-Strewn", "Medium", ("Silver", "Gold"))
        assert isinstance(found["Mirage"], Moon) and found["Mirage"].parent == planet.id


def test_a_file_that_miscounts_says_so_and_what_is_no_system_is_refused(tmp_path: Path) -> None:
    data = {"_meta": {"system_count": 4}, "Good": {"name": "Good", "x": 1, "y": 2, "z": 3}, "Bad": "a word"}
    found = read(json_file(tmp_path, "a", data))
    assert "holds 4 systems and holds 1" in told(found)
    assert [(one.name, one.refused) for one in found if one.refused] == [("Bad", "it is no object")]
    empty = read(json_file(tmp_path, "empty", {"_meta": {"version": "1.0.0"}}))
    assert things(empty) == {} and "it says of itself: version: 1.0.0" in told(empty)
    with pytest.raises(BadInput, match="no systems that are known here"):
        read(json_file(tmp_path, "other", {"hello": {"world": 1}}))


def test_a_moon_whose_planet_nobody_names_is_kept_and_said(tmp_path: Path) -> None:
    found = read(json_file(tmp_path, "a", {"S": {"name": "S", "region": "R", "planets": [], "moons": [{"name": "M"}]}}))
    moon = things(found)["M"]
    assert isinstance(moon, Planet) and moon.properties["moon"] == "yes" and "kept as a planet" in told(found)


def test_the_extractors_payload_gives_glyphs_their_place(tmp_path: Path) -> None:
    found = read(json_file(tmp_path, "payload", PAYLOAD))
    system = things(found)["Payload"]
    assert system.glyphs == "60720193DFA9" and system.position.frame == "galaxy:Euclid"
    assert (system.position.x, system.position.y, system.position.z) == (-87, 1, -1731)
    assert (system.star, system.economy, system.economy_level) == ("Yellow", "Trading", "High")
    assert "personal id" not in system.properties and "discord username" not in system.properties
    smoke = things(found)["Smoke"]
    assert (smoke.materials, smoke.size, smoke.fauna) == (("Copper", "Gold"), "Large", "Medium")
    wrong = read(json_file(tmp_path, "wrong", {**PAYLOAD, "voxel_x": 5}))
    assert "the glyphs count" in told(wrong)
    bad = read(json_file(tmp_path, "bad", {**PAYLOAD, "glyph_code": "60008093DFA9"}))
    assert things(bad)["Payload"].glyphs == "" and "glyphs are left out" in told(bad)


def test_the_database_is_read_with_all_that_belongs_together(tmp_path: Path) -> None:
    found = read(database(tmp_path))
    kept = things(found)
    assert kept["Diamond"].region == "Sea of Ashes" and kept["The Oyster"].parent == kept["Diamond"].id
    assert kept["Mirage"].parent == kept["The Oyster"].id and kept["Diamond Station"].parent == kept["Diamond"].id
    vein = kept["Mineral at Mirage"]
    assert isinstance(vein, Discovery) and vein.parent == kept["Mirage"].id and vein.coordinates == "-3.53, +141.6"
    assert vein.when == "2025-11-12T01:44:41" and vein.mystery == 2
    assert vein.properties == {"resource type": "Copper deposit", "location type": "moon"}, "nothing empty"
    assert "discord_user_id (1)" in told(found), "an account's number is not kept, and that is said"
    deep = kept["Monolith"]
    assert (deep.parent, deep.place, deep.mystery) == ("", "Near Oculi", 5) and deep.properties["kind as written"]
    pattern = kept["Cosmic"]
    assert isinstance(pattern, Lore) and pattern.measures["confidence"] == 1.0 and not pattern.canon
    assert [one.refused for one in found if one.name == "Orphan"] == ["system_id SYS_9 is not in the file"]
    assert "1 row of pending_systems waits" in told(found)


def test_what_belongs_to_a_refused_record_and_what_is_bytes_is_said(tmp_path: Path) -> None:
    more = """
    insert into planets (id, system_id, name) values (70, 'SYS_9', 'Stray');
    insert into moons (id, planet_id, name) values (71, 70, 'Stray Moon');
    insert into discoveries (id, discovery_type, discovery_name, moon_id, location_name) values
      (72, 'fossil', 'Stray Bone', 71, 'Diamond');
    alter table systems add column seal blob;
    update systems set attributes = cast('Region: Sea of Salt' as blob), seal = x'ff00fe';
    """
    found = read(database(tmp_path, more=more))
    refused = {one.name: one.refused for one in found if one.refused}
    assert refused["Stray"] == "system_id SYS_9 is not in the file"
    assert refused["Stray Moon"] == "planet_id 70 is refused"
    [bone] = [one for one in found if one.name == "Stray Bone"]
    assert bone.thing is not None and not bone.thing.parent and bone.place_names == ("Diamond",)
    diamond = things(found)["Diamond"]
    assert diamond.region == "Sea of Salt" and diamond.properties["seal"] == "3 bytes that are no text"


def test_what_the_keeper_bot_adds_is_kept_linked_or_said(tmp_path: Path) -> None:
    more = """
    alter table discoveries add column metadata text; alter table discoveries add column evidence_url text;
    alter table discoveries add column photo_url text; alter table space_stations add column x real;
    update discoveries set metadata = '{"tech_category": "Monolith", "analysis": {"depth": 0}}', evidence_url = 'b.png',
      photo_url = 'a.png' where id = 25;
    update space_stations set x = -0.5; update systems set photo = 'N/A';
    create table pattern_discoveries (pattern_id integer, discovery_id integer);
    insert into pattern_discoveries values (1, 25), (1, 99);
    create table archive_entries (id integer primary key, content text); insert into archive_entries values (1, 'Hm');
    """
    found = read(database(tmp_path, more=more))
    kept = things(found)
    deep = kept["Monolith"]
    assert (deep.photo, deep.properties["photo url"]) == ("b.png", "a.png"), "two keys that mean one field"
    assert deep.properties["tech category"] == "Monolith" and deep.measures["analysis_depth"] == 0
    assert kept["Diamond Station"].measures == {"x": -0.5}, "what no station has a field for"
    assert kept["Cosmic"].links == (deep.id,), "a pattern is linked to its discoveries"
    assert "archive_entries (1)" in told(found), "a table that is not read is named"


def test_regions_and_discoveries_beside_systems_are_read_and_the_rest_of_a_file_is_named(tmp_path: Path) -> None:
    moved = {"id": 3, "username": "Ekimo1920", "type": "142394100423013585", "location": "🦴", "time_period": "Krospen",
             "condition": "recent", "description": "damaged", "significance": "A rib", "evidence_url": "Old",
             "related_discoveries": [], "coordinates": "[]", "planet_name": "12, 4", "galaxy_name": "Oculi b",
             "analysis_status": "2025-11-08 03:12:54", "pattern_matches": "pending", "mystery_tier": 3, "tags": 2,
             "metadata": ["bone"]}  # fmt: skip
    data = {"_meta": {"discovery_count": 3}, "discoveries": [moved, "a word"], "haven_exports": [{}, {}],
            "Oculi": {"x": 1, "y": 2, "z": 3}}  # fmt: skip
    found = read(json_file(tmp_path, "a", data))
    kept = things(found)
    bone = kept["Fossil at Krospen"]
    assert (bone.text, bone.significance, bone.condition, bone.period) == ("A rib", "Old", "damaged", "recent")
    assert (bone.when, bone.coordinates, bone.mystery, bone.tags) == ("2025-11-08T03:12:54", "12, 4", 2, ("bone",))
    assert bone.properties == {"planet": "Oculi b"} and isinstance(kept["Oculi"], System)
    assert (
        "were put back" in told(found) and "haven_exports (2)" in told(found) and "holds 3 discoveries" in told(found)
    )
    assert [one.refused for one in found if one.refused] == ["this discovery is no object"]
    rows = [{"type": "region", "region": "Adam", "x": 0.15}, {"name": "Oculi", "x": 1, "y": 2, "z": 3}]
    old = things(read(json_file(tmp_path, "b", {"data": rows, "title": "Old"})))
    assert isinstance(old["Adam"], Region) and old["Adam"].measures == {"x": 0.15} and isinstance(old["Oculi"], System)


def test_a_newer_database_with_glyphs_is_placed_by_them(tmp_path: Path) -> None:
    newer = "alter table systems add column glyph_code text; alter table systems add column star_type text;"
    newer += "alter table planets add column water_world integer; update planets set water_world = 1 where id = 1;"
    newer += "update systems set glyph_code = '20720193DFA9', star_type = 'Blue', region = '' where name = 'Oculi';"
    kept = things(read(database(tmp_path, more=newer)))
    system = kept["Oculi"]
    assert kept["The Oyster"].properties["water world"] == "yes"
    assert system.position.frame == "galaxy:unknown" and system.position.x == -87 and system.star == "Blue"


def test_any_table_is_understood_by_its_header(tmp_path: Path) -> None:
    rows = "System Name;X;Y;Z;Star Color;Resources;Weird Column\nAlpha;1,5;2;3;Red;Gold, Silver;hm\n"
    rows += "Beta;4;5;6;;;\nC;;;;;;;x"
    found = text("systems.csv", rows)
    assert "'Star Color': star" in told(found) and "'Weird Column': kept" in told(found)
    beta, alpha = things(found)["Beta"], things(found)["Alpha"]
    assert (beta.position.x, alpha.position.x) == (4, 1.5), "a decimal comma"
    assert alpha.materials == ("Gold", "Silver") and alpha.properties["weird column"] == "hm"
    assert [one.refused for one in found if one.refused] == ["8 cells under 7 columns"]
    planets = things(text("p.tsv", "system_name\tplanet_name\tbiome\nDiamond\tOyster\tLush\nDiamond\tPearl\tToxic"))
    assert planets["Oyster"].parent == planets["Pearl"].parent == planets["Diamond"].id
    utf16 = formats.read_file(Piece("u.csv", "name,x,y,z\nZoë,1,2,3".encode("utf-16")))
    windows = formats.read_file(Piece("w.csv", "name,x,y,z\nZoë,1,2,3".encode("cp1252")))
    assert "Zoë" in things(utf16) and "Zoë" in things(windows) and "Windows-1252" in told(windows)
    with pytest.raises(BadInput, match="No column"):
        text("n.csv", "a,b\n1,2")


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "\rx", "'=1", "''@x", "＝1", "plain", "'quoted'"]
)
def test_a_formula_is_defused_and_comes_back(cell: str) -> None:
    kept = table.defused(cell)
    assert kept[0] not in "=+-@\t\r＝" and table.armed(kept) == cell


def test_a_table_of_ours_holds_no_cell_that_a_spreadsheet_runs() -> None:
    system = System(id="system-0123456789", name="=HYPERLINK(1)", notes="@x", aliases=("+a", "-b"), region="-2+3")
    rows = list(csv.reader(io.StringIO("".join(table.write([system])))))
    assert not any(cell.startswith(tuple("=+-@\t\r")) for row in rows for cell in row)
    [back] = text("ours.csv", "".join(table.write([system])))
    assert back.thing == system


def test_the_catalogue_gives_places_in_parsecs_and_lore_with_its_source() -> None:
    found = text("systems/Kepler-16.xml", OEC)
    system = things(found)["Kepler-16"]
    assert (system.position.frame, system.position.unit) == ("sun", "pc") and system.aliases == ("KOI-1611",)
    assert math.dist((system.position.x, system.position.y, system.position.z), (0, 0, 0)) == pytest.approx(60)
    assert system.star == "K, M" and system.properties["stars"] == "Kepler-16 A, Kepler-16 B"
    planet = next(one.thing for one in found if one.thing and one.thing.kind is Kind.PLANET)
    assert planet.measures == {"mass_jupiter": 0.333, "period_days": 228.776, "discovery_year": 2011,
                               "separation_arcsec": 0.02, "separation_au": 0.7}  # fmt: skip
    assert "error bars" in told(found), "what is not kept is said"
    assert (
        planet.properties["mass is"].startswith("a minimum") and planet.properties["radius_jupiter upper limit"] == "2"
    )
    assert planet.properties["discovery method"] == "radial velocity" and planet.properties["orbits"] == "Kepler-16 AB"
    lore = next(one.thing for one in found if isinstance(one.thing, Lore))
    assert lore.canon and lore.links == (planet.id, system.id) and "Open Exoplanet Catalogue" in lore.sources[0]
    no_distance = text("a.xml", OEC.replace("<distance>60</distance>", ""))
    assert things(no_distance)["Kepler-16"].position is None and "no distance" in told(no_distance)


def test_a_direction_becomes_a_point() -> None:
    pole = place("0 0 0", "+90 00 00", 10)
    assert (pole.x, pole.y, pole.z) == pytest.approx((0, 0, 10), abs=1e-9)
    south = place("06 00 00", "-00 30 00", 2)
    assert south.z == pytest.approx(-2 * math.sin(math.radians(0.5))) and south.y > 0


def test_a_lore_entry_keeps_its_headings_and_gives_its_links() -> None:
    [found] = text("lore/the_grey_sleep.md", ENTRY)
    entry = found.thing
    assert isinstance(entry, Lore) and entry.name == "The Grey Sleep" and entry.canon and entry.when == "0028"
    assert (entry.tags, entry.aliases, entry.sources) == (
        ("illness", "history"),
        ("The Sleep",),
        ("Halvard's case book",),
    )
    assert entry.text.startswith("# The Grey Sleep\n") and "the pearl traders and ended at Diamond;" in entry.text
    assert found.link_names == (("The Oyster",), ("Diamond",), ("Nowhere",)) and entry.properties == {"mood": "grim"}
    [bare] = text("old_song.md", "no front matter, no heading")
    assert bare.thing and bare.thing.name == "old song" and not getattr(bare.thing, "canon", True)
    [headed] = text("x.md", "# A Title\n\nwords")
    assert headed.thing and headed.thing.name == "A Title"
