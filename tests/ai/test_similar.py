"""Guessing from outcomes: what went before decides, each by its own kind, and little is claimed from little."""

from __future__ import annotations

import numpy as np
import pytest

from haven.ai.judging.similar import ENOUGH, Experience, Vector, experience, facts, hashed
from haven.store.outcomes import Past

RNG = np.random.default_rng(7)


def near(middle: Vector, count: int) -> Vector:
    """Vectors of length 1 around one direction."""
    rows = middle + 0.3 * RNG.normal(size=(count, 384)).astype(np.float32) / np.sqrt(384)
    unit: Vector = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def past(words: str, tier: str, score: int, local: int | None = None, vector: Vector | None = None) -> Past:
    kept = None if vector is None else vector.astype("<f4").tobytes()
    return Past("answer", words, kept, 10, 0.5, tier, score, local, 70)


def test_a_request_goes_as_those_near_it_went() -> None:
    easy, hard = np.eye(384, dtype=np.float32)[:2]
    vectors = np.vstack([near(easy, 200), near(hard, 200)])
    outcomes = np.array([(1.0, 0.0)] * 200 + [(0.0, 1.0)] * 200, dtype=np.float32)
    known = Experience(vectors, np.zeros((400, 12), dtype=np.float32), outcomes)
    fine, poor = (known.guess(one, np.zeros(12, dtype=np.float32)) for one in (easy, hard))
    assert fine.passes > 0.7 > 0.3 > poor.passes
    assert poor.gain > 0.7 > 0.3 > fine.gain
    assert fine.of == len(known) == 400


def test_length_alone_can_tell() -> None:
    words = ["long " * size for size in range(1, 401)]
    outcomes = np.array([(float(size <= 200), 0.0) for size in range(1, 401)], dtype=np.float32)
    same = np.tile(hashed("long"), (400, 1))
    known = Experience(same, np.stack([facts(one) for one in words]), outcomes)
    assert known.guess(same[0], facts("long " * 20)).passes > known.guess(same[0], facts("long " * 390)).passes


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    begins = "word? " * 1_500
    assert np.array_equal(facts(begins), facts(begins + "12 def ?\n\n- 1. no\n" * 100_000))


def test_few_outcomes_teach_nothing() -> None:
    few = [past(f"question {number}", "local", 90) for number in range(ENOUGH - 1)]
    assert experience(few, embedded=False) is None
    assert experience([*few, past("one more", "local", 90)], embedded=False) is not None


def test_outcomes_without_a_local_answer_or_a_vector_are_left_out() -> None:
    cloud_only = [past(f"question {number}", "cloud", 90) for number in range(100)]
    assert experience(cloud_only, embedded=False) is None
    without = [past(f"question {number}", "local", 90) for number in range(100)]
    assert experience(without, embedded=True) is None
    mixed = [*without, *(past("with", "local", 90, vector=one) for one in near(hashed("with"), ENOUGH))]
    known = experience(mixed, embedded=True)
    assert known is not None and len(known) == ENOUGH


def test_what_passed_failed_and_gained_is_read_from_the_records() -> None:
    rows = [past(f"where is planet {number}", "local", 90) for number in range(40)]
    rows += [past(f"prove theorem {number} rigorously", "cloud", 95, local=20) for number in range(40)]
    known = experience(rows, embedded=False)
    assert known is not None
    easy, hard = (known.guess(hashed(one), facts(one)) for one in ("where is planet 77", "prove theorem 77 rigorously"))
    assert easy.passes > 0.7 and easy.gain < 0.3
    assert hard.passes < 0.3 and hard.gain > 0.7


def test_a_larger_model_that_failed_as_well_gained_nothing() -> None:
    rows = [past(f"prove theorem {number}", "cloud", 30, local=20) for number in range(40)]
    known = experience(rows, embedded=False)
    assert known is not None
    assert known.guess(hashed("prove theorem 9"), facts("prove theorem 9")).gain == pytest.approx(0)


def test_shared_words_make_texts_near() -> None:
    asked, other = hashed("Where is the base of Tobi?"), hashed("Quellcode kompilieren dauert lange")
    assert asked @ hashed("where is the base of Wren") > 0.5 > abs(float(asked @ other))
    assert asked @ asked == pytest.approx(1)
    assert not hashed("").any() and not hashed("123 ...").any()


@pytest.mark.parametrize("text", ["", " ", "\n\n", "?", "\ud800", "1" * 50_000, "a" * 50_000])
def test_any_text_has_facts(text: str) -> None:
    assert facts(text).shape == (12,) and np.isfinite(facts(text)).all()
