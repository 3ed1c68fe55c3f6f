"""Questions with a negation: what is not so, what is left out, and the fact where only the verb is turned round."""

from __future__ import annotations

import pytest

from haven.world.asking import ask
from haven.world.asking.answer import Answer
from tests.world.star_map import lexicon

SYSTEMS = ["Brook", "Cairn", "Dorn", "Eyre", "Halden", "Mercy", "Twin"]
PLANETS = ["Aqua", "Brine", "Halden's Eye", "Mirror", "Twin"]
NOT_OCEAN = ["Brine", "Halden's Eye", "Twin"]
MINES = ["Brook", "Dorn", "Twin"]
INNER = ["Brook", "Halden"]
UNPLACED = ["Cairn", "Dorn", "Eyre", "Mercy", "Twin"]
"""Those that are not said to lie in the Inner Reach."""


def answered(question: str) -> Answer:
    answer = ask(question, lexicon())
    assert answer is not None, f"not understood: {question}"
    return answer


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Isn't Pip a moon?", "Yes"),
        ("isnt Pip a moon", "Yes"),
        ("Is Pip not a moon?", "Yes"),
        ("Isn't Aqua a moon?", "No"),
        ("Is Aqua not a moon?", "No"),
        ("Ist Aqua kein Mond?", "No"),
        ("Ist Pip nicht ein Mond?", "Yes"),
        ("Isn't Halden a trading system?", "Yes"),
        ("Isn't Brook a trading system?", "No"),
        ("Wasn't Aqua discovered by Ana Tamm?", "Yes"),
        ("Doesn't Halden have a station?", "Yes"),
        ("Hasn't Halden got any stations?", "Yes"),
        ("Doesn't Brook have a station?", "No"),
        ("Aren't Halden and Brook linked?", "Yes"),
        ("Isn't Brook in the Inner Reach?", "Yes"),
        ("Aren't there any ocean planets?", "Yes. 2 planets whose biome is Ocean"),
        ("Is there no ocean planet?", "Yes. 2 planets whose biome is Ocean"),
        ("Are there no gas giants?", "Yes"),
        ("Gibt es keine Ozeanplaneten?", "Yes. 2 planets whose biome is Ocean"),
        ("Does Brook have no stations?", "Yes"),
        ("Is it true that Aqua isn't a moon?", "No"),
        ("Aqua isn't a moon, is it?", "No"),
        ("Is it not true that Pip is a moon?", "Yes"),
        ("Hasn't anybody discovered Aqua?", "Discoverer of Aqua: Ana Tamm."),
        ("Pip is a moon, isn't it?", "Yes"),
        ("Aqua is a moon, right?", "No"),
        ("Aqua is a planet, correct?", "Yes"),
        ("Halden has a station, doesn't it?", "Yes"),
        ("Has Halden a station?", "Yes"),
        ("Brook has a station, right?", "No"),
        ("Dorn is more than 20 units from Halden, isn't it?", "Yes"),
        ("Pip ist ein Mond, oder?", "Yes"),
    ],
)
def test_a_question_with_a_negated_verb_is_answered_with_the_fact(question: str, verdict: str) -> None:
    assert answered(question).text.startswith(verdict)


@pytest.mark.parametrize(
    ("names", "questions"),
    [
        (
            NOT_OCEAN,
            (
                "planets that are not ocean planets",
                "Which planets aren't ocean planets?",
                "planets that aren't ocean worlds",
                "non-ocean planets",
                "non ocean planets",
                "all planets but the ocean ones",
                "every planet except the ocean planets",
                "planets other than ocean planets",
                "planets other than the oceanic ones",
                "Welche Planeten sind keine Ozeanplaneten?",
                "alle Planeten außer den Ozeanplaneten",
                "alle Planeten bis auf die Ozeanplaneten",
            ),
        ),
        (
            MINES,
            (
                "all systems but the trading ones",
                "all systems except trading ones",
                "systems other than the trading ones",
                "systems except for trading systems",
                "every system excluding those with a trading economy",
                "systems apart from the trading systems",
                "systems whose economy is not trading",
                "systems that are not trading systems",
                "Welche Systeme sind keine Handelssysteme?",
                "Alle Systeme außer den Handelssystemen",
            ),
        ),
        (
            UNPLACED,
            (
                "systems not in the Inner Reach",
                "Which systems are not in the Inner Reach?",
                "which systems aren't in the Inner Reach",
                "systems outside the Inner Reach",
                "systems outside of the Inner Reach",
                "all systems but those in the Inner Reach",
                "all systems except the ones in the Inner Reach",
                "systems that do not lie in the Inner Reach",
                "Systeme außerhalb von Inner Reach",
            ),
        ),
        (
            ["Halden's Eye", "Twin"],
            (
                "planets that are neither ocean nor desert planets",
                "all planets except the ocean and the desert ones",
                "all planets other than the desert and ocean ones",
                "planets whose biome isn't ocean or desert",
                "planets whose biome is neither ocean nor desert",
            ),
        ),
        (
            ["Brook", "Cairn", "Eyre", "Mercy", "Twin"],
            (
                "systems other than Halden and Dorn",
                "all systems except Halden and Dorn",
                "alle Systeme außer Halden und Dorn",
            ),
        ),
        (["Halden's Eye", "Mirror", "Twin"], ("all planets but those in Halden", "planets except those of Halden")),
        (
            ["Brine", "Halden's Eye", "Mirror", "Twin"],
            ("planets without moons", "every planet except those with moons"),
        ),
        (["Brine"], ("planets of Halden not found in 2016", "Welche Planeten von Halden wurden nicht 2016 entdeckt?")),
        (
            ["Cairn", "Twin"],
            ("which systems of the Outer Reach have no links", "Outer Reach systems not linked to any other"),
        ),
        (["Brine"], ("Which planets in Halden have no fauna?", "planets of Halden without fauna")),
        (["Brook", "Dorn", "Eyre", "Mercy", "Twin"], ("Which systems lack a station?", "systems lacking stations")),
        (["Mirror"], ("which planet other than Aqua is an ocean planet?", "ocean planets except Aqua")),
        (["Dorn"], ("Which systems in the Outer Reach that have a link are not trading systems?",)),
        (["Lamp"], ("stations outside Halden", "stations that are not in Halden", "which station is not in Halden?")),
    ],
)
def test_what_is_not_so_is_left_out_in_every_wording(names: list[str], questions: tuple[str, ...]) -> None:
    for question in questions:
        assert sorted(row.name for row in answered(question).rows) == names, question


def test_what_nobody_recorded_is_not_taken_for_not_so() -> None:
    told = answered("all systems but the trading ones").text
    assert "2 of 7 have no economy recorded and are left out" in told


@pytest.mark.parametrize(
    "question",
    ["planets without water", "How many planets have no water?", "Planeten ohne Wasser"],
)
def test_another_biome_is_no_proof_that_there_is_none(question: str) -> None:
    assert ask(question, lexicon()) is None


@pytest.mark.parametrize(
    "question",
    [
        "Who discovered none of the moons?",
        "Which materials are found on Aqua but not on Brine?",
        "Are the two closest systems linked?",
        "Is Halden in the Reach?",
        "Which system doesn't have the most planets?",
    ],
)
def test_what_no_record_can_deny_is_not_answered(question: str) -> None:
    answer = ask(question, lexicon())
    assert answer is None or not answer.recorded


def test_the_count_of_a_negation_is_that_of_its_list() -> None:
    assert answered("How many systems are not in the Inner Reach?").data["count"] == len(UNPLACED)
    assert answered("how many planets are not ocean planets").data["count"] == len(NOT_OCEAN)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Are all systems trading systems?", "No: it is so of 2 of 7 systems; of 2 it is not recorded; not of Brook"),
        ("Is every planet an ocean planet?", "No: it is so of 2 of 5 planets; not of Brine, Halden's Eye, Twin."),
        ("Do all stations have a sell price?", "Yes: it is so of 2 of 2 stations."),
        ("Is there only one ocean planet?", "2 planets whose biome is Ocean"),
        ("Is the largest planet of Halden a desert?", "No: The planet of Halden with the largest size: Aqua;"),
        ("Is the largest planet of Halden an ocean planet?", "Yes: The planet of Halden with the largest size: Aqua;"),
        ("Which systems have no discoverer?", "5 systems without discoverer"),
    ],
)
def test_what_is_said_of_all_or_of_the_first_is_looked_up_of_these(question: str, told: str) -> None:
    assert answered(question).text.startswith(told)
