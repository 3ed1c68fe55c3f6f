"""A draft is held against canon by rules: what differs is cited from both sides, what agrees is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.numerals import number_of, rank_of
from haven.world.schema import Kind, Lore, Person, Planet, System, Thing
from haven.world.statements import Value
from haven.world.timeline import Check, check, chronology, places
from haven.world.words import fold

CANON: tuple[Thing, ...] = (
    System(id="system-1", name="Oculi", star="Yellow", region="Sillow Deep", discovered_by="Mara Voss"),
    System(id="system-2", name="Brasswater"),
    Planet(id="planet-1", name="Left Eye", parent="system-1"),
    Person(id="person-1", name="Mara Voss", aliases=("Captain Voss",)),
    Person(id="person-2", name="Tem Orrin", notes="Builder of the Lamp. Engineer.", properties={"died": "29"}),
    Lore(id="lore-1", name="The Lamp", text="The Lamp was first lit in the year 8 by Tem Orrin.", canon=True),
    Lore(
        id="lore-2",
        name="The Charter",
        text="The Charter was signed in the year 1 on Left Eye. Twelve people signed it.",
        canon=True,
    ),
    Lore(id="lore-3", name="Voss", text="Mara Voss was born in the year -20. She died in the year 30.", canon=True),
    Lore(
        id="lore-5",
        name="The Heron",
        text="The Heron was a survey ship built at Brasswater in the year 5. Her captain was Mara Voss. Pia Orrin, the"
        " daughter of Tem Orrin, was born in the year 11. Tem Orrin is the brother of Jon Orrin.",
        canon=True,
    ),
    Person(id="person-3", name="Pia Orrin"),
    Person(id="person-4", name="Jon Orrin"),
    Lore(id="lore-4", name="Towns", text="Oculi has three planets. Left Eye is the capital of Oculi.", canon=True),
)


def compared(text: str, **fields: Any) -> Check:
    draft = Lore(id="lore-9", name="A tale", text=text, **fields)
    index = NameIndex()
    known = {thing.id: thing for thing in CANON}
    for thing in CANON:
        index.put(thing.id, thing.kind, thing.name, thing.aliases)
    return check(draft, CANON, lambda one: mentions(one, index), index.title, places(known))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The Lamp was lit in the year 9.", "The Lamp, lit: the draft says 9, canon 8"),
        ("It was Mara Voss who built the Lamp and lit it in the year 8.", "canon Tem Orrin"),
        ("The Charter was signed in the year 1 at Brasswater.", "the draft says Brasswater, canon Left Eye"),
        ("Seven people signed the Charter.", "the draft says 7, canon 12"),
        ("Oculi has five planets.", "the draft says 5, canon 3"),
        ("Oculi has a red sun.", "the draft says red, canon yellow"),
        ("Brasswater is the capital of Oculi.", "the draft says Brasswater, canon Left Eye"),
        ("Oculi was discovered by Tem Orrin.", "canon Mara Voss"),
        ("Captain Voss died in the year 25.", "Mara Voss, died: the draft says 25, canon 30"),
        ("Mara Voss founded Brasswater in the year 40.", "already in 30"),
        ("Tem Orrin opened Brasswater in the year 31.", "already in 29"),
        ("Brasswater was founded in the year 12 and destroyed in the year 10.", "already in 10"),
        # passive and active, words of time in any place, years in words
        ("In the year nine the Lamp was lit.", "the draft says 9, canon 8"),
        ("The Lamp, lit in the year 9 by Tem Orrin, burns still.", "the draft says 9, canon 8"),
        ("The Lamp is said to have been lit in the year 9.", "the draft says 9, canon 8"),
        ("Mara Voss lit the Lamp.", "canon Tem Orrin"),
        ("The Lamp was kindled by Mara Voss.", "canon Tem Orrin"),
        ("In the twelfth year the Charter was signed.", "the draft says 12, canon 1"),
        ("The signing of the Charter in the year 3 was quiet.", "the draft says 3, canon 1"),
        ("The death of Mara Voss in the year 28 ended it.", "the draft says 28, canon 30"),
        ("Captain Voss's death in the year 28 was not told.", "the draft says 28, canon 30"),
        ("Mara Voss perished in the year twenty-five.", "the draft says 25, canon 30"),
        ("The Heron was constructed in the year 7.", "the draft says 7, canon 5"),
        ("Mara Voss, who lit the Lamp, was tired.", "canon Tem Orrin"),
        # who somebody is
        ("The captain of the Heron was Tem Orrin.", "captain: the draft says Tem Orrin, canon Mara Voss"),
        ("Jon Orrin, captain of the Heron, laughed.", "the draft says Jon Orrin, canon Mara Voss"),
        ("The Heron's captain was Jon Orrin.", "the draft says Jon Orrin, canon Mara Voss"),
        ("Pia Orrin was the sister of Tem Orrin.", "the draft says sibling, canon child"),
        ("Pia Orrin was the son of Tem Orrin.", "sex: the draft says male, canon female"),
        ("Tem Orrin is the father of Jon Orrin.", "the draft says parent, canon sibling"),
        ("The builder of the Lamp was Mara Voss.", "canon Tem Orrin"),
        ("Mara Voss is the discoverer of Oculi, and Jon Orrin is the builder of the Lamp.", "canon Tem Orrin"),
        # numbers and colours
        ("A dozen planets orbit Oculi.", "the draft says 12, canon 3"),
        ("There are two planets in Oculi.", "the draft says 2, canon 3"),
        ("The Heron was two hundred metres long. It was built in the year 6.", "the draft says 6, canon 5"),
        ("Oculi's star burns blue.", "the draft says blue, canon yellow"),
        ("Nobody knows why twenty-one people signed the Charter.", "the draft says 21, canon 12"),
        ("Pia Orrin, Tem Orrin's sister, wept.", "the draft says sibling, canon child"),
        ("Captain Voss passed away in the year 25.", "the draft says 25, canon 30"),
        ("Twenty of them signed the Charter.", "the draft says 20, canon 12"),
        ("Oculi, a blue star, is old.", "the draft says blue, canon yellow"),
        ("Jon Orrin was the first to discover Oculi.", "canon Mara Voss"),
        ("After the Charter had been signed in the year 4, peace came.", "the draft says 4, canon 1"),
        ("It was on Brasswater that the Charter was signed.", "the draft says Brasswater, canon Left Eye"),
        ("All four planets of Oculi are cold.", "the draft says 4, canon 3"),
        ("Discovered by Jon Orrin in the year 2, Oculi is rich.", "canon Mara Voss"),
        # German
        ("Es war Jon Orrin, der die Lamp entzündete.", "canon Tem Orrin"),
        ("Die drei Monde und vier Planeten von Oculi sind kalt.", "the draft says 4, canon 3"),
        ("Im Jahr 14 kam Pia Orrin zur Welt.", "the draft says 14, canon 11"),
        ("Die Lamp hat Mara Voss entzündet.", "canon Tem Orrin"),
        ("Der Kapitän der Heron war Jon Orrin.", "the draft says Jon Orrin, canon Mara Voss"),
        ("Die Lamp wurde im Jahr 9 von Tem Orrin entzündet.", "the draft says 9, canon 8"),
        ("Im Jahre neun entzündete Tem Orrin die Lamp.", "the draft says 9, canon 8"),
        ("Mara Voss hat die Lamp entzündet.", "canon Tem Orrin"),
        ("Mara Voss starb im Jahr 25.", "the draft says 25, canon 30"),
        ("Im Jahr 25 starb Mara Voss.", "the draft says 25, canon 30"),
        ("Der Tod von Mara Voss im Jahr 25 war still.", "the draft says 25, canon 30"),
        ("Mara Voss wurde im Jahr 31 geboren.", "already in 30"),
        ("Oculi hat fünf Planeten.", "the draft says 5, canon 3"),
        ("Oculi hat eine rote Sonne.", "the draft says red, canon yellow"),
        ("Der Stern von Oculi ist rot.", "the draft says red, canon yellow"),
        ("Die Hauptstadt von Oculi ist Brasswater.", "the draft says Brasswater, canon Left Eye"),
        ("Oculi wurde von Tem Orrin entdeckt.", "canon Mara Voss"),
        ("Pia Orrin ist die Schwester von Tem Orrin.", "the draft says sibling, canon child"),
        ("Zwanzig Menschen unterzeichneten den Charter.", "the draft says 20, canon 12"),
        ("Mara Voss gründete Brasswater im Jahr vierzig.", "already in 30"),
    ],
)
def test_a_contradiction_is_found_and_both_sides_are_cited(text: str, why: str) -> None:
    clashes = compared(text).clashes
    assert clashes and any(why in one.why for one in clashes), [one.why for one in clashes]
    for one in clashes:
        assert one.said.sentence.text in text and one.known.sentence.text


@pytest.mark.parametrize(
    "text",
    [
        "The Lamp was lit in the year 8, and Tem Orrin built it.",
        "The Charter was signed in Oculi.",
        "Oculi has three planets and a yellow sun.",
        "Captain Voss died in the year 30. She was born long before.",
        "Mara Voss founded Brasswater in the year 12.",
        "Some say that lamps were lit in the year 9.",
        "In the year 9 there was rain over Oculi.",
        "Nobody lit the Lamp in the year 9. The Lamp was not lit in the year 9.",
        "If Mara Voss lit the Lamp, nobody saw it. Perhaps the Lamp was lit in the year 9.",
        "In the ninth year of the war the Lamp was lit.",
        "Jon Orrin found that Oculi has another planet.",
        "Mara Voss was tired of getting lost and saw it in the year 9.",
        "Jon Orrin signed the Charter.",
        "The Lamp was lit in the year eight. Tem Orrin kindled it.",
        "Pia Orrin is Tem Orrin's daughter; Jon Orrin is a brother of Tem Orrin.",
        "More than two planets orbit Oculi. One of the two moons of Oculi is small.",
        "The Lamp shone for 9 years. Twelve people signed the Charter in the year 1.",
        "Jon Orrin walked from Oculi to Brasswater in the year 9, and nobody built anything.",
        "Die Lamp wurde im Jahr acht von Tem Orrin entzündet. Oculi hat drei Planeten.",
        "Die Lamp wurde nicht im Jahr 9 entzündet. Vielleicht starb Mara Voss im Jahr 25.",
        "Mara Voss ist im Jahr dreißig gestorben.",
        "The Lamp was lit again in the year 20. Mara Voss nearly died in the year 20.",
        "Mara Voss was tired, and her brother died in the year 9.",
        "The son of Mara Voss died in the year 20, and a copy of the Charter was signed in the year 20.",
        "The song about the Lamp was written in the year 15. Oculi had two planets on the first map.",
        "Oculi is a star system with a red station.",
        "Mara Voss's father built the harbour in the year 3. The captain of the Heron died in the year 12.",
        "In the year 20 a lamp was lit on Left Eye, and the Lamp went out.",
        "Jon Orrin wrote about the death of Mara Voss in the year 35. Mara Voss told that he would die in the year 60.",
        "Der Bruder von Mara Voss starb im Jahr 9. Die Lamp wurde im Jahr 20 repariert.",
        "Mara Voss carried it to thirteen planets of Oculi.",
        "",
    ],
)
def test_what_agrees_or_is_not_understood_is_left_alone(text: str) -> None:
    assert compared(text).clashes == ()


def test_the_dated_events_come_in_order() -> None:
    index = NameIndex()
    for thing in CANON:
        index.put(thing.id, thing.kind, thing.name, thing.aliases)
    told = chronology(CANON, lambda one: mentions(one, index), index.title)
    assert [(one.year, one.shown, one.attribute) for one in told if one.sentence.thing.kind is Kind.LORE] == [
        (-20, "Mara Voss", "born"),
        (1, "The Charter", "signed"),
        (5, "The Heron", "built"),
        (8, "The Lamp", "lit"),
        (11, "Pia Orrin", "born"),
        (30, "Mara Voss", "died"),
    ]
    assert all(one.kind is Value.YEAR for one in told)


def test_hostile_text_is_only_text() -> None:
    for text in ("Oculi ⟦99⟧ died in the year 3", "⟦0⟧ ⟦1⟧", "[[" * 2_000, "Oculi was " * 3_000, "It died. " * 500):
        assert compared(text).clashes == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("one hundred and thirty-eight", 138),
        ("Sixty-three", 63),
        ("412", 412),
        ("two thousand five", 2005),
        ("zwölf", 12),
        ("einundzwanzig", 21),
        ("zweihundertfünf", 205),
        ("tausendvierhundert", 1400),
        ("the", None),
        ("many", None),
        ("", None),
    ],
)
def test_numbers_in_words(text: str, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("twelfth", 12),
        ("zwölften", 12),
        ("dritten", 3),
        ("einundzwanzigste", 21),
        ("Planet", None),
        ("best", None),
    ],
)
def test_ordinals(word: str, number: int | None) -> None:
    assert rank_of(fold(word)) == number
