"""A canvas of cells: braille dots, marks and words in arrays, turned into the strips that Textual draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a braille cell, by row and column of its 4 times 2 dots."""
BRAILLE, BLANK = 0x2800, 0x20
BEHIND = 0
"""Stands behind a character that takes two cells."""


class Canvas:
    """`codes` are characters, `looks` places in a palette; what is drawn later lies above what is there.

    `taken` are cells that no word may be written over. A look from `solid` on has a ground of its own.
    """

    def __init__(self, columns: int, rows: int, solid: int) -> None:
        self.columns, self.rows = columns, rows
        self._solid = solid
        self._dots = np.zeros(rows * 4 * columns * 2, dtype=np.uint8)
        self.codes: npt.NDArray[np.uint32] = np.full((rows, columns), BLANK, dtype=np.uint32)
        self.looks: npt.NDArray[np.uint8] = np.zeros((rows, columns), dtype=np.uint8)
        self.taken: npt.NDArray[np.bool_] = np.zeros((rows, columns), dtype=np.bool_)

    def dots(self, across: Ints, down: Ints, looks: npt.NDArray[np.uint8] | int) -> None:
        """Dots that lie within it, two a column and four a row; the last of a cell gives it its look."""
        self._dots[down * (2 * self.columns) + across] = 1
        self.looks.reshape(-1)[(down >> 2) * self.columns + (across >> 1)] = looks

    def settle(self) -> None:
        """Make characters of the dots."""
        dots = self._dots.reshape(self.rows, 4, self.columns, 2)
        bits = np.zeros((self.rows, self.columns), dtype=np.uint8)
        for row in range(4):
            for column in range(2):
                bits |= dots[:, row, :, column] * np.uint8(BITS[row][column])
        lit = bits > 0
        self.codes[lit] = bits[lit].astype(np.uint32) + BRAILLE

    def marks(self, columns: Ints, rows: Ints, codes: npt.NDArray[np.uint32], looks: npt.NDArray[np.uint8]) -> None:
        """A character each; the last of a cell is seen."""
        self.codes[rows, columns] = codes
        self.looks[rows, columns] = looks
        self.taken[rows, columns] = True

    def is_free(self, column: int, row: int, width: int) -> bool:
        """Whether words of that width find room there."""
        if not (0 <= row < self.rows and column >= 0 and column + width <= self.columns):
            return False
        return not self.taken[row, column : column + width].any()

    def words(self, column: int, row: int, text: str, look: int, *, room: int = 0) -> None:
        """Write over what is there; nobody else may write there nor in `room` cells beside it, where no dots stay."""
        codes = cells(text)[: max(0, self.columns - column)]
        if not (0 <= row < self.rows and column >= 0):
            return
        around = slice(max(0, column - room), column + len(codes) + room)
        self.codes[row, around][~self.taken[row, around]] = BLANK
        self.codes[row, column : column + len(codes)] = codes
        self.looks[row, column : column + len(codes)] = look
        self.taken[row, around] = True

    def strips(self, palette: Sequence[Style]) -> list[Strip]:
        """A strip a row; cells of one look become one piece, and blanks take the look of what stands before them."""
        blank = self.codes == BLANK
        places = np.where(blank & (self.looks < self._solid), 0, np.arange(1, self.columns + 1))
        last = np.maximum.accumulate(places, axis=1) - 1
        looks = np.where(last < 0, 0, np.take_along_axis(self.looks, np.maximum(last, 0), axis=1))
        looks[blank & (looks >= self._solid) & (self.looks < self._solid)] = 0
        return [self._strip(self.codes[row], looks[row], palette) for row in range(self.rows)]

    def _strip(self, codes: npt.NDArray[np.uint32], looks: npt.NDArray[np.uint8], palette: Sequence[Style]) -> Strip:
        line = codes.astype("<u4").tobytes().decode("utf-32-le")
        starts = [0, *(np.flatnonzero(looks[1:] != looks[:-1]) + 1).tolist()]
        kinds = looks[starts].tolist()
        pieces = [line[start:end] for start, end in pairwise([*starts, len(line)])]
        if "\0" in line:
            pieces = [piece.replace("\0", "") for piece in pieces]
        return Strip([Segment(text, palette[kind]) for text, kind in zip(pieces, kinds, strict=True)], self.columns)


def cells(text: str) -> list[int]:
    """The characters of a line as they stand in cells; those that take none are left out."""
    if text.isascii():
        return [ord(character) for character in text]
    found = []
    for character in text:
        width = cell_len(character)
        if width:
            found += [ord(character), *[BEHIND] * (width - 1)]
    return found


def walked(ends: Floats, wide: int, tall: int, most: int) -> tuple[Ints, Ints]:
    """The dots of lines (rows of x, y, x, y) that lie on a ground of so many dots; the first lines until `most` dots.

    Lines are cut to the ground as Liang and Barsky (1984) do.
    """
    a, b, c, d = (ends[:, place].astype(np.float64) for place in range(4))
    across, down = c - a, d - b
    first, last = np.zeros(len(ends)), np.ones(len(ends))
    inside = np.ones(len(ends), dtype=np.bool_)
    for step, room in ((-across, a), (across, wide - 1 - a), (-down, b), (down, tall - 1 - b)):
        with np.errstate(divide="ignore", invalid="ignore"):
            cut = room / step
        inside &= ~((step == 0) & (room < 0))
        first = np.where(step < 0, np.maximum(first, cut), first)
        last = np.where(step > 0, np.minimum(last, cut), last)
    kept = np.flatnonzero(inside & (first <= last))
    a, b, across, down, first, last = (one[kept] for one in (a, b, across, down, first, last))
    steps = np.ceil(np.maximum(np.abs(across), np.abs(down)) * (last - first)).astype(np.int64) + 1
    lines = int(np.searchsorted(np.cumsum(steps), most, side="right")) or 1
    steps = steps[:lines]
    of = np.repeat(np.arange(len(steps)), steps)
    at = np.arange(len(of)) - np.repeat(np.cumsum(steps) - steps, steps)
    part = first[of] + (last - first)[of] * at / np.maximum(steps[of] - 1, 1)
    x, y = a[of] + across[of] * part, b[of] + down[of] * part
    return np.clip(x, 0, wide - 1).astype(np.int64), np.clip(y, 0, tall - 1).astype(np.int64)
