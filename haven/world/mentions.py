"""Where a text speaks of records: by name or alias, the longest one that fits, and who speaks of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haven.world.name_index import NameIndex, Spelling
from haven.world.schema import Kind
from haven.world.words import Word, is_everyday, is_stop, words

KIND_WORDS: dict[str, Kind] = {
    "system": Kind.SYSTEM,
    "star": Kind.SYSTEM,
    "sun": Kind.SYSTEM,
    "planet": Kind.PLANET,
    "world": Kind.PLANET,
    "moon": Kind.MOON,
    "mond": Kind.MOON,
    "station": Kind.STATION,
    "region": Kind.REGION,
    "sector": Kind.REGION,
    "person": Kind.PERSON,
    "captain": Kind.PERSON,
    "explorer": Kind.PERSON,
    "discovery": Kind.DISCOVERY,
    "entry": Kind.LORE,
    "story": Kind.LORE,
}
"""A word beside a name that says which of several records of that name is meant."""
ARTICLES = frozenset({"the", "a", "an", "der", "die", "das"})


@dataclass(frozen=True)
class Mention:
    """`text[start:end]` names the records `ids`: several where the name alone doesn't tell which."""

    start: int
    end: int
    text: str
    ids: tuple[str, ...]


def mentions(text: str, index: NameIndex, *, loose: bool = False) -> list[Mention]:
    """The names in a text, none inside of another.

    A name of one word that is written with a capital must have one in the text, too, since `hope` is not the station
    Hope; `loose` lets it go in what people type in haste, save where it is an everyday word.
    """
    pieces = words(text)
    found, at = [], 0
    while at < len(pieces):
        size, spellings = _longest(pieces, at, index, loose)
        if spellings:
            start, end = pieces[at].start, pieces[at + size - 1].end
            beside = [one.folded for one in (*pieces[max(at - 1, 0) : at], *pieces[at + size : at + size + 1])]
            ids = tuple(dict.fromkeys(one.id for one in _narrowed(spellings, beside)))
            found.append(Mention(start, end, text[start:end], ids))
        at += max(size, 1)
    return found


def _longest(pieces: Sequence[Word], at: int, index: NameIndex, loose: bool) -> tuple[int, list[Spelling]]:
    for size in range(min(_reach(pieces, at, index), len(pieces) - at), 0, -1):
        some = pieces[at : at + size]
        spellings = [one for one in _borne(some, index) if _meant(some, one, loose)]
        if size > 1 and some[0].folded in ARTICLES:
            spellings += [
                one for one in _borne(some[1:], index) if _meant(some[1:], one, loose) and one not in spellings
            ]
        if spellings:
            return size, spellings
    return 0, []


def _reach(pieces: Sequence[Word], at: int, index: NameIndex) -> int:
    """How many pieces a name that begins there, perhaps after an article, can have."""
    first = pieces[at].folded
    if first in ARTICLES and at + 1 < len(pieces):
        return max(_begun(pieces, at, index), min(index.longest(first), 1 + _begun(pieces, at + 1, index)))
    return _begun(pieces, at, index)


def _begun(pieces: Sequence[Word], at: int, index: NameIndex) -> int:
    """As far as its first two tell: in most texts no name has more than one piece there."""
    first = pieces[at]
    longest = max(index.longest(first.folded), index.longest(first.bare))
    if longest < 2 or at + 1 >= len(pieces):
        return longest
    second = pieces[at + 1]
    return max(1, *(index.longest(f"{first.folded} {one}") for one in (second.folded, second.bare)))


def _borne(some: Sequence[Word], index: NameIndex) -> list[Spelling]:
    """Whose name these words are, the last one perhaps as an owner."""
    before = [one.folded for one in some[:-1]]
    keys = dict.fromkeys(" ".join((*before, last)) for last in (some[-1].folded, some[-1].bare))
    return next((found for key in keys if (found := index.exact(key))), [])


def _meant(some: Sequence[Word], spelling: Spelling, loose: bool) -> bool:
    """Whether these words are the name, and not by chance the same letters."""
    if len(some) == 1 and (some[0].number or len(some[0].bare) < 2):
        return False
    telling = [one for one in some if not is_stop(one.bare)]
    if not telling:
        return len(some) > 1 and all(one.capital for one in some)
    if any(one.capital or one.number for one in telling) or not any(map(str.isupper, spelling.name)):
        return True
    return loose and (len(telling) > 1 or not is_everyday(telling[0].bare))


def _narrowed(spellings: list[Spelling], beside: Sequence[str]) -> list[Spelling]:
    kinds = {KIND_WORDS[word] for word in beside if word in KIND_WORDS}
    return [one for one in spellings if one.kind in kinds] or spellings
