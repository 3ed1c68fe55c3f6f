"""Words of requests and of code as terms that can be compared: parts of names, word stems, joined forms."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

MAX_TERMS = 200
BODY_WEIGHT = 0.5
"""What a term weighs that stands only below the first line of a request."""
READ_CHARACTERS = 4_000
"""Of a request; what follows (a long log) says little about the place."""

WORD = re.compile("[A-Za-z_\u00aa-\U0010ffff]\\w*")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SEGMENT = re.compile(r"[.,:;()\[\]{}\n`\"]")
_SCOPE = re.compile(r"\s*(?:\[([^\]]+)\]|\w+\(([^)]+)\)!?:|([\w./ -]{2,30}?)!?: )")
_QUOTED = re.compile(r"`([^`\n]{2,60})`")
_HUMP = re.compile("[a-z][A-Z]|[^_]_+[^_]")
_VOWEL = re.compile("[aeiouy]")
# Words of requests and of code that say nothing about the place.
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an to of in on for and or is are be with from that this it its as by at when if not no use add fix "
        "fixes fixed remove update make allow support also now can should into so we you our my please want new need "
        "self def return import none true false was were has have had will would do does did but than then which where "
        "there their they he she them all any some more most other i ve re don doesn isn instead because close closes "
        "refs ref see",
    )
)


@lru_cache(maxsize=100_000)
def split(word: str) -> tuple[str, ...]:
    """The terms of one word of code: `exportAsPNGs` gives the stems of export, PNG and the whole in one."""
    parts = _parts(word)
    terms = [_stem(part) for part in parts if len(part) > 1 and part not in _STOP]
    if len(parts) > 1:
        terms.append(word.lower().replace("_", ""))
    return tuple(terms)


def _parts(word: str) -> list[str]:
    return [part.lower() for part in _PART.findall(word)] if word.isascii() else [word.lower()]


def _stem(word: str) -> str:
    """Without plural s, -ing, -ed and a last e, so that `caches`, `cached` and `caching` are the same."""
    if len(word) <= 3:
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "hes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and _VOWEL.search(rest):
            doubled = len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz"
            word = rest[:-1] if doubled else rest
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


def terms(text: str) -> list[str]:
    """Every term of a text, in its order."""
    return [term for word in WORD.findall(text) for term in split(word)]


def every_part(text: str) -> frozenset[str]:
    """The stems of all parts of names, those too that say nothing elsewhere: a file may be called `remove.py`."""
    return frozenset(_stem(part) for word in WORD.findall(text) for part in _parts(word))


class Query:
    """The terms of a request and what each weighs: its first line says most about the place."""

    def __init__(self, request: str) -> None:
        self.request = request[:READ_CHARACTERS]
        first, _, rest = self.request.strip().partition("\n")
        self.line = first
        self.first = dict.fromkeys(terms(first)[:MAX_TERMS], 1.0)
        below = dict.fromkeys(terms(rest), BODY_WEIGHT)
        self.terms = dict(list({**below, **self.first}.items())[:MAX_TERMS]) if len(below) < MAX_TERMS else self.first
        self.coded = dict.fromkeys(_coded(self.request), 1.0)
        """What is written as code is: the terms of names in backticks, with capitals inside or with underscores."""
        self.joined = {**dict.fromkeys(_joined(rest), BODY_WEIGHT), **dict.fromkeys(_joined(first), 1.0)}
        scope = _SCOPE.match(first)
        self.scope = every_part(next(filter(None, scope.groups()))) if scope else frozenset()
        """Of "[Map] fix the zoom" or "fix(map): the zoom": the parts of map."""

    @property
    def all_terms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.terms, *self.coded, *self.joined]))


def _coded(text: str) -> list[str]:
    quoted = [word for part in _QUOTED.findall(text) for word in WORD.findall(part)]
    humped = [word for word in WORD.findall(text) if _HUMP.search(word)]
    return [name[-1] for name in map(split, quoted + humped) if name][:MAX_TERMS]


def _joined(text: str) -> list[str]:
    """Two or three words as one name: "data catalog" finds `DataCatalog` and `data_catalog`."""
    found: list[str] = []
    for segment in _SEGMENT.split(text):
        words = [word.lower().replace("_", "") for word in WORD.findall(segment)]
        for size in (2, 3):
            names = ["".join(words[at : at + size]) for at in range(len(words) - size + 1)]
            found += [name for each in names for name in {each: 0, each.removesuffix("s"): 0}]
    return list(dict.fromkeys(found))[: 2 * MAX_TERMS]


def bag(text: str) -> Counter[str]:
    """How often each term stands in a text."""
    return Counter(terms(text))
