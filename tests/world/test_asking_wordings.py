"""The same question in many wordings has the same answer; what nobody recorded has none in any wording."""

from __future__ import annotations

import pytest

from haven.world.asking import ask
from tests.world.star_map import lexicon

WORDINGS: dict[str, tuple[str, ...]] = {
    "Trading": (
        "could you please tell me what kind of economy they run in Halden?",
        "Halden - what's the economy?",
        "What does Halden draw its living from, i.e. which sort of economy has the system?",
        "which economic type is entered for Halden in the register",
        "welche Wirtschaft hat Halden eigentlich?",
    ),
    "31 hours": (
        "on Aqua, how long is the day?",
        "how many hours does one day on Aqua last",
        "length of its day, Aqua?",
        "how long do days take on Aqua",
        "Wie lang ist ein Tag auf Aqua?",
    ),
    "The planet with the lowest day length: Brine": (
        "on which planet do days last shortest",
        "which planet has the most short day",
        "what's the planet where the day is shortest",
        "shortest day of all the planets",
    ),
    "It is Aqua. Day length": (
        "where is the day longer, on Aqua or on Brine",
        "of Aqua and Brine, where does a day last longer?",
        "which of the two has the longer day: Aqua or Brine",
        "Wo ist der Tag länger, auf Brine oder auf Aqua?",
    ),
    "Yes, it is Aqua. Day length": (
        "is a day on Aqua longer than one on Brine?",
        "does Aqua have a longer day than Brine",
    ),
    "It is Brook. Distances from Halden": (
        "which lies nearer to Halden: Brook or Cairn?",
        "from Halden, which is closer, Cairn or Brook",
        "which of Brook and Cairn is the least far from Halden",
    ),
    "2 systems": (
        "Everything within 25 units of Halden please",
        "how many other systems lie within 25 of Halden",
        "systems not farther away than 25 units from Halden",
        "in a radius of 25 around Halden, how many systems are there?",
    ),
    "The nearest system to Halden: Brook": (
        "To Halden, which charted system is the nearest neighbour?",
        "Halden's closest neighbour",
        "Which system is Halden's very nearest neighbour",
        "nearest neighbour system of Halden",
        "what's closest to halden",
    ),
    "Brook is 10 units from Halden": (
        "By how many units are Brook and Halden separated?",
        "how far do I have to fly from Brook to Halden",
        "Brook -> Halden: how many units apart?",
        "at what distance does Brook lie from Halden",
    ),
    "There are more systems whose economy is Mining": (
        "are there more systems with a mining or with a trading economy?",
        "more mining systems or trading systems?",
        "which is more common, trading systems or mining systems",
    ),
    "2 planets of the system": (
        "how many planets does the system nearest to Brook have",
        "The system that is nearest to Brook, how many planets has it?",
    ),
    "Halden with the largest size: Aqua": (
        "Which of the two planets of Halden is the biggest?",
        "biggest of Halden's planets",
    ),
    "system of (Pip)": (
        "what's the star of the system the moon Pip is in",
        "star colour of the system to which Pip belongs",
    ),
    "Discoverer of Brook: Bo Lind": (
        "who was it that discovered Brook",
        "Brook's discoverer?",
        "which person is credited with the discovery of Brook",
        "By whom was Brook brought to light",
    ),
    "with the highest sell price: Lamp": (
        "which station sells for the most",
        "best place to sell",
        "best sell price anywhere",
    ),
    "Conflict of Brook: High": ("how dangerous is Brook", "Brook's level of danger", "Wie gefährlich ist Brook?"),
    "farthest from its nearest neighbour: Twin": (
        "which is the most isolated system, i.e. whose nearest neighbour is farthest away?",
        "loneliest system",
    ),
}


@pytest.mark.parametrize(
    ("said", "question"), [(said, question) for said, asked in WORDINGS.items() for question in asked]
)
def test_many_wordings_have_one_answer(said: str, question: str) -> None:
    found = ask(question, lexicon())
    assert found is not None and found.recorded, found
    assert said in f"{found.text} {found.query}"


@pytest.mark.parametrize(
    "question",
    [
        "who is the mayor of Halden?",
        "how many people live in Halden",
        "which language do they speak in Brook",
        "what colour is the flag of Halden",
        "what colour are the banners on Halden",
        "what colour is Aqua",
        "which type of ship does Ana Tamm fly?",
        "who owns Gate",
        "in what year was Halden destroyed",
        "what price does Gate ask for bread",
        "how far is Mirror from its star",
        "what is the diameter of Halden's Eye",
        "how long is a year on Aqua",
        "what is the biggest city on Aqua",
        "how many trees grow on Aqua",
        "which sport is played in Halden",
        "which planets are habitable?",
        "which planet has the largest ocean",
        "which system has the most people",
        "what percentage of Aqua is water",
        "how tall is the tower of Halden",
        "which systems have we visited",
        "does Mirror have a moon?",
        "what is the average height of a Gek",
        "what is the atmosphere on Aqua made of",
        "which is the fastest ship",
    ],
)
def test_what_is_asked_is_never_taken_for_another_field(question: str) -> None:
    found = ask(question, lexicon())
    assert found is None or not found.recorded, found
