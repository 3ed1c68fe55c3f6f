"""Write new lines over old ones, and keep of the file whatever both share."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence

from haven.changes.edits.lines import Shift, join
from haven.errors import EditError

WEAVE_PAIRS = 100_000
"""Pairs of lines that are compared to keep what old and new share; the worst of them take some 0.2 s."""


def weave(there: Sequence[str], old: Sequence[str], new: Sequence[str], end: str, shift: Shift) -> str:
    """Lines that old and new share stay as the file has them (blanks, line ends, quotes); others come from `new`."""
    head = _shared(zip(old, new, strict=False))
    tail = _shared(zip(reversed(old[head:]), reversed(new[head:]), strict=False))
    old_end, new_end = len(old) - tail, len(new) - tail
    if list(there) == [line.replace("\n", end) for line in old]:
        return join(shift(line).replace("\n", end) for line in new)
    if (old_end - head) * (new_end - head) > WEAVE_PAIRS:
        raise EditError("the old text is not exactly what stands there, and too long to be fitted in: make it shorter.")
    matcher = difflib.SequenceMatcher(None, old[head:old_end], new[head:new_end], autojunk=False)
    out = list(there[:head])
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            out += there[head + old_from : head + old_to]
        else:
            out += [shift(line).replace("\n", end) for line in new[head + new_from : head + new_to]]
    return join([*out, *there[old_end:]])


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs are equal before the first that is not."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
