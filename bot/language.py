"""What the bot says, in the language of whoever reads it: English is written in the code, the others lie in catalogues.

A catalogue is a file of `bot/languages` named by Discord's locale, as `fr.toml`, or a folder of several, as `de`. Its
table `names` holds the names of commands and options; `texts` holds what the bot says; `sentences` holds what other
parts of Haven say, by pattern, so that an error of the core can be read as well. What a catalogue lacks stays English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import discord
from discord import app_commands

ENGLISH = "en"
_PLACE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.!?]) +")
"""Where one sentence ends and another begins."""
_BETWEEN = (re.compile(r"(, |; )(?![^()]*\))"), re.compile(r"( and )(?![^()]*\))"))
"""What stands between the parts of a list, and of such a part; not within brackets."""
_NAMES = frozenset({"name", "names", "by", "title", "branch", "path", "model"})
"""Places for what is called so in every language: nobody named Reviewer is translated."""
_LONGEST = 700
"""Characters of a sentence that is looked up by its pattern: what others write has no end."""

_speaking: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True)
class Pattern:
    """A sentence with places for values, as `{name} may not {act}.`, and what it is in the other language."""

    shape: re.Pattern[str]
    template: str
    fixed: int
    """Characters that are no value's: of several patterns the one with most is meant."""


@dataclass(frozen=True)
class Catalogue:
    """One language."""

    names: Mapping[str, str]
    texts: Mapping[str, str]
    sentences: Mapping[str, str]
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


def language_of(locale: discord.Locale | str | None) -> str:
    """The catalogue for one of Discord's locales: `de` also serves `de-AT`; English where there is none."""
    code = str(locale or ENGLISH)
    return next((one for one in (code, code.partition("-")[0]) if one in languages()), ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted({one.name.removesuffix(".toml") for one in files("bot.languages").iterdir() if _files(one)}))


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
        return (catalogue.names if is_name else catalogue.texts).get(string.message)


def _told(line: str, catalogue: Catalogue) -> str:
    if (known := _known(line, catalogue)) is not None:
        return known
    return " ".join(_value(one, catalogue) for one in _END.split(line))


def _value(text: str, catalogue: Catalogue, between: Sequence[re.Pattern[str]] = _BETWEEN) -> str:
    """A sentence or a value; of a list what is known of it, and names alone stay as they are."""
    if (known := _known(text, catalogue)) is not None or not between:
        return text if known is None else known
    parts = between[0].split(text)
    found = [_value(one, catalogue, between[1:]) for one in parts[::2]]
    return text if found == parts[::2] else _joined(found, parts[1::2], catalogue)


def _known(text: str, catalogue: Catalogue) -> str | None:
    """Word for word, as a list of which every part is known, or by its pattern, in this order; else None."""
    if text in catalogue.sentences:
        return catalogue.sentences[text]
    for sign in _BETWEEN:
        parts = sign.split(text)
        found = [one for part in parts[::2] if parts[1:] and (one := _known(part, catalogue)) is not None]
        if found and len(found) == len(parts[::2]):
            return _joined(found, parts[1::2], catalogue)
    if len(text) > _LONGEST:
        return None
    near = [one for word in {*_WORD.findall(text), ""} for one in catalogue.patterns.get(word, ())]
    for pattern in sorted(near, key=lambda one: one.fixed, reverse=True):
        if match := pattern.shape.fullmatch(text):
            given = match.groupdict()
            values = {name: one if name in _NAMES else _value(one, catalogue) for name, one in given.items()}
            return _filled(pattern.template, values)
    return None


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
    found: dict[str, dict[str, str]] = {"names": {}, "texts": {}, "sentences": {}}
    for one in files("bot.languages").iterdir():
        if one.name.removesuffix(".toml") == language:
            for file in _files(one):
                for table, entries in tomllib.loads(file.read_text("utf-8")).items():
                    found[table].update(entries)
    sentences = found["sentences"]
    patterns: dict[str, list[Pattern]] = {}
    for english, other in sentences.items():
        if _PLACE.search(english):
            fixed = _PLACE.sub("|", english)
            telling = max(_WORD.findall(fixed), key=len, default="")
            patterns.setdefault(telling, []).append(Pattern(_shape(english), other, len(fixed)))
    by_word = {word: tuple(several) for word, several in patterns.items()}
    return Catalogue(found["names"], found["texts"], sentences, by_word)


def _shape(english: str) -> re.Pattern[str]:
    """A place that comes twice must hold the same both times."""
    seen: set[str] = set()
    parts = []
    for index, part in enumerate(_PLACE.split(english)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


def _files(there: Traversable) -> list[Traversable]:
    """The files of a catalogue, by name; nothing where it is none."""
    found = there.iterdir() if there.is_dir() else [there]
    return sorted((one for one in found if one.name.endswith(".toml")), key=lambda one: one.name)
