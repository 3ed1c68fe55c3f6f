"""A draft is held against canon by rules: what differs is cited from both sides, what agrees is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.schema import Kind, Lore, Person, Planet, System, Thing
from haven.world.statements import Value, number_of
from haven.world.timeline import Check, check, chronology, places

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
        (8, "The Lamp", "lit"),
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
        ("the", None),
        ("many", None),
        ("", None),
    ],
)
def test_numbers_in_words(text: str, number: int | None) -> None:
    assert number_of(text) == number
