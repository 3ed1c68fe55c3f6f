"""The map as pixels."""

import pytest

from atlas import render
from atlas.systems import STARS
from tests.conftest import make


def test_a_new_canvas_is_all_background():
    canvas = render.Canvas(3, 2)
    assert {canvas.get(x, y) for x in range(3) for y in range(2)} == {render.BACKGROUND}


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (-1, 5)])
def test_a_canvas_without_pixels_is_refused(width, height):
    with pytest.raises(ValueError, match="at least one pixel"):
        render.Canvas(width, height)


def test_a_pixel_keeps_its_colour():
    canvas = render.Canvas(4, 4)
    canvas.put(2, 3, (1, 2, 3))
    assert canvas.get(2, 3) == (1, 2, 3)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (4, 0), (0, 4)])
def test_outside_the_canvas_nothing_happens(x, y):
    canvas = render.Canvas(4, 4)
    before = bytes(canvas.pixels)
    canvas.put(x, y, (9, 9, 9))
    assert bytes(canvas.pixels) == before


def test_a_dot_is_round():
    canvas = render.Canvas(9, 9)
    canvas.dot(4, 4, 2, (9, 9, 9))
    assert canvas.get(6, 4) == (9, 9, 9)
    assert canvas.get(6, 6) == render.BACKGROUND


def test_the_middle_of_the_map_is_the_middle_of_the_picture():
    assert render.place(make("Middle"), 101, 51) == (50, 25)


def test_north_is_up():
    assert render.place(make("North", y=100), 100, 100)[1] < render.place(make("South", y=-100), 100, 100)[1]


def test_the_edge_of_the_map_stays_inside_the_margin():
    assert render.place(make("Edge", 100, -100), 100, 100) == (99 - render.MARGIN, 99 - render.MARGIN)


def test_every_star_class_has_a_colour_of_its_own():
    assert len({render.star_rgb(star) for star in STARS}) == len(STARS)


def test_planets_make_a_dot_larger(small):
    assert render.size(small.named("Corner")) > render.size(small.named("East"))


def test_the_drawing_shows_every_star_in_its_colour(small):
    canvas = render.draw(small, 200, 100)
    for system in small.systems:
        assert canvas.get(*render.place(system, 200, 100)) == render.star_rgb(system.star)


def test_drawing_twice_gives_the_same_picture(charted):
    assert render.draw(charted).pixels == render.draw(charted).pixels
