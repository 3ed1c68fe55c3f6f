"""Distances, neighbours and routes."""

import pytest

from atlas import distance
from tests.conftest import make


def test_a_system_is_no_way_from_itself(small):
    home = small.named("Home")
    assert distance.between(home, home) == 0


def test_distance_along_one_axis(small):
    assert distance.between(small.named("Home"), small.named("East")) == 30


def test_distance_across_the_plane(small):
    assert distance.between(small.named("Home"), small.named("Corner")) == 50


def test_distance_is_the_same_both_ways(charted):
    first, last = charted.systems[0], charted.systems[-1]
    assert distance.between(first, last) == distance.between(last, first)


def test_distance_counts_the_depth():
    assert distance.between(make("Low", 2, 3, -6), make("High", 4, 6, 0)) == pytest.approx(7)


def test_the_nearest_come_first(small):
    found = distance.nearest(small, small.named("Home"), 2)
    assert [(system.name, way) for system, way in found] == [("East", 30), ("North", 40)]


def test_a_system_is_not_its_own_neighbour(charted):
    start = charted.systems[0]
    assert start not in [system for system, _ in distance.nearest(charted, start, 100)]


def test_asking_for_no_neighbours_gives_none(small):
    assert distance.nearest(small, small.named("Home"), 0) == []


def test_reach_includes_its_edge(small):
    assert [system.name for system in distance.within(small, small.named("Home"), 40)] == ["East", "North"]


def test_the_length_of_a_route_is_the_sum_of_its_legs(small):
    stops = [small.named(name) for name in ("Home", "East", "Corner")]
    assert distance.length(stops) == 70


def test_a_route_of_one_stop_has_no_length(small):
    assert distance.length([small.named("Home")]) == 0


def test_a_long_jump_goes_straight(small):
    stops = distance.route(small, small.named("Home"), small.named("Corner"), 50)
    assert [system.name for system in stops] == ["Home", "Corner"]


def test_short_jumps_take_the_shortest_way(small):
    stops = distance.route(small, small.named("Home"), small.named("Corner"), 40)
    assert [system.name for system in stops] in (["Home", "East", "Corner"], ["Home", "North", "Corner"])
    assert distance.length(stops) == 70


def test_out_of_reach_is_no_route(small):
    assert distance.route(small, small.named("Home"), small.named("Far"), 45) is None


def test_a_route_to_oneself_is_one_stop(small):
    home = small.named("Home")
    assert distance.route(small, home, home, 1) == [home]
