"""Scores: what falls below the pass mark goes to the next tier, what is fine stays."""

from __future__ import annotations

import pytest

from haven.ai.validate import PASS_MARK, before_repeat, score
from tests.ai.desk import task

FINE = "The Round Table takes every request and picks the assistant that fits it best."
LOOP = "The star is bright. It is a very large star in the far galaxy. It is a very large star in the far galaxy. "


@pytest.mark.parametrize(
    ("text", "stop", "passes", "reason"),
    [
        (FINE, "end", True, None),
        (FINE, "length", True, "cut off"),
        (LOOP.split(". It")[0] + ".", "repeat", True, "stopped where it began to repeat"),
        ("", "end", False, "empty"),
        (" \n ", "end", False, "empty"),
        ("A star", "length", False, "too short"),
        (LOOP * 3, "end", False, "repeats itself"),
        (f"{FINE} <|im_end|>", "end", False, "prompt markup"),
        (f"<question>{FINE}</question>", "end", False, "prompt markup"),
    ],
)
def test_text_is_scored_by_what_is_wrong_with_it(text: str, stop: str, passes: bool, reason: str | None) -> None:
    points, reasons = score(task(), text, None, stop)
    assert (points >= PASS_MARK) is passes
    assert reason is None or any(reason in one for one in reasons)


def test_structured_replies_need_their_structure() -> None:
    asked = task(schema={"type": "object"})
    assert score(asked, '{"a": 1}', {"a": 1}, "length") == (100, ())
    assert score(asked, "", None, "length") == (0, ("no structured reply",))


def test_a_loop_is_cut_back_to_its_last_whole_sentence() -> None:
    assert before_repeat(LOOP) == "The star is bright. It is a very large star in the far galaxy."
    assert before_repeat(FINE) is None and before_repeat("") is None
