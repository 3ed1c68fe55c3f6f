"""The eleven defects of real worlds: each is set right or said, with values as they really stand in such files."""

from __future__ import annotations

from typing import Any

import pytest

from haven.world.exchange import defects
from haven.world.exchange.nested import read_systems
from haven.world.exchange.report import Defect, Reading
from haven.world.schema import Discovery, Lore, Person, System

PROSE = (
    "System Identifier: F7p // Water\nGalaxy: Euclid\nRegion: Sea of Ashes\nDistance From Core: 719,938 LY\n"
    "Primary lifeform: Gek\nEconomy: Manufacturing // Comfortable\nConflict Level: Intermittent // 2\n"
    "Discoverd By: PinkNova6083 (XB6083 in-game)\nStellar Class: Yellow\n\n"
    "This system is intriguing. It has some of the most unique planets that I have seen, and no traffic at all."
)


def read(*systems: dict[str, Any], discoveries: tuple[dict[str, Any], ...] = ()) -> list[Reading]:
    return list(read_systems("map.db", systems, discoveries))


def the(found: list[Reading], name: str) -> Any:
    return next(one.thing for one in found if one.name == name and one.thing)


def met(found: list[Reading]) -> set[tuple[Defect, bool]]:
    return {(note.about, note.repaired) for one in found for note in one.notes}


@pytest.mark.parametrize(
    ("region", "prose", "kept", "galaxy"),
    [
        ("Euclid", "Region: Sea of Ashes", "Sea of Ashes", "Euclid"),
        ("euclid", "", "", "Euclid"),
        ("Euclid", "Galaxy: Euclid galaxy\nRegion - Sea of Ashes", "Sea of Ashes", "Euclid"),
        ("Sea of Ashes", "Galaxy: Euclid", "Sea of Ashes", "Euclid"),
        ("Outer Rim", "", "Outer Rim", ""),
    ],
)
def test_1_a_galaxy_in_the_region_gives_way_to_the_true_region(region: str, prose: str, kept: str, galaxy: str) -> None:
    found = read({"name": "Tenex", "region": region, "attributes": prose})
    system = the(found, "Tenex")
    assert (system.region, system.galaxy) == (kept, galaxy)
    assert ((Defect.GALAXY, True) in met(found)) == (region.casefold() == "euclid")


def test_2_placeholder_coordinates_are_dropped_where_they_lie_on_a_diagonal_together() -> None:
    spots = [(5.0, 5.0, 0.0), (4.0, 4.0, 0.0), (20.0, 20.0, 10.0), (12.5, -3.0, 7.25), (10.0, 12.0, 10.0)]
    found = read(*({"name": f"S{x}", "x": x, "y": y, "z": z} for x, y, z in spots))
    placed = {one.name: one.thing.position for one in found if isinstance(one.thing, System)}
    assert [name for name, position in placed.items() if position] == ["S12.5", "S10.0"]
    assert the(found, "S5.0").properties["coordinates as written"] == "5, 5, 0"
    many = read(*({"name": f"M{at}", "x": at, "y": at if at < 2 else -at, "z": 0} for at in range(20)))
    assert the(many, "M1").position, "two of twenty may truly lie there"
    alone = read({"name": "Alone", "x": 3, "y": 3, "z": 0})
    assert the(alone, "Alone").position and met(alone) == {(Defect.PLACEHOLDER, False)}, "one alone is only said"


def test_3_fields_typed_as_prose_are_read_whatever_their_keys_and_separators() -> None:
    found = read({"name": "Tenex", "region": "Euclid", "attributes": PROSE})
    system = the(found, "Tenex")
    assert (system.lifeform, system.star, system.economy, system.economy_level) == (
        "Gek",
        "Yellow",
        "Manufacturing",
        "Medium",
    )
    assert (system.conflict, system.discovered_by) == ("Medium", "PinkNova6083")
    assert system.measures["distance_from_core_ly"] == 719_938
    assert system.properties["system identifier"] == "F7p // Water"
    assert system.properties["conflict as written"] == "Intermittent", "the word itself is kept beside its grade"
    assert system.notes.startswith("This system is intriguing.")
    dashes = the(read({"name": "Oc", "attributes": "Lifeform - Korvax\nEconomy - [ Mass Production / Opulent ]"}), "Oc")
    assert (dashes.lifeform, dashes.economy, dashes.economy_level) == ("Korvax", "Mass Production", "High")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Copper deposit at latitude: -3.53, longitude: +141.60.", "-3.53, +141.6"),
        ("its still standing\nlocation - -8.49, +50.31", "-8.49, +50.31"),
        ("longitude: 12.5, latitude: 80", "+80, +12.5"),
        ("Oxygen rich plants located at longitude: -28.70, latituded:", ""),
        ("It weighs 3.5, 4.5, 5.5 tons", ""),
        ("Nothing of that", ""),
    ],
)
def test_4_coordinates_typed_in_the_text_are_taken_and_half_ones_are_said(text: str, kept: str) -> None:
    found = read(discoveries=({"type": "💎", "name": "Vein", "description": text, "coordinates": "[]"},))
    assert the(found, "Vein").coordinates == kept
    half = "latituded" in text
    assert ((Defect.PLACE_IN_TEXT, False) in met(found)) == half
    assert ((Defect.PLACE_IN_TEXT, True) in met(found)) == bool(kept)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Silver\nGold\nCadmium", ("Silver", "Gold", "Cadmium")),
        ("Resources: Magnetized Ferrite, Salvagable Scrap, gold", ("Magnetised Ferrite", "Salvageable Scrap", "Gold")),
        (["Gold", "Gold", "Fungal Mold"], ("Gold", "Fungal Mould")),
        ("door, Activated Cadium", ("door", "Activated Cadmium")),
        ("N/A", ()),
        (None, ()),
    ],
)
def test_5_materials_are_split_and_spelt_as_the_vocabulary_has_them(written: Any, kept: tuple[str, ...]) -> None:
    assert defects.materials(written)[0] == kept


@pytest.mark.parametrize("nothing", [None, "", "N/A", "NA", "None", [], "n/a", "[]"])
def test_6_every_spelling_of_nothing_is_nothing(nothing: Any) -> None:
    system = the(read({"name": "X", "base_location": nothing, "photo": nothing, "materials": nothing}), "X")
    assert (system.base, system.photo, system.materials) == ("", "", ())


def test_6_none_is_an_answer_where_there_can_be_none_and_mid_is_medium() -> None:
    found = read({"name": "X", "sentinel": "None", "fauna": "Mid", "flora": "High - Dense forests", "planets": [
        {"name": "P", "fauna": 5, "flora": "N/A", "sentinel": "mid"}]})  # fmt: skip
    system, planet = the(found, "X"), the(found, "P")
    assert (system.sentinels, system.fauna, system.flora) == ("None", "Medium", "High")
    assert system.properties["flora in words"] == "Dense forests"
    assert (planet.fauna, planet.measures["fauna_count"], planet.flora, planet.sentinels) == ("", 5, "", "Medium")


def test_7_one_person_spelt_two_ways_is_one_and_two_numbers_are_two() -> None:
    rows = [("A", "PinkNova6083 (XB6083 in-game)"), ("B", "PinkNoova6083 (XB6083 in-game)"), ("C", "Ekimo1920")]
    rows += [
        ("D", "ekimo1920"),
        ("E", "Explorer_7"),
        ("F", "Explorer_8"),
        ("G", "Knight474 (Watcher)"),
        ("H", "Watcher"),
    ]
    found = read(*({"name": name, "attributes": f"Discovered By: {who}"} for name, who in rows))
    by = {one.name: one.thing.discovered_by for one in found if isinstance(one.thing, System)}
    assert by["A"] == by["B"] == "PinkNova6083" and by["C"] == by["D"] and by["E"] != by["F"] and by["H"] == "Knight474"
    people = {one.name: one.thing.aliases for one in found if isinstance(one.thing, Person)}
    assert people["PinkNova6083"] == ("XB6083", "PinkNoova6083") and people["Knight474"] == ("Watcher",)
    assert len(people) == 5


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        *[("🦴", "fossil"), ("📜", "text log"), ("🏛️", "ruin"), ("⚙️", "technology"), ("🦗", "flora and fauna")],
        *[("💎", "mineral"), ("🚀", "crashed ship"), ("⚡", "hazard"), ("🆕", "update"), ("📖", "player lore")],
        *[
            ("crashed_ship", "crashed ship"),
            ("Ruins", "ruin"),
            ("fauna", "flora and fauna"),
            ("starship", "crashed ship"),
        ],
    ],
)
def test_8_the_ten_kinds_are_known_as_emoji_word_and_slug(written: str, kept: str) -> None:
    [found] = read(discoveries=({"type": written, "name": "It", "description": "d"},))
    assert isinstance(found.thing, Discovery) and found.thing.found.value == kept


def test_8_an_unknown_kind_is_refused_with_the_ten_named() -> None:
    [found] = read(discoveries=({"type": "dream", "name": "It", "description": "d"},))
    assert found.thing is None and "'dream'" in found.refused and "player lore" in found.refused


@pytest.mark.parametrize(
    ("written", "kept"), [(1.256, 1.0), (0.4, 0.4), (87, 0.87), (-1, None), ("nan", None), (None, None), (1e400, None)]
)
def test_9_a_confidence_is_a_share(written: Any, kept: float | None) -> None:
    assert defects.confidence(written)[0] == kept


@pytest.mark.parametrize(
    ("written", "kept"), [(None, ()), ("[]", ()), ('["ruin", "old"]', ("ruin", "old")), ("ruin, #old", ("ruin", "old"))]
)
def test_10_tags_come_in_any_form_and_none_are_said(written: Any, kept: tuple[str, ...]) -> None:
    tags, notes = defects.tags(written)
    assert tags == kept and bool(notes) == (not kept)


def test_11_quotable_prose_becomes_an_entry_linked_to_its_place() -> None:
    words = '"They are the equation, and life is its answer. Through their stones they speak to us."'
    tower = {"type": "🏛️", "name": "Tower", "description": words, "discovered_by": "Ekimo1920"}
    planet = {"name": "Krospen", "notes": "Other Notes: small", "discoveries": [tower]}
    found = read({"name": "Oculi", "attributes": PROSE, "planets": [planet]})
    lore = [one for one in found if isinstance(one.thing, Lore)]
    texts = {one.thing.links: one.thing for one in lore if isinstance(one.thing, Lore)}
    assert set(texts) == {(the(found, "Oculi").id,), (the(found, "Tower").id,)}, "the short note is no entry"
    entry = texts[(the(found, "Tower").id,)]
    assert entry.text == words and not entry.canon and entry.sources and entry.discovered_by == "Ekimo1920"
