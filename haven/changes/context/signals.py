"""The signals that say which files a request is about: each a small function from a view to a number per file.

All lie between 0 and 1; each can be left out (`benchmarks/context_recall.py --ablate` measures what that costs).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from haven.changes.context.view import Scores, View, bm25, scaled
from haven.changes.context.words import every_part, terms

ALIKE_COMMITS = 60
"""Of the past commits so many, the most alike, have a say."""
RECENT = 50
"""So many commits ago, a touch counts half."""


def words(view: View) -> Scores:
    return scaled(bm25(view.query.terms, view.whole, view.lengths))


def first_line(view: View) -> Scores:
    """Words of the request's first line alone, long files held back more."""
    return scaled(bm25(view.query.first, view.whole, view.lengths, b=0.6))


def joined(view: View) -> Scores:
    """Words of the request that stand as one name in the code."""
    new = {name: weight for name, weight in view.query.joined.items() if name not in view.query.terms}
    return scaled(bm25(new, view.whole, view.lengths, b=0.1))


def code_names(view: View) -> Scores:
    """What the request writes as code is."""
    return scaled(bm25(view.query.coded, view.whole, view.lengths))


def path(view: View) -> Scores:
    return scaled(bm25(view.query.terms, view.placed, [sum(place.values()) for place in view.places], b=0.2))


def scope(view: View) -> Scores:
    """The part of the project that the request names in front of its first line."""
    wanted = view.query.scope
    return [len(wanted & every_part(each)) / len(wanted) if wanted else 0.0 for each in view.paths]


def file_name(view: View) -> Scores:
    """How much of the file's own name the first line says."""
    own = [set(terms(_stem(each))) for each in view.paths]
    return [len(name & view.query.first.keys()) / len(name) if name else 0.0 for name in own]


def names(view: View) -> Scores:
    return scaled(bm25(view.query.terms, view.defined, [one.names for one in view.facts], b=0.6))


def best_piece(view: View) -> Scores:
    """The one function of the file that fits best."""
    return scaled(max(pieces.values(), default=0.0) for pieces in view.piece_scores)


def history(view: View) -> Scores:
    """The files of past commits whose subjects are like the request (as BugLocator does with bug reports)."""
    said: dict[str, dict[int, int]] = defaultdict(dict)
    for number, (_, _, past) in enumerate(view.touched):
        for term in view.query.terms.keys() & past.said.keys():
            said[term][number] = past.said[term]
    lengths = [max(1, sum(past.said.values())) for _, _, past in view.touched]
    alike = scaled(bm25(view.query.terms, lambda term: said.get(term, {}), lengths, b=0.6))
    scores = [0.0] * len(view.paths)
    for number in sorted(range(len(alike)), key=lambda number: (-alike[number], number))[:ALIKE_COMMITS]:
        files = view.touched[number][1]
        for i in files:
            scores[i] += alike[number] ** 2 / math.sqrt(len(files))
    return scaled(scores)


def recent(view: View) -> Scores:
    """What was changed lately is likely to be changed again."""
    return _since(view, RECENT)


def just_now(view: View) -> Scores:
    """The last commits: work goes on where it was."""
    return _since(view, 1)


def _since(view: View, half: int) -> Scores:
    scores = [0.0] * len(view.paths)
    for ago, files, _ in view.touched:
        for i in files:
            scores[i] = max(scores[i], 1 / (1 + ago / half))
    return scores


def size(view: View) -> Scores:
    """More is changed in long files."""
    return scaled(math.log1p(length) for length in view.lengths)


def tested(view: View) -> Scores:
    """The files that a test is about whose words fit."""
    fits = words(view)
    stems: dict[str, list[int]] = defaultdict(list)
    for i, each in enumerate(view.paths):
        if each.endswith(".py") and not view.is_test[i]:
            stems[_stem(each).strip("_")].append(i)
    scores = [0.0] * len(view.paths)
    for i, each in enumerate(view.paths):
        if not (view.is_test[i] and each.endswith(".py")):
            continue
        about = stems.get(_stem(each).removeprefix("test_").removesuffix("_test"), [])
        for j in about:
            scores[j] = max(scores[j], fits[i] / len(about))
        for j in view.imported[i]:
            scores[j] = max(scores[j], fits[i] / (1 + len(view.imported[i])))
    return scaled(scores)


def named(view: View) -> Scores:
    """Whether the request holds the path, or the file's full name, as a word of its own."""
    return [float(is_named(each, view.query.request)) for each in view.paths]


def is_named(each: str, request: str) -> bool:
    name = each.rsplit("/", 1)[-1]
    if "." not in name[1:] or name not in request:
        return False
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", request) is not None


SIGNALS: dict[str, Callable[[View], Scores]] = {
    "words": words,
    "first line": first_line,
    "joined words": joined,
    "code names": code_names,
    "path": path,
    "scope": scope,
    "file name": file_name,
    "names": names,
    "best function": best_piece,
    "history": history,
    "recent": recent,
    "just now": just_now,
    "size": size,
    "tested": tested,
    "named": named,
}


def together(view: View, first: Sequence[float], top: int = 10) -> Scores:
    """Co-change: the files that were changed in the same commits as the best so far."""
    best = sorted(range(len(first)), key=lambda i: (-first[i], view.paths[i]))[:top]
    share = {i: first[i] / first[best[0]] for i in best if first[best[0]] > 0}
    scores = [0.0] * len(view.paths)
    times = [0] * len(view.paths)
    for _, files, _ in view.touched:
        total = sum(share.get(i, 0.0) for i in files)
        for i in files:
            times[i] += 1
            if total:
                scores[i] += (total - share.get(i, 0.0)) / len(files)
    return scaled(score / math.sqrt(1 + count) for score, count in zip(scores, times, strict=True))


def _stem(each: str) -> str:
    return each.rsplit("/", 1)[-1].rsplit(".", 1)[0]
