"""Portal glyphs: the addresses of the game, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haven.errors import BadInput
from haven.world.glyphs import Class, Glyphs

ADDRESSES = st.builds(
    Glyphs,
    planet=st.integers(0, 15),
    system=st.integers(1, 0xFFF),
    x=st.integers(-2047, 2047),
    y=st.integers(-127, 127),
    z=st.integers(-2047, 2047),
)


def test_the_known_address_and_its_sister() -> None:
    one, other = Glyphs.parse("60720193DFA9"), Glyphs.parse("2-072-01-93d-fa9")
    assert (one.planet, one.system, one.x, one.y, one.z) == (6, 114, -87, 1, -1731)
    assert one.same_system(other) and one != other
    assert one.region_text == other.region_text == "0193DFA9"
    assert one.dashed == "6-072-01-93D-FA9"


@given(ADDRESSES)
def test_what_is_written_is_read_back(one: Glyphs) -> None:
    assert Glyphs.parse(one.text) == Glyphs.parse(one.dashed.lower()) == one
    assert len(one.text) == 12


@given(ADDRESSES, ADDRESSES)
def test_distances_hold_both_ways(one: Glyphs, other: Glyphs) -> None:
    assert one.light_years_to(other) == other.light_years_to(one)
    assert (one.light_years_to(other) == 0) == (one.region_text == other.region_text)


def test_a_voxel_is_400_light_years() -> None:
    one, other = Glyphs(0, 1, 0, 0, 0), Glyphs(0, 1, 3, 0, 4)
    assert one.light_years_to(other) == other.light_years_to_centre == 2000


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("60000193DFA9", "never 000"),
        ("60728093DFA9", "never 80"),
        ("607201800FA9", "ZZZ"),
        ("60720193D800", "XXX"),
        ("60720193DFA", "twelve hex digits"),
        ("G0720193DFA9", "twelve hex digits"),
        ("", "twelve hex digits"),
    ],
)
def test_what_is_no_address_is_said_by_its_part(text: str, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        Glyphs.parse(text)
    assert named in refused.value.full


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (0x001, Class.NORMAL),
        (0x2FF, Class.NORMAL),
        (0x079, Class.BLACK_HOLE),
        (0x07A, Class.ATLAS),
        (0x3E8, Class.GLASS),
        (0x3E9, Class.PURPLE),
        (0x429, Class.PURPLE),
        (0x42A, Class.UNLISTED),
        (0x300, Class.UNLISTED),
    ],
)
def test_special_systems_are_told_by_their_number(number: int, kind: Class) -> None:
    assert Glyphs(1, number, 0, 0, 0).kind is kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("come to 6-072-01-93D-FA9 tonight", "60720193DFA9"),
        ("glyphs: 60720193dfa9.", "60720193DFA9"),
        ("no address here: 12345 and deadbeef", None),
        ("000000000000 is none", None),
    ],
)
def test_an_address_in_a_sentence(text: str, found: str | None) -> None:
    glyphs = Glyphs.found_in(text)
    assert (glyphs.text if glyphs else None) == found
