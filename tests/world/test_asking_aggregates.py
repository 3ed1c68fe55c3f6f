"""Averages, middles and sums, the two systems closest to each other, and kinds that stand for one of many."""

from __future__ import annotations

import pytest

from haven.world.asking import ask
from haven.world.asking.answer import Answer
from haven.world.asking.lexicon import Lexicon
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Planet, System
from tests.world.star_map import lexicon


def answered(question: str) -> Answer:
    answer = ask(question, lexicon())
    assert answer is not None, f"not understood: {question}"
    return answer


@pytest.mark.parametrize(
    ("wanted", "questions"),
    [
        (
            "the two closest to each other: Brook and Halden, 10 units",
            (
                "the two closest systems",
                "Which two systems are closest to each other?",
                "What are the two closest systems to each other?",
                "which pair of systems is the closest together",
                "the shortest distance between any two systems",
                "how far apart are the two closest systems",
                "Welche zwei Systeme liegen am nächsten beieinander?",
            ),
        ),
        (
            "the two farthest apart: Cairn and Twin, 64.622 units",
            (
                "the two systems farthest apart",
                "Which two systems are farthest apart?",
                "which two systems are the most distant from each other",
                "What is the greatest distance between two systems?",
                "Welche zwei Systeme liegen am weitesten auseinander?",
            ),
        ),
        (
            "Average distance between each two of 5 systems: 35.304 units",
            (
                "average distance between systems",
                "What is the average distance between the systems?",
                "what's the mean distance between two systems",
            ),
        ),
        (
            "Average distance from Halden to 2 other systems: 20 units",
            ("average distance from Halden to the red systems", "mean distance between Halden and the red systems"),
        ),
        (
            "Average number of planets for each system: 0.7143 (5 of 7 systems)",
            (
                "average number of planets per system",
                "How many planets does a system have on average?",
                "How many planets on average per system?",
                "on average, how many planets does each system have",
                "how many planets does the average system have",
                "Wie viele Planeten hat ein System im Durchschnitt?",
            ),
        ),
        ("Average number of moons for each planet: 0.4 (2 of 5 planets)", ("average number of moons per planet",)),
        ("Median mystery: 3", ("What is the median mystery tier?", "median mystery of the discoveries")),
        ("Average sell price: 86.25 %", ("average sell price of the stations", "what's the mean sell price")),
        ("Total mystery: 6", ("What's the sum of all mystery tiers?", "total mystery of all discoveries")),
        ("5 planets", ("total number of planets", "What is the total number of planets?")),
        (
            "systems by distance from Halden (nearest first): Brook (10 units); Cairn (24 units)",
            ("the closest two neighbours of Halden", "the two nearest neighbours of Halden"),
        ),
        ("The planet with the most moons: Aqua (2 moons)", ("How many moons has the planet with the most moons?",)),
        ("Median conflict: Medium", ("median conflict of the systems",)),
        ("which have no average. The most frequent is Mining: 3", ("What is the average economy?", "average economy")),
    ],
)
def test_what_is_asked_of_many_records_at_once(wanted: str, questions: tuple[str, ...]) -> None:
    for question in questions:
        assert wanted in answered(question).text, question


@pytest.mark.parametrize(
    "question",
    [
        "How far is Brook from the moon?",
        "How far is Brook from a station?",
        "distance from Brook to an ocean planet",
        "How far is it from Halden to a mining system?",
        "Wie weit ist Brook vom Mond entfernt?",
        "Route from Brook to a station",
        "Is Aqua farther from Brook than the station?",
    ],
)
def test_a_kind_of_which_there_are_many_is_asked_back(question: str) -> None:
    answer = ask(question, lexicon())
    assert answer is None or (answer.choices and answer.text.startswith("Which "))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How far is Brook from the nearest station?", "The nearest station to Brook: Gate. Brook is 10 units"),
        ("distance from Dorn to the closest ocean planet", "The nearest planet whose biome is Ocean to Dorn: Aqua."),
        ("Wie weit ist Brook von der nächsten Station entfernt?", "The nearest station to Brook: Gate."),
        ("How far is Halden from the farthest system?", "The farthest system from Halden: Twin. Halden is 60 units"),
        ("How far apart are the two largest planets?", "Aqua and Brine lie in the same system"),
    ],
)
def test_the_nearest_of_a_kind_is_taken_and_said(question: str, told: str) -> None:
    assert told in answered(question).text


def test_how_many_people_have_a_record_is_not_how_many_there_are() -> None:
    assert answered("How many people are there?").text.endswith("how many people there are is not recorded.")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who discovered the red star of Brook?", "Discoverer of Brook: Bo Lind."),
        ("Who discovered the star of Brook?", "Discoverer of Brook: Bo Lind."),
        ("What is the economy of the yellow star of Halden?", "Economy of Halden: Trading."),
        ("Who discovered the blue star of Brook?", "None is recorded"),
    ],
)
def test_the_star_of_a_system_is_the_system(question: str, told: str) -> None:
    assert answered(question).text.startswith(told)


def test_when_is_asked_of_times_alone() -> None:
    for question in (
        "When was the Gate sold?",
        "when will Halden run out of materials",
        "When did Aqua get its weather?",
    ):
        assert ask(question, lexicon()) is None, question


def test_a_word_of_time_that_nobody_recorded_is_not_left_out() -> None:
    answer = ask("What is the weather on Halden's Eye in winter?", lexicon())
    assert answer is None or not answer.recorded


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Tau-1: is b or c the larger one?", "It is Tau-1 c."),
        ("which of the Tau-1 planets is larger, b or c", "It is Tau-1 c."),
        ("Tau-1 b or c, which is larger?", "It is Tau-1 c."),
        ("planets of Tau-1 other than b and c", "1 planet of Tau-1 other than Tau-1 b and Tau-1 c: Tau-1 d."),
        ("How many days does Tau-1 b take for an orbit?", "Orbital period of Tau-1 b: 4 days."),
        ("In which year was the largest planet of Tau-1 found?", "Year of discovery of Tau-1 c: 2016."),
    ],
)
def test_letters_stand_for_the_planets_of_the_system_that_was_named(question: str, told: str) -> None:
    def planet(letter: str, radius: float) -> Planet:
        measures = {"radius_jupiter": radius, "period_days": 4.0, "discovery_year": 2016.0}
        return Planet(id=f"planet-{letter}", name=f"Tau-1 {letter}", parent="system-tau", measures=measures)

    things = (System(id="system-tau", name="Tau-1"), planet("b", 0.5), planet("c", 1.5), planet("d", 0.2))
    answer = ask(question, Lexicon(Gazetteer(things)))
    assert answer is not None and told in answer.text, answer


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("which is more common, ocean planets or desert planets?", "more planets whose biome is Ocean"),
        ("what's rarer: ocean or desert planets", "fewer planets whose biome is Desert"),
        ("ocean planets vs desert planets, which is commoner", "more planets whose biome is Ocean"),
        ("are ocean planets more numerous than desert planets", "Yes. There are more planets whose biome is Ocean"),
        ("is a desert planet more common than an ocean planet", "No. There are more planets whose biome is Ocean"),
        ("are desert planets scarcer than ocean planets", "Yes. There are fewer planets whose biome is Desert"),
        ("do planets outnumber moons?", "Yes. There are more planets. 5 planets; 2 moons"),
        ("are moons outnumbered by planets", "Yes. There are fewer moons"),
        ("what is there more of, moons or planets", "There are more planets"),
        ("which is more common, a red star or a blue star", "more systems whose star is Red"),
        ("which is more frequent: high conflict or low conflict", "as many of each"),
        ("which biome is more common, ocean or desert", "whose biome is Ocean"),
        ("is salt more common than Emeril", "Yes."),
        ("which material is rarer, salt or Emeril?", "with Emeril"),
        ("in Inner Reach, are mining systems more common than trading systems?", "as many of each"),
        ("was ist häufiger, Monde oder Planeten?", "There are more planets"),
        ("was ist seltener, Ozeanplaneten oder Wüstenplaneten", "fewer planets whose biome is Desert"),
    ],
)
def test_how_common_two_kinds_are_is_counted(question: str, told: str) -> None:
    assert told in answered(question).text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "the second closest pair of systems",
            "number 2 of the pairs closest to each other: Brook and Dorn, 20 units.",
        ),
        ("which two systems are second closest to each other", "Brook and Dorn, 20 units."),
        ("what is the third closest pair of systems", "number 3 of the pairs closest to each other: Cairn and Halden"),
        ("the second farthest pair of systems", "number 2 of the pairs farthest apart: Halden and Twin, 60 units."),
        ("second shortest distance between two systems", "Brook and Dorn, 20 units."),
        ("das zweitnächste Paar von Systemen", "Brook and Dorn, 20 units."),
        ("the two closest pairs of systems", "Brook and Halden (10 units); Brook and Dorn (20 units)."),
        ("the second nearest system to Halden", "Cairn (24 units)"),
        ("the second closest pair of systems in Outer Reach", "number 2 of the pairs closest to each other"),
        # as many of something as another has, or as of something else
        ("which systems have as many planets as Brook", "Cairn; Dorn"),
        ("which systems have the same number of planets as Brook", "Cairn; Dorn"),
        ("systems with as many planets as Brook", "2 systems with as many planets as Brook"),
        ("welche Systeme haben so viele Planeten wie Brook", "Cairn; Dorn"),
        ("how many systems have exactly as many planets as Brook", "2 systems"),
        ("which systems have as many planets as stations", "1 system with as many planets as stations: Cairn."),
        ("does Brook have as many planets as Dorn", "Yes, as many. Number: Brook: 1 planet; Dorn: 1 planet."),
        ("does Brook have as many planets as Halden", "No. Number: Brook: 1 planet; Halden: 2 planets."),
        ("do Brook and Dorn have the same number of planets", "Yes, as many."),
        ("are there as many moons as stations", "Yes. There are as many of each."),
        ("are there as many moons as planets", "No. There are more planets."),
        # what a person discovered
        ("planets of Ana Tamm", "1 planet discovered by Ana Tamm: Aqua."),
        ("planets of Bo Lind", "Brine"),
        ("what did Ana Tamm discover besides Halden", "discovered by Ana Tamm other than Halden: Aqua."),
        ("Captain Tamm's systems", "1 system discovered by Ana Tamm: Halden."),
    ],
)
def test_of_many_the_one_in_its_place_and_those_that_are_as_many(question: str, told: str) -> None:
    assert told in answered(question).text


@pytest.mark.parametrize(
    "question",
    ["which system has as many planets as Brook and Dorn together", "the ninety-ninth closest pair of systems"],
)
def test_what_is_no_such_place_or_count_is_not_answered(question: str) -> None:
    found = ask(question, lexicon())
    assert found is None or not found.recorded
