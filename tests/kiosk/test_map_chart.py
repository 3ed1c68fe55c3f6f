"""A frame of the star map: nothing covers a name, every row has its width, and a finger hits what it means."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region

from haven.world.gazetteer import Gazetteer
from haven.world.schema import Planet, Point, System, Thing
from kiosk.widgets.stars.chart import BEFORE, LONGEST, Chart, Drawn, Pins
from kiosk.widgets.stars.shown import Shown
from kiosk.widgets.stars.view import View, legend
from kiosk.widgets.stars.window import FLIGHT_S, Flight, Window, fitting, glide

COLUMNS, ROWS = 98, 18
PALETTE = [Style(color=f"#0000{number:02x}") for number in range(BEFORE + 1)]
STARS = ("Red", "Blue", "Yellow")


@cache
def world(count: int, names: str = "Star {}") -> Gazetteer:
    points = np.random.default_rng(3).normal(0, 50, (count, 3)).tolist()
    things: list[Thing] = [
        System(
            id=f"system-{n}",
            name=names.replace("{}", str(n)),
            position=Point(x=x, y=y, z=z),
            star=STARS[n % 3],
            discovered_by="Ana" if n < 5 else "Bo",
            links=(f"system-{(n + 1) % count}",),
        )
        for n, (x, y, z) in enumerate(points)
    ]
    return Gazetteer(
        [*things, *(Planet(id=f"planet-{n}", name=f"P{n}", parent=f"system-{n}") for n in range(count // 2))]
    )


def shown(gazetteer: Gazetteer, view: View = View(colour="star")) -> Shown:  # noqa: B008 - it is frozen
    found = view.read(gazetteer)
    assert isinstance(found, Shown)
    return found


def whole(chart: Chart) -> Window:
    return fitting(chart.shown.sky.low, chart.shown.sky.high, COLUMNS, ROWS)


def text(drawn: Drawn) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in drawn.canvas.strips(PALETTE)]


@settings(max_examples=25, deadline=None)
@given(
    count=st.sampled_from([1, 2, 40, 3_000]),
    names=st.sampled_from(["Star {}", "星の海 {}", "e\u0301{}\x1b[2J\u202e", "a very long name indeed {}" * 3]),
    nearer=st.floats(0.5, 150),
    pinned=st.integers(0, 39),
)
def test_every_row_has_its_width_and_no_name_covers_another(count: int, names: str, nearer: float, pinned: int) -> None:
    chart = Chart(shown(world(count, names)))
    pins = Pins(chosen=pinned % count, before=0, stops=tuple(range(min(count, 5))), stop=0)
    window = whole(chart).nearer(nearer, whole(chart), 10, 3)
    covered = Region(COLUMNS - 30, 0, 30, 10)
    drawn = chart.draw(window, COLUMNS, ROWS, pins, covered=covered)
    rows = text(drawn)
    assert [cell_len(row) for row in rows] == [COLUMNS] * ROWS
    assert "\x1b" not in "".join(rows) and "\u202e" not in "".join(rows)
    boxes = [Region(start, row, end - start, 1) for row, start, end, _ in drawn.names]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert not any(box.overlaps(covered) for box in boxes)
    assert all(box.width <= LONGEST + 2 for box in boxes)


def test_colours_come_with_marks_and_a_filter_leaves_the_rest_pale() -> None:
    gazetteer = world(40)
    chart = Chart(shown(gazetteer))
    everything = "".join(text(chart.draw(whole(chart), COLUMNS, ROWS, Pins())))
    assert all(mark in everything for mark in "●■◆")
    assert legend(chart.shown).plain.startswith("40 systems · star: ● Red  ■ Blue  ◆ Yellow")
    assert chart.shown.voices[:3] == (4, 1, 2) and sorted(chart.shown.voices) == list(range(1, 9)), "red is red"
    few = shown(gazetteer, View(colour="star", filters={"discovered by": "Ana", "star": "Red"}))
    drawn = Chart(few).draw(whole(chart), COLUMNS, ROWS, Pins())
    rows = text(drawn)
    assert {few.sky.name(of) for _, _, _, of in drawn.names} == {"Star 0", "Star 3"}
    assert sum(row.count("●") for row in rows) == 2 and "■" not in "".join(rows)
    assert legend(few).plain.startswith("2 of 40 systems")
    none = Chart(shown(gazetteer, View(filters={"discovered by": "Nobody"})))
    drawn = none.draw(whole(none), COLUMNS, ROWS, Pins())
    assert none.nearest(whole(none)) is None and none.hit(drawn, whole(none), 50, 9) is None


def test_a_finger_hits_the_mark_the_name_or_the_nearest_in_reach() -> None:
    chart = Chart(shown(world(40)))
    window = whole(chart)
    drawn = chart.draw(window, COLUMNS, ROWS, Pins())
    for row, start, end, of in drawn.names:
        assert chart.hit(drawn, window, (start + end) // 2, row) == of
    crowd = Chart(shown(world(3_000)))
    drawn = crowd.draw(whole(crowd), COLUMNS, ROWS, Pins())
    assert crowd.hit(drawn, whole(crowd), COLUMNS // 2, ROWS // 2) is not None
    assert crowd.hit(drawn, whole(crowd).moved(9_000, 0), 50, 9) is None


def test_an_inset_shows_where_the_window_is() -> None:
    chart = Chart(shown(world(300)))
    near = whole(chart).nearer(4, whole(chart))
    drawn = chart.draw(near, COLUMNS, ROWS, Pins())
    assert drawn.inset is not None and "┌────────────────┐" in text(drawn)[drawn.inset[1]]
    column, row = drawn.inset[0] + 9, drawn.inset[1] + 3
    spot = drawn.in_inset(column, row)
    assert spot is not None and drawn.in_inset(column - 12, row) is None
    x, y = chart.inset.place(*spot)
    assert np.hypot(x - near.x, y - near.y) < 4 * whole(chart).dot * 8
    assert chart.draw(near, COLUMNS, ROWS, Pins(), None).inset is None


@pytest.mark.parametrize("factor", [3.0, 0.7])
def test_what_lies_below_the_finger_stays_there_while_one_comes_nearer(factor: float) -> None:
    start = Window(5, -3, 0.5)
    goal = start.nearer(factor, Window(0, 0, 0.5), 20, -4)
    flight = Flight(start, goal, 100.0, FLIGHT_S)
    held = start.moved(20, -4)
    for part in np.linspace(0, 1, 7):
        there = flight.at(100.0 + FLIGHT_S * part).moved(20, -4)
        assert (there.x, there.y) == pytest.approx((held.x, held.y))
    assert flight.at(101) == goal and flight.is_over(101)
    away = glide(start, 60, 0, 0.0)
    first = (away.at(0.01).x - start.x) / (2 * start.dot)
    assert first == pytest.approx(-0.6, rel=0.1), "it goes on at the finger's speed"
