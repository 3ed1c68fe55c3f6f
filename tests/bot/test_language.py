"""The bot speaks the language of whoever asks; what a catalogue lacks stays English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

import bot.languages
from assistants.table.transcript import Move
from bot.language import ENGLISH, language_of, languages, look_in, say, speaking, told, worded
from bot.render import plain
from bot.render_changes import review_card
from bot.render_talk import pages
from bot.shape import Shape
from haven.access import Principal, Role
from haven.changes.states import State
from haven.store.changes import Change
from haven.store.transcripts import Said
from haven.world.schema import Lore, Point, System
from tests.changes.test_review import REVIEW

from .conftest import GREEN, World, buttons, parts_of, shown_to, text_of


async def test_a_refusal_is_read_in_the_language_of_whoever_met_it(world: World, locales: dict[int, str]) -> None:
    locales[world.stranger.id] = "de"
    refused = text_of((await world.stranger.slash(world.channel, "changes")).response)
    assert refused.startswith("### Das hat nicht geklappt\n") and "Dazu braucht es die Rolle Mitglied" in refused
    assert "**Was hilft**\nBitte den Besitzer" in refused and "-# Fehler " in refused


async def test_what_everybody_reads_is_in_the_language_of_the_server(world: World, locales: dict[int, str]) -> None:
    """And stays so when it is drawn anew; what only the asker sees, errors too, is in theirs."""
    here, member = world.channel, world.member
    locales[member.id] = locales[world.reviewer.id] = "de"
    found = await member.slash(here, "lore", text="Salz")
    assert not found.ephemeral and "Nothing in the lore" in text_of(found.response)
    answer = (await member.slash(here, "ask", text="What does the map show?")).response
    assert "lokal" not in text_of(answer) and "local · " in text_of(answer)
    modal = await member.slash(here, "submit", kind="system")
    draft = (await member.submit_modal(modal, {"name": "Farlight"})).response
    assert buttons(draft) == {"Approve": True, "Reject": True} and "Draft: system Farlight" in text_of(draft)
    refused = await member.slash(here, "system", name="Nirgends")
    assert "Das hat nicht geklappt" in text_of(shown_to(refused)) and shown_to(refused).ephemeral
    asked = await member.submit_modal(await member.slash(here, "submit"), {"text": "Planet Nameless Rock is lush."})
    assert "Noch ist nichts vorgeschlagen" in text_of(shown_to(asked)) and shown_to(asked).ephemeral
    whispered = await member.slash(here, "ask", text="What does the map show?", private=True)
    assert "lokal" in text_of(whispered.response)


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
    world.bot.get_guild(world.guild.id).preferred_locale = discord.Locale.german
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
    put = [
        System(name="Oculi", position=Point(x=1, y=2, z=3), star="Yellow", economy="Mining", sentinels="Low"),
        System(name="Rand", position=Point(x=4, y=2, z=3)),
        Lore(name="Das Salz", text="Es brennt."),
    ]
    await world.house.world.put(put, Principal("discord:1", "Olga", Role.OWNER, "bot"), "test")
    system = text_of((await member.slash(here, "system", name="Oculi")).response)
    assert "**Stern:** Gelb" in system and "**Wirtschaft:** Bergbau" in system
    texts["Oculi"] = system
    read("/nearest", (await member.slash(here, "nearest", to="Oculi")).response)
    for jump in ({}, {"jump": 9}, {"jump": 1}):
        read("/route", (await member.slash(here, "route", start="Oculi", end="Rand", **jump)).response)
    read("/digest", (await member.slash(here, "digest")).response)
    read("/watch", shown_to(await member.slash(here, "watch", text="neue Systeme nahe Oculi")))
    read("/watch", shown_to(await member.slash(here, "watch")))
    for told_ in ("Planet Nirgendwo ist üppig.", "System Fern bei 9, 9, 9"):
        modal = await member.slash(here, "submit")
        result = await member.submit_modal(modal, {"text": told_})
        read("/submit", result.response or shown_to(result))
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


LEGS = " → Low (+20 ly)" * 70
CORE = {
    "3 jumps from Salt and Stone to Rim, with jumps of at most 60 units: Salt and Stone → A (+20 ly) → Rim (+3.2 ly)."
    " In all 23.2 ly, the longest jump 20 ly.": "3 Sprünge von Salt and Stone nach Rim, mit Sprüngen von höchstens 60"
    " Einheiten: Salt and Stone → A (+20 ly) → Rim (+3.2 ly). Zusammen 23.2 ly, der weiteste Sprung 20 ly.",
    f"40 jumps from A to Rim, over recorded links: A{LEGS}": f"40 Sprünge von A nach Rim, über eingetragene"
    f" Verbindungen: A{LEGS}",
    "There is no route from A to B with jumps of 3 units. The shortest jump range that gets there is 7 units."
    " (2 have no position and so no distance (X, Y).)": "Von A nach B führt kein Weg mit Sprüngen von 3 Einheiten."
    " Die kleinste Sprungweite, die hinführt, ist 7 Einheiten."
    " (2 haben keine Position und so keine Entfernung (X, Y).)",
    "You are told once, here, of each new discovery (ruin) by Olga in the region Oculi.": "Du erfährst einmal, hier,"
    " von: jedes neue: Entdeckung (Ruine) von Olga in der Region Oculi.",
    "Far: what is known of its star, economy and portal glyphs or its position?": "Far: Was ist davon bekannt: Stern,"
    " Wirtschaft und Portalglyphen oder Position?",
    "No system is called 'Oculli', so it would be new: or is it Oculi (system-1)?": "Nichts heißt hier 'Oculli'"
    " (System), es wäre also neu: oder ist es Oculi (system-1)?",
    "The world from 15 March to 2 May 2026": "Die Welt vom 15. März bis zum 2. Mai 2026",
    "Ann switched the cloud off on 22 December at 03:24": "Ann hat die Cloud am 22. Dezember um 03:24 abgeschaltet",
    "The Treaty of 2 May": "The Treaty of 2 May",
}


@pytest.mark.parametrize("english", CORE)
def test_what_the_core_says_of_places_dates_and_doubts_is_german(english: str) -> None:
    with speaking("de"):
        assert told(english) == CORE[english]


def test_words_of_records_are_read_through_the_vocabulary_and_no_others() -> None:
    with speaking("de"):
        told = [worded("star", "Yellow"), worded("materials", "Copper, Salt, Own Stuff"), worded("economy", "Mining")]
        assert told == ["Gelb", "Kupfer, Salz, Own Stuff", "Bergbau"]
        assert (worded("sentinels", "None"), worded("name", "Yellow"), worded("notes", "High")) == (
            "keine",
            "Yellow",
            "High",
        )
    assert worded("star", "Yellow") == "Yellow"


FRENCH = """
[names]
watch = "surveiller"
Nobody = "ignored"
lore = "Deux Mots"
map = "montrer"
status = "montrer"
[texts]
"That did not work" = "Cela n'a pas marché"
"Show how Haven is doing" = "Montrer comment va Haven"
"Error {id}" = "Erreur {id}"
[sentences]
"{name} may not {act}: that needs the role {role}." = "{name} n'a pas le droit de faire cela ; il faut le rôle {role}."
[dates]
"{day} {month} {year}" = "{day} {month} {year}"
May = "mai"
[values]
Yellow = "jaune"
"""


async def test_another_language_joins_by_one_file_beside_the_owners_settings(
    world: World, locales: dict[int, str]
) -> None:
    folder = world.house.settings.paths.config_dir / "languages"
    folder.mkdir(parents=True)
    (folder / "fr.toml").write_text(FRENCH, "utf-8")
    (folder / "de.toml").write_text('[texts]\n"Error {id}" = "Kennung {id}"\n', "utf-8")
    (folder / "es-ES.toml").write_text("this is = no TOML [", "utf-8")
    try:
        await world.env.restart_bot(world.build())
        assert {"de", "fr", "es-ES"} <= set(languages())
        locales[world.stranger.id] = "fr"
        said = text_of((await world.stranger.slash(world.channel, "changes")).response)
        assert "### Cela n'a pas marché\nstranger n'a pas le droit" in said and "-# Erreur " in said
        assert "**What to do**" in said, "what the file lacks stays English"
        locales[world.stranger.id] = "de-AT"
        said = text_of((await world.stranger.slash(world.channel, "changes")).response)
        assert "Das hat nicht geklappt" in said and "-# Kennung " in said, "the owner's words go before"
        with speaking("fr"):
            assert (told("2 May 2026"), worded("star", "Yellow")) == ("2 mai 2026", "jaune")
        translator, own = world.bot.tree.translator, discord.Object(world.guild.id)
        assert translator is not None
        several = world.bot.tree.get_commands(guild=own) + world.bot.tree.get_commands()
        made = {one.name: await one.get_translated_payload(world.bot.tree, translator) for one in several}
        assert made["watch"]["name_localizations"]["fr"] == "surveiller"
        assert made["status"]["description_localizations"]["fr"] == "Montrer comment va Haven"
        for name in ("lore", "map", "status"):
            assert "fr" not in made[name]["name_localizations"], "Discord takes no name of two words, and none twice"
    finally:
        look_in(folder / "nowhere")
    assert "fr" not in languages()


SENTENCES = [
    "It shows the map (north): 3 lines added, 1 removed.",
    "Waiting",
    "Nothing was done.",
    "The tests are in order: 4 passing.",
]


@pytest.mark.parametrize("words", SENTENCES)
def test_what_people_and_models_say_stays_as_it_is(words: str) -> None:
    """Though it be a sentence that Haven says as well."""
    asked = Said("a" * 16, Move.ASKS, "Waiting", "round table", "discord:1", words=words, at=1.0)
    about = {"kind": "fix", "title": "T", "request": "R", "assistant": "scribe", "face": "bot", "target": "main"}
    about |= {"requester": "discord:1", "requester_name": "Ann", "state": State.QUEUED}
    change = Change(id="abc123", key="k", reasons=[], **about)
    planned = replace(change, state=State.AWAITING_PLAN, plan={"written": {"steps": [words], "risk": words}})
    written = replace(REVIEW, summary={"text": words, "by": "claude-x"})
    rejected = replace(change, state=State.REJECTED, reason=words)
    with speaking("de"):
        said = [pages([replace(asked, move=move)], lambda name: None)[0] for move in Move]
        said.append(review_card(replace(change, state=State.REVIEW), written).description or "")
        said.append(str(review_card(rejected, None).fields[0].value))
        said.append(str(review_card(planned, None).fields[0].value))
        assert told(words) != words, "it is in the catalogue"
    assert all(plain(words, 500) in one for one in said) and all("**Waiting**" in one for one in said[: len(Move)])


GERMAN = Path(bot.languages.__file__).parent / "de"
PLACE = re.compile(r"\{(\w+)\}")


def sentences() -> list[str]:
    found = [one for file in GERMAN.glob("*.toml") for one in tomllib.loads(file.read_text()).get("sentences", ())]
    return [one for one in found if PLACE.search(one)]


def test_a_sentence_is_found_with_the_values_that_were_put_in() -> None:
    for sentence in sentences():
        given = {name: str(number) for number, name in enumerate(dict.fromkeys(PLACE.findall(sentence)), 11)}
        assert Shape.of(sentence).match(PLACE.sub(lambda place, given=given: given[place[1]], sentence)) == given
    assert Shape.of("{who} is {what}.").match("Ann is what is is.") == {"who": "Ann", "what": "what is is"}
    assert Shape.of("{count} of {what}").match("Some of it") is None, "a count is digits"
    assert Shape.of("{a} or {a}").match("one or two") is None and Shape.of("{a}").match("") is None


def test_no_words_of_others_make_the_bot_stand_still() -> None:
    """Of each sentence the middle parts over and over, as if it were it, and an end that is none.

    Where all ways to read it were tried, this would not end today.
    """
    for sentence in sentences():
        first, *middle, last = re.split(r"\{\w+\}", sentence)
        text = f"{first}1" + "".join(f"{part}1" * 3_000 for part in middle)
        assert Shape.of(sentence).match(f"{text}~") is None or not last
        Shape.of(sentence).match(text + last)
    with speaking("de"):
        for text in ("a, " * 1_300, "(, " * 1_300, "1 file and " * 60, "x (y): " * 99, "1,1 " * 170):
            assert told(text)
