"""When a change stops asking for more: the same failure again, nothing left to spend, a person's word in between."""

from __future__ import annotations

from typing import Any

import pytest

from haven.changes.rounds.stopping import Limits, outcome, since_word, why_stop
from haven.store.changes import Round
from haven.store.ledger import Entry

AMPLE = Limits(rounds=9, tokens=1_000_000, minutes=60.0)
ZERO = "test_map.py::test_zoom: ZeroDivisionError: division by zero\n/tmp/tree-a1/map.py:12"
KEY = "test_map.py::test_zoom: KeyError: 'x'\n/tmp/tree-a1/map.py:15"


def one(number: int, cause: str = "repair", said: str = "", red: tuple[str, ...] = (), **more: Any) -> Round:
    tests = {"classes": {**dict.fromkeys(red, "regressed"), "test_map.py::test_pan": "passing"}} if red else {}
    return Round("abc123", number, cause, said, tests=tests, **more)


ZOOM = ("test_map.py::test_zoom",)


def test_the_first_failure_is_always_repaired() -> None:
    assert why_stop([one(1, "request", red=ZOOM)], ZERO, AMPLE, []) == ""


@pytest.mark.parametrize(
    "now", [ZERO, ZERO.replace("a1", "b2").replace(":12", ":99"), ZERO.replace("division", "integer division")]
)
def test_the_same_failure_is_known_by_its_tests_and_its_error_whatever_the_place(now: str) -> None:
    rounds = [one(1, "request", red=ZOOM), one(2, said=ZERO, red=ZOOM)]
    assert "as in round 1" in why_stop(rounds, now, AMPLE, [])


def test_a_failure_of_any_earlier_round_counts_not_of_the_last_alone() -> None:
    rounds = [one(1, "request", red=ZOOM), one(2, said=ZERO, red=ZOOM), one(3, said=KEY, red=ZOOM)]
    assert why_stop(rounds[:2], KEY, AMPLE, []) == "", "another error of the same test is progress"
    assert "as in round 1" in why_stop(rounds, ZERO, AMPLE, [])


def test_fewer_red_tests_are_progress() -> None:
    two = (*ZOOM, "test_map.py::test_turn")
    assert why_stop([one(1, "request", red=two), one(2, said=ZERO, red=ZOOM)], ZERO, AMPLE, []) == ""


def test_edits_that_do_not_apply_are_known_by_their_words_without_numbers() -> None:
    first = "The edits could not be applied. light.py: `old` occurs 2 times, at lines 3 and 9."
    rounds = [one(1, "request"), one(2, said=first)]
    assert "as in round 1" in why_stop(rounds, first.replace("3 and 9", "4 and 12"), AMPLE, [])
    assert why_stop(rounds, first.replace("light.py", "dark.py"), AMPLE, []) == ""


def test_a_persons_word_begins_anew() -> None:
    rounds = [one(1, "request", red=ZOOM), one(2, said=ZERO, red=ZOOM), one(3, "tweak", "smaller", red=ZOOM)]
    assert why_stop(rounds, ZERO, Limits(2, 1_000_000, 60.0), []) == ""
    assert [each.number for each in since_word([*rounds, one(4, said=ZERO)])] == [3, 4]


def test_the_rounds_that_are_allowed_do_not_count_a_small_models_try() -> None:
    rounds = [one(1, "request", route={"small": True}, red=ZOOM), one(2, said=ZERO, red=ZOOM)]
    limits = Limits(2, 1_000_000, 60.0)
    assert why_stop(rounds, KEY, limits, []) == ""
    assert "All 2 rounds" in why_stop([*rounds, one(3, said=KEY, red=ZOOM)], "test: TypeError", limits, [])


def spent(round: int, **tokens: int) -> Entry:
    about = {"process": "p", "principal": "discord:7", "kind": "edits", "purpose": "edits", "tier": "cloud"}
    asked = {"model": "m", "recipient": "r", "sent_sha256": "", "sent_chars": 1, "worst_usd": 0.1}
    return Entry(**about, **asked, round=round, **tokens)  # type: ignore[arg-type]


def test_tokens_of_all_kinds_count_from_the_persons_word_on() -> None:
    limits = Limits(9, 1_000, 60.0)
    entries = [spent(1, input_tokens=5_000), spent(2, input_tokens=300, cache_read=400, output_tokens=200)]
    rounds = [one(1, "request", red=ZOOM), one(2, "tweak", "smaller", red=ZOOM)]
    assert why_stop(rounds, KEY, limits, entries) == ""
    said = why_stop(rounds, KEY, limits, [*entries, spent(2, cache_write=100)])
    assert "1,000 tokens" in said and "changes.most_tokens" in said


def test_minutes_of_work_count_and_not_those_of_waiting() -> None:
    rounds = [one(1, "request", red=ZOOM, seconds={"cloud": 60.0, "tests": 90.0})]
    assert why_stop(rounds, KEY, Limits(9, 1_000_000, 3.0), []) == ""
    assert "changes.most_minutes" in why_stop(rounds, KEY, Limits(9, 1_000_000, 2.5), [])


def test_the_review_says_why_and_which_round_is_shown() -> None:
    assert outcome("It was stopped.", 1, 3) == "It was stopped. Shown is round 1: round 1 is the best of 3."
    assert outcome("All 3 rounds are used.", 3, 3) == "All 3 rounds are used."
    assert outcome("", 2, 2) == ""
