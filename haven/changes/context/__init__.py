"""What Claude gets to see for a change: the functions and files that matter, and a map of the next ones.

The same tree, past and request give the same bytes on every machine, and never more tokens than the budget.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from haven.changes.context.looking import key, look
from haven.changes.context.packing import Chosen, Packing, rendered
from haven.changes.context.ranking import Ranked, rank
from haven.changes.context.signals import is_named
from haven.changes.context.view import View
from haven.changes.context.words import Query
from haven.changes.review.risk import SECRETS
from haven.store.code_index import CodeIndex, Hits, Past

MAX_FILE_BYTES = 200_000
SHORTLIST = 120
"""Files that are read a second time, to be shown or mapped with their signatures."""
MAPPED = 1_000
"""Files that the map may name."""
BATCH_BYTES = 8_000_000
"""Read at once while looking: what bounds the memory on a large repository."""
INSTRUCTION_FILES = ("HAVEN.md", "CLAUDE.md", "AGENTS.md")

_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "may hold secrets",
        re.compile(rf"{SECRETS}|(^|/)\.npmrc$", re.IGNORECASE),
    ),
    (
        "vendored or generated",
        re.compile(
            r"(^|/)(node_modules|bower_components|vendor(ed)?|third[_-]party|site-packages|\.?venv|dist|__pycache__)/"
            r"|\.min\.(js|css)$|\.map$"
        ),
    ),
    ("a lock file", re.compile(r"(^|/)(package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|go\.sum)$|\.lock$")),
    ("translations, pictures or snapshots", re.compile(r"\.(po|pot|svg|ambr|snap)$", re.IGNORECASE)),
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
    def blob(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mode(self) -> str: ...


ReadMany = Callable[[list[str]], Awaitable[Mapping[str, bytes]]]


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
    ranked: tuple[Ranked, ...] = ()
    """Every file that was considered, best first."""

    @property
    def text(self) -> str:
        """Everything as it stands in the prompt; what `tokens` counts."""
        return rendered(self.files, self.map_text, self.instructions)


async def choose(
    request: str,
    files: Sequence[Listed],
    read_many: ReadMany,
    budget: int,
    count: Callable[[str], int],
    index: CodeIndex,
    *,
    kind: str = "",
    history: Sequence[Past] = (),
    hints: Sequence[str] = (),
    must_see: Mapping[str, str] | None = None,
    instructions: str | None = None,
    without: Collection[str] = (),
) -> Context:
    """Choose what to show for a request, within `budget` tokens as `count` counts them.

    `index` remembers what looks at files left; only files it does not know are read. `history` is the commits before,
    newest first; `hints` are path patterns of the project; `must_see` are paths that come first whatever their rank,
    each with why; `instructions` replaces what the tree itself says in HAVEN.md or the like;
    `without` names signals that are left out. The work runs in threads.
    """
    left_out: Counter[str] = Counter()
    wanted = [file for file in sorted(files, key=lambda file: file.path) if admitted(file, left_out)]
    await _learn(wanted, read_many, index)
    query = Query(request)
    view = await asyncio.to_thread(_view, query, wanted, history, index)
    left_out["binary"] += len(wanted) - len(view.paths)
    ranked = await asyncio.to_thread(rank, view, kind=kind, hints=hints, without=without)
    own = next((name for name in INSTRUCTION_FILES if name in set(view.paths)), "")
    # It is quoted as instructions already, so as a file it is shown only where it is itself to be changed.
    twice = own if own not in (must_see or {}) and not is_named(own, request) else ""
    first = _first(must_see or {}, ranked)
    seen = {one.path for one in first} | {twice}
    listed = [*first, *(one for one in ranked if one.path not in seen)][:MAPPED]
    data = await read_many([one.path for one in listed[:SHORTLIST]] + [own] * bool(own))
    texts = {path: text for path, raw in data.items() if (text := decode(raw)) is not None}
    wishes = texts.get(own, "") if instructions is None else instructions
    packing = Packing(view, budget, count, texts)
    chosen, entries, said, tokens = await asyncio.to_thread(packing.pack, listed, len(first), wishes)
    left_out["less relevant"] = sum(one.path != twice for one in ranked) - len(chosen)
    why = {reason: n for reason, n in sorted(left_out.items()) if reason and n}
    return Context(tuple(chosen), "\n".join(entries), said, tokens, len(view.paths), why, tuple(ranked))


def decode(raw: bytes) -> str | None:
    """The text of a file with `\\n` line ends and no byte order mark, or None where it is not UTF-8 text."""
    if b"\0" in raw:
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def admitted(file: Listed, left_out: Counter[str]) -> bool:
    """Whether a file may be shown at all; if not, the reason is counted."""
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


async def _learn(files: Sequence[Listed], read_many: ReadMany, index: CodeIndex) -> None:
    """Look at the files that the index does not know."""
    keys = {file.path: key(file.path, file.blob) for file in files}
    unknown = await asyncio.to_thread(index.unknown, keys.values())
    new = {keys[file.path]: file for file in files if keys[file.path] in unknown}
    for batch in batches(list(new.values())):
        data = await read_many([file.path for file in batch])
        await asyncio.to_thread(_look, {keys[file.path]: file.path for file in batch}, data, index)


def _look(batch: Mapping[str, str], data: Mapping[str, bytes], index: CodeIndex) -> None:
    looks = {}
    for each, path in batch.items():
        if (text := decode(data.get(path, b"\0"))) is not None:
            looks[each] = look(path, text)
    index.add(looks, without=batch.keys() - looks.keys())


def batches(files: Sequence[Listed]) -> Iterator[list[Listed]]:
    """Files in bunches of at most BATCH_BYTES."""
    batch: list[Listed] = []
    held = 0
    for file in files:
        if batch and held + file.size > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(file)
        held += file.size
    if batch:
        yield batch


def _view(query: Query, files: Sequence[Listed], history: Sequence[Past], index: CodeIndex) -> View:
    """What the index tells of these files; those that are no text are left out."""
    keys = [key(file.path, file.blob) for file in files]
    facts, hits = index.look_up(list(dict.fromkeys(keys)), query.all_terms)
    texts = [(file.path, each) for file, each in zip(files, keys, strict=True) if each in facts]
    places: dict[str, list[int]] = {}
    for number, (_, each) in enumerate(texts):
        places.setdefault(each, []).append(number)
    at: dict[str, dict[int, Hits]] = {
        term: {number: hit for each, hit in held.items() for number in places[each]} for term, held in hits.items()
    }
    return View(query, [path for path, _ in texts], [facts[each] for _, each in texts], at, history)


def _first(must_see: Mapping[str, str], ranked: list[Ranked]) -> list[Ranked]:
    known = {one.path: one for one in ranked}
    return [
        Ranked(path, known[path].score, (why, *known[path].reasons)) for path, why in must_see.items() if path in known
    ]
