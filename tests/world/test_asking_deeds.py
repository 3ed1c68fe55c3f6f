"""Fields that are named by a deed tell when or where it was; what else is asked of it is for the texts to tell."""

from __future__ import annotations

from functools import cache

import pytest

from haven.world.asking import ask
from haven.world.asking.lexicon import Lexicon
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Person
from tests.world.star_map import THINGS

CORA = Person(id="person-cora", name="Cora Venn", properties={"born": "on the voyage", "died": "23", "role": "captain"})


@cache
def lexicon() -> Lexicon:
    return Lexicon(Gazetteer((*THINGS, CORA)))


@pytest.mark.parametrize(
    "question",
    [
        "cora venn died of..?",
        "cora venn died of",
        "Cora Venn died with whom",
        "Cora Venn died by whose hand",
        "Cora Venn died for",
        "Cora Venn died where",
        "where died Cora Venn",
        "how died Cora Venn",
        "Cora Venn died at",
        "Cora Venn died on which planet",
        "Cora Venn died because of a planet",
        "Cora Venn was born to",
        "Halden discovered with",
        "who discovered Halden with",
    ],
)
def test_what_the_field_does_not_tell_is_not_answered_by_it(question: str) -> None:
    found = ask(question, lexicon())
    assert found is None or not found.recorded, found


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Cora Venn died", "Died of Cora Venn: 23."),
        ("Cora Venn died in", "Died of Cora Venn: 23."),
        ("Cora Venn died in which year", "Died of Cora Venn: 23."),
        ("died: Cora Venn", "Died of Cora Venn: 23."),
        ("where was Cora Venn born", "Born of Cora Venn: on the voyage."),
        ("role of Cora Venn", "captain"),
        ("Halden discovered by", "Ana Tamm"),
    ],
)
def test_what_it_tells_is(question: str, told: str) -> None:
    found = ask(question, lexicon())
    assert found is not None and told in found.text and "not recorded" not in found.text
