"""What a person asks is found in all that was typed, and what the question only points at is put in."""

from __future__ import annotations

import re

import pytest

from assistants.table.core import MOST_CHARS, Named, core
from haven.world.schema import Kind

PLACES = ("Maw's Edge", "Venture", "Verdigris", "Oculi", "Hoar", "Orchard", "Kepler-36", "Windfall Dock")
PEOPLE = ("Oona Halvard",)
KINDS = (
    dict.fromkeys(PLACES, frozenset({Kind.SYSTEM}))
    | dict.fromkeys(PEOPLE, frozenset({Kind.PERSON}))
    | {"the Ledger": frozenset({Kind.LORE})}
)
NAMES = re.compile("|".join(map(re.escape, sorted(KINDS, key=len, reverse=True))))


def naming(text: str) -> list[Named]:
    return [Named(match[0], KINDS[match[0]]) for match in NAMES.finditer(text)]


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("What is the star of Venture?", "What is the star of Venture?"),
        ("ocean planets within 50 of Venture", "ocean planets within 50 of Venture"),
        ("Hi there! Could you tell me who discovered Oculi?", "who discovered Oculi?"),
        ("I only came today, and I was wondering who it was that found Oculi?", "who found Oculi?"),
        ("Would you be so kind as to tell me the star of Oculi? I like stars.", "the star of Oculi?"),
        ("I like naps, so can you tell me how long a day lasts on Hoar?", "how long a day lasts on Hoar?"),
        ("I have big dreams, so here goes: which systems are near Oculi?", "which systems are near Oculi?"),
        ("I keep seeing Oona Halvard. What was her profession, if I may ask?", "What was Oona Halvard's profession?"),
        ("Maw's Edge sounds dreadful. Which system is its nearest?", "Which system is Maw's Edge's nearest?"),
        ("I heard of Windfall Dock. Who built this station?", "Who built Windfall Dock?"),
        ("I was at Hoar. How cold is the wind down there?", "How cold is the wind at Hoar?"),
        ("I can't choose between Hoar and Orchard. Which one is colder?", "Which one is colder, Hoar or Orchard?"),
        (
            "If I saw Hoar and Orchard, on which of the two is it colder?",
            "on which of the two is it colder, Hoar or Orchard?",
        ),
        ("I go from Venture to Verdigris. Which way is shortest?", "Which way is shortest from Venture to Verdigris?"),
        ("Kepler-36 has two planets. Which is larger, b or c?", "Which is larger, Kepler-36 b or Kepler-36 c?"),
        ("How far is it from Oculi to Venture, please?", "How far is it from Oculi to Venture?"),
        ("What radius do you have for Hoar?", "What radius do you have for Hoar?"),
        ("who built Hoar... i mean who found Oculi", "who found Oculi"),
        ("im parked at Oculi, nearest other system?", "nearest other system of Oculi?"),
        ("how strong is gravity on Hoar, dont want to break my legs", "how strong is gravity on Hoar"),
        ("the lightest moon of Hoar, which is it?", "the lightest moon of Hoar?"),
        ("For my table: the star of Oculi, please", "the star of Oculi"),
        ("planning a trip with friends :) how far is Oculi?", "how far is Oculi?"),
        ("hey quick one, which is nearest to Oculi? we are arguing", "which is nearest to Oculi?"),
        ("I'd like to fly to Oculi. What distance is that from Hoar?", "What distance is Oculi from Hoar?"),
        ("Dear curator, the star of Oculi, please; the others I have found.", "the star of Oculi"),
        ("Out of the planets of Hoar find me the warmest one", "the warmest one Out of the planets of Hoar?"),
        ("From all I heard, can you tell me the star of Oculi?", "the star of Oculi?"),
        ("In Oculi there is a planet Saltfather. Which biome has it?", "Which biome has it?"),
        ("Hab ne Wette laufen, helft mir: wer hat Oculi entdeckt?", "wer hat Oculi entdeckt?"),
        ("Quick one before I plan the shoot: is Hoar bigger than Orchard?", "is Hoar bigger than Orchard?"),
        ("Hoar and Orchard: which one is colder than Oculi?", "Hoar and Orchard: which one is colder than Oculi?"),
        ("Sagt mal, wie alt ist Oculi eigentlich?", "wie alt ist Oculi?"),
        ("is there any tin at all on Hoar or do i have to haul it again 😩", "is there any tin on Hoar"),
        ("is Hoar colder than Orchard, or is it the other way round?", "is Hoar colder than Orchard?"),
        (
            "im parked at Oculi with half a tank. Hoar or Orchard, which is the shorter hop?",
            "which is closer to Oculi, Hoar or Orchard?",
        ),
        ("Take the heaviest planet of Oculi. Who found it?", "Who found the heaviest planet of Oculi?"),
        ("Painting the Ledger for the wiki. Where was she built?", "Where was the Ledger built?"),
        ("Captain Ruta Belling of the Ledger is odd. What had she won?", "What had she won of the Ledger?"),
        ("Sir or Madam, who found Oculi?", "who found Oculi?"),
        ("Kannst du mir sagen, wer Oculi entdeckt hat?", "wer Oculi entdeckt hat?"),
        ("Hallo! Ich wüsste gern, wie weit Oculi von Venture weg ist.", "wie weit Oculi von Venture weg ist."),
    ],
)
def test_the_question_is_found_in_what_was_typed(typed: str, asked: str) -> None:
    assert core(typed, naming) == asked


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("How far is Oculi, no, I mean, Venture from Hoar?", "How far is Venture from Hoar?"),
        ("How far is Oculi, no, Venture from Hoar?", "How far is Venture from Hoar?"),
        ("How far is Oculi -- sorry, Venture -- from Hoar?", "How far is Venture from Hoar?"),
        ("How far is Venture from Oculi, no, from Hoar?", "How far is Venture from Hoar?"),
        ("How far is Venture from Oculi, scratch that, Hoar?", "How far is Venture from Hoar?"),
        ("How far is Oculi, err, Venture I mean?", "How far is Venture?"),
        (
            "How far is it from Oculi to Hoar, no wait, from Venture to Orchard?",
            "How far is it from Venture to Orchard?",
        ),
        ("Who found Oculi, or rather Venture?", "Who found Venture?"),
        ("What's the star of Oculi... no wait, of Venture?", "What's the star of Venture?"),
        ("Which star does Oculi have, actually make that Venture?", "Which star does Venture have?"),
        ("What is Oculi's, no, Venture's economy?", "What is Venture's economy?"),
        ("What is the star of Nowhere, sorry, Venture?", "What is the star of Venture?"),
        ("Who found the system, I mean Venture?", "Who found the system Venture?"),
        ("How many moons, I mean planets, does Venture have?", "How many planets does Venture have?"),
        ("How many planets, no, moons does Venture have?", "How many moons does Venture have?"),
        ("What is the conflict, sorry, economy of Venture?", "What is the economy of Venture?"),
        ("What is the sell price, no, buy price at Oculi?", "What is the buy price at Oculi?"),
        ("Which is the biggest, no, smallest planet?", "Which is the smallest planet?"),
        ("What is the star of Oculi, no wait, the economy of Venture?", "What is the economy of Venture?"),
        ("What is the star of Oculi, no, what is its economy?", "what is Oculi's economy?"),
        ("Wie weit ist Oculi, nein, Venture von Hoar?", "Wie weit ist Venture von Hoar?"),
        ("Wie weit ist Oculi, ich meine Venture, von Hoar?", "Wie weit ist Venture von Hoar?"),
        ("Welches Biom hat Hoar, nein, Orchard?", "Welches Biom hat Orchard?"),
        ("Which systems have a moon, no station, and a lamp?", "Which systems have a moon, no station, and a lamp?"),
        ("How far is Oculi, sorry to bother you, from Hoar?", "How far is Oculi, sorry to bother you, from Hoar?"),
        ("What star does Oculi have, colour I mean?", "What star does Oculi have, colour I mean?"),
        ("Is there one with 8 planets, no? What is the star of Oculi?", "What is the star of Oculi?"),
    ],
)
def test_what_was_taken_back_is_not_asked(typed: str, asked: str) -> None:
    assert core(typed, naming) == asked


def test_a_question_may_point_at_what_was_asked_before() -> None:
    assert core("And who discovered it?", naming, "What is the star of Oculi?") == "who discovered Oculi?"


@pytest.mark.parametrize("text", ["", "?", "thanks!", "Hello.", "please tell me", "word " * MOST_CHARS])
def test_a_text_without_a_question_stays_as_it_is(text: str) -> None:
    assert core(text, naming) == text
