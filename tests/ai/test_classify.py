"""How hard is it? Labelled requests, what is never simple, the owner's words, what came before, and hostile text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.classifier import Rules, levels_of, requests, voices
from haven.access import Principal, Role
from haven.ai.judging.classify import NEVER_SIMPLE, classify, patterns
from haven.ai.judging.embed import Embedder
from haven.ai.judging.known import known
from haven.ai.judging.signs import table
from haven.ai.judging.similar import Experience, Vector, facts, hashed
from haven.ai.kinds import KINDS
from haven.ai.task import Complexity, Judgement, Task, Tier, Turn
from haven.errors import SettingsError

REQUESTS = Path(__file__).parent / "requests"
ASKER = Principal("discord:1", "Wren", Role.MEMBER, "bot")


def asked(text: str, kind: str = "answer", material: int = 0, **more: Any) -> Task:
    return Task(kind, (Turn("user", text),), ASKER, "test", material=("x" * material,) if material else (), **more)


def labelled(name: str) -> list[tuple[Task, Complexity]]:
    rows = [json.loads(line) for line in (REQUESTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(asked(row["text"], row["kind"], row["context_chars"]), Complexity(row["label"])) for row in rows]


def test_of_the_labelled_requests_nine_in_ten_are_placed_right() -> None:
    rows = labelled("dev")
    wrong = [task.question for task, label in rows if classify(task).complexity is not label]
    assert len(wrong) <= len(rows) / 10, wrong


@pytest.mark.skipif(not (REQUESTS / "fresh.jsonl").exists(), reason="the requests that nobody tuned on are not here")
async def test_nine_in_ten_of_those_that_nobody_tuned_on_are_right_as_the_engine_judges_them() -> None:
    rows, embedder, wrong = labelled("fresh"), Embedder(), 0
    for task, label in rows:
        said = classify(task)
        if not said.sure:
            said = classify(task, vector=(await embedder.vectors([task.question]))[0])
        wrong += said.complexity is not label
        assert task.kind not in NEVER_SIMPLE or said.complexity is not Complexity.SIMPLE
    assert wrong <= len(rows) / 10


def test_no_request_is_labelled_twice() -> None:
    asked = [(one.text.lower(), one.kind, one.material) for name in ("dev", "tuning") for one in requests(name)]
    assert len(asked) == len(set(asked))


def test_the_weights_are_those_that_the_labelled_requests_give() -> None:
    rules = Rules([*requests("dev"), *requests("tuning")])
    fitted, kept = rules.beside_simple(), {**table().signs, **table().facts, **table().kinds}
    assert fitted.keys() == kept.keys()
    assert all(fitted[name] == pytest.approx(kept[name], abs=0.015) for name in kept)
    assert np.allclose(rules.met * known().scale, known().requests.signs, atol=0.01)
    assert np.array_equal(rules.placed, known().requests.kinds)


def test_asked_again_the_labelled_requests_say_the_same() -> None:
    asked = [*requests("dev"), *requests("tuning")]
    again = replace(known(), voices=voices(known().requests, levels_of(asked)))
    decided, before = (one.scores(one.requests).argmax(1) for one in (again, known()))
    assert np.array_equal(decided, before)


async def test_the_vectors_that_are_kept_are_those_of_the_labelled_requests() -> None:
    asked = requests("dev")[:12]
    vectors = await Embedder().vectors([one.text for one in asked])
    nothing = np.zeros((len(asked), len(known().names)), np.float32)
    shown = known().shown(vectors, nothing, known().requests.kinds[: len(asked)])
    assert np.allclose((shown.vectors * known().requests.vectors[: len(asked)]).sum(1), 1, atol=0.01)


def test_where_the_rules_are_sure_they_are_right() -> None:
    judged = [(classify(task), label) for task, label in labelled("dev")]
    sure = [said.complexity is label for said, label in judged if said.sure]
    assert len(sure) > len(judged) / 3
    assert sum(sure) >= 0.95 * len(sure)


@pytest.mark.parametrize("kind", ["code", "edits"])
@given(text=st.text(max_size=200), material=st.integers(0, 5_000))
def test_code_is_never_simple(kind: str, text: str, material: int) -> None:
    easy = patterns([""], "routing.simple_words")
    assert classify(asked(text, kind, material), simpler=easy * 9).complexity is not Complexity.SIMPLE


@pytest.mark.parametrize("text", ["hi", "one word please", "typo", "yes or no?", "a title", "what is a `lock`?", ""])
def test_code_is_not_simple_however_small_it_sounds(text: str) -> None:
    said = classify(asked(text, "edits"))
    assert said.complexity is not Complexity.SIMPLE
    assert "edits is never simple" in said.reasons


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [
        ("hello!", "answer", "simple"),
        ("What does 'deadlock' mean?", "answer", "simple"),
        ("Was bedeutet Refactoring?", "answer", "simple"),
        ("how do I get my save file onto the map, step by step?", "answer", "medium"),
        ("Find the root cause: every night the bot crashes and loses data", "answer", "complex"),
        ("Pourquoi la base se verrouille-t-elle ? Trouve la cause", "answer", "complex"),
        ("change the colour of the save button to green", "edits", "medium"),
        ("dark mode", "edits", "complex"),
        ("rename the field everywhere, in the database and all exports, old data must survive", "edits", "complex"),
    ],
)
def test_what_counts_is_the_work(text: str, kind: str, level: str) -> None:
    assert classify(asked(text, kind)).complexity == level


def test_what_is_not_wanted_and_what_is_quoted_does_not_make_it_hard() -> None:
    assert classify(asked("Please don't refactor or migrate anything: who is online?")).complexity is Complexity.SIMPLE
    hard = '"migrate the whole architecture without losing data"'
    assert classify(asked(f"how many words are in {hard}")).complexity is Complexity.SIMPLE


def test_more_material_makes_a_summary_harder() -> None:
    scores = [classify(asked("summarise this please", "summary", size)).score for size in (500, 6_000, 60_000)]
    assert scores == sorted(scores) and scores[0] < scores[2]


def test_a_long_text_that_is_searched_for_one_thing_stays_simple() -> None:
    assert classify(asked("what is the date in the first line?", material=200_000)).complexity is Complexity.SIMPLE


def test_the_words_of_the_person_count_and_not_what_was_made_of_them() -> None:
    task = replace(asked("Design the whole architecture of a federated server with plug-ins."), words="hello!")
    assert classify(task).complexity is Complexity.SIMPLE


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.tiers == {Tier.LOCAL}])
def test_small_work_is_simple_whatever_it_says(kind: str) -> None:
    assert classify(asked("Design the whole architecture, prove it", kind, 50_000)).complexity is Complexity.SIMPLE


def test_a_kind_that_nobody_knows_is_judged_as_well() -> None:
    assert classify(asked("hello!", "haiku")).complexity is Complexity.SIMPLE
    form = asked("name and place please", "form", 200, schema={"type": "object"})
    assert classify(form).complexity is Complexity.SIMPLE


def test_reasons_are_sentences_that_fit_the_level() -> None:
    said = classify(asked("why does the bot lose messages at the same time every night? find the root cause"))
    assert "a cause has to be found" in said.reasons
    assert 1 <= len(said.reasons) <= 4


def test_the_score_is_between_0_and_1_and_rises_with_the_level() -> None:
    said = [classify(task) for task, _ in labelled("dev")]
    means = [np.mean([one.score for one in said if one.complexity is level]) for level in Complexity]
    assert 0 <= means[0] < means[1] < means[2] <= 1


def level_of(said: Judgement) -> int:
    return list(Complexity).index(said.complexity)


def test_the_owners_words_make_it_simpler_or_harder_and_say_so() -> None:
    task = asked("tell me about the vault of Onda, please, and what it holds")
    plain = classify(task)
    harder = classify(task, harder=patterns([r"vault of \w+"], "routing.complex_words"))
    simpler = classify(task, simpler=patterns([r"\bVAULT\b"], "routing.simple_words"))
    assert simpler.score < plain.score < harder.score
    assert level_of(simpler) <= level_of(plain) <= level_of(harder)


def test_a_wrong_pattern_is_told_with_its_setting() -> None:
    with pytest.raises(SettingsError, match=r"routing\.simple_words: '\(unclosed' is not a regular expression"):
        patterns(["fine", "(unclosed"], "routing.simple_words")


@pytest.mark.parametrize(
    "slow",
    ["(a+)+$", "(a|a)*b", r"(\w+\s?)*$", "(.*)*x", "(a?){28}a{28}", r"\w+.*\w+!", "(?:foo|bar)+$", "(?>.*.*.*)x"],
)
def test_a_pattern_that_could_hold_up_everyone_is_refused(slow: str) -> None:
    with pytest.raises(SettingsError, match=r"routing\.complex_words: .* could take minutes") as caught:
        patterns(["fine", slow], "routing.complex_words")
    assert caught.value.mend


@pytest.mark.parametrize(
    "fine",
    ["", "vault", r"\b(?:build|write) .* from .* again", "(?:big |small )?ship", r"(a|b)+", r"(x)?(?(1)y|z)", r"\d{4}"],
)
def test_a_pattern_as_people_write_them_is_taken(fine: str) -> None:
    assert patterns([fine], "routing.simple_words")[0].pattern == fine


def test_the_owners_words_are_looked_for_at_the_beginning() -> None:
    far = asked("tell me what it holds " + "and " * 200 + "vault")
    assert classify(far, harder=patterns(["vault"], "routing.complex_words")) == classify(far)


def lived(passed: float) -> Experience:
    """Forty outcomes of questions about glyphs, which all went the same way."""
    words = [f"which glyph stands for the number {number}" for number in range(40)]
    outcomes = np.array([(passed, 1 - passed)] * 40, dtype=np.float32)
    return Experience(np.stack([hashed(one) for one in words]), np.stack([facts(one) for one in words]), outcomes)


def test_what_became_of_similar_tasks_is_heard() -> None:
    task = asked("explain which glyph stands for the number 77")
    plain = classify(task)
    failed, passed = (classify(task, history=lived(share)) for share in (0.0, 1.0))
    assert passed.score < plain.score < failed.score


def test_the_vector_of_the_question_is_heard() -> None:
    task = asked("and the lantern?")
    rng = np.random.default_rng(0)
    scores = set()
    for _ in range(5):
        vector: Vector = rng.normal(size=384).astype(np.float32)
        said = classify(task, vector=vector / np.linalg.norm(vector))
        assert 0 <= said.score <= 1
        scores.add(said.score)
    assert len(scores) > 1


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    said = classify(asked(text))
    assert 0 <= said.score <= 1 and said.reasons


HOSTILE = ('"', "'a ", "12:00:00 ", "don't ", "a/", "_", "\n", "def x(", ": a, ", "why ", "\ud800", "1")


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_is_judged_like_any_other(piece: str) -> None:
    assert classify(asked(piece * 100_000)).complexity in Complexity
