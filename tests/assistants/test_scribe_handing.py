"""What is handed in as a record, and what only asks or orders something else."""

from __future__ import annotations

import pytest

from assistants.scribing.handing import is_handed_in


@pytest.mark.parametrize(
    "text",
    [
        "Please record: moon Pebble of planet Meridian: barren, no sentinels",
        "planet Meridian: frozen, low sentinels",
        "Landed on a new planet in the Venture system today, we called it Brightwater. It's lush.",
        "I'd like to record the Sundervale system. Blue sun, Korvax dominated.",
        "Name: Pennant\nType: Planet\nBiome: Toxic",
        "System Quarrel\nstar green\npirate controlled",
        "Venture: conflict has gone up to medium.",
        "Kestrel's Folly has a medium conflict level, and the dominant species there is the Korvax.",
        "Ruin: Hall of Nine Doors, on Cobble. Nobody knows who built it.",
        "We surveyed two planets in Ghostlight. Planet Cinderlow is scorched with low sentinels.",
        "update Oculi: conflict is Medium now",
        "Correction: Meridian isn't temperate, its weather is humid.",
        "Bitte trage ein: Planet Sturmwacht im System Venture, Wächter: hoch",
        "just landed on a purple planet, no name, toxic rain, gonna call it Bruise",
    ],
)
def test_a_report_is_one_however_it_begins(text: str) -> None:
    assert is_handed_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "planet Meridian: is it lush?",
        "what is the weather on Meridian",
        "I would be glad to know what the climate of Nock is.",
        "systems within 2 parsecs of the Sun",
        "star colour of the system where the Grey Sleep broke out",
        "nearest system to Alpha Centauri apart from the Sun",
        "economy of New Venture",
        "weather report for Astra Minor pls",
        "record holder among all planets by mass",
        "set the economy to Mining for all systems in Sillow Deep",
        "report all planets with an impossible mass",
        "write a story about the planet Meridian: lush, old, and loved",
        "draw a map of the Oculi system, dark theme",
        "tell me when a system is added near Oculi",
        "grade all systems from S to C",
        "the disk is full",
        "",
    ],
)
def test_a_question_or_another_order_is_none(text: str) -> None:
    assert not is_handed_in(text)


@pytest.mark.parametrize("filler", ["a-", "we found ", "planet ", "record ", ": ", "\n"])
def test_a_long_text_is_looked_at_in_no_time(filler: str) -> None:
    assert is_handed_in(filler * 20_000) in (True, False)
