"""Words as they are matched: folded, in their plain form, and with what means the same (words.toml)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from haven.quoting import clean

_APOSTROPHE = re.compile("['’ʼ`´]")
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_SPECIAL = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
# Small letters of Greek and Cyrillic that nobody tells from Latin ones (Unicode's confusables.txt), capitals folded.
_LOOKALIKES = str.maketrans("аеорсухіјѕкмтнвһԁԛԝαεικνορτυχημβζ", "aeopcyxijskmthbhdqwaeikvoptuxhmbz")
_OTHERS = re.compile("[\u0370-\u052f]")
MOST_KEPT = 500
"""Characters of a name whose folded form is kept: what is longer is a text, and thousands of those fill the memory."""
_POSSESSIVE = re.compile("['’]s$")
_VOWEL = re.compile("[aeiouy]")
_GERMAN_WORDS = (
    "wer wie wo wann warum wieso welche welcher welches der das dem ist sind von und uber gibt wurde wurden hatte"
)
_GERMAN = frozenset(_GERMAN_WORDS.split())


@dataclass(frozen=True)
class Word:
    """A word where it stands in a text; `folded` as in a folded name, `bare` without a possessive s."""

    start: int
    end: int
    text: str
    folded: str
    bare: str

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()

    @property
    def number(self) -> bool:
        return self.text[:1].isdigit()


def fold(name: str) -> str:
    """The name as it is compared: lower case, no accents, letters and digits apart, the rest one space.

    `TRAPPIST-1e`, `Trappist 1 E` and `trappist1e` are the same, and so is a word that hides letters of another script
    among Latin ones. What has neither letters nor digits stays as it is.
    """
    return _kept(name) if len(name) <= MOST_KEPT else _folded(name)


@lru_cache(maxsize=65_536)
def _kept(name: str) -> str:
    return _folded(name)


def _folded(name: str) -> str:
    if name.isascii():
        plain = (name if name.isprintable() else clean(name)).lower()
    else:
        pieces = unicodedata.normalize("NFKD", clean(name)).casefold().translate(_SPECIAL)
        plain = "".join(one for one in pieces if not unicodedata.combining(one))
        if _OTHERS.search(plain):
            plain = _PIECE.sub(_unmasked, plain)
    return " ".join(_PIECE.findall(_APOSTROPHE.sub("", plain)) or plain.split())


def _unmasked(word: re.Match[str]) -> str:
    """A word with Latin letters in it, all Latin; one that is all Greek or Cyrillic stays."""
    return word[0].translate(_LOOKALIKES) if re.search("[a-z]", word[0]) else word[0]


def words(text: str) -> list[Word]:
    """The words and numbers of a text, in order."""
    found = []
    for match in _WORD.finditer(text):
        folded = bare = fold(match[0]).replace(" ", "")
        end = match.end()
        if owned := _POSSESSIVE.search(match[0]):
            end -= len(owned[0])
            bare = folded[: -len(owned[0]) + 1]
        found.append(Word(match.start(), end, text[match.start() : end], folded, bare))
    return found


def stands_at(name: Sequence[str], text: Sequence[Word], at: int) -> bool:
    """Whether the pieces of a folded name stand there in a text; the last one may own something."""
    some = text[at : at + len(name)]
    if len(some) < len(name) or any(one.folded != piece for one, piece in zip(some[:-1], name, strict=False)):
        return False
    return bool(some) and name[-1] in (some[-1].folded, some[-1].bare)


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one line."""
    return frozenset(text.split())


def is_stop(folded: str, german: bool = False) -> bool:
    """Whether a word says nothing by itself; `german`: in a German text, where `die` and `war` don't either."""
    return folded in _stop() or (german and folded in word_set(_read()["stop_german"]))


def is_german(text: str) -> bool:
    """Whether a text is German rather than English, by the small words that only German has."""
    return any(one.folded in _GERMAN for one in words(text))


def is_everyday(folded: str) -> bool:
    """Whether a word by itself is more likely just a word than somebody's name."""
    return is_stop(folded) or folded in _same() or plain(folded) in _same()


@lru_cache(maxsize=65_536)
def plain(folded: str) -> str:
    """The plain form of a folded word: singular, present; by a table of exceptions and a few endings (English)."""
    if (known := _irregular().get(folded)) is not None:
        return known
    word = folded
    if len(word) > 3 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if len(base) > 2 and word.endswith(ending) and _VOWEL.search(base):
            return _without_ending(base)
    return word.removesuffix("e") if len(word) > 4 else word


def _without_ending(base: str) -> str:
    """`stopp` was `stop`, `carri` was `carry`; a last e is never kept, so that `creat` is `create` as well."""
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        return base[:-1]
    return base[:-1] + "y" if base.endswith("i") else base


@lru_cache(maxsize=65_536)
def meanings(folded: str) -> frozenset[str]:
    """What a word may stand for: its plain form, and the names of the groups of words that mean the same."""
    form = plain(folded)
    return frozenset({form}) | _same().get(form, frozenset()) | _same().get(folded, frozenset())


def mean_the_same(one: str, other: str) -> bool:
    """Whether two folded words may stand for each other."""
    return one == other or not meanings(one).isdisjoint(meanings(other))


def implied(folded: Sequence[str]) -> dict[str, str]:
    """The words that stand for phrases of a folded text, each with its phrase: `died` for `passed away`."""
    text = f" {' '.join(folded)} "
    return {word: one for word, some in _read()["phrases"].items() for one in some if f" {one} " in text}


def synonyms(folded: str) -> tuple[str, ...]:
    """The other words that may stand for this one, in the order of the list."""
    groups = [_read()["same"][name[1:]].split() for name in sorted(meanings(folded)) if name.startswith("=")]
    return tuple(dict.fromkeys(word for group in groups for word in group if word != folded))


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(resources.files("haven.world").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def _stop() -> frozenset[str]:
    return word_set(_read()["stop"])


@cache
def _irregular() -> dict[str, str]:
    return {form: base for base, forms in _read()["irregular"].items() for form in (base, *forms.split())}


@cache
def _same() -> dict[str, frozenset[str]]:
    """The groups of each word; a group's name begins with `=`, which no word does."""
    known: dict[str, frozenset[str]] = {}
    for name, group in _read()["same"].items():
        for word in group.split():
            for key in {plain(word), word}:
                known[key] = known.get(key, frozenset()) | {f"={name}"}
    return known
