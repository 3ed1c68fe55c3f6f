"""The transition table: no dead end that is not one, and no way round a person."""

from __future__ import annotations

from haven.changes.states import FINAL, OPEN, RESTING, TRANSITIONS, State, sources


def reachable(start: State) -> set[State]:
    seen: set[State] = set()
    waiting = [start]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting += TRANSITIONS[state]
    return seen


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State) == reachable(State.QUEUED)


def test_final_states_are_the_ends() -> None:
    assert {state for state in State if not TRANSITIONS[state]} == FINAL - {State.MERGED}
    assert TRANSITIONS[State.MERGED] == {State.REVERTED}
    assert FINAL < RESTING and set(State) == OPEN | FINAL | {State.FAILED}


def test_every_state_that_is_not_final_comes_to_an_end() -> None:
    for state in State:
        assert reachable(state) & FINAL


def test_nothing_is_merged_that_was_not_in_review() -> None:
    assert sources(State.MERGED) == (State.MERGING,)
    others = {State.WAITING, State.TESTING}  # a merge that was out of reach; an undo, approved by its order
    assert set(sources(State.MERGING)) == {State.REVIEW, *others}


def test_what_is_open_can_be_cancelled_but_for_a_merge_under_way() -> None:
    assert {state for state in OPEN if State.CANCELLED not in TRANSITIONS[state]} == {State.MERGING}


def test_work_that_was_interrupted_by_waiting_can_go_on() -> None:
    for state in sources(State.WAITING):
        assert state in TRANSITIONS[State.WAITING], f"{state} could wait and never come back"
