"""What a text is counted as: the rule in words, against the one expression that counts it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haven.ai.money import tokens

PIECES = re.compile(r"(?P<word>[A-Z]?[a-z]+)|(?P<capitals>[A-Z]+)|(?P<blanks>[ \t]+)|(?P<one>[\x00-\x7f])|(?P<wide>.)")
LETTERS = st.sampled_from([*"abcdeXYZ \t\n1.{_`[@~\x7f\r\x0b", "é", "日", "😀", "\ud800", "\u2028"])


def by_the_rule(text: str) -> int:
    total = 0
    for match in PIECES.finditer(text):
        size = len(match[0])
        cost = {"word": -(-size // 4), "capitals": -(-size // 2), "blanks": -(-(size - 1) // 4), "one": 1}
        total += cost.get(match.lastgroup or "", len(match[0].encode("utf-8", "surrogatepass")) - 1)
    return -(-total * 4 // 3)


@given(st.one_of(st.text(), st.lists(LETTERS, max_size=40).map("".join)))
def test_every_text_is_counted_by_the_rule(text: str) -> None:
    assert tokens.count(text) == by_the_rule(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", 0), ("a", 2), ("planetRoutes", 6), ("HTTPServer", 7), ("x = 12", 6), ("    return 1", 6), ("日本", 6)],
)
def test_some_texts(text: str, wanted: int) -> None:
    assert tokens.count(text) == wanted
