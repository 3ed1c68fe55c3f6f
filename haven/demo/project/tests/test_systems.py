"""The data model refuses what the map can't show, and finds what is on it."""

import json

import pytest

from atlas.systems import Atlas, AtlasError, load, parse
from tests.conftest import make

ENTRY = {"id": "SYS_1", "x": 1, "y": 2, "z": 3, "region": "Rim", "star": "red"}


def test_the_charted_systems_load(charted):
    assert len(charted) == 30


def test_systems_come_in_the_order_of_their_names(small):
    assert [system.name for system in small.systems] == ["Corner", "East", "Far", "Home", "North"]


def test_ids_are_unique(charted):
    assert len({system.id for system in charted.systems}) == len(charted)


def test_a_name_is_found_whatever_its_case(small):
    assert small.named("hOME").name == "Home"


def test_an_uncharted_name_says_so(small):
    with pytest.raises(AtlasError, match="not charted: Nowhere"):
        small.named("Nowhere")


def test_regions_are_counted(small):
    assert small.regions() == {"Middle": 2, "Rim": 3}


def test_a_region_holds_its_systems(small):
    assert [system.name for system in small.in_region("Middle")] == ["East", "Home"]


def test_an_unknown_region_is_empty(small):
    assert small.in_region("Elsewhere") == ()


@pytest.mark.parametrize(("text", "found"), [("or", ["Corner", "North"]), ("RIME", ["Home"]), ("zzz", []), ("  ", [])])
def test_search_looks_at_systems_and_planets(small, text, found):
    assert [system.name for system in small.search(text)] == found


@pytest.mark.parametrize(("axis", "value"), [("x", 100.1), ("y", -101), ("z", 26)])
def test_a_place_outside_the_map_is_refused(axis, value):
    with pytest.raises(AtlasError, match=f"{axis} lies outside"):
        make("Lost", **{axis: value})


@pytest.mark.parametrize("star", ["pink", "", "Yellow"])
def test_an_unknown_star_class_is_refused(star):
    with pytest.raises(AtlasError, match="star class"):
        make("Odd", star=star)


def test_an_unknown_sentinel_level_is_refused():
    with pytest.raises(AtlasError, match="sentinel"):
        make("Odd", sentinel="Mid")


def test_a_system_needs_a_name():
    with pytest.raises(AtlasError, match="needs a name"):
        make("  ")


def test_the_same_name_twice_is_refused():
    with pytest.raises(AtlasError, match="charted twice: Home"):
        Atlas((make("Home"), make("Home", 1)))


def test_meta_is_not_a_system():
    assert len(parse({"_meta": {"version": "1"}, "Solo": ENTRY})) == 1


def test_planets_and_sentinel_may_be_left_out():
    system = parse({"Solo": ENTRY}).named("Solo")
    assert (system.planets, system.sentinel) == ((), "None")


@pytest.mark.parametrize("key", ["id", "x", "region", "star"])
def test_a_missing_entry_names_the_system_and_the_key(key):
    entry = {name: value for name, value in ENTRY.items() if name != key}
    with pytest.raises(AtlasError, match=f"Solo: {key} is missing"):
        parse({"Solo": entry})


def test_a_list_is_not_an_atlas():
    with pytest.raises(AtlasError, match="one object"):
        parse([ENTRY])


def test_broken_json_names_the_file(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(AtlasError, match="broken.json"):
        load(broken)


def test_a_saved_atlas_reads_back(tmp_path):
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"Solo": ENTRY}), encoding="utf-8")
    assert load(file).named("solo").z == 3
