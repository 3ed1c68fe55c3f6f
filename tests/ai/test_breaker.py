"""The circuit breaker: what a person would notice of it, and what no order of events may break."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.ai.breaker import NEXT, Breaker, Circuit
from haven.errors import Unavailable


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def a_breaker(failures: int = 2, pause_s: float = 30.0, per_minute: int = 100) -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(failures, pause_s, per_minute, clock, name="Claude"), clock


def fail(breaker: Breaker) -> None:
    breaker.failed(breaker.began())


def test_failures_one_after_another_open_it_for_its_pause() -> None:
    breaker, clock = a_breaker()
    fail(breaker)
    assert breaker.refusal() is None
    fail(breaker)
    assert breaker.refusal() == ("Claude failed 2 times in a row and is left alone.", 30.0)
    clock.now += 29.0
    with pytest.raises(Unavailable, match="left alone") as caught:
        breaker.began()
    assert caught.value.retry and caught.value.after == pytest.approx(1.0)
    clock.now += 1.0
    assert breaker.refusal() is None


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker, _ = a_breaker()
    for _ in range(5):
        fail(breaker)
        breaker.worked(breaker.began())
    assert breaker.refusal() is None


def test_one_call_tries_and_its_outcome_decides() -> None:
    for outcome, after in (("worked", None), ("failed", 30.0), ("ended", None)):
        breaker, clock = a_breaker(failures=1)
        fail(breaker)
        clock.now += 30.0
        trial = breaker.began()
        refused = breaker.refusal()
        assert refused is not None and "tried by another call" in refused[0]
        getattr(breaker, outcome)(trial)
        refused = breaker.refusal()
        assert (refused[1] if refused else None) == after


def test_a_call_from_before_says_nothing_about_the_trial() -> None:
    breaker, clock = a_breaker(failures=1)
    before, later = breaker.began(), breaker.began()
    fail(breaker)
    clock.now += 30.0
    breaker.began()
    for told in (breaker.worked, breaker.failed, breaker.ended):
        told(before)
        told(later)
    refused = breaker.refusal()
    assert refused is not None and "tried by another call" in refused[0]


def test_cancelled_calls_count_neither_way() -> None:
    breaker, _ = a_breaker()
    fail(breaker)
    breaker.ended(breaker.began())
    fail(breaker)
    assert breaker.refusal() is not None


def test_the_limit_per_minute_says_when_the_next_may_begin() -> None:
    breaker, clock = a_breaker(per_minute=2)
    breaker.worked(breaker.began())
    clock.now += 20.0
    breaker.worked(breaker.began())
    assert breaker.refusal() == ("Claude was asked 2 times within a minute, which is the limit.", 40.0)
    clock.now += 40.0
    assert breaker.refusal() is None


def test_one_person_leaves_two_thirds_of_a_minute_to_the_others() -> None:
    breaker, clock = a_breaker(per_minute=6)
    for _ in range(2):
        breaker.worked(breaker.began("discord:7"))
        clock.now += 10.0
    said = "Claude was asked 2 times within a minute for one person, which is their share."
    assert breaker.refusal("discord:7") == (said, 40.0)
    with pytest.raises(Unavailable, match="their share"):
        breaker.began("discord:7")
    for other in ("discord:8", "discord:9", "", ""):  # "": no share but the minute's
        breaker.worked(breaker.began(other))
    refused = breaker.refusal("discord:10")
    assert refused is not None and "6 times within a minute, which is the limit" in refused[0]
    clock.now += 40.0
    assert breaker.refusal("discord:7") is None, "the first call is a minute ago"


def test_every_state_can_be_left() -> None:
    assert {circuit for circuit, _ in NEXT} == set(Circuit) == set(NEXT.values())


STEPS = st.lists(
    st.one_of(
        st.just("begin"),
        st.tuples(st.sampled_from(["worked", "failed", "ended"]), st.integers(0, 20)),
        st.floats(0.0, 40.0),
    ),
    max_size=150,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.integers(1, 3), st.floats(0.1, 90.0), st.integers(1, 6))
def test_never_too_many_in_a_minute_and_never_two_trials(
    steps: list[str | float | tuple[str, int]], failures: int, pause_s: float, per_minute: int
) -> None:
    breaker, clock = a_breaker(failures, pause_s, per_minute)
    starts: list[float] = []
    under_way: list[tuple[int, bool]] = []
    for step in steps:
        if isinstance(step, float):
            clock.now += step
        elif isinstance(step, tuple) and under_way:
            call, _ = under_way.pop(step[1] % len(under_way))
            getattr(breaker, step[0])(call)
        elif step == "begin":
            refused, trial = breaker.refusal(), breaker.circuit is Circuit.OPEN
            if refused is not None:
                assert refused[1] > 0
                continue
            under_way.append((breaker.began(), trial))
            starts.append(clock.now)
        assert sum(trial for _, trial in under_way) <= 1
        assert sum(clock.now - start < 60.0 for start in starts) <= per_minute


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(1, 3), st.integers(1, 6))
def test_it_always_comes_back(steps: list[str | float | tuple[str, int]], failures: int, per_minute: int) -> None:
    breaker, clock = a_breaker(failures, 30.0, per_minute)
    under_way: list[int] = []
    for step in steps:
        if isinstance(step, float):
            clock.now += step
        elif isinstance(step, tuple) and under_way:
            getattr(breaker, step[0])(under_way.pop(step[1] % len(under_way)))
        elif step == "begin" and breaker.refusal() is None:
            under_way.append(breaker.began())
    for call in under_way:
        breaker.ended(call)
    clock.now += 61.0
    breaker.worked(breaker.began())
    assert breaker.circuit is Circuit.CLOSED


def test_without_a_limit_any_number_may_begin() -> None:
    breaker = Breaker(3, 60.0, 0, lambda: 1.0)
    for _ in range(1000):
        breaker.worked(breaker.began())
