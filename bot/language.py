"""What the bot says, in the language of whoever reads it: English is written in the code, the others lie in catalogues.

A catalogue is a file named by Discord's locale, as `fr.toml`, or a folder of several, as `de`: in `bot/languages`, or
in the folder `languages` beside haven.toml, which goes before (docs/languages.md). Its table `names` holds the names of
commands and options; `texts` what the bot says; `sentences` what other parts of Haven say, by pattern, so that an error
of the core can be read as well; `dates` the names of months and the order of a date; `values` words of records. What a
catalogue lacks stays English.
"""

from __future__ import annotations

import logging
import re
import tomllib
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.shape import Shape
from haven.world import vocabulary

log = logging.getLogger("haven.bot")

ENGLISH = "en"
_PLACE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.!?]) +")
"""Where one sentence ends and another begins."""
_BETWEEN = (re.compile(r", |; "), re.compile(r" and "))
"""What stands between the parts of a list, and of such a part; not within brackets."""
_BRACKET = re.compile(r"[()]")
_NAMES = frozenset(
    {
        *("name", "names", "by", "title", "branch", "target", "path", "file", "files", "folder", "test", "model"),
        *("start", "end", "stops", "said", "question", "words", "risk"),
    }
)
"""Places for what is called so in every language, or was said by somebody: nobody named Reviewer is translated."""
_NOUNS = frozenset({"field", "kind"})
"""Places for nouns, one or several, that `texts` has."""
_LITTLE = 12
"""Characters of a pattern for a value: one for sentences has more."""
_LONGEST = 700
"""Characters of a sentence that is looked up by its pattern: what others write has no end."""
_DEEP = 5
"""So many sentences are looked for within each other's places."""

_DATE = re.compile(
    r"(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2,8})(?: (?P<year>\d{4}))?(?: (?:at )?(?P<time>\d{1,2}:\d\d))?"
)
_NAME = re.compile(r"[-_'\w]{1,32}")
"""What Discord takes for the name of a command or an option, in small letters."""
TABLES = ("names", "texts", "sentences", "dates", "values")
_also: list[Path] = []
"""The owner's folder of catalogues."""

_speaking: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True)
class Pattern:
    """A sentence with places for values, as `{name} may not {act}.`, and what it is in the other language."""

    shape: Shape
    template: str
    fixed: int
    """Characters that are no value's: of several patterns the one with most is meant."""


@dataclass(frozen=True)
class Catalogue:
    """One language."""

    names: Mapping[str, str]
    texts: Mapping[str, str]
    sentences: Mapping[str, str]
    dates: Mapping[str, str]
    """Months by their English names, and `{day} {month} {year}`, `{day} {month}` and `{date} at {time}`."""
    values: Mapping[str, str]
    patterns: Mapping[str, tuple[Pattern, ...]]
    """Sentences with places by their longest word; "" holds those without a word."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within, everything is said in this language, or in English where there is no catalogue of it."""
    token = _speaking.set(language)
    try:
        yield
    finally:
        _speaking.reset(token)


def speak(language: str) -> None:
    """From here on, to the end of the `speaking` around it."""
    _speaking.set(language)


def spoken() -> str:
    """The language spoken now."""
    return _speaking.get()


def language_of(locale: discord.Locale | str | None) -> str:
    """The catalogue for one of Discord's locales: `de` also serves `de-AT`; English where there is none."""
    return _language(str(locale or ENGLISH))


@lru_cache(maxsize=256)
def _language(code: str) -> str:
    return next((one for one in (code, code.partition("-")[0]) if one in languages()), ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(
        sorted({one.name.removesuffix(".toml") for place in _places() for one in place.iterdir() if _files(one)})
    )


def look_in(folder: Path) -> None:
    """Take the owner's catalogues as well: new languages, and other words for those that are there."""
    _also[:] = [folder]
    for known in (languages, _language, _catalogue):
        known.cache_clear()


def say(template: str, **values: object) -> str:
    """A text of the bot with its values, in the language spoken now. The values are put in as they are."""
    catalogue = _catalogue(_speaking.get())
    said = catalogue.texts.get(template, template) if catalogue else template
    return _filled(said, {name: str(value) for name, value in values.items()}) if values else said


def told(sentence: str) -> str:
    """What another part of Haven said, in the language spoken now; as it is where no catalogue has its pattern.

    Each line for itself, and each of its sentences where the line has no pattern; a value that has one is translated as
    well.
    """
    catalogue = _catalogue(_speaking.get())
    return "\n".join(_told(line, catalogue) for line in sentence.split("\n")) if catalogue else sentence


def worded(field: str, written: str) -> str:
    """A value of a record's field as people read it: the words of closed vocabularies, alone or in a list."""
    language = _speaking.get()
    catalogue, name = _catalogue(language), field.replace(" ", "_")
    if catalogue is None or name not in vocabulary.fields():
        return written
    said = [catalogue.values.get(one) or vocabulary.said(language, name, one) or one for one in written.split(", ")]
    return ", ".join(said)


class Translator(app_commands.Translator):
    """Names and descriptions of commands, as Discord shows them before anything is sent."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """None where it stays English: Discord then shows the command's own words."""
        catalogue = _catalogue(language_of(locale))
        if catalogue is None:
            return None
        named = app_commands.TranslationContextLocation
        is_name = context.location in {named.command_name, named.group_name, named.parameter_name}
        if not is_name:
            found = catalogue.texts.get(string.message, "")
            return found if 0 < len(found) <= 100 else None
        name = catalogue.names.get(string.message, "")
        is_menu = context.location is named.command_name and isinstance(context.data, app_commands.ContextMenu)
        fits = 0 < len(name) <= 32 if is_menu else bool(_NAME.fullmatch(name)) and name == name.lower()
        return name if fits else None  # Discord would refuse the whole list for it


def _told(line: str, catalogue: Catalogue) -> str:
    if (known := _known(line, catalogue)) is not None:
        return known
    return " ".join(_value(one, catalogue) for one in _END.split(line))


def _value(text: str, catalogue: Catalogue, between: Sequence[re.Pattern[str]] = _BETWEEN, deep: int = _DEEP) -> str:
    """A sentence or a value; of a list what is known of it, and names alone stay as they are."""
    if deep == 0:
        return text
    if (known := _known(text, catalogue, deep)) is not None or not between:
        return text if known is None else known
    head, sign, rest = text[:_LONGEST].partition(": ") if len(text) > _LONGEST else ("", "", "")
    if sign and (known := _known(head, catalogue)) is not None:  # a list that has no end, such as the stops of a route
        return f"{known}: {rest}{text[_LONGEST:]}"
    parts = _parts(between[0], text)
    found = [_value(one, catalogue, between[1:], deep) for one in parts[::2]]
    return text if found == parts[::2] else _joined(found, parts[1::2], catalogue)


def _known(text: str, catalogue: Catalogue, deep: int = _DEEP) -> str | None:
    """Word for word, as a list of which every part is known, or by its pattern, in this order; else None."""
    if text in catalogue.sentences:
        return catalogue.sentences[text]
    if (date := _DATE.fullmatch(text)) and date["month"] in catalogue.dates:
        return _dated(date.groupdict(), catalogue.dates)
    for sign in _BETWEEN:
        parts = _parts(sign, text)
        found = [one for part in parts[::2] if parts[1:] and (one := _known(part, catalogue, deep)) is not None]
        if found and len(found) == len(parts[::2]):
            return _joined(found, parts[1::2], catalogue)
    if len(text) > _LONGEST:
        return None
    several = _END.search(text)
    near = [one for word in {*_WORD.findall(text), ""} for one in catalogue.patterns.get(word, ())]
    for pattern in sorted(near, key=lambda one: one.fixed, reverse=True):
        if pattern.fixed < _LITTLE and several:
            break  # a word with another in brackets, not sentences with one
        if given := pattern.shape.match(text):
            return _filled(
                pattern.template, {name: _in_place(name, one, catalogue, deep - 1) for name, one in given.items()}
            )
    return None


def _parts(sign: re.Pattern[str], text: str) -> list[str]:
    """The parts with the signs between them."""
    if not (signs := list(sign.finditer(text))):
        return [text]
    brackets = [one.start() for one in _BRACKET.finditer(text)]
    found, end = [], 0
    for one in signs:
        after = bisect(brackets, one.start())
        if after == len(brackets) or text[brackets[after]] == "(":
            found += [text[end : one.start()], one[0]]
            end = one.end()
    return [*found, text[end:]]


def _in_place(place: str, text: str, catalogue: Catalogue, deep: int) -> str:
    """What stands in a place of a pattern."""
    if place in _NAMES:
        return text
    if place == "found":
        return worded(place, text)
    if place not in _NOUNS:
        return _value(text, catalogue, deep=deep)
    parts = re.split("(, | and )", text)
    known = [catalogue.texts.get(one) or catalogue.sentences.get(one, one) for one in parts]
    return "".join(known)


def _dated(date: Mapping[str, str | None], words: Mapping[str, str]) -> str:
    given = {name: one for name, one in date.items() if one}
    shape = "{day} {month} {year}" if "year" in given else "{day} {month}"
    said = _filled(words.get(shape, shape), given | {"month": words[given["month"]]})
    time = words.get("{date} at {time}", "{date} at {time}")
    return _filled(time, {"date": said, "time": given["time"]}) if "time" in given else said


def _joined(parts: Sequence[str], signs: Sequence[str], catalogue: Catalogue) -> str:
    said = [catalogue.sentences.get(one, one) for one in signs]
    return "".join(one + sign for one, sign in zip(parts, [*said, ""], strict=True))


def _filled(template: str, values: Mapping[str, str]) -> str:
    """By plain replacement: a value with braces in it is no format of anything."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), template)


@cache
def _catalogue(language: str) -> Catalogue | None:
    """None for English, and for a language without a file."""
    if language not in languages():
        return None
    found: dict[str, dict[str, str]] = {name: {} for name in TABLES}
    for one in (one for place in _places() for one in place.iterdir()):
        if one.name.removesuffix(".toml") == language:
            for file in _files(one):
                for table, entries in _read(file).items():
                    found[table].update(entries)
    _drop_twins(language, found["names"])
    sentences = found["sentences"]
    patterns: dict[str, list[Pattern]] = {}
    for english, other in sentences.items():
        if _PLACE.search(english):
            fixed = _PLACE.sub("|", english)
            telling = max(_WORD.findall(fixed), key=len, default="")
            patterns.setdefault(telling, []).append(Pattern(Shape.of(english), other, len(fixed)))
    by_word = {word: tuple(several) for word, several in patterns.items()}
    return Catalogue(found["names"], found["texts"], sentences, found["dates"], found["values"], by_word)


def _drop_twins(language: str, names: dict[str, str]) -> None:
    """Discord would refuse the whole list of commands where two have one name: both stay English."""
    often = Counter(names.values())
    for name in [name for name, other in names.items() if often[other] > 1]:
        log.warning("two commands or options are called %r in %s, so %r stays English", names[name], language, name)
        del names[name]


def _places() -> list[Traversable]:
    """Where catalogues lie, the owner's last: what it says holds."""
    return [files("bot.languages"), *(one for one in _also if one.is_dir())]


def _read(file: Traversable) -> dict[str, dict[str, str]]:
    """The tables of a file, each text a text; a file that can't be read holds nothing, and the log says why."""
    try:
        data = _parsed(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        log.warning("the words in %s can't be read, so they stay English: %s", file.name, error)
        return {}
    tables = {name: entries for name, entries in data.items() if name in TABLES and isinstance(entries, dict)}
    return {
        name: {key: one for key, one in entries.items() if isinstance(one, str)} for name, entries in tables.items()
    }


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, Any]:
    """For reading alone: a bot that comes back looks at every file again, and most say what they said."""
    return tomllib.loads(text)


def _files(there: Traversable) -> list[Traversable]:
    """The files of a catalogue, by name; nothing where it is none."""
    found = there.iterdir() if there.is_dir() else [there]
    return sorted((one for one in found if one.name.endswith(".toml")), key=lambda one: one.name)
