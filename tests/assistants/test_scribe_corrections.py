"""What somebody takes back while they write is not recorded; what they said later is."""

from __future__ import annotations

import pytest

from assistants.scribing.corrections import corrected
from assistants.scribing.handing import is_handed_in
from assistants.scribing.records import read_report
from haven.world.gazetteer import Gazetteer
from haven.world.schema import System, parent_of

WORLD = Gazetteer([System(id="system-o", name="Oculi"), System(id="system-v", name="Venture")])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Record the system Zedd, no, I mean Zorro: yellow star", "Record the system Zorro: yellow star"),
        ("Add planet Zed to Oculi, no, to Venture: lush", "Add planet Zed to Venture: lush"),
        ("System Zed (sorry, I mean Zod) has a red star", "System Zod has a red star"),
        ("planet Elm in Oculi - I mean, in Venture", "planet Elm in Venture"),
        ("Planet Elm in Oculi, nein, ich meine Venture: giftig", "Planet Elm in Venture: giftig"),
        ("star: Yellow, no wait, Red", "star: Red"),
        ("A red star, no wait, a blue star", "A red star, sorry, a blue star"),
        ("Planet Elm in Venture. Sentinels: no, flora: rich", "Planet Elm in Venture. Sentinels: no, flora: rich"),
        ("no sentinels, no flora", "no sentinels, no flora"),
        ("White... no, yellow", "White... no, yellow"),
        ('Text log on Cobble: "I am Ada, no, I mean Bela"', 'Text log on Cobble: "I am Ada, no, I mean Bela"'),
        ("log „Ada, ich meine Bela“ on Cobble, no, I mean Rime", "log „Ada, ich meine Bela“ on Rime"),
    ],
)
def test_the_later_name_counts(text: str, meant: str) -> None:
    assert corrected(text) == meant


def test_what_is_recorded_is_what_was_said_last() -> None:
    [star] = read_report(corrected("Record the system Zorro: yellow star, no wait, red star"), WORLD, "Mia").things
    assert isinstance(star, System) and (star.name, star.star) == ("Zorro", "Red")
    [planet] = read_report(corrected("Add planet Zed to Oculi, no, to Venture: lush"), WORLD, "Mia").things
    assert parent_of(planet) == "system-v"


@pytest.mark.parametrize(
    "text",
    [
        "Record no planet Zed in Oculi: lush",
        "Please add nothing: planet Zed in Oculi, lush",
        "Don't record the planet Zed in Oculi: lush",
        "Is there a planet Zed in Oculi: lush?",
        "I haven't found planet Zed in Oculi, it is not lush",
        "We never found a moon of Venture called Bo",
        "There is no planet called Zed in Oculi",
        "Scribe, ignore this: new system Zorro, yellow star",
        "Not a report: system Zorro, yellow star",
        "Record the planet Zed in Oculi: lush. Actually don't.",
        "Record the planet Zed in Oculi: lush. Never mind, forget it.",
        "Add planet Zed to Oculi: lush, no wait, cancel that",
        "Trag den Planeten Zed in Oculi nicht ein: üppig",
        "Bitte nicht speichern: Planet Zed in Oculi, üppig",
        "Has anybody recorded: system Zorro, yellow star?",
        "Maybe there is a planet Zed in Oculi, I am not sure?",
    ],
)
def test_what_is_denied_or_asked_is_not_handed_in(text: str) -> None:
    assert not is_handed_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "New planet Elm in Venture: lush. We never found fauna there",
        "Planet Elm in Venture, lush. Nobody has discovered it before us",
        "Ich habe den Planeten Zed in Oculi gefunden: üppig, keine Wächter",
        "Record the planet Elm in Venture: no sentinels, no flora",
    ],
)
def test_a_report_of_what_is_missing_is_handed_in(text: str) -> None:
    assert is_handed_in(text)


@pytest.mark.parametrize("piece", ["no, ", "I mean ", "Aa ", "... ", "A, no wait, "])
def test_a_long_text_is_read_at_once(piece: str) -> None:
    assert corrected(piece * 20_000)
