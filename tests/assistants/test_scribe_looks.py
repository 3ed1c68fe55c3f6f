"""Questions about the records themselves, in many wordings: what each is taken for, and which are left to others."""

from __future__ import annotations

import pytest

from assistants.scribing.looks import Aim, Look, look_in
from assistants.scribing.quality import looked
from haven.world.gazetteer import Gazetteer
from haven.world.quality.finding import Oddity
from haven.world.schema import Kind, Lore, Person, Planet, Region, System, Thing

WORLD: tuple[Thing, ...] = (
    System(
        id="system-1",
        name="Venture",
        region="Oculi Reach",
        star="Yellow",
        galaxy="Euclid",
        discovered_by="Ana Vey",
        glyphs="10020193DFA9",
    ),
    System(id="system-2", name="Nine Candles"),
    System(id="system-3", name="Pell", region="Sillow Deep", properties={"station": "none"}),
    Planet(id="planet-1", name="Meridian", parent="system-1", biome="Lush", weather="Humid"),
    Planet(id="planet-2", name="Meridian", parent="system-2"),
    Region(id="region-1", name="Oculi Reach"),
    Person(id="person-1", name="Ana Vey"),
    Lore(id="lore-1", name="The Salt War", text="A war.", canon=True),
)
GAZETTEER = Gazetteer(WORLD)


def look(question: str) -> Look | None:
    return look_in(question, GAZETTEER)


@pytest.mark.parametrize(
    ("question", "aim"),
    [
        ("what grade does Venture have?", Aim.GRADE),
        ("How complete is Venture", Aim.GRADE),
        ("how well documented is Pell", Aim.GRADE),
        ("which of the systems has the best data?", Aim.GRADE),
        ("which is more complete, Venture or Pell", Aim.GRADE),
        ("list the five least complete systems", Aim.GRADE),
        ("what would it take for Pell to reach grade S", Aim.GRADE),
        ("Wie vollständig ist Nine Candles?", Aim.GRADE),
        ("grade all systems from S to C", Aim.GRADE),
        ("how well filled out are our moons, grade A to F", Aim.GRADE),
        ("what is missing of Venture", Aim.GAPS),
        ("any gaps in nine candles?", Aim.GAPS),
        ("what information do we still need about Pell", Aim.GAPS),
        ("Was fehlt bei Venture noch?", Aim.GAPS),
        ("where are the biggest holes in our map", Aim.GAPS),
        ("Erstell mir eine Liste, was bei den Monden noch an Angaben fehlt.", Aim.GAPS),
        ("audit the map's data", Aim.AUDIT),
        ("I think two systems on the map are the same, please look for duplicates", Aim.AUDIT),
        ("is anything wrong with the data of Venture?", Aim.AUDIT),
        ("would you mind checking whether any of our records are duplicated?", Aim.AUDIT),
        ("Prüfe die Daten auf Fehler", Aim.AUDIT),
        ("to-do", Aim.TODO),
        ("what should we fill in first?", Aim.TODO),
        ("where could I help most", Aim.TODO),
        ("what could be improved about Pell's entry?", Aim.TODO),
        ("what still needs filling in for Venture?", Aim.TODO),
        ("what's left to record in the Sillow Deep", Aim.TODO),
        ("was sollen wir als nächstes eintragen?", Aim.TODO),
        ("what would bring us the biggest gain in completeness", Aim.TODO),
        ("what's new?", Aim.NEWS),
        ("whats new in the last 7 days, digest form", Aim.NEWS),
        ("what happened this week", Aim.NEWS),
        ("which records were added yesterday", Aim.NEWS),
        ("was gibt's Neues?", Aim.NEWS),
    ],
)
def test_a_question_about_the_records_is_understood_in_many_wordings(question: str, aim: Aim) -> None:
    found = look(question)
    assert found is not None and found.aim is aim


@pytest.mark.parametrize(
    "question",
    [
        "what grade does Zorblax have?",
        "what is missing from the ninth field book",
        "what happened in the Salt War this week",
        "complete the story of the Salt War",
        "which systems lack coordinates",
        "which planets have no weather recorded",
        "what is the conflict level of Venture",
        "can I add a system",
        "can you help me",
        "how many planets does Venture have",
        "what should we do about the disk",
        "fix the error in the map viewer",
        "who founded Pell",
        "group yesterday's errors for me",
        "you got that wrong",
        "what else points to that entry",
        "",
        "grade " * 100,
    ],
)
def test_what_asks_for_something_else_as_well_is_left_to_others(question: str) -> None:
    assert look(question) is None


def test_what_narrows_a_question_is_read_in_any_order() -> None:
    assert look("duplicate planets in the Oculi Reach?") == Look(
        Aim.AUDIT, region="Oculi Reach", kinds=(Kind.PLANET,), oddities=(Oddity.DUPLICATE,)
    )
    lowest = look("lowest rated systems of Ana Vey, 2")
    assert lowest is not None and (lowest.person, lowest.most, lowest.limit) == ("Ana Vey", False, 2)
    graded = look("which systems have grade A?")
    assert graded is not None and graded.letter == "A"
    news = look("what was added in the last 3 days")
    assert news is not None and news.days == 3


@pytest.mark.parametrize(
    ("question", "said", "sources"),
    [
        ("what grade does Venture have?", "Venture has grade B", {"system-1"}),
        ("which is less complete, Venture or Pell?", "Pell is the less complete one", {"system-1", "system-3"}),
        ("which systems have grade C", "Grade C: Pell", {"system-2", "system-3"}),
        ("the most complete system?", "The most complete: Venture", {"system-1", "system-2", "system-3"}),
        ("how good is our data", "3 systems: 1 with grade B, 2 with grade C", {"system-1", "system-2", "system-3"}),
        ("what should we fill in first in the Sillow Deep", "Pell (C", {"system-3"}),
        ("which planets are incomplete", "Meridian in Nine Candles", {"planet-1", "planet-2"}),
        ("are any planets listed twice?", "there are no duplicates", set()),
    ],
)
def test_grades_gaps_and_audits_are_computed_with_their_records(question: str, said: str, sources: set[str]) -> None:
    found = look(question)
    assert found is not None
    told = looked(found, GAZETTEER)
    assert said in told.text and {one.id for one in told.sources} == sources and told.query
