"""A greeting is answered by who sits at the table; a question behind a greeting is a question."""

from __future__ import annotations

import pytest

from assistants.round_table import FOUR
from assistants.table.welcome import welcome


@pytest.mark.parametrize(
    "text", ["hi", "Hello there!", "Hello, who are you?", "what can you do?", "help", "Moin, wer seid ihr?"]
)
def test_a_greeting_is_told_who_sits_at_the_table(text: str) -> None:
    said = welcome(text, FOUR)
    assert said is not None and all(one.title in said.text and one.job in said.text for one in FOUR)


@pytest.mark.parametrize(
    "text",
    ["hi, which star has Venture?", "who are you to judge Oculi", "help me find Oculi", "Hello Oculi"],
)
def test_what_says_more_is_no_greeting(text: str) -> None:
    assert welcome(text, FOUR) is None


def test_thanks_are_answered() -> None:
    assert (said := welcome("Thank you so much!", FOUR)) is not None and said.text == "You are welcome."
