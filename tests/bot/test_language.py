"""The bot speaks the language of whoever asks; what a catalogue lacks stays English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest

from bot.language import ENGLISH, language_of, say, speaking, told

from .conftest import GREEN, World, parts_of, shown_to, text_of


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


def test_lists_are_read_part_by_part_and_names_stay_names() -> None:
    with speaking("de"):
        assert told("4 passing, 1 new failing").endswith("1 neu und rot")
        assert told("rules: logs and errors, routes") == "Regeln: Protokolle und Fehler, Routen"
        assert told("Salt and Stone") == "Salt and Stone"
        assert told("owner may not end a watch: that needs the role member.").startswith("owner darf das nicht (eine B")
        red = "Its tests are not in order: 3 regressed (passed before, fails now), 1 removed (ran before, gone now)."
        assert "3 verschlechtert (vorher bestanden, jetzt rot), 1 entfernt (lief" in told(red)
        takes = "Approve merges it into main and takes two taps, because of the risk; tweak it for another round, or"
        assert told(f"{takes} reject it. Its risk takes 2 approvals by different people.") == (
            "Freigeben: übernimmt sie in main und braucht zwei Klicks, wegen des Risikos; bessere sie für eine weitere"
            " Runde nach oder lehne sie ab. Ihr Risiko braucht noch 2 Freigaben von verschiedenen Personen."
        )
        assert told("It adds 1 file and changes 2 files (a.py): 3 lines added, 0 removed. No test is touched.") == (
            "Sie legt 1 Datei an und ändert 2 Dateien (a.py): 3 Zeilen hinzu, 0 weg. Kein Test ist berührt."
        )


ENGLISH_WORDS = re.compile(
    r"\b(the|and|of|is|are|your|you|with|change|changes|which|what|this|that|who|nothing|asked|waits|running|page|since"
    r"|model|merged|round|cost|approve|again|free|open|old)\b",
    re.IGNORECASE,
)
KEPT_NAME = "somebody who left"
COMMAND = re.compile(r"[-_'\w]{1,32}")


async def test_a_german_member_reads_german_wherever_they_go(world: World, locales: dict[int, str]) -> None:
    """From names of commands to cards, buttons, forms, pages and errors; people's words are German here, too."""
    here, member = world.channel, world.member
    locales[member.id] = locales[world.reviewer.id] = "de"
    translator = world.bot.tree.translator
    assert translator is not None
    for place in (None, discord.Object(world.guild.id)):
        commands = world.bot.tree.get_commands(guild=place)
        _check_names([await one.get_translated_payload(world.bot.tree, translator) for one in commands])
    texts: dict[str, str] = {}

    def read(where: str, *shown: Any) -> None:
        for one in shown:
            labels = (str(part.get("label", "")) for part in parts_of(one))
            options = (str(option["label"]) for part in parts_of(one) for option in part.get("options", ()))
            texts[where] = "\n".join([texts.get(where, ""), text_of(one), *labels, *options])

    world.local.pieces = ["Oculi liegt am Rand. " * 20 + "\n\n"] * 12
    read("/ask", (await member.slash(here, "ask", text="Wo liegt Oculi?")).response)
    asked = await member.slash(here, "feature", text="Karte als PNG speichern")
    read("/feature", shown_to(asked))
    change = (await world.house.changes.list(limit=1))[0]
    tests = GREEN | {"one_line": "4 passing, 1 new"}
    change = await world.reviewed(change, tests, summary="Speichert die Karte.")
    read("/changes", shown_to(await member.slash(here, "changes")))
    card = shown_to(await world.reviewer.slash(here, "review", id=change.id))
    read("review", card)
    form = await world.reviewer.click(card, label="Ablehnen")
    texts["form"] = "\n".join(_words(form.modal))
    texts["/submit"] = "\n".join(_words((await member.slash(here, "submit", kind="lore")).modal))
    read("/tweak", shown_to(await member.slash(here, "tweak", id=change.id, words="Größer", at="viewer.py:99")))
    read("error", shown_to(await member.slash(here, "review", id="ffffff")))
    for name in ("costs", "models", "privacy", "status", "health", "watch", "digest", "changes", "roundtable"):
        read(f"/{name}", shown_to(await member.slash(here, name)))
    read("/approve", shown_to(await world.reviewer.slash(here, "approve")))
    read("/lore", shown_to(await member.slash(here, "lore", text="Salz")))
    read("/system", shown_to(await member.slash(here, "system", name="Nirgends")))
    lines = [(where, line) for where, text in texts.items() for line in text.splitlines()]
    assert not [one for one in lines if ENGLISH_WORDS.search(one[1].replace(KEPT_NAME, ""))]


def _check_names(several: list[dict[str, Any]]) -> None:
    """Commands, options or choices beside each other, and all that lies in them."""
    names = [one["name_localizations"]["de"] for one in several]
    assert len(set(names)) == len(names)
    for one, name in zip(several, names, strict=True):
        if "value" in one:  # a choice
            assert len(name) <= 100
        elif one.get("type") != discord.AppCommandType.message.value or "description" in one:
            assert COMMAND.fullmatch(name) and name == name.lower(), name
            assert 0 < len(one["description_localizations"]["de"]) <= 100, name
        _check_names(one.get("options", []))
        _check_names(one.get("choices", []))


def _words(found: Any) -> Iterator[str]:
    """What a modal shows."""
    if isinstance(found, list):
        for one in found:
            yield from _words(one)
    elif isinstance(found, dict):
        yield from (str(found[name]) for name in ("title", "label", "description", "placeholder") if found.get(name))
        yield from _words([one for one in found.values() if isinstance(one, dict | list)])
