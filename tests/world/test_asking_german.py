"""German names for what fields hold: one table beside the vocabulary, declined by itself."""

from __future__ import annotations

from functools import cache

import pytest

from haven.world import vocabulary
from haven.world.asking import ask
from haven.world.asking.lexicon import Lexicon
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Found, Planet, System
from tests.world.star_map import THINGS

MORE = (
    System(id="system-erz", name="Ore", economy="Mining", conflict="High", star="Red"),
    Planet(id="planet-ice", name="Rime", parent="system-erz", biome="Frozen", materials=("Iron", "Sea Salt")),
    Planet(id="planet-sea", name="Swell", parent="system-erz", biome="Ocean", materials=("Ice", "Copper")),
    Planet(id="planet-sun", name="Dune", parent="system-erz", biome="Desert", weather="Dust storms", fauna="Rich"),
    Discovery(id="discovery-b", name="Bug", parent="planet-sun", found=Found("flora and fauna"), tags=("fauna",)),
)


@cache
def lexicon() -> Lexicon:
    return Lexicon(Gazetteer((*THINGS, *MORE)))


@pytest.mark.parametrize(
    ("question", "names", "not_these"),
    [
        ("Wo gibt es Kupfer?", ("Swell", "Brine"), ("Rime",)),
        ("welche Planeten haben Eisen", ("Rime",), ("Swell",)),
        ("Planeten mit Eis", ("Swell",), ("Rime",)),
        ("Eisplaneten", ("Rime", "Halden's Eye"), ("Swell",)),
        ("wo bekomme ich Meersalz", ("Rime",), ()),
        ("Kupferplaneten", ("Swell", "Brine"), ()),
        ("Ozeanwelten", ("Aqua", "Swell"), ("Rime",)),
        ("welche Welten sind gefroren", ("Rime",), ("Swell",)),
        ("Planeten mit Staubstürmen", ("Dune",), ("Rime",)),
        ("Planeten mit reicher Fauna", ("Aqua", "Dune"), ("Brine",)),
        ("Planeten mit Fauna", ("Aqua", "Dune"), ("Rime",)),
        ("Systeme mit rotem Stern", ("Brook", "Ore"), ("Cairn",)),
        ("Systeme mit hohem Konflikt in Outer Reach", (), ("Ore",)),
        ("Bergbausysteme", ("Brook", "Ore"), ("Halden",)),
        ("ist Rime gefroren", ("Yes",), ()),
        ("Hat Swell Kupfer?", ("Yes",), ()),
    ],
)
def test_a_german_word_stands_for_the_value(question: str, names: tuple[str, ...], not_these: tuple[str, ...]) -> None:
    found = ask(question, lexicon())
    assert found is not None and all(name in found.text for name in names), found
    assert not any(name in found.text for name in not_these), found


@pytest.mark.parametrize(
    "question", ["Wo gibt es Kohlenstoff?", "welche Planeten haben Sauerstoff", "Planeten mit Gold"]
)
def test_what_no_record_has_is_understood_and_not_recorded(question: str) -> None:
    found = ask(question, lexicon())
    assert found is not None and not found.recorded and "None is recorded" in found.text


def test_every_word_of_the_table_is_one_of_its_field_or_a_worlds_own() -> None:
    for form, meant in vocabulary.german().items():
        assert len(form) > vocabulary.SHORT and all(word and form == form.casefold() for _, word in meant), form
    same_in_both = {
        "Basalt",
        "Deuterium",
        "Emeril",
        "Gold",
        "Indium",
        "Lithium",
        "Pugneum",
        "Radon",
        "Solanium",
        "Tritium",
    }
    named = {word for meant in vocabulary.german().values() for field, word in meant if field == "materials"}
    assert set(vocabulary.words("materials")) - same_in_both <= named
    assert vocabulary.german()["eisen"] == (("materials", "Iron"),), "no form of Eis"
    assert "oder" not in {value.text for value in lexicon().exact(("oder",))}
