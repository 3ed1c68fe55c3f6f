"""A name of several records: asked back where the answer differs by which is meant, and said where it does not."""

from __future__ import annotations

from functools import cache

import pytest

from haven.errors import BadInput
from haven.world.asking import ask
from haven.world.asking.answer import Answer
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.side_by_side import side_by_side
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Moon, Planet, Point, System, Thing
from haven.world.which import chosen, in_order, qualified, ways
from tests.world.star_map import THINGS

# Twin is a system and, in Brook, a planet; Eden two planets; Solo a system and the planet in it.
MORE: tuple[Thing, ...] = (
    Planet(id="planet-eden-1", name="Eden", parent="system-halden", biome="Lush", materials=("salt",)),
    Planet(id="planet-eden-2", name="Eden", parent="system-dorn", biome="Frozen", materials=("salt",)),
    Moon(id="moon-apple", name="Apple", parent="planet-eden-1"),
    System(id="system-solo", name="Solo", position=Point(x=0, y=0, z=50), star="Red", region="Outer Reach"),
    Planet(id="planet-solo", name="Solo", parent="system-solo", biome="Toxic"),
)


@cache
def lexicon() -> Lexicon:
    return Lexicon(Gazetteer((*THINGS, *MORE)))


def answer(question: str) -> Answer:
    found = side_by_side(question, lexicon()) or ask(question, lexicon())
    assert found is not None, question
    return found


ASKED = [
    ("how far is Twin from Halden", ("60 units", "10 units")),
    ("distance between Halden and Twin", ("60 units", "10 units")),
    ("where is Twin", ("region Outer Reach", "in the system Brook")),
    ("coordinates of Twin", ("x 60", "x 10")),
    ("which region is Twin in", ("Outer Reach", "Inner Reach")),
    ("nearest system to Twin", ("Dorn", "Halden")),
    ("which systems are within 15 of Twin", ("Halden (10 units)",)),
    ("systems within 31 units of twin", ("Dorn (30 units)", "Halden (10 units)")),
    ("which is closer to Cairn, Twin or Dorn", ("Twin", "Dorn")),
    ("is Twin farther from Halden than Dorn", ("60 units", "10 units")),
    ("route from Halden to Twin with jumps of 31", ("Dorn", "Brook")),
    ("from Halden to Brook to Twin, how far", ("60 units", "10 units")),
    ("tell me about Twin", ()),
    ("compare Twin and Halden", ()),
    ("biome of Eden", ("Lush", "Frozen")),
    ("is Eden frozen", ("Yes", "No")),
    ("how far is Eden from Cairn", ("24 units",)),
    ("planets with the same biome as Eden", ()),
    ("wie weit ist Twin von Halden entfernt", ("60 units", "10 units")),
]


@pytest.mark.parametrize(("question", "told"), ASKED, ids=[one[0] for one in ASKED])
def test_it_is_asked_back_which_is_meant_with_what_would_be_told(question: str, told: tuple[str, ...]) -> None:
    found = answer(question)
    name = "Eden" if "Eden" in question else "Twin"
    either = (
        "the planet of Halden or the planet of Dorn"
        if name == "Eden"
        else "the system in Outer Reach or the planet of Brook"
    )
    assert found.text.startswith(f"Which {name} do you mean: {either}?"), found.text
    assert len(found.choices) == 2 and all(one in found.text for one in told), found.text


SAID = [
    # the kind or the place beside the name
    ("how far is planet Twin from Halden", "10 units"),
    ("how far is the system Twin from Halden", "60 units"),
    ("how far is the Twin system from Halden", "60 units"),
    ("how far from Halden is the planet Twin", "10 units"),
    ("how far is Twin in Brook from Halden", "10 units"),
    ("how far is Twin from Twin", "50 units"),
    ("biome of Eden in Dorn", "Frozen"),
    ("where is the planet Eden of Dorn", "in the system Dorn"),
    ("coordinates of Twin in Outer Reach", "x 60"),
    # what can be asked of one alone
    ("economy of Twin", "Mining. (Twin: the system in Outer Reach.)"),
    ("biome of Twin", "Gas giant. (Twin: the planet of Brook.)"),
    ("what system is Twin in", "Brook"),
    ("moons of Eden", "Apple. (Eden: the planet of Halden.)"),
    ("does Eden have a moon", "Yes"),
    # the same of each
    ("materials of Eden", "salt."),
    ("how far is Solo from Halden", "Solo is 50 units from Halden."),
    ("where is Solo", "z 50"),
    ("which region is Solo in", "Outer Reach."),
    ("nearest system to Solo", "Halden"),
    ("which systems lie within 51 units of Solo", "Halden (50 units)"),
]


@pytest.mark.parametrize(("question", "told"), SAID, ids=[one[0] for one in SAID])
def test_it_is_not_asked_where_the_words_say_it_or_it_is_the_same(question: str, told: str) -> None:
    found = answer(question)
    assert not found.choices and found.recorded and told in found.text, found.text


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("planet Twin", "Brook"),
        ("Twin system", "Twin"),
        ("Twin of Brook", "Brook"),
        ("Solo", "Solo"),
        ("Pip", "Halden"),
    ],
)
def test_a_typed_name_may_say_which_is_meant(name: str, system: str) -> None:
    assert lexicon().gazetteer.system_called(name).name == system


def test_a_typed_name_of_several_is_asked_back() -> None:
    with pytest.raises(
        BadInput, match="Which Twin do you mean: the system in Outer Reach or the planet of Brook"
    ) as error:
        lexicon().gazetteer.system_called("twin")
    assert "Write system Twin or planet Twin, or its id." in error.value.full


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ("the planet", "Twin", "planet-twin"),
        ("I mean the system, please", "Twin", "system-twin"),
        ("the one in Brook", "Twin", "planet-twin"),
        ("the first one", "Twin", "system-twin"),
        ("the latter", "Twin", "planet-twin"),
        ("and the system?", "Twin", "system-twin"),
        ("das System", "Twin", "system-twin"),
        ("den Planeten", "Twin", "planet-twin"),
        ("planet-twin", "Twin", "planet-twin"),
        ("Eden of Dorn", "Eden", "planet-eden-2"),
        ("the planet", "Eden", ""),
        ("which planets are there", "Twin", ""),
        ("thanks", "Twin", ""),
        ("the nearest planet", "Twin", ""),
        ("which star does Twin have", "Twin", ""),
        ("show me Twin and Brook", "Twin", ""),
        ("Twin and Brook", "Twin", ""),
        ("", "Twin", ""),
    ],
)
def test_what_is_said_to_the_question_picks_one_or_none(text: str, name: str, meant: str) -> None:
    gazetteer = lexicon().gazetteer
    things = in_order(one for one in gazetteer.things.values() if one.name == name)
    found = chosen(text, things, gazetteer.name_above)
    assert (found.id if found else "") == meant


def test_a_name_can_be_written_so_that_one_is_meant() -> None:
    gazetteer = lexicon().gazetteer
    edens = in_order(one for one in gazetteer.things.values() if one.name == "Eden")
    assert [qualified(one, edens, gazetteer.name_above) for one in edens] == ["Eden of Halden", "Eden of Dorn"]
    assert ways(edens, lambda _: "") == "Name one by its id."
