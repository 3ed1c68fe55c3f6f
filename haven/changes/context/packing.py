"""Fit what matters into a budget: the best functions of the best files in full, and a map of the next files.

A piece is worth how likely it is to be changed, by a logistic fit on the same 360 commits as the ranking's (lines
that the commit changed); what is shown first is what is worth most for its length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from haven.changes.context import code_map
from haven.changes.context.ranking import Ranked
from haven.changes.context.view import View
from haven.quoting import code_block, data_block

FILES_SHARE, INSTRUCTIONS_SHARE = 0.82, 0.125
"""Shares of the budget: full text; the project's own instructions at most. The map gets the rest."""
SIGNED_SHARE = 0.6
"""Of the map: files with their signatures; the rest names as many files as it holds."""
LEAST = 40
"""Tokens under which a further piece is not worth its place."""
FILLINGS = 4
"""Times that text is added: more than once where the map says all it can and leaves room; a file that moves into the
text leaves the map."""
CANDIDATES = 40
"""Files whose pieces are weighed against each other."""
LENGTH_COUNTS = 0.4
"""A piece's worth is divided by its length to this power: a long one holds more lines that may change."""
GAP = "[... {} lines left out ...]"
CUT = "[... cut ...]"

Count = Callable[[str], int]


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
class _Part:
    """A piece of a file that may be shown: the file's rank, the piece's number, its price in tokens, its worth."""

    file: int
    piece: int
    price: int
    worth: float


@dataclass(frozen=True)
class _Cut:
    """A file cut into its pieces."""

    one: Ranked
    lines: list[str]
    spans: tuple[code_map.Piece, ...]

    def body(self, piece: int) -> str:
        span = self.spans[piece]
        return "\n".join(self.lines[span.start - 1 : span.end])

    def shown(self, kept: set[int]) -> Chosen:
        whole = len(kept) == len(self.spans)
        text = "\n".join(self.lines if whole else self._excerpt(kept))
        return Chosen(self.one.path, self.one.score, self.one.reasons, text, whole)

    def _excerpt(self, kept: set[int]) -> Iterator[str]:
        missing = 0
        for number, span in enumerate(self.spans):
            if number not in kept:
                missing += span.end - span.start + 1
                continue
            if missing:
                yield GAP.format(missing)
            yield from self.lines[span.start - 1 : span.end]
            missing = 0
        if missing:
            yield GAP.format(missing)


@dataclass
class _Text:
    """What is shown in full: it grows by the parts that are worth most, and nothing of it goes again."""

    files: list[_Cut]
    parts: list[_Part]
    """Those that are not shown yet, best first."""
    heads: list[int]
    """Tokens around each file."""
    gap: int
    """Tokens of the lines that say what is left out before and behind a part."""
    kept: dict[int, set[int]] = field(default_factory=dict)

    def grow(self, left: int) -> None:
        """Add parts of `left` tokens at most."""
        skipped = []
        for part in self.parts:
            near = self.kept.get(part.file, set())
            price = part.price + (0 if near else self.heads[part.file] + self.gap)
            price += 0 if {part.piece - 1, part.piece + 1} & near else self.gap
            if left >= max(LEAST, price):
                self.kept.setdefault(part.file, set()).add(part.piece)
                left -= price
            else:
                skipped.append(part)
        self.parts = skipped

    def shown(self) -> list[Chosen]:
        return [self.files[number].shown(self.kept[number]) for number in sorted(self.kept)]


class Packing:
    """Packs for one request and tree; `texts` holds the files of the shortlist that are text."""

    def __init__(self, view: View, budget: int, count: Count, texts: Mapping[str, str]) -> None:
        self._view = view
        self._budget = budget
        self._count = count
        self._texts = texts

    def pack(self, shortlist: Sequence[Ranked], first: int, wishes: str) -> tuple[list[Chosen], list[str], str, int]:
        """What is shown, the map's entries, the instructions, and the tokens of it all.

        The `first` files of the shortlist come before every other, whatever they are worth.
        """
        instructions = self._cut(wishes.strip(), int(self._budget * INSTRUCTIONS_SHARE))
        text = self._text(shortlist, first)
        left = int((self._budget - self._tokens((), (), instructions)) * FILES_SHARE)
        for _ in range(FILLINGS):
            text.grow(left)
            chosen, entries = self._with_map(text.shown(), shortlist, instructions)
            left = self._budget - self._tokens(chosen, entries, instructions)
            if left < LEAST:
                break
        # A counter may count joined text a little higher than its parts: the last ones give way.
        while (tokens := self._tokens(chosen, entries, instructions)) > self._budget and (entries or chosen):
            (entries or chosen).pop()
        return chosen, entries, instructions, tokens

    def _with_map(
        self, chosen: list[Chosen], shortlist: Sequence[Ranked], instructions: str
    ) -> tuple[list[Chosen], list[str]]:
        """Of what is chosen so much as fits, and the map of the others."""
        while chosen and self._tokens(chosen, (), instructions) > self._budget:
            chosen.pop()
        shown = {one.path for one in chosen}
        others = [one.path for one in shortlist if one.path not in shown]
        return chosen, self._map(others, self._budget - self._tokens(chosen, (), instructions))

    def _tokens(self, chosen: Sequence[Chosen], entries: Sequence[str], instructions: str) -> int:
        """The tokens of everything, in the form in which the prompt holds it."""
        text = rendered(chosen, "\n".join(entries), instructions)
        return self._count(text) if text else 0

    def _text(self, shortlist: Sequence[Ranked], first: int) -> _Text:
        files = [
            _Cut(one, text.split("\n"), code_map.pieces(one.path, text))
            for one in shortlist[: CANDIDATES + first]
            if (text := self._texts.get(one.path)) is not None
        ]
        parts = self._parts(files, {one.path for one in shortlist[:first]})
        heads = [self._count(code_block("file", "", cut.one.path)) + 2 for cut in files]
        return _Text(
            files,
            sorted(parts, key=lambda part: (-part.worth, part.file, part.piece)),
            heads,
            2 * self._count(GAP.format(9_999)),
        )

    def _parts(self, files: Sequence[_Cut], must: set[str]) -> Iterator[_Part]:
        """Every piece of the files with its price and worth."""
        at = {path: i for i, path in enumerate(self._view.paths)}
        top = max((cut.one.score for cut in files), default=0.0)
        odds = [math.exp(cut.one.score - top) for cut in files]
        fits = [self._view.piece_scores[at[cut.one.path]] for cut in files]
        best = max((max(fit.values(), default=0.0) for fit in fits), default=0.0) or 1.0
        for number, cut in enumerate(files):
            prices = [self._count(cut.body(piece)) + 1 for piece in range(len(cut.spans))]
            likely = max(odds[number] / sum(odds), 1e-9)
            for piece, price in enumerate(prices):
                fit = fits[number].get(piece, 0.0)
                said = self._view.said(code_map.title(cut.one.path, cut.body(piece)))
                worth = _worth(likely, fit / best, said, price, sum(prices), piece == 0)
                worth = worth / (price + 8) ** LENGTH_COUNTS + (cut.one.path in must)
                yield _Part(number, piece, price, round(worth, 9))

    def _map(self, paths: Sequence[str], left: int) -> list[str]:
        """The next files: some with their signatures, then as many as fit by name alone."""
        left -= self._count(data_block("map", "")) + 1
        signed = left * SIGNED_SHARE
        entries: list[str] = []
        for path in paths:
            signatures = code_map.signatures(path, self._texts.get(path, ""))
            entry = "\n".join([path, *(f"    {line}" for line in signatures)])
            cost = self._count(entry) + 1
            if cost > signed:
                entry, cost = path, self._count(path) + 1
            if cost > left:
                break
            entries.append(entry)
            left -= cost
            signed -= cost
        return entries

    def _cut(self, text: str, limit: int) -> str:
        """As many lines from the beginning as fit, and one that says so."""
        if self._tokens((), (), text) <= limit:
            return text
        lines = text.split("\n")
        low, high = 0, len(lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._tokens((), (), "\n".join([*lines[:middle], CUT])) <= limit
            low, high = (middle, high) if fits else (low, middle - 1)
        return "\n".join([*lines[:low], CUT]) if low else ""


def rendered(chosen: Sequence[Chosen], map_text: str, instructions: str) -> str:
    """The blocks of a prompt, one below the other."""
    blocks = [data_block("project_instructions", instructions)] * bool(instructions)
    blocks += [data_block("map", map_text)] * bool(map_text)
    return "\n".join([*blocks, *(one.block for one in chosen)])


def _worth(likely: float, fit: float, said: float, price: int, length: int, head: bool) -> float:
    """How likely a piece is to be changed. `likely`: how likely its file is; `fit`: its words beside those of the
    best piece of all; `said`: how much of the request its name says; all 0 to 1; `price` and `length`: tokens of the
    piece and of its file."""
    log = max(math.log(likely), -12.0)
    root = math.sqrt(likely)
    by_file = 0.21 * log - 0.72 * math.sqrt(-log) + 1.47 * root * head
    by_words = 2.04 * fit + 2.19 * root * fit + 2.94 * said - 1.67 * root * said
    by_length = 0.36 * math.log(price + 1) - 0.34 * math.log(length + 1)
    return 1 / (1 + math.exp(3.48 - by_file - by_words - by_length))
