"""The real files of Haven_mdev: every dialect, the databases, the Keeper's discoveries, and each of the defects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from haven.errors import BadInput
from haven.store.database import opened
from haven.world.exchange import formats
from haven.world.exchange.exporting import export
from haven.world.exchange.report import Defect
from haven.world.schema import Discovery, Kind, Lore, Moon, Person, Planet, Region, Station, System
from tests.world.exchange.mdev import (
    BACKUP,
    BROKEN,
    EXPLORER,
    FILES,
    KEEPER,
    MIGRATED,
    NEWEST,
    OLD,
    SERVER_UPDATE,
    STRESS,
    STRESSED,
    VH,
    blob,
    needed,
    notes,
    read,
    remarks,
    things,
)
from tests.world.exchange.test_loading import built, outcomes

pytestmark = needed
KEEPER_KINDS = {"flora and fauna": 12, "fossil": 4, "player lore": 1, "technology": 1, "text log": 1}


@pytest.mark.parametrize(("path", "commit", "counts"), [(*where, counts) for where, counts in FILES.items()])
def test_every_record_of_every_dialect_comes_in(path: str, commit: str, counts: dict[Kind, int]) -> None:
    found = read(path, commit)
    assert Counter(one.thing.kind for one in found if one.thing) == counts
    assert not [one.refused for one in found if one.refused]


@pytest.mark.parametrize(
    ("path", "commit", "said"),
    [
        ("config/data_schema.json", NEWEST, "holds no systems that are known here"),
        ("data/data.schema.json", NEWEST, "holds no systems that are known here"),
        ("themes/haven_theme.json", NEWEST, "holds no systems that are known here"),
        ("docs/guides/Haven-lore/keeper-bot/src/config.json", NEWEST, "holds no systems that are known here"),
        ("docs/guides/Haven-lore/keeper-bot/keeper.db", NEWEST, "is empty"),
        (STRESS, BROKEN, "is no JSON: Expecting ',' delimiter in line 61"),
    ],
)
def test_what_is_no_world_is_refused_with_a_sentence(path: str, commit: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        formats.read_file(blob(path, commit))


def test_the_database_is_read_value_for_value() -> None:
    kept = things(VH)
    system, planet, moon = kept["Tenex[VH]"], kept["Mineh L13 VH"], kept["Getre Beta"]
    assert isinstance(system, System) and isinstance(planet, Planet) and isinstance(moon, Moon)
    assert (system.region, system.galaxy, system.star, system.economy) == (
        *("Abugul Cluster", "Euclid"),
        *("Yellow", "Manufacturing"),
    )
    assert (system.economy_level, system.conflict, system.lifeform) == ("Medium", "Medium", "Gek")
    assert system.properties["system identifier"] == "F7p // Water"
    assert system.properties["economy level as written"] == "Comfortable"
    assert system.measures == {"distance_from_core_ly": 720_163}
    assert (planet.parent, moon.parent) == (kept["Ixiezh HV"].id, planet.id)
    assert (planet.biome, planet.weather, planet.photo) == (
        *("Scorched", "Unending Sunlight"),
        "photos/watcher-ss_1.jpg",
    )
    assert planet.materials == ("Salvageable Scrap", "Solanium", "Cobalt", "Phosphorus", "Copper")
    assert moon.measures == {"orbit_radius": 0.5, "orbit_speed": 0.05}
    station = kept["The Diamond In The Rough[VH] Station"]
    assert isinstance(station, Station) and station.race == "Vy'keen"
    assert (station.sell_percent, station.buy_percent, station.measures) == (80, 120, {"x": 0, "y": 0, "z": 0})
    monolith = kept["Technology at Kesen 49/X3"]
    assert isinstance(monolith, Discovery) and monolith.parent == kept["Kesen 49/X3"].id
    assert monolith.properties["reverse engineering"] == "used to find portal for haven star system"
    assert (monolith.when, monolith.discovered_by) == ("2025-11-12T02:34:31", "Ekimo1920")
    assert "discord_user_id (7)" in remarks(read(VH)) and "_metadata (2)" in remarks(read(VH))


def test_the_keepers_discoveries_patterns_and_tables_are_kept_linked_or_named() -> None:
    found, kept = read(KEEPER), things(KEEPER)
    pattern = kept["Euclid Structural Anomalies"]
    ruins = [one.thing.id for one in found if isinstance(one.thing, Discovery) and one.thing.found == "ruin"]
    assert isinstance(pattern, Lore) and sorted(pattern.links) == sorted(ruins) and len(ruins) == 3
    assert not pattern.canon and pattern.text.endswith("**The Keeper's assessment: Cosmic significance confirmed.**")
    assert pattern.properties["status"] == "emerging" and pattern.measures["mystery_tier"] == 4
    assert pattern.measures["analysis_location_coherence"] == pytest.approx(2 / 3)
    assert "archive_entries (15), server_config (1), story_progression (1), user_stats (3)" in remarks(found)
    moved = things(MIGRATED)["Technology at Kesen 49/X3"]
    assert moved.properties["tech category"] == "Monolith" and moved.properties["galaxy"] == "Euclid", "its metadata"
    assert (moved.period, moved.condition, moved.mystery) == ("", "", 1), "Unknown says nothing"


def test_the_keepers_backups_have_their_values_under_their_own_keys_again() -> None:
    found, kept = read(BACKUP), things(BACKUP)
    lore = kept["Player lore at ORACLE OMEGA-C"]
    assert (lore.found, lore.place, lore.discovered_by) == ("player lore", "ORACLE OMEGA-C", "WhrStrsG")
    assert (lore.significance, lore.coordinates) == ("The Keeper farted", "123456789101")
    assert (lore.when, lore.mystery) == ("2025-11-08T03:48:00", 0)
    fossil = kept["Fossil at ORACLE OMEGA-A"]
    assert (fossil.text, fossil.period, fossil.condition) == ("ogga booga", "recent", "damaged")
    said = remarks(found)
    assert "the values of 12 discoveries stood under the key after their own" in said
    assert "haven_exports (12)" in said and "guild_id (12)" in said and "user_id (12)" in said


def test_the_json_dialects_are_read_value_for_value() -> None:
    explorer = things(EXPLORER)
    assert {one.name for one in explorer.values() if isinstance(one, Planet)} == {
        "Oggo 1",
        "booga 2",
        "urmom",
        "Abolin",
    }
    planet, system = explorer["Abolin"], explorer["Zebungo ultra"]
    assert (planet.biome, planet.sentinels, planet.flora) == ("Desert", "Medium", "None")
    assert planet.materials == ("Gold", "Sodium", "Copper") and planet.parent == explorer["Alpha"].id
    assert (system.position.x, system.position.y, system.position.z) == (52, 31, 47)
    assert system.properties["recorded"] == "2025-11-06T05:48:04+00:00"
    assert "it holds 4 systems and holds 3" in remarks(read(EXPLORER))
    listed = things("Archive-Dump/data/data.json.bak")
    assert isinstance(listed["Adam"], Region) and listed["Adam"].measures == {"x": 0.15, "y": 0, "z": 0}
    moon, station = listed["KEPLER-442B Moon"], listed["KEPLER Station"]
    assert isinstance(moon, Planet) and moon.properties["moon"] == "yes", "nobody names its planet"
    assert (moon.measures["x"], moon.measures["z"], station.measures["y"]) == (0.85, 1.75, -2.5)
    generated = things("Archive-Dump/keeper_test_data.json")["ORACLE OMEGA"]
    assert (generated.fauna, generated.properties["fauna in words"]) == ("High", "Abundant creatures")
    typed = things(f"{OLD}/old_data_exports/test_import.json")["Test Planet A"]
    assert (typed.biome, typed.weather, typed.measures["fauna_count"]) == ("Terrestrial", "Clear", 5)
    assert typed.properties["discovered"] == "yes" and typed.materials == ("Gold", "Silver")
    regions = things(STRESS, STRESSED)
    assert regions["Test Gamma Quadrant"].measures == {"x": -1000, "y": -1000, "z": -1000}
    assert "$schema, title, description" in remarks(read(STRESS, STRESSED))


def test_defect_1_the_galaxy_in_the_region() -> None:
    kept = things(VH)
    regions = {one.name: (one.galaxy, one.region) for one in kept.values() if isinstance(one, System)}
    assert regions == {
        "The Diamond In The Rough[VH]": ("Euclid", "Abugul Cluster"),
        "Tenex[VH]": ("Euclid", "Abugul Cluster"),
        "Oculi": ("Euclid", ""),
        "Luzhilar XVIII": ("Euclid", "Sea of Gidzenuf"),
        "Ixiezh HV": ("Euclid", "Sea of Gidzenuf"),
    }
    assert len(notes(VH, Defect.GALAXY)) == 5 and all(repaired for _, repaired in notes(VH, Defect.GALAXY))


def test_defect_2_placeholder_coordinates() -> None:
    systems = {one.name: one for one in things(VH).values() if isinstance(one, System)}
    assert not [name for name, one in systems.items() if one.position]
    assert {one.properties["coordinates as written"] for one in systems.values()} == {
        *("5, 5, 0", "4, 4, 0", "10, 10, 0", "15, 15, 0", "20, 20, 10"),
    }
    assert len(notes(VH, Defect.PLACEHOLDER)) == 5
    assert notes(EXPLORER, Defect.PLACEHOLDER) == [("(1, 1, 1) looks like a placeholder; kept, but look at it", False)]


def test_defect_3_fields_typed_as_prose() -> None:
    system = things(VH)["Luzhilar XVIII"]
    assert (system.discovered_by, system.lifeform, system.economy) == ("Ekimo1920", "Gek", "Scientific"), "Discoverd By"
    assert (system.economy_level, system.conflict) == ("Medium", "Medium"), "[ Scientific / Comfortable]"
    assert system.measures == {"distance_from_core_ly": 693_150} and system.notes == ""
    assert things(VH)["Oculi"].economy_level == "High", "Economy - Mass Production // Opulent"
    assert things(VH)["The Diamond In The Rough[VH]"].measures == {"distance_from_core_ly": 719_938}
    assert things(VH)["Crimera"].properties == {"sentinels as typed": "Irregular Patrols"}
    said = notes(VH, Defect.PROSE_FIELDS)
    assert len(said) == 94 and ("'Discoverd By' in the text is kept as discovered_by", True) in said


def test_defect_4_coordinates_typed_in_the_description() -> None:
    found = [one.thing for one in read(VH) if isinstance(one.thing, Discovery)]
    assert sorted(one.coordinates for one in found) == ["", "", "", "", "", "-3.53, +141.6", "-8.49, +50.31"]
    said = Counter(repaired for _, repaired in notes(VH, Defect.PLACE_IN_TEXT))
    assert said == {True: 2, False: 2}, "two stop in the middle"


def test_defect_5_materials() -> None:
    kept = things(VH)
    assert kept["Disey"].materials == ("Salvageable Scrap", "Fungal Mould", "Silver", "Ammonia", "Copper")
    assert kept["Becquere"].materials == ("Gamma Root", "Silver", "Uranium", "Activated Cadmium"), "a line each"
    said = notes(VH, Defect.MATERIALS)
    assert ("the material 'Coppe' is spelt 'Copper'", True) in said
    assert ("'Resources:' before the materials is left out", True) in said
    assert ("the material 'Fungal Mold' is kept as 'Fungal Mould'", True) in said
    assert ("the material 'Vile Brood Detected' is not in the vocabulary; kept as written", False) in said


def test_defect_6_the_spellings_of_nothing() -> None:
    kept = things(VH)
    assert {kept[name].base for name in ("The Oyster", "Dixie", "Mirage")} == {""}
    assert kept["The Oyster"].sentinels == kept["Erren"].flora == "None", "None is an answer there"
    assert (kept["Exo-7829"].fauna, kept["Quarda"].fauna) == ("Medium", "Low")
    said = Counter(text for text, _ in notes(VH, Defect.NOTHING))
    assert said["base: 'N/A' means nothing"] == 25 and said["economy: 'NA' means nothing"] == 1
    assert said["fauna: 'Mid' is kept as 'Medium'"] == 4
    old = things("dist/files/data.json")
    assert {one.photo for one in old.values() if isinstance(one, System)} == {""}, "null"


def test_defect_7_one_person_spelt_two_ways() -> None:
    people = {one.name: one.aliases for one in things(VH).values() if isinstance(one, Person)}
    assert people == {
        "PinkPlasma6083": ("XB6083", "PinkPlaasma6083"),
        "Knightcrawler474": ("Watcher",),
        "Ekimo1920": (),
    }
    assert things(VH)["Tenex[VH]"].discovered_by == "PinkPlasma6083"
    assert things(VH)["Mineral at Getre Beta"].discovered_by == "Knightcrawler474"


def test_defect_8_kinds_of_discoveries_as_emoji() -> None:
    kinds = Counter(one.thing.found.value for one in read(KEEPER, SERVER_UPDATE) if isinstance(one.thing, Discovery))
    assert kinds == KEEPER_KINDS
    assert len(notes(KEEPER, Defect.KIND, SERVER_UPDATE)) == sum(kinds.values())


def test_defect_9_a_confidence_above_one() -> None:
    pattern = things(KEEPER)["Euclid Structural Anomalies"]
    assert pattern.measures["confidence"] == 1 and pattern.measures["analysis_confidence"] == 1.2563492063492063
    assert notes(KEEPER, Defect.CONFIDENCE) == [("a confidence of 1.25635 is kept as 1", True)]
    shares = [one.thing.measures["confidence"] for one in read(KEEPER, SERVER_UPDATE) if isinstance(one.thing, Lore)]
    assert len(shares) == 6 and all(0 <= share <= 1 for share in shares)


def test_defect_10_tags_are_always_empty() -> None:
    assert not [one for one in things(VH).values() if isinstance(one, Discovery) and one.tags]
    assert len(notes(VH, Defect.TAGS)) == 7 and not any(repaired for _, repaired in notes(VH, Defect.TAGS))


def test_defect_11_prose_that_is_linked_to_nothing() -> None:
    kept = things(VH)
    names = {one.id: one.name for one in kept.values()}
    lore = {names[one.links[0]]: one for one in kept.values() if isinstance(one, Lore)}
    assert set(lore) == {
        *("The Diamond In The Rough[VH]", "Mirage", "Ukone", "Becquere"),
        *("Crimera", "Quarda", "Mikeen", "Ruin at Krospen L49"),
    }
    assert lore["Ruin at Krospen L49"].text.startswith('"they are the equation, and life is its answer.')
    assert lore["Mikeen"].text.startswith("Moon of Quarda\nThis moon is the Nightstalker.")
    assert not any(one.canon for one in lore.values()) and len(notes(VH, Defect.LORE)) == 8


async def test_database_and_bot_come_in_once_and_read_back_the_same(tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("VH-Database.db", "keeper.db", "data.json")]
    for source, path in zip(sources, (VH, KEEPER, "Archive-Dump/data/data.json.bak"), strict=True):
        source.write_bytes(blob(path).data)
    async with opened(tmp_path / "state" / "haven.db") as ready:
        place = built(ready)
        for source in sources:
            planned, done = await place.bring(source, dry_run=True), await place.bring(source)
            assert outcomes(planned) == outcomes(done) and planned.defects == done.defects
            if source.name == "keeper.db":
                assert outcomes(done) == {"skipped": 8, "repaired": 1, "remark": 2}, "the bot wrote them into both"
        there = sorted(await place.world.things(), key=lambda thing: thing.id)
        for source in sources:
            assert set(outcomes(await place.bring(source, again=True))) == {"skipped", "remark"}
            assert set(outcomes(await place.bring(source, again=True, update=True))) <= {"skipped", "changed", "remark"}
        there = sorted(await place.world.things(), key=lambda thing: thing.id)
        for format, name in (("json", "out.json"), ("csv", "out.csv"), ("markdown", "out")):
            await export(place.world, tmp_path / name, format)
            async with opened(tmp_path / format / "haven.db") as empty:
                other = built(empty)
                await other.bring(tmp_path / name)
                assert sorted(await other.world.things(), key=lambda thing: thing.id) == there, format
