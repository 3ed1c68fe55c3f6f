"""The bot speaks the language of whoever asks; what a catalogue lacks stays English."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import discord
import pytest

import bot
from bot.language import ENGLISH, language_of, languages, say, speaking, told

from .conftest import World, text_of

PLACE = re.compile(r"\{(\w+)\}")
CATALOGUES = sorted((Path(bot.__file__).parent / "languages").rglob("*.toml"))


async def test_a_refusal_is_read_in_the_language_of_whoever_met_it(world: World, locales: dict[int, str]) -> None:
    locales[world.stranger.id] = "de"
    refused = text_of((await world.stranger.slash(world.channel, "changes")).response)
    assert refused.startswith("### Das hat nicht geklappt\n") and "Dazu braucht es die Rolle Mitglied" in refused
    assert "**Was hilft**\nBitte den Besitzer" in refused and "-# Fehler " in refused


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        (discord.Locale.german, "de"),
        ("en-US", ENGLISH),
        ("ja", ENGLISH),
        (None, ENGLISH),
    ],
)
def test_a_language_without_a_catalogue_is_english(locale: discord.Locale | str | None, language: str) -> None:
    assert language_of(locale) == language


def test_values_are_put_in_as_they_are() -> None:
    with speaking("de"):
        assert say("Error {id}", id="{id} {0}") == "Fehler {id} {0}"
        assert say("Nobody wrote this in German: {what}", what=3) == "Nobody wrote this in German: 3"
    assert say("Error {id}", id=7) == "Error 7"


def test_a_sentence_of_the_core_is_known_by_its_pattern() -> None:
    sentence = "Ann may not ask the assistants: that needs the role member."
    with speaking("de"):
        assert told(sentence).startswith("Ann darf das nicht")
        assert told(f"{sentence}\nUnknown words.").endswith("\nUnknown words.")
    assert told(sentence) == sentence


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_keeps_every_place_for_a_value(path: Path) -> None:
    assert path.stem in languages() or path.parent.name in languages()
    found = tomllib.loads(path.read_text("utf-8"))
    for table in ("texts", "sentences"):
        for english, other in found.get(table, {}).items():
            assert set(PLACE.findall(english)) >= set(PLACE.findall(other)) and other.strip(), english
