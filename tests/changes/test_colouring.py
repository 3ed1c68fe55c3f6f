"""What lines of code are made of, and the words by which two of them differ."""

from __future__ import annotations

import pytest

from haven.changes.review.colouring import coloured, words_changed


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return level * 2", "return max(1, level * 2)", ([], [" max(1,", ")"])),
        ("scale = 1.0", "scale = 2.5", (["1", "0"], ["2", "5"])),
        ("import os", "raise NotImplementedError(reason)", ([], [])),
        ("x" * 700, "x" * 699 + "y", ([], [])),
    ],
)
def test_the_words_by_which_two_lines_differ(old: str, new: str, words: tuple[list[str], list[str]]) -> None:
    left, right = words_changed(old, new)
    assert ([old[begin:end] for begin, end in left], [new[begin:end] for begin, end in right]) == words


def test_colours_follow_the_language_and_stay_on_their_lines() -> None:
    lines = ["def zoom():  # closer", '    """Two', '    lines."""', "    return 2", "y" * 5000, "class A: ..."] * 300
    found = coloured("atlas/zoom.py", lines)
    assert len(found) == len(lines)
    assert {"keyword", "name", "comment"} == {name for _, _, name in found[0]}
    assert found[1] and found[2] and not found[4]
    assert (0, 5, "keyword") in found[-1]
    assert coloured("notes.unknown", ["def x"]) == [[]]
