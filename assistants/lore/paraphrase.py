"""Other words for the same: how well a word of a text stands for a word of a question (paraphrases.toml).

Wider than haven.world.words, since here a whole sentence and the kind of answer speak for it as well.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from haven.world.words import Word, is_stop, mean_the_same, meanings, plain, word_set

_NAMING = word_set("named called calls calling naming christened dubbed genannt nannte heisst")
"""Who was named, and what was called so: a name by itself says nothing of it."""
SAME, ALIKE = 1.0, 0.95
_ENDINGS = (
    *("atory", "ature", "ation", "ition", "ment", "ance", "ence", "ness", "ion", "ity", "ure", "ery", "ing"),
    *("ist", "ive", "ful", "al", "er", "or", "ly", "y"),
)
LEAST_STEM = 4
_MADE = r"\b(?:made|built|constructed|composed|carved|cut|woven|forged|baked|consists?)(?: up| out)? (?:of|from)\b"
_OF_WHAT = re.compile(rf"{_MADE}|\bof (?:what|which) materials?\b|\b(?:what|which) materials?\b|\bworaus\b|\baus was\b")
_MADE_OF = re.compile(
    rf"{_MADE}|\b(?:an?|the) (?:\w+ )?(?:ring|wall|disc|tower|row|loaf|block|piece|sheet|bed|column) of \w+"
)
LEAST_ADVERB = 6
_OF_DOING = "do_"
"""Of these groups also a word that says little, as `taken` of a census, stands for the others."""


def likeness(word: Word, asked: str) -> float:
    """How well this word of a text says what the folded word `asked` asks for: SAME, ALIKE or 0."""
    return alike(word.bare, asked) or (alike(word.folded, asked) if word.folded != word.bare else 0.0)


@lru_cache(maxsize=32_768)
def alike(said: str, asked: str) -> float:
    """The same of two folded words. Each word that is new in a question makes a pair with every word of the lore."""
    if asked in _NAMING:
        return SAME if said in _NAMING else 0.0
    if mean_the_same(said, asked):
        return SAME
    if said in _values(asked):
        return ALIKE
    shared = _groups(said) & _groups(asked)
    if is_light(said) or is_stop(said):
        return ALIKE if any(one.startswith(_OF_DOING) for one in shared) else 0.0
    if shared:
        return ALIKE
    return ALIKE if not _stems(said).isdisjoint(_stems(asked)) else 0.0


@cache
def _light() -> frozenset[str]:
    return word_set(_read()["light"])


def is_light(folded: str) -> bool:
    """Whether a word says so little in a question that no sentence needs to hold it."""
    return folded in _light() or (folded.endswith("ly") and len(folded) >= LEAST_ADVERB and not _groups(folded))


def is_common(folded: str) -> bool:
    """Whether it is a word of the language, and so no name by itself."""
    return bool(_groups(folded)) or is_light(folded)


@lru_cache(maxsize=65_536)
def said_by_phrases(text: str) -> Mapping[str, str]:
    """The words that phrases of a folded text stand for, each with its phrase."""
    padded = f" {text} "
    found = {word: one for word, some in _read()["phrases"].items() for one in some if f" {one} " in padded}
    if match := _OF_WHAT.search(text):
        found["material"] = match[0]
    return found


def says_of_what(text: str) -> bool:
    """Whether a folded sentence tells what something is made of, as `a ring of stone` does."""
    return _MADE_OF.search(text) is not None


@lru_cache(maxsize=65_536)
def opposites(folded: str) -> tuple[str, ...]:
    """What answers a question of yes or no with no: `was she found` by `she was lost`."""
    known = {folded, plain(folded)} | meanings(folded) | _groups(folded)
    return tuple(word for name, line in _read()["opposite"].items() if name in known for word in line.split())


@lru_cache(maxsize=65_536)
def others(folded: str) -> tuple[str, ...]:
    """What else a sentence may say for a word of a question, to search for."""
    lines = (line for name, line in _lines() if name in _groups(folded))
    return tuple(dict.fromkeys(word for line in lines for word in line if word != folded))


@lru_cache(maxsize=65_536)
def _groups(folded: str) -> frozenset[str]:
    return frozenset(name for form in _forms(folded) for name in _known().get(form, ()))


def _forms(folded: str) -> set[str]:
    """As it is and plain, without a last e, which the plain form of a regular word does not keep."""
    return {folded, plain(folded), plain(folded).removesuffix("e")}


@lru_cache(maxsize=65_536)
def _stems(folded: str) -> frozenset[str]:
    """A word without its ending: `signer` and `signature` are of `sign`."""
    form = plain(folded)
    bare = (form.removesuffix(one) for one in _ENDINGS if form.endswith(one))
    many = (folded.removesuffix("es"), folded) if folded.endswith("es") else (folded,)
    return frozenset({form, *many, *(one for one in bare if len(one) >= LEAST_STEM)})


@lru_cache(maxsize=65_536)
def _values(asked: str) -> frozenset[str]:
    """What answers a word such as `colour`."""
    asked_of = {asked, plain(asked)} | meanings(asked) | _groups(asked)
    lines = (line for name, line in _read()["values"].items() if not asked_of.isdisjoint({name, f"={name}"}))
    return frozenset(word for line in lines for word in line.split())


@cache
def _known() -> dict[str, frozenset[str]]:
    """The groups of each word, in its own form and its plain one."""
    known: dict[str, frozenset[str]] = {}
    for name, line in _lines():
        for form in {form for word in line for form in _forms(word)}:
            known[form] = known.get(form, frozenset()) | {name}
    return known


@cache
def _lines() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(line.split())) for name, line in _read()["alike"].items())


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(resources.files("assistants.lore").joinpath("paraphrases.toml").read_text(encoding="utf-8"))
