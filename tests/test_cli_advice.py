"""What `haven performance optimize` suggests, from outcomes made up for each case."""

from __future__ import annotations

import tomllib
from dataclasses import replace

from haven.ai.memory.outcomes import figures
from haven.performance import ENOUGH, Advice, advise, advise_threads, speeds
from haven.settings import parse
from haven.store.outcomes import Seen

LOCAL = Seen(1, 0.0, "answer", False, False, "local", "small@abc", 1, 80, 70, 80, 0.0, 12, 40, 2.0, False, 0, 0)
CLOUD = replace(LOCAL, tier="cloud", model="claude", asked=2, score=90, local_score=50, usd=0.01, seconds=4.0)
MARKS = {"answer": 70}


def advised(*seen: Seen) -> list[Advice]:
    found = advise(figures(seen), seen, MARKS)
    for advice in found:
        parse(tomllib.loads(advice.change))  # what is to be pasted is valid
    return found


def test_few_answers_and_good_ones_suggest_nothing() -> None:
    assert advised() == [] and advised(*[CLOUD] * (ENOUGH - 1)) == []
    assert advised(*[LOCAL] * 50, *[CLOUD] * ENOUGH) == []


def test_drafts_that_never_pass_are_not_worth_their_wait() -> None:
    [advice] = advised(*[CLOUD] * 12, LOCAL)
    assert "12 of 13 local drafts did not pass" in advice.text and "routing.rules" in advice.change


def test_drafts_as_good_as_what_replaced_them_suggest_a_lower_mark() -> None:
    [advice] = advised(*[replace(CLOUD, score=62, local_score=60)] * 12)
    assert "instead of 70" in advice.text and advice.change == "[kinds.answer]\npass_mark = 60"


def test_a_better_or_quicker_model_of_the_same_tier_is_named() -> None:
    able = replace(LOCAL, model="able@def", score=90)
    quick = replace(LOCAL, model="quick", seconds=1.0)
    for other, name in ((able, "able"), (quick, "quick")):
        [advice] = advised(*[LOCAL] * 20, *[other] * ENOUGH)
        assert advice.change == f'[kinds.answer]\nlocal = ["{name}"]'
    assert advised(*[LOCAL] * 20, *[replace(LOCAL, model="same")] * ENOUGH) == []


def test_waits_that_are_too_long_are_named() -> None:
    [advice] = advised(*[replace(LOCAL, seconds=45.0)] * ENOUGH)
    assert "took 45 s or more" in advice.text and advice.change == "[routing]\nmax_seconds = 30"


def test_the_stand_in_and_the_cache_say_nothing() -> None:
    unreal = replace(CLOUD, stand_in=True)
    assert advised(*[unreal] * 20) == [] and speeds([unreal, replace(LOCAL, cached=True)]) == {}
    assert speeds([LOCAL, LOCAL])["answer", "local", "small@abc"] == 20.0


def test_threads_are_changed_only_for_a_clear_gain() -> None:
    assert advise_threads({1: 30.0, 2: 32.0}, now=1) is None and advise_threads({}, now=1) is None
    advice = advise_threads({1: 20.0, 2: 33.8, 3: 30.0}, now=3)
    assert advice is not None and advice.change == "[models]\nthreads = 2" and "2: 33.8" in advice.text
