"""The names and aliases of a world in memory: found exactly, by their beginning, or with slips of typing."""

from __future__ import annotations

import heapq
import re
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from haven.world.schema import Kind
from haven.world.words import fold, is_everyday

CANDIDATES = 100
"""Names with the most common trigrams that are compared letter by letter."""
NEAR = 0.6
"""The least likeness of a name that may have been meant: 1 is the same, 0 nothing in common."""
POSTINGS = 20_000
"""Names with a trigram of what was typed that are looked at: those with the rarest trigrams, which tell the most."""
MANY = 2_000
"""Names with the same beginning that are looked at, and new ones that are put in their order one by one."""
SHORTEST_SLIP = 4
MOST_PIECES = 20
"""Words of a name that is found inside a text: at each word of it, so many lengths are tried."""
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das)\s+(?=\w{2})", re.IGNORECASE)
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One name or alias of a record. `own` is false for an alias."""

    id: str
    kind: Kind
    name: str
    own: bool
    title: str
    """The record's name."""


class NameIndex:
    """Records come and go by `put` and `drop`; what is found is in a fixed order."""

    def __init__(self) -> None:
        self._of: dict[str, list[Spelling]] = {}
        self._by_id: dict[str, tuple[str, ...]] = {}
        self._joined: dict[str, list[str]] = {}
        self._begin_anew()

    def _begin_anew(self) -> None:
        """What is kept of names that are gone as well, of those alone that are there."""
        self._longest: dict[str, int] = {}
        self._seen: set[str] = set(self._of)
        self._new: list[str] = [*self._of]
        self._sorted: list[str] = []
        self._numbered: list[str] = []
        self._lengths = array("f")
        self._trigrams: dict[str, array[int]] = {}
        for key in self._of:
            self._begin(key.split(" "))

    def __len__(self) -> int:
        return len(self._by_id)

    def put(self, id: str, kind: Kind, name: str, aliases: Sequence[str] = ()) -> None:
        """Add a record, or replace what is known of it."""
        self.drop(id)
        keys: dict[str, Spelling] = {}
        for one in (name, *aliases):
            for key in _keys(one):
                keys.setdefault(key, Spelling(id, kind, one, one == name, name))
        for key, spelling in keys.items():
            if (there := self._of.get(key)) is None:
                self._of[key] = [spelling]
                self._joined.setdefault(key.replace(" ", ""), []).append(key)
                self._begin(key.split(" "))
                if key not in self._seen:
                    self._seen.add(key)
                    self._new.append(key)
            else:
                there.append(spelling)
        self._by_id[id] = tuple(keys)

    def _begin(self, pieces: Sequence[str]) -> None:
        """Keep how long names are that begin with its first piece, and with its first two."""
        size = min(len(pieces), MOST_PIECES)
        for begin in {pieces[0], " ".join(pieces[:2])}:
            self._longest[begin] = max(size, self._longest.get(begin, 0))

    def drop(self, id: str) -> None:
        for key in self._by_id.pop(id, ()):
            left = [one for one in self._of[key] if one.id != id]
            if left:
                self._of[key] = left
            else:
                del self._of[key]
                self._joined[joined := key.replace(" ", "")].remove(key)
                if not self._joined[joined]:
                    del self._joined[joined]
        if len(self._seen) > 2 * len(self._of) + MANY:  # most are gone
            self._begin_anew()

    def title(self, id: str) -> tuple[str, Kind]:
        """The name and kind of a record. Raises KeyError."""
        one = next(one for key in self._by_id[id] for one in self._of[key] if one.id == id)
        return one.title, one.kind

    def exact(self, folded: str) -> list[Spelling]:
        """Whose folded name or alias this is; where somebody's own name is it, aliases of others are not meant."""
        found = self._of.get(folded, [])
        own = [one for one in found if one.own]
        return sorted(own or found, key=lambda one: one.id)

    def every(self, folded: str) -> list[Spelling]:
        """Whose folded name or alias this is, the aliases of some beside the own names of others."""
        return sorted(self._of.get(folded, []), key=lambda one: one.id)

    def joined(self, folded: str) -> list[Spelling]:
        """The same without regard to spaces: `voidwatch` is `Void Watch`."""
        return [one for key in self._joined.get(folded.replace(" ", ""), []) for one in self.exact(key)]

    def longest(self, begin: str) -> int:
        """How many pieces the longest name has that begins with this piece, or with these two; at most MOST_PIECES."""
        return self._longest.get(begin, 0)

    def starting(self, folded: str, limit: int) -> list[Spelling]:
        """Names that begin so, the shortest first."""
        self._order()
        at = bisect_left(self._sorted, folded)
        end = bisect_left(self._sorted, folded + "\U0010ffff")
        some = (key for key in self._sorted[at : min(end, at + MANY)] if key in self._of)
        keys = heapq.nsmallest(limit, some, key=lambda key: (len(key), key))
        return [one for key in keys for one in self.exact(key)][:limit]

    def near(self, folded: str, limit: int) -> list[tuple[Spelling, float]]:
        """Names spelt almost so, with their likeness (0 to 1), the best first."""
        self._order()
        candidates = self._with_trigrams(folded)
        found = extract(folded, candidates, scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=None)
        ranked = sorted(((score, key) for key, score, _ in found), key=lambda one: (-one[0], one[1]))
        return [(one, score) for score, key in ranked[:limit] for one in self.exact(key)][:limit]

    def _with_trigrams(self, folded: str) -> list[str]:
        """The names that share the most trigrams with this one, for their length."""
        hits = sorted((self._trigrams[one] for one in set(_trigrams(folded)) if one in self._trigrams), key=len)
        if not hits:
            return []
        sizes = accumulate(len(one) for one in hits)
        hits = [one for place, (one, size) in enumerate(zip(hits, sizes, strict=True)) if place < 4 or size <= POSTINGS]
        shared = np.bincount(np.concatenate([np.frombuffer(one, np.uint32) for one in hits]))
        some = np.flatnonzero(shared)
        lengths: npt.NDArray[np.float32] = np.frombuffer(self._lengths, np.float32)[some]
        share = shared[some] / np.maximum(len(hits), lengths)
        best = (self._numbered[at] for at in some[np.argsort(-share, kind="stable")])
        return list(islice((key for key in best if key in self._of), CANDIDATES))

    def _order(self) -> None:
        """Bring what is sorted up to date. A name that is gone stays in it, and is skipped where it is met."""
        new, self._new = self._new, []
        if len(new) > MANY:
            self._sorted = sorted([*self._sorted, *new])
        else:
            for key in new:
                insort(self._sorted, key)
        for number, key in enumerate(new, len(self._numbered)):
            for one in set(_trigrams(key)):
                self._trigrams.setdefault(one, array("I")).append(number)
        self._numbered += new
        self._lengths.extend(map(len, new))


def is_slip(typed: str, name: str) -> bool:
    """Whether folded `typed` is most likely `name` with one slip of typing, and not another name.

    A slip is two letters in the wrong order, one left out, doubled or added inside, or a neighbour on the keyboard;
    never in digits nor in the first letter, and a last letter that differs makes another name.
    """
    typed, name = typed.replace(" ", ""), name.replace(" ", "")
    if typed == name:
        return True
    if min(len(typed), len(name)) < SHORTEST_SLIP or typed[:1] != name[:1] or OSA.distance(typed, name) != 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b), min(len(typed), len(name)))
    odd = {*typed[at : at + 2], *name[at : at + 2]} if len(typed) == len(name) else {(max(typed, name, key=len))[at]}
    if any(one.isdigit() for one in odd):
        return False
    if len(typed) != len(name):
        longer = max(typed, name, key=len)
        return at < len(longer) - 1 or longer[-1] == longer[-2]
    swapped = typed[at + 1 :][:1] == name[at]
    return swapped or (at < len(name) - 1 and _neighbours(typed[at], name[at]))


def _neighbours(one: str, other: str) -> bool:
    return any({one, other} == set(pair) for row in _KEYS for pair in pairwise(row))


def _trigrams(folded: str) -> Iterator[str]:
    padded = f" {folded} "
    return (padded[at : at + 3] for at in range(len(padded) - 2))


def _keys(name: str) -> Iterator[str]:
    """The folded name, and without its article where more than an everyday word is left."""
    folded, bare = fold(name), fold(_ARTICLE.sub("", name))
    yield from (one for one in (folded, bare) if one and (one == folded or not is_everyday(one)))


def kinds_of(spellings: Iterable[Spelling], kinds: Sequence[Kind]) -> list[Spelling]:
    """Those of the kinds; all where no kind is named."""
    return [one for one in spellings if not kinds or one.kind in kinds]
