"""Maps: the right systems, labels that can be read, files that open, and nothing of a name that does harm."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from haven.errors import BadInput, NotFound
from haven.world.gazetteer import Gazetteer
from haven.world.maps import labels
from haven.world.maps.lettering import lettered
from haven.world.maps.picture import Format, picture
from haven.world.maps.scene import Dot, View, Wish, scene
from haven.world.maps.sheet import lay_out, nice
from haven.world.maps.themes import DARK, SHAPES, THEMES
from haven.world.schema import Point, System
from tests.world.star_map import THINGS

SVG = "{http://www.w3.org/2000/svg}"


def gazetteer() -> Gazetteer:
    return Gazetteer(THINGS)


def crowd(count: int) -> Gazetteer:
    points = np.random.default_rng(7).normal(0, 50, (count, 3))
    return Gazetteer(
        System(id=f"system-{n}", name=f"Star {n}", position=Point(x=x, y=y, z=z), star=("Red", "Blue")[n % 2])
        for n, (x, y, z) in enumerate(points.tolist())
    )


def shown(dots: tuple[Dot, ...]) -> set[str]:
    return {dot.name for dot in dots if dot.inside}


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(), {"Halden", "Brook", "Cairn", "Dorn", "Twin"}),
        (Wish(region="outer reach"), {"Cairn", "Dorn", "Twin"}),
        (Wish(box=((-1, -1, -1), (15, 1, 1))), {"Halden", "Brook"}),
        (Wish(route=("system-halden", "system-brook", "system-dorn")), {"Halden", "Brook", "Dorn"}),
        (Wish(around="system-brook", radius=12), {"Halden", "Brook"}),
        (Wish(frame="sun"), {"Mercy"}),
        (Wish(around="system-mercy"), {"Mercy"}),
    ],
)
def test_a_map_shows_what_was_wished_for_and_says_what_is_missing(wish: Wish, names: set[str]) -> None:
    found = scene(gazetteer(), wish)
    assert shown(found.dots) == names
    assert any("Eyre" in note for note in found.notes)
    assert all(found.low[0] < dot.x < found.high[0] and found.low[1] < dot.y < found.high[1] for dot in found.dots)


def test_what_can_not_be_drawn_is_said() -> None:
    with pytest.raises(NotFound, match="Nowhere"):
        scene(gazetteer(), Wish(region="Nowhere"))
    with pytest.raises(BadInput, match="nothing to draw"):
        scene(gazetteer(), Wish(box=((500, 500, 500), (501, 501, 501))))
    with pytest.raises(BadInput, match="has a position"):
        scene(Gazetteer([System(id="system-x", name="X")]), Wish())
    with pytest.raises(BadInput, match="theme"):
        picture(gazetteer(), Wish(), theme="pink")
    with pytest.raises(BadInput, match="pixels"):
        picture(gazetteer(), Wish(), width=100_000)
    with pytest.raises(BadInput, match="too far out"):
        scene(gazetteer(), Wish(box=((-1e300,) * 3, (1e300,) * 3)))
    far = [System(id=f"system-{x}", name=x, position=Point(x=float(f"{x}1e15"), y=0, z=0)) for x in "+-"]
    assert picture(Gazetteer(far), Wish(), format=Format.SVG), "as far out as anything can be"


def test_colours_and_links_are_what_is_recorded() -> None:
    found = scene(gazetteer(), Wish(colour="economy"))
    assert found.legend == ("Mining", "Trading") and len(found.links) == 3
    assert {dot.name: dot.group for dot in found.dots} == {"Halden": 1, "Cairn": 1, "Brook": 0, "Dorn": 0, "Twin": 0}
    side = scene(gazetteer(), Wish(view=View.SIDE))
    assert all(dot.y == 0 for dot in side.dots)


def test_spectral_types_are_told_apart_by_their_letter_and_many_values_are_one_class() -> None:
    types = ("M8 V", "M1", "K0V", "G2V", "F5", "A1", "B2", "O9", "L4", "T6", "Y0")
    stars = [
        System(id=f"system-{n}", name=f"N{n}", star=star, position=Point(x=n, y=n % 3, z=0))
        for n, star in enumerate(types)
    ]
    found = scene(Gazetteer(stars), Wish(colour="star"))
    assert found.legend[0] == "class M" and found.legend[-1] == "other" and len(found.legend) == 7


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("side", [False, True])
def test_both_files_open_and_hold_every_name(theme: str, side: bool) -> None:
    wish = Wish(view=View.SIDE if side else View.TOP, route=("system-halden", "system-brook", "system-dorn"))
    image = Image.open(io.BytesIO(picture(gazetteer(), wish, theme=theme, width=640, height=480)))
    assert image.format == "PNG" and image.size == (640, 480)
    assert len(image.convert("RGB").getcolors(640 * 480) or []) > 20
    root = ElementTree.fromstring(picture(gazetteer(), wish, format=Format.SVG, theme=theme))
    texts = {one.text for one in root.iter(f"{SVG}text")}
    assert {"Halden", "Brook", "Dorn", "Route from Halden to Dorn"} <= texts
    assert any(text and text.endswith("units") for text in texts)


HOSTILE = (
    "<script>alert(1)</script>",
    '"/><image href="http://x.example/"/>',
    "A & B <b>",
    "]]>",
    "&#x0;",
    "\u202eknat\u202c",
    "@everyone",
    "=cmd()",
    "日本語 🪐",
    "x" * 120,
)


def test_a_name_is_text_in_every_map_whatever_it_holds() -> None:
    stars = [
        System(id=f"system-{n}", name=name, position=Point(x=20 * n, y=10 * (n % 2), z=0), region=name)
        for n, name in enumerate(HOSTILE)
    ]
    world = Gazetteer(stars)
    root = ElementTree.fromstring(picture(world, Wish(), format=Format.SVG))
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {"svg", "title", "rect", "polyline", "circle", "polygon", "g", "text", "path"}
    assert not any("href" in name or name.startswith("on") for one in root.iter() for name in one.attrib)
    assert any(one.text == HOSTILE[0] for one in root.iter(f"{SVG}text"))
    assert Image.open(io.BytesIO(picture(world, Wish()))).size == (1_200, 900)


@pytest.mark.parametrize("count", [1, 2, 40, 400, 4_000])
def test_labels_never_cover_one_another_and_stay_on_the_map(count: int) -> None:
    found = scene(crowd(count), Wish())
    sheet = lay_out(found, DARK)
    names = {dot.name for dot in found.dots}
    boxes = [
        (one.left, one.top, one.left + one.width, one.top + one.size * 1.15) for one in sheet.words if one.text in names
    ]
    assert boxes
    for one, other in combinations(boxes, 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
    assert all(left >= 0 and top >= 0 and right <= 1_000 and bottom <= 900 for left, top, right, bottom in boxes)
    assert lay_out(scene(crowd(count), Wish()), DARK) == sheet


BOXES = st.builds(
    labels.Wanted,
    key=st.integers(0, 99),
    x=st.floats(0, 500),
    y=st.floats(0, 500),
    radius=st.floats(1, 9),
    width=st.floats(5, 150),
    height=st.floats(8, 20),
)


@given(st.lists(BOXES, max_size=40))
@settings(deadline=None, max_examples=60)
def test_whatever_is_wanted_no_two_labels_meet(wanted: list[labels.Wanted]) -> None:
    dots = [(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius) for one in wanted]
    placed = labels.place(wanted, dots, (0, 0, 500, 500), [(0, 0, 500, 500)])
    boxes = [(one.left, one.top, one.left + one.width, one.top + one.height) for one in placed]
    for one in boxes:
        for other in [*boxes, *dots]:
            apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
            assert one is other or apart


@pytest.mark.parametrize(
    ("value", "wanted"), [(1, 1), (1.99, 1), (2, 2), (4.9, 2), (73, 50), (0.3, 0.2), (1000, 1000), (0, 1)]
)
def test_scale_bars_are_round(value: float, wanted: float) -> None:
    assert nice(value) == pytest.approx(wanted)


def test_every_theme_tells_its_classes_apart() -> None:
    for theme in THEMES.values():
        looks = {(colour, SHAPES[place % len(SHAPES)]) for place, colour in enumerate(theme.classes)}
        assert len(looks) == len(theme.classes) == 7
        assert theme.ground not in theme.classes
    for theme in THEMES.values():
        assert _contrast(theme.text, theme.ground) > 7 and _contrast(theme.muted, theme.ground) > 4.5


def _contrast(one: str, other: str) -> float:
    """By WCAG 2.2, 1.4.3."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_letters_without_a_picture_are_drawn_plain_rather_than_as_boxes() -> None:
    text, _ = lettered("Halden", 12)
    assert text == "Halden"
    assert lettered("Émeraude\x07\u202e", 12)[0] in ("Émeraude", "Emeraude")


def test_what_a_map_is_about_has_its_name_however_full_it_is() -> None:
    world = crowd(900)
    found = scene(world, Wish(around="system-7", radius=200))
    sheet = lay_out(found, DARK)
    assert "Star 7" in {one.text for one in sheet.words}


def test_a_long_note_goes_on_in_a_second_line() -> None:
    unplaced = [System(id=f"system-u{n}", name=f"Long Unplaced Name Number {n}") for n in range(9)]
    other = [System(id="system-f", name="Far", position=Point(x=0, y=0, z=0, frame="elsewhere"))]
    world = Gazetteer([*crowd(5).systems, *unplaced, *other])
    note = " ".join(scene(world, Wish()).notes)
    told = " ".join(one.text for one in lay_out(scene(world, Wish()), DARK).words)
    assert note in told
