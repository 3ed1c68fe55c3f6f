"""One look at a file, as the index keeps it: its pieces, what it defines and imports, and every term by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from haven.changes.context import code_map
from haven.changes.context.words import bag, terms
from haven.store.code_index import Facts

MOST = 60_000
"""Pieces, and times of one term: what fits in two bytes."""


def look(path: str, text: str) -> tuple[Facts, dict[str, Sequence[int]]]:
    """The facts, and for each term: times in defined names, then piece, times, piece, times..."""
    lines = text.split("\n")
    pieces = code_map.pieces(path, text)[:MOST]
    named = Counter(terms(" ".join(code_map.names(text))))
    hits: dict[str, list[int]] = {}
    lengths = []
    for number, piece in enumerate(pieces):
        held = bag("\n".join(lines[piece.start - 1 : piece.end]))
        lengths.append(held.total())
        for term, times in held.items():
            hits.setdefault(term, [min(named.get(term, 0), MOST)]).extend((number, min(times, MOST)))
    facts = Facts(
        tuple(piece.start for piece in pieces),
        tuple(lengths),
        named.total(),
        tuple(code_map.imports(path, text)),
    )
    return facts, dict(hits)


def key(path: str, blob: str) -> str:
    """What a look is kept under: the same bytes are read otherwise as Python, as a guide and as anything else."""
    ending = "py" if code_map.is_python(path) else "md" if path.lower().endswith(".md") else ""
    return f"{blob}.{ending}" if ending else blob
