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
