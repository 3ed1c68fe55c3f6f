"""Routes: never a jump too long, never one too many, and a reason where there is none."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.errors import BadInput
from haven.world import routes
from haven.world.atlas import Atlas, chart
from tests.world.test_space import POINTS, all_distances, atlas, system


def fewest_jumps(one: Atlas, start: int, end: int, jump: float) -> int | None:
    """By trying everything, ring by ring."""
    away = all_distances(one)
    seen, queue = {start: 0}, deque([start])
    while queue:
        row = queue.popleft()
        for other in np.flatnonzero(away[row] <= jump):
            if int(other) not in seen:
                seen[int(other)] = seen[row] + 1
                queue.append(int(other))
    return seen.get(end)


@given(POINTS, st.floats(5, 150))
@settings(deadline=None, max_examples=80)
def test_the_fewest_jumps_are_found(points: list[tuple[float, float, float]], jump: float) -> None:
    one = atlas(points)
    start, end = one.ids[0], one.ids[-1]
    route = routes.by_jumps(one, start, end, jump)
    wanted = fewest_jumps(one, 0, len(points) - 1, jump)
    least = routes.smallest_jump(one, start, end)
    assert least is not None
    if route is None:
        assert wanted is None and least > jump
        assert routes.by_jumps(one, start, end, least) is not None
        return
    assert (route.ids[0], route.ids[-1]) == (start, end)
    assert len(route.legs) == wanted and route.longest <= jump + 1e-6 and least <= jump + 1e-6
    assert route.length >= np.linalg.norm(one.xyz[0] - one.xyz[-1]) - 1e-6


def test_of_routes_with_as_many_jumps_the_shorter_is_taken() -> None:
    one = chart([system("A", 0, 0, 0), system("B", 10, 6, 0), system("C", 10, 1, 0), system("D", 20, 0, 0)], "map")
    route = routes.by_jumps(one, "system-a", "system-d", 12)
    assert route is not None and route.names == ("A", "C", "D")


def test_links_are_followed_the_way_they_were_recorded() -> None:
    systems = [
        system("A", 0, 0, 0, links=("system-b", "system-x")),
        system("B", 50, 0, 0, links=("system-c", "system-gone")),
        system("C", 50, 50, 0),
        system("X", 0, 90, 0, links=("system-c",)),
        system("Nowhere"),
    ]
    one = chart(systems, "map")
    route = routes.by_links(one, "system-a", "system-c")
    assert route is not None and route.names == ("A", "B", "C") and route.length == 100 and route.longest == 50
    assert routes.by_links(one, "system-c", "system-a") is None
    with pytest.raises(BadInput, match="Nowhere"):
        routes.by_links(one, "system-a", "system-nowhere")


def test_a_jump_of_nothing_is_refused_and_a_stay_is_no_jump() -> None:
    one = atlas([(0, 0, 0), (5, 0, 0)])
    with pytest.raises(BadInput, match="longer than 0"):
        routes.by_jumps(one, one.ids[0], one.ids[1], 0)
    stay = routes.by_jumps(one, one.ids[0], one.ids[0], 3)
    assert stay is not None and stay.legs == () and stay.longest == 0
    assert routes.smallest_jump(one, one.ids[0], one.ids[1]) == 5
