"""Which lines of a diff stand beside each other, and where each change in it begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from haven.changes.review.diffing import FileDiff, Hunk

Key = tuple[int, int, int]
"""A line, by the numbers of its file, of the hunk there, and of the line in that."""


class Block(NamedTuple):
    """The numbers of lines that belong together: the same ones on both sides, or removed ones and those added there."""

    old: Sequence[int]
    new: Sequence[int]

    @property
    def same(self) -> bool:
        """Whether nothing differs in it."""
        return self.old is self.new


def blocks(hunk: Hunk) -> Iterator[Block]:
    """The whole hunk in its order; a note on a missing last newline inside a change is left out."""
    at = 0
    for removed, added in _runs(hunk):
        if before := range(at, min([*removed, *added])):
            yield Block(before, before)
        yield Block(removed, added)
        at = max([*removed, *added]) + 1
    if rest := range(at, len(hunk.lines)):
        yield Block(rest, rest)


def beside(hunk: Hunk) -> Iterator[tuple[int | None, int | None]]:
    """The numbers of the lines that stand beside each other; None where one side has none there."""
    for block in blocks(hunk):
        yield from zip_longest(block.old, block.new)


def partners(hunk: Hunk) -> dict[int, int]:
    """Of each removed line the added one in its place, and the other way round."""
    found: dict[int, int] = {}
    for removed, added in _runs(hunk):
        found |= dict(zip(removed, added, strict=False)) | dict(zip(added, removed, strict=False))
    return found


def stretches(files: Sequence[FileDiff]) -> list[Key]:
    """Where each change begins: the first of lines that follow one another and are not as before."""
    return [
        (file, hunk, number)
        for file, one in enumerate(files)
        for hunk, lines in enumerate(one.hunks)
        for number, this in enumerate(lines.lines)
        if this.sign in "+-" and (number == 0 or lines.lines[number - 1].sign == " ")
    ]


def _runs(hunk: Hunk) -> list[tuple[list[int], list[int]]]:
    """The numbers of removed and of added lines of each change in it."""
    found: list[tuple[list[int], list[int]]] = []
    before = " "
    for number, one in enumerate(hunk.lines):
        if one.sign in "+-":
            if before == " ":
                found.append(([], []))
            found[-1]["-+".index(one.sign)].append(number)
        before = one.sign if one.sign != "\\" else before
    return found
