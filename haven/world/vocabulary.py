"""The closed vocabularies (vocabulary.toml): which words a field knows, and in which form they are kept."""

from __future__ import annotations

import difflib
import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from haven.world.schema import Found, Thing
from haven.world.words import fold

FOUND = "found"
"""The field of the ten kinds of discoveries: its words come from the schema."""
ANY = "any"
ADJECTIVE_ENDINGS = ("", "e", "en", "er", "es", "em")
NOUN_ENDINGS = ("", "s", "es", "n", "en", "e", "er", "ern")
SHORT = 2
"""Letters of a form that is too short to be one: `od` is no barren planet."""
ALIKE = 0.86
"""How alike a misspelt word must be, 0 to 1; by the misspellings of real materials, the nearest wrong ones are .84."""


def fields() -> tuple[str, ...]:
    """The fields that have a closed vocabulary."""
    return (*_table()["words"], FOUND)


def words(field: str) -> tuple[str, ...]:
    """The words of a field as they are kept; none where the field has no vocabulary."""
    if field == FOUND:
        return tuple(kind.value for kind in Found)
    return tuple(_table()["words"].get(field, ()))


@lru_cache(maxsize=16_384)
def known(field: str, word: str) -> str:
    """The form in which the vocabulary keeps a word or its synonym, whatever its case; "" where it has neither."""
    return _forms(field).get(_key(word), "")


@lru_cache(maxsize=16_384)
def nearest(field: str, word: str) -> str:
    """The word that a misspelling most likely means; "" where none is alike enough."""
    forms = _forms(field)
    found = difflib.get_close_matches(_key(word), forms, n=1, cutoff=ALIKE)
    return forms[found[0]] if found else ""


@cache
def german() -> dict[str, tuple[tuple[str, str], ...]]:
    """What each folded German form stands for: field and word (german.toml); the field "" is any."""
    own: dict[str, dict[tuple[str, str], None]] = {}
    other: dict[str, dict[tuple[str, str], None]] = {}
    for field, table in _german().items():
        for word, line in table.items():
            for said in line.split(", "):
                meant = ("" if field == ANY else field, word)
                own.setdefault(fold(said), {})[meant] = None
                for form in (one for one in _declined(said) if len(one) > SHORT):
                    other.setdefault(form, {})[meant] = None
    return {form: tuple(own.get(form, meant)) for form, meant in other.items()}  # `Eisen` is no form of `Eis`


def said(language: str, field: str, word: str) -> str:
    """What people who speak it call a word of a closed vocabulary, as `Gelb`; "" where that is not on record.

    Only German (`de`) is. A phrase would have to be declined: of those the nouns alone are known.
    """
    tables = _german() if language == "de" else {}
    line = tables.get(field, {}).get(word) or tables.get(ANY, {}).get(word) or ""
    first = line.split(", ")[0]
    if not first or (" " in first and first[0].islower()):
        return ""
    return first[0].upper() + first[1:] if word[0].isupper() else first


def _declined(said: str) -> set[str]:
    """The folded forms of a German word or phrase: `rot` is `rote` and `rotem`, `Ruine` `Ruinen`."""
    forms = [""]
    for word in said.split():
        stem = word.removesuffix("e") if word[0].islower() else word
        endings = NOUN_ENDINGS if word[0].isupper() else ADJECTIVE_ENDINGS
        forms = [f"{before} {stem}{ending}" for before in forms for ending in endings]
    return {fold(form) for form in (*forms, said)}


def misspelt(thing: Thing, *only: str) -> list[tuple[str, str, str]]:
    """Field, word and what that word most likely means, where a closed field holds a slip of typing.

    `only`: these fields alone. Words that resemble none of the vocabulary are a community's own, and no slips.
    """
    found = []
    for field in fields():
        value = getattr(thing, field, "") if not only or field in only else ""
        for word in value if isinstance(value, tuple) else (str(value),):
            if word and not known(field, word) and (meant := nearest(field, word)):
                found.append((field, word, meant))
    return found


@cache
def _forms(field: str) -> dict[str, str]:
    """Every spelling that is known, and its form."""
    forms = {_key(word): word for word in words(field)}
    for form, others in _table()["synonyms"].get(field, {}).items():
        for other in others:
            forms.setdefault(_key(other), form)
    return forms


def _key(word: str) -> str:
    """An emoji has no letters: it stays, but for the invisible mark that asks for its coloured picture."""
    return fold(word.replace("\ufe0f", ""))


@cache
def _table() -> dict[str, Any]:
    file = resources.files("haven.world") / "vocabulary.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def _german() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("haven.world") / "german.toml").read_text(encoding="utf-8"))
