"""What a request finds in a tree: its words in every file, and the commits before it; and BM25 over either."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from haven.changes.context.words import Query, bag, terms
from haven.store.code_index import Facts, Hits, Past

PATH_WORDS = 8
"""A word of the path counts as much as this many in the text."""
WIDE_COMMIT = 20
"""A commit that touched more files than this says nothing about one of them."""

TEST = re.compile(r"(^|/)(tests?|spec)/|(^|/)(test_|conftest)[^/]*$|[._](test|spec)\.\w+$|_test\.py$")
DOCS = re.compile(r"(^|/)(docs?|examples?)/|\.(md|rst|txt|adoc)$", re.IGNORECASE)
GLUE = re.compile(r"(^|/)(__init__|setup|_?_?version_?_?)\.py$")
"""Files that are mostly lists of other files' names."""

Scores = list[float]


@dataclass(frozen=True)
class View:
    """What a request finds in a tree: every file's path, facts and hits, and the commits before it, newest first."""

    query: Query
    paths: Sequence[str]
    facts: Sequence[Facts]
    hits: Mapping[str, Mapping[int, Hits]]
    """Term -> number of the file -> where it stands."""
    history: Sequence[Past] = ()
    places: Sequence[Counter[str]] = field(init=False)
    lengths: Sequence[int] = field(init=False)
    _whole: dict[str, dict[int, int]] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", [bag(path) for path in self.paths])
        object.__setattr__(self, "lengths", [sum(one.lengths) for one in self.facts])

    @cached_property
    def touched(self) -> list[tuple[int, list[int], Past]]:
        """The narrow commits: how long ago (in commits), the files that are still there, and the commit."""
        at = {path: i for i, path in enumerate(self.paths)} | _moved(self)
        found = []
        for ago, past in enumerate(self.history):
            files = list(dict.fromkeys(at[path] for path in past.paths if path in at))
            if files and len(past.paths) <= 2 * WIDE_COMMIT and len(files) <= WIDE_COMMIT:
                found.append((ago, files, past))
        return found

    @cached_property
    def is_test(self) -> list[bool]:
        return [TEST.search(path) is not None for path in self.paths]

    @cached_property
    def imported(self) -> list[list[int]]:
        """For each file the files of the tree that it imports."""
        return _resolved(self)

    def whole(self, term: str) -> dict[int, int]:
        """How often a term stands in each file, its path included."""
        if term not in self._whole:
            found = {i: hit.total for i, hit in self.hits.get(term, {}).items()}
            for i, times in self.placed(term).items():
                found[i] = found.get(i, 0) + PATH_WORDS * times
            self._whole[term] = found
        return self._whole[term]

    def defined(self, term: str) -> dict[int, int]:
        return self._defined.get(term, {})

    @cached_property
    def _defined(self) -> dict[str, dict[int, int]]:
        return {term: {i: hit.names for i, hit in held.items() if hit.names} for term, held in self.hits.items()}

    def placed(self, term: str) -> dict[int, int]:
        return self._placed.get(term, {})

    @cached_property
    def _placed(self) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = {}
        for i, place in enumerate(self.places):
            for term, times in place.items():
                found.setdefault(term, {})[i] = times
        return found

    def rarity(self, term: str) -> float:
        return rarity(len(self.hits.get(term, {})), len(self.paths))

    def said(self, name: str) -> float:
        """How much of what the request's first line says a name says, rare words counting more; 0 to 1."""
        first = sum(map(self.rarity, self.query.first))
        heard = sum(self.query.terms[term] * self.rarity(term) for term in set(terms(name)) & self.query.terms.keys())
        return min(1.0, heard / first) if first > 0 else 0.0

    @cached_property
    def piece_scores(self) -> list[dict[int, float]]:
        """BM25 of every piece that holds a term, by file; rarity counts files."""
        sizes = [length for one in self.facts for length in one.lengths]
        average = sum(sizes) / max(1, len(sizes)) or 1.0
        scores: list[dict[int, float]] = [{} for _ in self.paths]
        for term, weight in {**self.query.joined, **self.query.terms}.items():
            idf = weight * self.rarity(term)
            for i, hit in self.hits.get(term, {}).items():
                lengths, own = self.facts[i].lengths, scores[i]
                for piece, times in hit.pieces:
                    norm = 1.2 * (0.4 + 0.6 * lengths[piece] / average)
                    own[piece] = own.get(piece, 0.0) + idf * times * 2.2 / (times + norm)
        return scores


def _moved(view: View) -> dict[str, int]:
    """Old path -> the file that lies elsewhere now: the past of a file goes with it.

    It has the same name and came no earlier than the old path was last touched. Of several it is the one whose folders
    are most alike; none where two are as much. (Git's own search for renames reads all the files, and is slow.)
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for ago, past in enumerate(view.history):
        for path in past.paths:
            first[path] = ago
            last.setdefault(path, ago)
    namesakes: dict[str, list[str]] = {}
    for path in view.paths:
        if not GLUE.search(path):
            namesakes.setdefault(_name(path), []).append(path)
    at = {path: i for i, path in enumerate(view.paths)}
    found = {}
    for gone in last.keys() - at.keys():
        came = [path for path in namesakes.get(_name(gone), ()) if first.get(path, 0) <= last[gone]]
        alike = sorted(((_in_common(gone, path), at[path]) for path in came), reverse=True)
        if alike and (len(alike) == 1 or alike[0][0] > alike[1][0]):
            found[gone] = alike[0][1]
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _in_common(one: str, other: str) -> tuple[int, int]:
    """How many parts two paths share at their ends, and how many anywhere."""
    a, b = one.split("/"), other.split("/")
    ends = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(a), reversed(b), strict=False))
    return sum(1 for _ in ends), len(set(a) & set(b))


def rarity(holders: int, files: int) -> float:
    """The idf of Okapi BM25 that is never negative."""
    return math.log(1 + (files - holders + 0.5) / (holders + 0.5))


def bm25(
    terms: Mapping[str, float],
    counts: Callable[[str], Mapping[int, int]],
    lengths: Sequence[int],
    *,
    k1: float = 1.2,
    b: float = 0.3,
) -> Scores:
    """Okapi BM25 (Robertson and Zaragoza, 2009), terms weighed."""
    average = sum(lengths) / max(1, len(lengths)) or 1.0
    scores = [0.0] * len(lengths)
    for term, weight in terms.items():
        held = counts(term)
        if not held:
            continue
        idf = weight * rarity(len(held), len(lengths)) * (k1 + 1)
        for i, count in held.items():
            scores[i] += idf * count / (count + k1 * (1 - b + b * lengths[i] / average))
    return scores


def scaled(scores: Iterable[float]) -> Scores:
    """The same, with the best as 1."""
    values = list(scores)
    best = max(values, default=0.0)
    return [value / best for value in values] if best > 0 else [0.0] * len(values)


def _resolved(view: View) -> list[list[int]]:
    modules: dict[str, int] = {}
    """Each way to name a module by the end of its path; -1 where two files answer to it."""
    for i, each in enumerate(view.paths):
        if each.endswith(".py"):
            parts = each[:-3].removesuffix("/__init__").split("/")
            for at in range(len(parts)):
                name = ".".join(parts[at:])
                modules[name] = -1 if name in modules else i
    found = []
    for i, facts in enumerate(view.facts):
        targets = {modules.get(_absolute(view.paths[i], name), -1) for name in facts.imports} - {-1, i}
        found.append(sorted(targets))
    return found


def _absolute(each: str, name: str) -> str:
    bare = name.lstrip(".")
    if bare == name:
        return name
    folder = each.split("/")[: -(len(name) - len(bare))]
    return ".".join([*folder, *filter(None, bare.split("."))])
