"""Whatever bytes, data or text come in: records or a sentence, in their time."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haven.errors import BadInput
from haven.world.exchange import defects, formats
from haven.world.exchange.nested import read_systems
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Reading
from haven.world.schema import THING
from tests.world.exchange.sources import ENTRY, OEC
from tests.world.hostile.files import GOOD
from tests.world.hostile.made import tarred, zipped


def read(name: str, data: bytes) -> list[Reading]:
    return formats.read_file(Piece(name, data))


def test_sound_files_come_through_the_same_doors() -> None:
    packed = zipped(("lore/sleep.md", ENTRY.encode()), ("k.xml", OEC.encode()), ("d.json", GOOD))
    names = {one.name for one in read("all.zip", packed) if one.thing}
    assert {"The Grey Sleep", "Kepler-16", "Diamond"} <= names
    for data in (gzip.compress(GOOD), bz2.compress(GOOD), lzma.compress(GOOD), gzip.compress(tarred(("d.json", GOOD)))):
        assert "Diamond" in {one.name for one in read("d.json.x", data)}


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        *[
            ("lat", 60_000),
            ("latitude: ", 20_000),
            ("(1.5", 40_000),
            ("a - ", 50_000),
            (" ", 200_000),
            ("Key: ", 40_000),
        ],
        *[(".", 200_000), ("x", 200_000), ('"', 200_000), ("(", 200_000), ("1.1,1.1,", 20_000), ("\n", 200_000)],
        *[("Key: ", 40_000), ("[[a|", 40_000), ("---\n", 40_000)],
    ],
)
def test_no_text_makes_a_search_slow(piece: str, times: int) -> None:
    """Each of these takes minutes where a pattern goes back over what it has read: the suite would never end."""
    text = piece * times
    raw = {"name": "S", "attributes": text, "notes": text, "materials": text, "fauna": text, "region": text[:5000]}
    rows = list(read_systems("a", [raw], [{"type": "💎", "name": "D", "description": text, "discovered_by": text}]))
    assert len(rows) >= 2
    defects.person_name(text[:500])


def test_thousands_of_names_materials_and_keys_are_read_in_their_time() -> None:
    many = [
        f"{chr(97 + number % 26)}name{'xyz' * (number % 7)}{chr(97 + number // 26 % 26)}" for number in range(2_000)
    ]
    many += [f"Traveller of the {number:b} way".replace("1", "i").replace("0", "o") for number in range(2_000)]
    assert len(defects.persons(many)) == len(set(many))
    materials, notes = defects.materials(",".join(f"stuff {number:x}" for number in range(60_000)))
    assert len(materials) == defects.MOST_MATERIALS and "60,000 materials" in notes[0].text
    fields, rest, _ = defects.prose_fields("\n".join(f"Kez{number:b}: v" for number in range(20_000)))
    assert not fields and len(rest.splitlines()) == 20_000
    [wide] = read_systems(
        "a", [{"name": "Wide", "x": 1, "y": 2, "z": 3, **{f"field {number}": "v" for number in range(1000)}}]
    )
    assert "1,000 fields of its own" in wide.refused


KEYS = st.sampled_from(
    [
        *("name", "x", "y", "z", "frame", "unit", "region", "galaxy", "glyph_code", "attributes", "planets", "moons"),
        *("space_station", "discoveries", "systems", "data", "_meta", "system_count", "type", "materials", "fauna"),
        *(
            "tags",
            "confidence",
            "mystery_tier",
            "discovered_by",
            "coordinates",
            "kind",
            "id",
            "parent",
            "format",
            "things",
        ),
    ]
)
LEAVES = st.one_of(
    *(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.just("\ud800"),
        st.just("9" * 600),
    ),
    *(st.just("haven-world"), st.just("60720193DFA9"), st.just("🦴"), st.just(10**400)),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=8)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES)
def test_any_json_gives_records_or_a_sentence(tree: object) -> None:
    for data in (tree, {"data": [tree]}, {"systems": {"A": tree}}, {"discoveries": [tree]}):
        try:
            found = read("a.json", json.dumps(data).encode())
        except BadInput:
            continue
        for one in found:
            assert one.thing is None or THING.validate_python(one.thing.model_dump()) == one.thing


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_give_records_or_a_sentence(data: bytes) -> None:
    for name in ("a.csv", "a.md", "a.xml", "a.json", "a.zip", "a.db"):
        for start in (b"", b"name;x;y;z\n", b"---\ntitle: t\n", b"<system>", b"PK\x03\x04", b"SQLite format 3\x00"):
            try:
                read(name, start + data)
            except BadInput as error:
                assert str(error)
