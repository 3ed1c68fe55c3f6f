"""Which files matter for a request: the signals, weighed and added.

The weights are a listwise logistic fit (softmax over the files of a tree against the files that the commit changed) on
360 commits of twelve public Python repositories. Mean reciprocal rank of the benchmark's six .85 where each is ranked
with weights that were fitted on the other eleven; BM25 over words alone has .63.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from haven.changes.context.signals import SIGNALS, is_named, together
from haven.changes.context.view import DOCS, GLUE, TEST, Scores, View
from haven.changes.context.words import Query, every_part

WEIGHTS = {
    "words": 0.8,
    "first line": 1.6,
    "joined words": 0.8,
    "code names": 0.9,
    "path": 0.7,
    "scope": 2.0,
    "file name": 0.75,
    "names": 1.25,
    "best function": 1.05,
    "history": 1.25,
    "recent": 1.0,
    "just now": 0.9,
    "size": 1.45,
    "tested": 0.7,
    "named": 2.0,
}
TOGETHER = 1.4
"""Of files that changed with the best ones: a second pass, because it needs the first one's order."""
TESTS, GUIDES, GLUED = 4.8, 2.5, 2.9
"""Taken from tests, from docs and from files that only list other files' names, unless the request is about them."""
NAMED, HINTED = 4.0, 1.5
"""Added for a file that the request's first line names by its path or full name, and for one that the project hints
at. Not fitted: people mean them."""
OTHER_SIGNALS = ("together", "lower")
"""What can be left out as well: the second pass, and the lower rank of tests, docs and glue."""
TOLD = 0.35
"""A signal that adds at least this much is named among the reasons."""
TOLD_SO = {
    "history": "history: earlier commits with such words",
    "together": "changed together with the best ones",
    "tested": "tests with these words are about it",
}
SILENT = frozenset({"size", "recent", "just now"})
"""Signals that say nothing about a request alone."""


@dataclass(frozen=True)
class Ranked:
    path: str
    score: float
    """The log of how likely the file is to be changed, up to a constant."""
    reasons: tuple[str, ...]


def rank(view: View, *, kind: str = "", hints: Iterable[str] = (), without: Collection[str] = ()) -> list[Ranked]:
    """All files, best first; equal scores by path, so that the same input gives the same order everywhere.

    `without` names signals to leave out, OTHER_SIGNALS among them.
    """
    parts = {
        name: [WEIGHTS[name] * value for value in signal(view)]
        for name, signal in SIGNALS.items()
        if name not in without
    }
    lower = [0.0 if "lower" in without else lowered(path, view.query, kind) for path in view.paths]
    scores = [sum(values) - less for *values, less in zip(*parts.values(), lower, strict=True)]
    if "together" not in without:
        parts["together"] = [TOGETHER * value for value in together(view, _share(scores))]
        scores = [score + part for score, part in zip(scores, parts["together"], strict=True)]
    patterns = tuple(hints)
    ranked = [_ranked(view, i, scores[i], parts, patterns) for i in range(len(view.paths))]
    return sorted(ranked, key=lambda one: (-one.score, one.path))


def _share(scores: Sequence[float]) -> Scores:
    """How likely each file is beside the best one."""
    best = max(scores, default=0.0)
    return [math.exp(score - best) for score in scores]


def _ranked(view: View, i: int, score: float, parts: dict[str, Scores], patterns: tuple[str, ...]) -> Ranked:
    path = view.paths[i]
    told = sorted((-values[i], name) for name, values in parts.items() if values[i] >= TOLD and name not in SILENT)
    reasons = [_reason(name, view, i) for _, name in told if name != "named"]
    if parts.get("named", [0.0] * (i + 1))[i]:
        score += NAMED * is_named(path, view.query.line)
        reasons.insert(0, "named in the request")
    if any(fnmatchcase(path, pattern) for pattern in patterns):
        score += HINTED
        reasons.append("hinted at by the project")
    return Ranked(path, round(score, 6), tuple(reasons) or ("a little of everything",))


def lowered(path: str, query: Query, kind: str) -> float:
    """Tests and docs come after the code, unless the request's first line is about them."""
    if TEST.search(path):
        return 0.0 if "test" in query.first else TESTS
    if DOCS.search(path):
        asked = kind == "docs" or not {"doc", "document", "documentation", "readm", "guid"}.isdisjoint(query.first)
        return 0.0 if asked else GUIDES
    return GLUED if GLUE.search(path) else 0.0


def _reason(name: str, view: View, i: int) -> str:
    if name in TOLD_SO:
        return TOLD_SO[name]
    if name == "scope":
        return f"the request's scope: {', '.join(sorted(view.query.scope & every_part(view.paths[i])))}"
    terms = {"joined words": view.query.joined, "code names": view.query.coded}.get(name, view.query.terms)
    held = {"names": view.defined, "path": view.placed, "file name": view.placed}.get(name, view.whole)
    return f"{name}: {', '.join([term for term in terms if i in held(term)][:5])}"
