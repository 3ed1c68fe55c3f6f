"""What stands beside the question in it: asides, turns of speech; and shares, ways of several legs, counts."""

from __future__ import annotations

import pytest

from haven.world.asking import ask
from tests.world.star_map import lexicon

ASIDES = (
    ("which is closer to Halden, Brook (the Tatooine one!) or Cairn", "It is Brook"),
    ("how far is Brook [home of my gran] from Halden", "10 units"),
    ("how far is Brook from Halden in a straight line", "10 units"),
    ("how far is Brook from Halden as the crow flies?", "10 units"),
    ("what's the next system over from Halden", "The nearest system to Halden: Brook"),
    ("got the economy of Halden?", "Trading"),
    ("leaving Brook out of it, which system is closest to Halden", "nearest system to Halden: Cairn"),
    ("not counting Brook, which system is closest to Halden?", "nearest system to Halden: Cairn"),
    ("how many planets (not moons) are there in Halden", "planets of Halden"),
    ("from Halden, is it shorter to Brook or to Cairn", "It is Brook"),
    ("what colour is the sun when standing on Aqua", "Yellow"),
    ("was hat den längeren Tag, Aqua oder Brine", "It is Aqua"),
)
WAYS = (
    "how far is it altogether from Halden to Brook to Cairn",
    "Halden to Brook, Brook to Cairn: how many units in total?",
    "how far is it from Halden to Cairn via Brook",
    "wie weit ist es von Halden über Brook nach Cairn",
    "how far from Halden to Brook and then to Cairn",
    "from Halden via Brook to Cairn",
    "Halden to Cairn via Brook",
    "via Brook, how far is it from Halden to Cairn",
    "von Halden über Brook nach Cairn",
    "total distance Halden, Brook, Cairn",
)
NO_WAYS = (
    "how far is it from Halden to Brook and Cairn",
    "how far are Brook and Cairn from Halden",
    "is it farther from Halden to Brook or from Brook to Cairn",
)


@pytest.mark.parametrize(("question", "wanted"), ASIDES)
def test_what_is_said_beside_it_changes_no_question(question: str, wanted: str) -> None:
    answer = ask(question, lexicon())
    assert answer is not None
    assert wanted in answer.text


@pytest.mark.parametrize("question", WAYS)
def test_the_legs_of_a_way_are_added(question: str) -> None:
    answer = ask(question, lexicon())
    assert answer is not None
    assert "in all, each leg straight: Halden → Brook (+10 units) → Cairn" in answer.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("from Halden via Brook and Cairn to Dorn", "Halden → Brook (+10 units) → Cairn (+26 units) → Dorn"),
        ("from Halden to Dorn via Brook, Cairn", "Halden → Brook (+10 units) → Cairn (+26 units) → Dorn"),
        ("from Halden via Brook to Cairn in light years", "how many ly that is is not recorded"),
        ("route from Halden via Brook to Cairn with jumps of 30", "by way of Brook:\n- 1 jump from Halden to Brook"),
        (
            "how many jumps from Halden over Dorn to Brook with range 30",
            "2 jumps, 50 units in all, from Halden to Brook",
        ),
        ("route from Halden via Brook to Cairn with jumps of 12", "Not every leg of that way can be gone"),
    ],
)
def test_a_way_by_other_places_is_told_leg_by_leg(question: str, told: str) -> None:
    answer = ask(question, lexicon())
    assert answer is not None and told in answer.text, answer


@pytest.mark.parametrize("question", NO_WAYS)
def test_two_ways_are_not_one(question: str) -> None:
    answer = ask(question, lexicon())
    assert answer is None or not answer.recorded


@pytest.mark.parametrize(
    "question",
    ["what percentage of systems are trading systems", "what share of the systems are trading systems"],
)
def test_a_share_is_said_with_its_counts(question: str) -> None:
    answer = ask(question, lexicon())
    assert answer is not None
    assert " %" in answer.text and ": it is so of " in answer.text


def test_counts_of_each_record_are_compared() -> None:
    for two in (
        "which regions have more systems than planets have moons",
        "what share of its income is Halden's from trade",
    ):
        puzzled = ask(two, lexicon())
        assert puzzled is None or not puzzled.recorded
    every = ask("which systems have planets", lexicon())
    more = ask("which systems have more planets than moons", lexicon())
    none = ask("which systems have more moons than planets", lexicon())
    assert every is not None and more is not None and none is not None
    assert {one.id for one in more.rows} <= {one.id for one in every.rows}
    assert {one.id for one in more.rows}.isdisjoint(one.id for one in none.rows if none.recorded)
    assert "with more planets than moons" in more.text
