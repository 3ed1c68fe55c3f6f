"""Regular expressions that could take too long: Python's `re` has no time limit, and holds the whole process meanwhile.

Counted are the ways in which a pattern may match one text, by the tree that `re` itself makes of it: `.*` has as many
as there are characters, and a repeat within a repeat a power of them. Each way may be tried from every character.
"""

from __future__ import annotations

import math
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from typing import Any

READ = 500
"""Characters of a question that the owner's patterns are held against."""
MOST_STEPS = 5e8
"""Two open repeats over so many characters, and a choice of three: about a second at the worst."""


def too_slow(pattern: str, length: int = READ) -> bool:
    """Whether a search in a text of this length could take too long. Raises what `re.compile` raises."""
    return _ways(parser.parse(pattern), length) * length > MOST_STEPS


def _ways(parts: Iterable[tuple[Any, Any]], length: int) -> float:
    return math.prod(_of(str(op), value, length) for op, value in parts)


def _of(op: str, value: Any, length: int) -> float:
    match op:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            times, ways = min(int(most), length), _ways(inner, length)
            return max(times - int(least), 0) + math.exp(min(times * math.log(ways), 500.0))
        case "BRANCH":
            return sum(_ways(one, length) for one in value[1])
        case "SUBPATTERN":
            return _ways(value[3], length)
        case "ASSERT" | "ASSERT_NOT":
            return _ways(value[1], length)
        case "ATOMIC_GROUP":
            return _ways(value, length)
        case "GROUPREF_EXISTS":
            return _ways(value[1], length) + _ways(value[2] or (), length)
    return 1.0
