"""Lore of two dates, of two sides and of yes or no: each answer with the sentences that prove it, or not recorded."""

from __future__ import annotations

from pathlib import Path

from assistants.lore.question import plainly
from haven.world.schema import Lore, Person, Planet, System, Thing
from tests.assistants.lore_world import hold, lorekeeper_of

THINGS: tuple[Thing, ...] = (
    System(id="new-1", name="Oculi"),
    Planet(id="new-2", name="Left Eye", parent="new-1"),
    Person(name="Mara Voss", notes="First Keeper of the Lamp from the year 1 until her death in the year 29."),
    Person(name="Tem Orrin", notes="Second Keeper of the Lamp from 29 to 36."),
    Person(name="Lia Quint"),
    Lore(
        name="Keepers of the Lamp",
        canon=True,
        text="Mara Voss kept the lamp from the year 1 to 29. Tem Orrin kept the lamp from 29 to 36. Lia Quint has kept "
        "the lamp since the year 36.",
    ),
    Lore(name="The Lamp Law", when="34", canon=True, text="The Lamp Law was signed in the year 34 on [[Left Eye]]."),
    Lore(
        name="The Battle of the Gap",
        when="21",
        canon=True,
        text="The battle was fought in the year 21. The Hold had seven ships, led by the Heron. The Pact had eleven, "
        "led by the Ledger. Nobody died on the Heron.",
    ),
    Lore(
        name="The Drift Fire",
        when="41",
        canon=True,
        text="In the year 41 a storm set fire to the groves. Nobody died. The lamp has gone dark twice since. "
        "The case is open.",
    ),
    Lore(name="The Books", canon=True, text="The field books, eleven of them, lie at Oculi. The ninth is missing."),
    Lore(
        name="The Thefts",
        when="35",
        canon=True,
        text="In the year 35 many plates went missing from Oculi. The thief was Osk Varrow, a weigher.",
    ),
)
TOLD = (
    ("Did Mara Voss live to see the Battle of the Gap?", "Yes: the year 29, after the year 21"),
    ("was old Mara Voss still alive when the Lamp Law was signed, or was she dead by then?", "No: the year 29"),
    ("Was Mara Voss already dead when the Lamp Law was signed?", "Yes: the year 29, before the year 34"),
    ("Was Mara Voss alive in the year 20?", "Yes: the year 29, after the year 20"),
    ("Lebte Mara Voss noch, als das Lamp Law unterzeichnet wurde?", "No: the year 29"),
    ("Who kept the lamp first: Quint or Orrin?", "Orrin: the year 29; Quint: the year 36"),
    ("Quint or Orrin, who kept the lamp earlier?", "Orrin: the year 29; Quint: the year 36"),
    ("Wer hat die Lampe früher gehütet: Quint oder Orrin?", "Orrin: the year 29; Quint: the year 36"),
    ("How many ships fought in the Battle of the Gap, both fleets together?", "18 together: 7 and 11"),
    ("How many ships did the Hold have in the Battle of the Gap?", "seven"),
    ("was anyone killed in the Drift Fire in 41?", "Nobody died"),
    ("How often has the lamp gone dark since the Drift Fire?", "twice"),
    ("Was the case of the Drift Fire ever solved?", "The case is open"),
    ("Which of the field books at Oculi is not with the others any more?", "The ninth is missing"),
    ("Wer hat damals die Platten von Oculi mitgehen lassen?", "Osk Varrow"),
)
NOT_TOLD = (
    "Did Lia Quint live to see the Drift Fire?",
    "Was Tem Orrin still alive in 50?",
    "Was anyone killed in the Thefts?",
    "How many ships did the Pact lose in the Battle of the Gap?",
)


def test_a_question_is_plain_without_what_its_speaker_thinks() -> None:
    assert plainly("who lit the big lamp?") == "who lit the lamp?"
    assert plainly("was anyone killed there?") == "was anyone died there?"
    assert plainly("who was killed by the Heron?") == "who was killed by the Heron?"
    assert plainly("was she ever found?") == "was she ever discovered?"
    assert plainly("which book is no longer on the shelf?") == "which book is missing?"
    assert plainly("how old was he?") == "how old was he?"


async def test_answers_hold_the_dates_and_the_sentences(tmp_path: Path) -> None:
    async with lorekeeper_of(tmp_path, THINGS) as lorekeeper:
        await hold(lorekeeper, TOLD, NOT_TOLD)
