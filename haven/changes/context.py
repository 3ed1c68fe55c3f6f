"""What Claude gets to see for a change: the files that matter, whole or in part, and a map of the next ones.

The same tree and request give the same bytes on every machine, and never more tokens than the budget.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from haven.changes import code_map
from haven.changes.ranking import Query, Ranked, Seen, bm25, is_named, rank
from haven.quoting import code_block, data_block

MAX_FILE_BYTES = 200_000
SHORTLIST = 120
"""Files that are read a second time, to be shown or mapped."""
BATCH_BYTES = 8_000_000
"""Read at once while ranking: what bounds the memory on a large repository."""
FILES_SHARE, INSTRUCTIONS_SHARE = 0.75, 0.125
"""Shares of the budget: full text; the project's own instructions at most. The map gets the rest."""
LEAST_FILE, LEAST_EXCERPT = 40, 150
"""Tokens under which a further file, or an excerpt of a long one, is not worth its place."""
INSTRUCTION_FILES = ("HAVEN.md", "CLAUDE.md", "AGENTS.md")

_GAP = "[... {} lines left out ...]"
_CUT = "[... cut ...]"
_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "may hold secrets",
        re.compile(
            r"(^|/)(\.env(\.(?!example|sample|template)[^/]*)?|id_(rsa|ed25519|ecdsa)|\.netrc|\.pypirc|\.npmrc)$"
            r"|\.(pem|key|p12|pfx)$"
        ),
    ),
    (
        "vendored or generated",
        re.compile(
            r"(^|/)(node_modules|bower_components|vendor(ed)?|third[_-]party|site-packages|\.?venv|dist|__pycache__)/"
            r"|\.min\.(js|css)$|\.map$"
        ),
    ),
    ("a lock file", re.compile(r"(^|/)(package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|go\.sum)$|\.lock$")),
    (
        "binary",
        re.compile(
            r"\.(png|jpe?g|gif|webp|ico|bmp|pdf|zip|gz|xz|bz2|7z|whl|so|dll|dylib|exe|pyc|o|a|class|jar|db|sqlite3?"
            r"|woff2?|ttf|otf|eot|mp[34]|ogg|wav|flac|webm|gguf|bin|np[yz]|parquet)$",
            re.IGNORECASE,
        ),
    ),
)


class Listed(Protocol):
    """A file of the base commit, as the repository lists it."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mode(self) -> str: ...


ReadMany = Callable[[list[str]], Awaitable[Mapping[str, bytes]]]


@dataclass(frozen=True)
class Chosen:
    """A file that is shown. `whole` is false for an excerpt, in which lines say what is left out."""

    path: str
    score: float
    reasons: tuple[str, ...]
    text: str
    whole: bool

    @property
    def block(self) -> str:
        """As it stands in the prompt."""
        return code_block("file", self.text, self.path)


@dataclass(frozen=True)
class Context:
    """What is shown, best file first; `tokens` counts the blocks as they stand in the prompt."""

    files: tuple[Chosen, ...]
    map_text: str
    instructions: str
    """The project's own wishes (HAVEN.md, else CLAUDE.md or AGENTS.md): data, not orders. May be cut; may be empty."""
    tokens: int
    considered: int = 0
    """Files that were ranked."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many files are not shown, by reason."""


async def choose(
    request: str,
    files: Sequence[Listed],
    read_many: ReadMany,
    budget: int,
    count: Callable[[str], int],
    *,
    kind: str = "",
    history: Mapping[str, str] | None = None,
    hints: Sequence[str] = (),
    must_see: Sequence[str] = (),
    instructions: str | None = None,
) -> Context:
    """Choose what to show for a request, within `budget` tokens as `count` counts them.

    `history` maps a path to the subjects of its commits, a line each; `hints` are path patterns of the project;
    `must_see` are paths that come first whatever their rank (changed in an earlier round); `instructions` replaces
    what the tree itself says in HAVEN.md or the like. The work runs in threads.
    """
    left_out: Counter[str] = Counter()
    sizes = {file.path: file.size for file in sorted(files, key=lambda file: file.path) if _admit(file, left_out)}
    query = Query(request)
    seen: list[Seen] = []
    for batch in _batches(sizes):
        seen += await asyncio.to_thread(_look, query, await read_many(batch), batch, left_out)
    ranked = await asyncio.to_thread(rank, query, seen, kind=kind, history=history or {}, hints=hints)
    own = next((name for name in INSTRUCTION_FILES if name in sizes), "")
    # It is quoted as instructions already, so as a file it is shown only where it is itself to be changed.
    twice = own if own not in must_see and not is_named(own, request) else ""
    shortlist = [one for one in _first(must_see, ranked) if one.path != twice][:SHORTLIST]
    data = await read_many([one.path for one in shortlist] + [own] * bool(own))
    texts = {path: text for path, raw in data.items() if (text := decode(raw)) is not None}
    wishes = texts.get(own, "") if instructions is None else instructions
    packed = await asyncio.to_thread(_Packing(query, budget, count, texts).pack, shortlist, wishes)
    left_out["less relevant"] = sum(one.path != twice for one in ranked) - len(packed.files)
    return replace(packed, considered=len(seen), left_out={why: n for why, n in sorted(left_out.items()) if why and n})


def decode(raw: bytes) -> str | None:
    """The text of a file with `\\n` line ends and no byte order mark, or None where it is not UTF-8 text."""
    if b"\0" in raw:
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _admit(file: Listed, left_out: Counter[str]) -> bool:
    reason = next((why for why, pattern in _REFUSED if pattern.search(file.path)), "")
    if not _is_utf8(file.path):
        reason = "name is not UTF-8"
    elif not file.mode.startswith("100"):
        reason = "a link or submodule"
    elif file.size > MAX_FILE_BYTES:
        reason = reason or f"larger than {MAX_FILE_BYTES // 1000} kB"
    left_out[reason] += bool(reason)
    return not reason


def _is_utf8(path: str) -> bool:
    """Whether it can stand in a prompt: git's names are bytes, and odd ones arrive as lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    held = 0
    for path, size in sizes.items():
        if batch and held + size > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(path)
        held += size
    if batch:
        yield batch


def _look(query: Query, data: Mapping[str, bytes], batch: Sequence[str], left_out: Counter[str]) -> list[Seen]:
    seen = []
    for path in batch:
        text = decode(data.get(path, b"\0"))
        if text is None:
            left_out["binary"] += 1
        else:
            seen.append(query.look(path, text))
    return seen


def _first(must_see: Sequence[str], ranked: list[Ranked]) -> list[Ranked]:
    known = {one.path: one for one in ranked}
    first = [
        Ranked(path, known[path].score, ("changed in an earlier round", *known[path].reasons))
        for path in dict.fromkeys(must_see)
        if path in known
    ]
    paths = {one.path for one in first}
    return first + [one for one in ranked if one.path not in paths]


class _Packing:
    """Fits the best files into the budget; what it leaves out goes into the map, as far as that fits."""

    def __init__(self, query: Query, budget: int, count: Callable[[str], int], texts: Mapping[str, str]) -> None:
        self._query = query
        self._budget = budget
        self._count = count
        self._texts = texts

    def pack(self, shortlist: Sequence[Ranked], wishes: str) -> Context:
        """The context, all but the numbers about what was left out."""
        instructions = self._cut(wishes.strip(), int(self._budget * INSTRUCTIONS_SHARE))
        rest = self._budget - self._tokens((), (), instructions)
        chosen = self._choose(shortlist, int(rest * FILES_SHARE))
        whole = {one.path for one in chosen if one.whole}
        others = [one.path for one in shortlist if one.path not in whole]
        entries = self._map(others, self._budget - self._tokens(chosen, (), instructions))
        # A counter may count joined text a little higher than its parts: the last ones give way.
        while (tokens := self._tokens(chosen, entries, instructions)) > self._budget and (entries or chosen):
            (entries or chosen).pop()
        return Context(tuple(chosen), "\n".join(entries), instructions, tokens)

    def _tokens(self, chosen: Sequence[Chosen], entries: Sequence[str], instructions: str) -> int:
        """The tokens of everything, in the form in which the prompt holds it."""
        blocks = [data_block("project_instructions", instructions)] * bool(instructions)
        blocks += [data_block("map", "\n".join(entries))] * bool(entries)
        blocks += [one.block for one in chosen]
        return self._count("\n".join(blocks)) if blocks else 0

    def _choose(self, shortlist: Sequence[Ranked], left: int) -> list[Chosen]:
        chosen: list[Chosen] = []
        for one in [one for one in shortlist if one.score > 0 or one.reasons] or shortlist:
            text = self._texts.get(one.path)
            if text is None or left < LEAST_FILE:
                continue
            file = Chosen(one.path, one.score, one.reasons, text, whole=True)
            if self._cost(file) > left:
                file = replace(file, text=self._excerpt(one.path, text, left), whole=False)
            if file.text and (cost := self._cost(file)) <= left:
                chosen.append(file)
                left -= cost
        return chosen

    def _cost(self, file: Chosen) -> int:
        return self._count(file.block) + 1

    def _excerpt(self, path: str, text: str, limit: int) -> str:
        """The pieces that fit the request best, in their order; empty where not even one is worth its place."""
        left = limit - self._count(code_block("file", "", path)) - 1
        if left < LEAST_EXCERPT:
            return ""
        lines = text.split("\n")
        spans = code_map.pieces(path, text)
        bodies = ["\n".join(lines[span.start - 1 : span.end]) for span in spans]
        scores = bm25(self._query.terms, [self._query.text(body) for body in bodies])
        order = [i for i in sorted(range(len(spans)), key=lambda i: (-scores[i], i)) if scores[i]]
        kept: set[int] = set()
        for i in [*order, 0]:
            cost = self._count(bodies[i]) + 2 * self._count(_GAP.format(99_999)) + 3
            # The first piece, with imports and constants, comes along where another one is kept.
            if i not in kept and cost <= left and (scores[i] or kept):
                kept.add(i)
                left -= cost
        return _joined(spans, kept, lines) if kept else ""

    def _map(self, paths: Sequence[str], left: int) -> list[str]:
        left -= self._count(data_block("map", "")) + 1
        entries: list[str] = []
        for path in paths:
            signatures = code_map.signatures(path, self._texts.get(path, ""))
            entry = "\n".join([path, *(f"    {line}" for line in signatures)])
            if (cost := self._count(entry) + 1) > left:
                entry, cost = path, self._count(path) + 1
            if cost > left:
                break
            entries.append(entry)
            left -= cost
        return entries

    def _cut(self, text: str, limit: int) -> str:
        """As many lines from the beginning as fit, and one that says so."""
        if self._tokens((), (), text) <= limit:
            return text
        lines = text.split("\n")
        low, high = 0, len(lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._tokens((), (), "\n".join([*lines[:middle], _CUT])) <= limit
            low, high = (middle, high) if fits else (low, middle - 1)
        return "\n".join([*lines[:low], _CUT]) if low else ""


def _joined(spans: Sequence[code_map.Piece], kept: set[int], lines: list[str]) -> str:
    parts: list[str] = []
    missing = 0
    for i, span in enumerate(spans):
        if i in kept:
            parts += [_GAP.format(missing)] * bool(missing) + lines[span.start - 1 : span.end]
        missing = 0 if i in kept else missing + span.end - span.start + 1
    return "\n".join(parts + [_GAP.format(missing)] * bool(missing))
