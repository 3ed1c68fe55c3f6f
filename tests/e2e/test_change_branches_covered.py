"""No branch of the state machine is forgotten: the ways of the tests beside this one hold every transition."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable

from haven.changes.states import TRANSITIONS
from tests.e2e import test_change_branches, test_change_branches_cloud, test_change_branches_people
from tests.e2e.branching import ways

MODULES = (test_change_branches, test_change_branches_cloud, test_change_branches_people)


def branches() -> list[Callable[..., object]]:
    return [found for module in MODULES for name, found in vars(module).items() if name.startswith("test_")]


def test_every_test_of_a_branch_names_its_way_and_checks_it_against_the_events() -> None:
    for test in branches():
        assert ways(test) and "== way" in inspect.getsource(test), test.__name__


def test_every_transition_is_driven_and_no_other_is_named() -> None:
    driven = {pair for test in branches() for way in ways(test) for pair in itertools.pairwise(way.split(" > "))}
    assert driven == {(state.value, to.value) for state, targets in TRANSITIONS.items() for to in targets}
