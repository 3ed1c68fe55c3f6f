"""Lore is found in other words than its own, sums are done with its dates, and nothing is made of what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistants.lore.paraphrase import likeness
from assistants.lore.question import Asks, longer, plainly
from assistants.table.hops import hop_in
from haven.world.mentions import Mention
from haven.world.schema import Kind, Lore, Person, Planet, System, Thing
from haven.world.words import words
from tests.assistants.lore_world import hold, lorekeeper_of


@pytest.mark.parametrize(
    ("said", "asked", "alike"),
    [
        ("opened", "eröffnet", True),
        ("parts", "divided", True),
        ("signer", "signed", True),
        ("arrival", "arrived", True),
        ("bitter", "taste", True),
        ("midwife", "profession", True),
        ("below", "low", True),
        ("turns", "rotate", True),
        ("no", "forbidden", True),
        ("closed", "opened", False),
        ("sister", "brother", False),
        ("began", "opened", False),
        ("names", "called", False),
        ("died", "killed", False),
        ("take", "steal", False),
    ],
)
def test_words_that_say_the_same_and_words_that_do_not(said: str, asked: str, alike: bool) -> None:
    assert bool(likeness(words(said)[0], words(asked)[0].folded)) is alike


def test_a_letter_or_number_behind_a_name_makes_it_another() -> None:
    def named(text: str, name: str) -> tuple[str, tuple[str, ...]]:
        start = text.index(name)
        one = longer(text, Mention(start, start + len(name), name, ("planet-1",)))
        return one.text, one.ids

    assert named("orbital period of TRAPPIST-1 i", "TRAPPIST-1") == ("TRAPPIST-1 i", ())
    assert named("who found Oculi II?", "Oculi") == ("Oculi II", ())
    assert named("how far is Oculi from here", "Oculi") == ("Oculi", ("planet-1",))
    assert named("is Oculi a star", "Oculi") == ("Oculi", ("planet-1",))


def test_a_question_is_plain_without_where_it_is_written() -> None:
    assert plainly("who lit it, according to the old records?") == "who lit it?"
    assert plainly("what is the ninth article") == "what is the article nine"
    assert plainly("what became of her once the war was over") == "what became of her after the war"


_SYSTEM = (Kind.SYSTEM,)


@pytest.mark.parametrize(
    ("question", "head", "event", "kinds"),
    [
        ("which lifeform lives where the Bell was cast", "which lifeform lives", "the Bell was cast", ()),
        ("In the system in whose yards she was built, who is at home?", "who is at home", "she was built", _SYSTEM),
        ("what star does the system have where the Pact was signed", "what star does", "the Pact was signed", _SYSTEM),
        ("how far is the place where Mara died from Oculi?", "how far is", "Mara died", ()),
    ],
)
def test_the_two_steps_of_a_question(question: str, head: str, event: str, kinds: tuple[Kind, ...]) -> None:
    hop = hop_in(question)
    assert hop is not None and (hop.head.strip(), hop.event, hop.kinds) == (head, event, kinds)


THINGS: tuple[Thing, ...] = (
    System(id="new-1", name="Oculi"),
    Planet(id="new-2", name="Left Eye", parent="new-1"),
    Person(name="Mara Voss", notes="Captain of the Grey Heron, first Keeper of the Lamp from the year 1 to 29."),
    Person(name="Tem Orrin", notes="Second Keeper of the Lamp from 29 to 36. One of the founders."),
    Person(name="Lia Quint", notes="One of the founders."),
    Lore(
        name="The Lamp Pact",
        when="1",
        canon=True,
        text="The Lamp Pact was signed in the year 1 on [[Left Eye]]. Mara Voss and Tem Orrin put their names to it. "
        "Of all glass, two parts go to the yard and one part to the town.",
    ),
    Lore(
        name="The Glass War",
        when="19",
        canon=True,
        text="The Glass War lasted from the year 19 to the year 22. It was over glass. Nobody knows who began it.",
    ),
    Lore(
        name="The Grey Heron",
        when="17",
        canon=True,
        text="The Grey Heron was built in the year 17 and painted grey. Her cook was a man who had been a midwife. "
        "After the war her guns were taken out and she became a hospital. She carried a dog and a goat.",
    ),
    Lore(
        name="Bluemoss",
        canon=True,
        text="Bluemoss is a moss that grows on [[Left Eye]]. It is bitter. A tea of it healed the Long Cough.",
    ),
    Lore(name="Death of Mara", when="29", canon=True, text="Mara Voss died in the year 29, aged fifty-eight."),
)
TOLD = (
    ("How was the glass divided?", "two parts"),
    ("what does bluemoss taste like", "bitter"),
    ("what was the former profession of the Grey Heron's cook", "midwife"),
    ("what was the Grey Heron turned into once the war was over", "hospital"),
    ("Wann begann der Glass War?", "19"),
    ("how many years after the Lamp Pact did the Glass War begin", "18 years"),
    ("how many years did the Glass War last", "3 years"),
    ("did Mara Voss die before or after the Glass War ended", "After"),
    ("which came first, the Glass War or the Lamp Pact", "The Lamp Pact"),
    ("who was Keeper of the Lamp during the Glass War", "Mara Voss"),
    ("who was Keeper of the Lamp after Mara Voss", "Tem Orrin"),
    ("who was the first Keeper of the Lamp", "Mara Voss"),
    ("Wer war der erste Keeper of the Lamp?", "Mara Voss"),
    ("who was the second Keeper of the Lamp", "Tem Orrin"),
    ("who was the last Keeper of the Lamp", "Tem Orrin"),
    ("who succeeded Mara Voss as Keeper of the Lamp", "Tem Orrin"),
    ("who came before Tem Orrin as Keeper of the Lamp", "Mara Voss"),
    ("Until when did the Glass War last?", "22"),
    ("which signer of the Lamp Pact was also a founder", "Tem Orrin:"),
    ("how old was Voss when she died", "fifty-eight"),
)
NOT_TOLD = (
    "who painted the Grey Heron",
    "what was the name of the goat on the Grey Heron",
    "how many guns did the Grey Heron have",
    "how fast was the Grey Heron",
    "who was Keeper of the Lamp before Mara Voss",
    "who is the Keeper of the Lamp now",
    "Who is the current Keeper of the Lamp?",
    "who was the third Keeper of the Lamp",
    "who will be the next Keeper of the Lamp",
    "who did not sign the Lamp Pact",
    "which founder never signed the Lamp Pact",
    "Wer hat den Lamp Pact nicht unterschrieben?",
    "how many people live on Left Eye",
    "how many people inhabit Oculi",
    "until when was Left Eye inhabited",
    "Bis wann war Left Eye bewohnt?",
    "how long will the Glass War last",
    "when will the Glass War start again",
    "why is Left Eye called Left Eye",
    "when will the Grey Heron be rebuilt",
    "when was the Grey Heron II built",
    "how much did the Grey Heron cost",
    "which founder was also the cook of the Grey Heron",
    "who killed Mara Voss",
    "Wie hieß die Mutter von Mara Voss?",
)


async def test_other_words_dates_and_people(tmp_path: Path) -> None:
    async with lorekeeper_of(tmp_path, THINGS) as lorekeeper:
        await hold(lorekeeper, TOLD, NOT_TOLD)
        moss = await lorekeeper.named_by("moss", "healed the Long Cough")
        assert moss is not None and moss.name == "Bluemoss"
        places = await lorekeeper.place_of("the Lamp Pact was signed", Kind.PLANET)
        assert [one.name for one in places] == ["Left Eye"]
        assert not await lorekeeper.place_of("the Lamp Pact was printed", Kind.PLANET)
        assert (await lorekeeper._read("what was the boat called")).asks is Asks.NAME
