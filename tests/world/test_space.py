"""Distances, groups and routes: the same as by comparing all with all, and right on the real catalogue."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.errors import BadInput
from haven.world import clusters, space
from haven.world.atlas import Atlas, chart, frames
from haven.world.lengths import convert, written
from haven.world.schema import Point, System

COORDINATE = st.floats(-100, 100, allow_nan=False, width=32)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE), min_size=2, max_size=90)


def system(name: str, *xyz: float, **more: object) -> System:
    position = Point(x=xyz[0], y=xyz[1], z=xyz[2]) if xyz else None
    return System.model_validate({"id": f"system-{name.lower()}", "name": name, "position": position, **more})


def atlas(points: list[tuple[float, float, float]]) -> Atlas:
    return chart([system(f"S{row:04}", *point) for row, point in enumerate(points)], "map")


def all_distances(one: Atlas) -> np.ndarray:
    return np.linalg.norm(one.xyz[:, None] - one.xyz[None], axis=2)


@given(POINTS, st.floats(0.5, 80))
@settings(deadline=None, max_examples=60)
def test_near_is_what_comparing_all_with_all_says(points: list[tuple[float, float, float]], reach: float) -> None:
    one = atlas(points)
    away = all_distances(one)
    found = space.within(one, one.xyz[0], reach, without=[one.ids[0]])
    assert {near.id for near in found} == {one.ids[row] for row in range(1, len(points)) if away[0, row] <= reach}
    assert [near.distance for near in found] == sorted(near.distance for near in found)
    assert len(space.nearest(one, one.xyz[0], 3)) == min(3, len(points))
    np.fill_diagonal(away, np.inf)
    np.testing.assert_allclose(space.spacing(one.xyz), away.min(axis=1), rtol=1e-12)


@given(POINTS, st.floats(0.5, 120))
@settings(deadline=None, max_examples=60)
def test_clusters_are_the_connected_friends(points: list[tuple[float, float, float]], length: float) -> None:
    one = atlas(points)
    away = all_distances(one)
    group = list(range(len(points)))
    for a, b in itertools.combinations(range(len(points)), 2):
        if away[a, b] <= length:
            group = [group[a] if label == group[b] else label for label in group]
    wanted = {
        frozenset(one.ids[row] for row, label in enumerate(group) if label == which)
        for which in set(group)
        if group.count(which) > 1
    }
    found = clusters.clusters(one, length)
    assert {frozenset(cluster.ids) for cluster in found} == wanted
    assert [len(cluster.ids) for cluster in found] == sorted((len(cluster.ids) for cluster in found), reverse=True)


def test_many_systems_are_as_exact_as_few() -> None:
    points = np.random.default_rng(5).normal(0, 40, (3_000, 3))
    one = atlas([(float(x), float(y), float(z)) for x, y, z in points])
    away = all_distances(one)
    np.fill_diagonal(away, np.inf)
    np.testing.assert_allclose(space.spacing(one.xyz), away.min(axis=1))
    alone = clusters.isolated(one, 15)
    assert {near.id for near in alone} == {one.ids[row] for row in np.flatnonzero(away.min(axis=1) > 15)}
    assert clusters.loneliest(one, 1)[0].distance == pytest.approx(away.min(axis=1).max())


def test_a_length_that_joins_everybody_is_refused() -> None:
    points = np.random.default_rng(5).normal(0, 1, (9_000, 3))
    with pytest.raises(BadInput, match="friends of one another"):
        clusters.clusters(atlas([(float(x), float(y), float(z)) for x, y, z in points]), 50)
    with pytest.raises(BadInput, match="above 0"):
        clusters.clusters(atlas([(0, 0, 0), (1, 1, 1)]), 0)


def test_systems_without_a_position_and_on_other_maps_are_named_and_never_measured() -> None:
    here, there = system("Here", 0, 0, 0), system("There", 3, 4, 0)
    far = System(id="system-far", name="Far", position=Point(x=0, y=0, z=0, frame="sun", unit="pc"))
    by_glyphs = System(id="system-g", name="Glyphic", glyphs="60720193DFA9", galaxy="Euclid")
    lost = system("Lost")
    everyone = [here, there, far, by_glyphs, lost]
    one = chart(everyone, "map")
    assert one.names == ("Here", "There") and space.distance(one, here.id, there.id) == 5
    assert "1 has no position" in one.left_out and "Lost" in one.left_out and "2 lie on another map" in one.left_out
    with pytest.raises(BadInput, match="Lost has no position"):
        space.distance(one, here.id, lost.id)
    with pytest.raises(BadInput):
        space.distance(one, here.id, far.id)
    assert frames(everyone) == {"map": 2, "sun": 1, "galaxy:Euclid": 1}
    euclid = chart(everyone, "galaxy:Euclid")
    assert euclid.unit == "voxels" and euclid.xyz.tolist() == [[-87, 1, -1731]]


def test_units_of_one_frame_are_brought_together_or_left_out() -> None:
    def at(name: str, x: float, unit: str) -> System:
        return System(id=name, name=name, position=Point(x=x, y=0, z=0, frame="sun", unit=unit))

    one = chart([at("A", 0, "pc"), at("B", 2, "pc"), at("C", 3.261563777, "ly"), at("D", 1, "cubits")], "sun")
    assert space.distance(one, "A", "C") == pytest.approx(1)
    assert "D" in one.left_out
    assert convert(1, "pc", "ly") == pytest.approx(3.26156, rel=1e-5) and convert(1, "units", "ly") is None
    assert written(4.15731, "pc") == "4.157 pc" and written(12000, "ly") == "12,000 ly"


def test_a_box_has_its_edges_and_any_two_corners() -> None:
    one = atlas([(0, 0, 0), (10, 10, 10), (5, 11, 5), (5, 5, 5)])
    corners = np.array([10.0, 0.0, 10.0]), np.array([0.0, 10.0, 0.0])
    assert space.in_box(one, *corners) == [0, 1, 3]
