"""Names of the world that begin like the end of what is typed."""

from __future__ import annotations

from haven.world.name_index import NameIndex
from haven.world.words import fold

LONGEST = 3
"""Words of a name that may be typed already."""
LEAST = 2
"""Letters before anything is offered."""


def completions(index: NameIndex, before: str, limit: int) -> tuple[str, list[str]]:
    """The end of `before` that begins a name, and the names, the shortest first; the longest beginning wins."""
    pieces = before[-200:].split(" ")
    for count in range(min(LONGEST, len(pieces)), 0, -1):
        typed = " ".join(pieces[-count:])
        folded = fold(typed)
        if len(folded) < LEAST or typed != typed.strip():
            continue
        found = (one.name for one in index.starting(folded, 2 * limit) if fold(one.name) != folded)
        if names := [name for name in dict.fromkeys(found) if fold(name).startswith(folded)]:
            return typed, names[:limit]
    return "", []
