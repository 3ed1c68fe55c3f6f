"""A step has all cores only where that helps: several people wait, and nothing else needs a core."""

from __future__ import annotations

from itertools import pairwise

import pytest

from haven.ai.providers.llama_width import FIRST_PAUSE_S, LONGEST_PAUSE_S, Width


class Machine:
    """A clock, and what two threads get of it: all, or `share`."""

    def __init__(self) -> None:
        self.now = self.used = 100.0
        self.share = 1.0
        self.width = Width(1, 2, lambda: self.now, lambda: self.used)

    def step(self, people: int, seconds: float = 0.01) -> int:
        threads = self.width.choose(people)
        with self.width:
            self.now += seconds
            self.used += seconds * threads * self.share
        return threads


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_one_person_leaves_a_core_free_and_several_have_all(machine: Machine) -> None:
    assert [machine.step(people) for people in (1, 4, 2, 1, 3)] == [1, 2, 2, 1, 2]


def test_where_another_program_needs_a_core_it_is_left_alone_for_ever_longer(machine: Machine) -> None:
    machine.share = 0.6
    tries: list[float] = []
    while machine.now < 200:
        start = machine.now
        if machine.step(4) == 2:
            tries.append(start)
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits[0] == pytest.approx(FIRST_PAUSE_S, abs=0.05)
    assert waits[-1] == pytest.approx(LONGEST_PAUSE_S, abs=0.05)
    assert waits == sorted(waits)


def test_once_the_other_program_has_ended_all_cores_are_used_again(machine: Machine) -> None:
    machine.share = 0.6
    machine.step(4)
    machine.share = 1.0
    assert machine.step(4) == 1
    machine.now += FIRST_PAUSE_S
    assert [machine.step(4) for _ in range(5)] == [2] * 5


def test_two_models_that_compute_at_once_do_not_take_each_others_cores(machine: Machine) -> None:
    other = Machine()
    with other.width:
        assert machine.step(4) == 1
    assert machine.step(4) == 2


def test_a_width_that_was_set_is_kept() -> None:
    assert Width(3, 0).choose(4) == 3
