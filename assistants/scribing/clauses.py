"""What a clause says of a field: its value beside the noun for it, before or behind, with only small words between.

A value that is denied or hedged ("not lush", "almost no sentinels") is none; a clause that begins with `they` goes on
with the one before it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources

from haven.world import vocabulary
from haven.world.schema import Kind
from haven.world.words import Word, fold, is_stop, words

BODIES = (Kind.PLANET, Kind.MOON)
FIELDS: Mapping[str, tuple[Kind, ...]] = {
    "sentinels": (*BODIES, Kind.SYSTEM),
    "flora": (*BODIES, Kind.SYSTEM),
    "fauna": (*BODIES, Kind.SYSTEM),
    "star": (Kind.SYSTEM,),
    "economy": (Kind.SYSTEM,),
    "economy_level": (Kind.SYSTEM,),
    "conflict": (Kind.SYSTEM,),
    "biome": BODIES,
    "weather": BODIES,
}
"""The fields that clauses fill, and the kinds that have them."""
ALONE = ("biome", "weather", "star", "economy", "economy_level")
"""Fields whose value needs no noun where a clause says nothing else, or says it of the record itself."""
NOTHING = ("None", "Abandoned")
LEVELS = ("sentinels", "flora", "fauna", "conflict", "economy_level")
MOST_CHARS = 40
LONGEST = 3
"""Words of a value."""
FAR = 8
"""Small words between a noun and its value behind it; before it, three."""
NEAR = 3
AFTER = 2
"""Words behind a kind of weather that begins a clause."""
FEW = 3
"""Words before a colon that may be the name of a field."""
_TAKEN_BACK = frozenset({"actually", "correction", "sorry", "nein", "scratch"})
_HELD = ("had", "have", "ve", "carry", "carried", "brought", "kept", "own", "lost")
_BREAK = re.compile(
    r"[.;,!?\n()\[\]•|*]+|:|\s[-–—]+\s|\b(?:and|but|though|although|whereas|while|with|und|aber|mit|obwohl)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Taken:
    """`text[start:end]` says that the field holds this value."""

    field: str
    value: str
    start: int
    end: int


@dataclass
class Clause:
    pieces: list[Word]
    values: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)
    """First piece, the piece behind the last one, and the form of the value in each field that has it."""

    def at(self, index: int, name: str) -> tuple[int, int, str] | None:
        """The value of a field that begins at a piece."""
        for start, end, forms in self.values:
            if start == index and name in forms:
                return start, end, forms[name]
        return None

    @property
    def is_ours(self) -> bool:
        """Whether it speaks of what the people have who report, and not of the place: `our drones`, `we had few`."""
        first = self.pieces[0].folded
        return first in ("our", "my") or (first in ("we", "i") and any(one.folded in _HELD for one in self.pieces[1:3]))

    def of_a_noun(self, end: int) -> bool:
        """Whether the word behind a value is a noun that it belongs to: `low ridge`, `red coat`."""
        return end < len(self.pieces) and not (_is_small(self.pieces[end]) or is_in(self.pieces[end], "negation"))

    def before(self, index: int, name: str) -> tuple[int, int, str] | None:
        """The value of a field that ends before a piece."""
        for start, end, forms in self.values:
            if end == index and name in forms:
                return start, end, forms[name]
        return None


Own = Mapping[str, Mapping[str, str]]
"""The words that a world's own records hold in a field beside those of the vocabularies, by their folded form."""


def taken(kind: Kind, text: str, found: Mapping[str, object], own: Own) -> list[Taken]:
    """What the clauses of a text say of a record of that kind; `found` are the fields that are known already."""
    reader = _Reader(kind, found)
    for clause, first in _clauses(text):
        reader.read(with_values(clause, reader.fields, own), first)
    return reader.taken


class _Reader:
    """One text on its way."""

    def __init__(self, kind: Kind, found: Mapping[str, object]) -> None:
        self.fields = [name for name, kinds in FIELDS.items() if kind in kinds]
        self.taken: list[Taken] = []
        self._found = set(found)
        self._last: list[str] = []

    def read(self, clause: Clause, first: bool) -> None:
        """`first`: it begins a sentence."""
        if clause.is_ours:
            return
        if clause.pieces[0].folded in _TAKEN_BACK or [one.folded for one in clause.pieces] == ["no"]:
            self._take_back()
        used: set[int] = set()
        cues = [(at, names) for at, word in enumerate(clause.pieces) if (names := self._cues(word))]
        for at, names in cues:
            for name in names:
                self._beside(clause, at, name, used)
        if cues:
            nouns = [names for at, names in cues if clause.pieces[at].bare not in listed("words", "kind")]
            self._last = [name for names in nouns for name in names]
        elif is_in(clause.pieces[0], "pronoun") or (not first and is_in(clause.pieces[0], "copula")):
            for name in self._last:
                self._behind(clause, -1, name, used)
        if not cues and all(_is_small(one) for one in _without(clause)):  # `the economy is trading and booming`
            for start, end, forms in clause.values:
                for name in self._last:
                    told = forms.get(name, "") not in ("", *NOTHING) and not used & set(range(start, end))
                    if told and not self._denied(clause, start):
                        self._take(clause, name, (start, end, forms[name]), used)
        self._alone(clause, used, any(clause.pieces[at].bare not in listed("words", "kind") for at, _ in cues))

    def _take_back(self) -> None:
        """`White... no, yellow`: what was said last does not count."""
        if self.taken:
            self._found.discard(self.taken.pop().field)

    def _cues(self, word: Word) -> list[str]:
        return [name for name in self.fields if word.bare in listed("cues", name)]

    def _beside(self, clause: Clause, at: int, name: str, used: set[int]) -> None:
        """The value before a noun at `at`, else the one behind it."""
        for end in range(at, max(at - NEAR, 0), -1):
            if (value := clause.before(end, name)) is not None:
                if self._denied(clause, value[0]) or used & set(range(value[0], value[1])):
                    return
                self._take(clause, name, value, used)
                return
        if clause.pieces[at].bare not in listed("words", "kind"):
            self._behind(clause, at, name, used)

    def _behind(self, clause: Clause, at: int, name: str, used: set[int]) -> None:
        """The value behind a noun, over small words, values of other fields, and one verb right behind it."""
        loose = False
        others = {piece for start, end, _ in clause.values for piece in range(start, end)}
        for start in range(at + 1, min(at + FAR, len(clause.pieces))):
            value = clause.at(start, name)
            if value is not None and start not in used and not (loose and clause.of_a_noun(value[1])):
                self._take(clause, name, value, used)
                return
            word = clause.pieces[start]
            loose = loose or not (_is_small(word) or start in others)
            verb = start == at + 1 and not word.capital
            if is_in(word, "negation") or not (_is_small(word) or verb or start in others or self._cues(word)):
                return

    def _alone(self, clause: Clause, used: set[int], cued: bool) -> None:
        """A clause that is a value and nothing else, or says with `is` what the record itself is."""
        for name in ALONE:
            if name not in self.fields:
                continue
            for start, end, forms in clause.values:
                value = forms.get(name, "")
                if name in LEVELS and "conflict" in forms:  # `low` may be any of the levels, `wealthy` is this one
                    continue
                if not value or value in NOTHING or used & set(range(start, end)):
                    continue
                before, behind = _subject(clause.pieces[:start]), clause.pieces[end:]
                itself = before is not None and any(is_in(one, "copula") for one in before)
                if name == "weather" and not start and len(behind) <= AFTER and "biome" not in forms:
                    itself = True  # `sandstorms most days`
                bare = not cued and all(map(_is_small, (*clause.pieces[:start], *behind)))
                denied = any(is_in(one, "negation") for one in clause.pieces[max(start - FAR, 0) : start])
                if before is not None and not denied and (itself or bare):
                    self._take(clause, name, (start, end, value), used)

    def _denied(self, clause: Clause, start: int) -> bool:
        return any(is_in(one, "negation") for one in clause.pieces[max(start - 3, 0) : start])

    def _take(self, clause: Clause, name: str, value: tuple[int, int, str], used: set[int]) -> None:
        if name in self._found:
            return
        start, end, form = value
        self._found.add(name)
        used |= set(range(start, end))
        self.taken.append(Taken(name, form, clause.pieces[start].start, clause.pieces[end - 1].end))


def _subject(before: Sequence[Word]) -> Sequence[Word] | None:
    """The small words before a value, back to the noun for the record or to the clause's beginning; None without."""
    for at in range(len(before) - 1, -1, -1):
        if is_in(before[at], "kind") and before[at].bare != "s":
            return before[at:]
        if not _is_small(before[at]) and not is_in(before[at], "pronoun"):
            return None
    return before


def _without(clause: Clause) -> list[Word]:
    """The words of a clause that are in no value."""
    inside = {piece for start, end, _ in clause.values for piece in range(start, end)}
    return [one for at, one in enumerate(clause.pieces) if at not in inside]


def _clauses(text: str) -> Iterator[tuple[list[Word], bool]]:
    """The words of each clause, and whether a sentence begins with it."""
    start, first = 0, True
    for match in [*(one for one in _BREAK.finditer(text) if one[0] != ":" or _leads(text, one.start())), None]:
        end = match.start() if match else len(text)
        pieces = [_moved(one, start) for one in words(text[start:end])]
        if pieces:
            yield pieces, first
            first = False
        first = first or bool(match and set(match[0]) & set(".!?\n"))
        start = match.end() if match else end


def _leads(text: str, colon: int) -> bool:
    """Whether more stands before a colon than the name of a field."""
    return len(re.split(r"[.;,!?\n]", text[max(colon - 80, 0) : colon])[-1].split()) > FEW


def _moved(word: Word, by: int) -> Word:
    return Word(word.start + by, word.end + by, word.text, word.folded, word.bare)


def with_values(pieces: list[Word], fields: Sequence[str], own: Own) -> Clause:
    """The clause with the values in it, the longest ones first."""
    clause = Clause(pieces)
    at = 0
    while at < len(pieces):
        for size in range(min(LONGEST, len(pieces) - at), 0, -1):
            forms = _forms(pieces[at : at + size], fields, own)
            if forms:
                clause.values.append((at, at + size, forms))
                at += size - 1
                break
        at += 1
    return clause


def _forms(some: Sequence[Word], fields: Sequence[str], own: Own) -> dict[str, str]:
    """The form that these words have in the vocabulary of each field, and in the world's own words.

    Of single letters only the capitals of spectral types count.
    """
    key = " ".join(one.folded for one in some)
    if len(key) > MOST_CHARS:
        return {}
    if len(key) == 1 and not some[0].number:
        fields = ["star"] if "star" in fields and some[0].text.isupper() else []
    found = ((name, value_of(name, key) or own.get(name, {}).get(key, "")) for name in fields)
    return {name: form for name, form in found if form}


@lru_cache(maxsize=16_384)
def value_of(name: str, written: str) -> str:
    """The form of a value in the vocabulary of a field, else what people write for it; "" where it is neither."""
    if form := vocabulary.known(name, written):
        return form
    group = "level" if name in LEVELS else name
    return next((form for form, some in _values(group) if fold(written) in some), "")


def spellings(name: str) -> list[str]:
    """Every word for a value of a field, as people write it."""
    return [*vocabulary.words(name), *(word for _, some in _values(name) for word in some)]


def _is_small(word: Word) -> bool:
    return is_stop(word.bare, german=True) or any(is_in(word, some) for some in ("filler", "copula", "kind"))


def is_in(word: Word, list_: str) -> bool:
    return word.folded in listed("words", list_) or word.bare in listed("words", list_)


@cache
def _table() -> Mapping[str, Mapping[str, object]]:
    text = resources.files("assistants.scribing").joinpath("phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def listed(table: str, name: str) -> frozenset[str]:
    return frozenset(str(_table()[table].get(name, "")).split())


@cache
def _values(name: str) -> tuple[tuple[str, frozenset[str]], ...]:
    some = _table()["values"].get(name, {})
    assert isinstance(some, dict)
    return tuple((form, frozenset(str(listed).split())) for form, listed in some.items())
