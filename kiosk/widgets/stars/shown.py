"""What of a sky is shown: its systems in the order of drawing, coloured and marked by one trait, some left pale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from haven.world.maps.sky import Sky, Trait
from kiosk.widgets.stars.canvas import Canvas, Floats, Ints
from kiosk.widgets.stars.window import Window, fitting

MARKS = "●■◆▲▼╋○"
"""Of the first classes; each has its colour too."""
OTHER, NONE = "◇", "·"
GROUND, LINK, PALE, PLAIN, CLASS = 0, 1, 2, 3, 4
"""Places in the palette; the classes follow one another, behind the last that of all others."""
COLOURED = len(MARKS)


VOICES = {
    **dict.fromkeys(("blue", "class o", "class b"), 1),
    **dict.fromkeys(("yellow", "class g"), 2),
    "green": 3,
    **dict.fromkeys(("red", "class m"), 4),
    "purple": 5,
    **dict.fromkeys(("orange", "class k"), 6),
    **dict.fromkeys(("white", "class f", "class a"), 8),
}
"""What is called by a colour has that colour of the looks' eight, and stars that of their class."""


def class_mark(place: int) -> tuple[str, int]:
    """The mark of a value by its place among the values, and its look."""
    if place < 0:
        return NONE, PLAIN
    return (MARKS[place], CLASS + place) if place < COLOURED else (OTHER, CLASS + COLOURED)


@dataclass(frozen=True, eq=False)
class Shown:
    """`kept` says which systems a filter keeps; None where there is none."""

    sky: Sky
    trait: Trait
    kept: npt.NDArray[np.bool_] | None = None

    @cached_property
    def voices(self) -> tuple[int, ...]:
        """The colour of each class, the last for all others: 1 to 8, each once."""
        named = [VOICES.get(value.casefold(), 0) for value in self.trait.values[:COLOURED]]
        wanted = [one if one not in named[:place] else 0 for place, one in enumerate(named)]
        wanted += [0] * (COLOURED + 1 - len(wanted))
        left = iter([one for one in range(1, COLOURED + 2) if one not in wanted])
        return tuple(one or next(left) for one in wanted)

    @cached_property
    def rows(self) -> Ints:
        """The sky's rows in the order of drawing: pale ones first, what is most important last."""
        everything = np.arange(len(self.sky))
        if self.kept is None:
            return everything
        return np.concatenate((everything[~self.kept], everything[self.kept]))

    @cached_property
    def first(self) -> int:
        """The first one that the filter keeps."""
        return 0 if self.kept is None else int((~self.kept).sum())

    @cached_property
    def places(self) -> tuple[Floats, Floats]:
        """x and y in the order of drawing."""
        if self.kept is None:
            return self.sky.x, self.sky.y
        return self.sky.x[self.rows], self.sky.y[self.rows]

    @cached_property
    def looks(self) -> npt.NDArray[np.uint8]:
        of = self.trait.of[self.rows]
        found = np.where(of < 0, PLAIN, CLASS + np.minimum(of, COLOURED)).astype(np.uint8)
        found[: self.first] = PALE
        return found

    @cached_property
    def codes(self) -> npt.NDArray[np.uint32]:
        """The mark of each look."""
        marks = [" ", " ", NONE, NONE, *MARKS, OTHER]
        return np.array([ord(mark) for mark in marks], dtype=np.uint32)

    @cached_property
    def lines(self) -> Floats:
        """Both ends of each link, the shortest first."""
        one, two = self.sky.links[:, 0], self.sky.links[:, 1]
        return np.column_stack((self.sky.x[one], self.sky.y[one], self.sky.x[two], self.sky.y[two]))

    def point(self, row: int) -> tuple[float, float]:
        return float(self.sky.x[row]), float(self.sky.y[row])


class Inset:
    """All of the map, small: where the window is."""

    COLUMNS, ROWS = 16, 4

    def __init__(self, shown: Shown) -> None:
        self._whole = fitting(shown.sky.low, shown.sky.high, self.COLUMNS, self.ROWS)
        canvas = Canvas(self.COLUMNS, self.ROWS, 255)
        x, y = (one[shown.first :] for one in shown.places)
        across, down = self._at(x, y)
        inside = (across >= 0) & (across < 2 * self.COLUMNS) & (down >= 0) & (down < 4 * self.ROWS)
        spots = np.unique(down[inside] * 2 * self.COLUMNS + across[inside])  # thousands may share one
        self._across, self._down = spots % (2 * self.COLUMNS), spots // (2 * self.COLUMNS)
        canvas.dots(self._across, self._down, 0)
        canvas.settle()
        self._canvas = canvas

    def _at(self, x: Floats, y: Floats) -> tuple[Ints, Ints]:
        across = np.floor((x - self._whole.x) / self._whole.dot) + self.COLUMNS
        down = np.floor((self._whole.y - y) / self._whole.dot) + 2 * self.ROWS
        most = float(np.iinfo(np.int32).max)
        return np.clip(across, -1, most).astype(np.int64), np.clip(down, -1, most).astype(np.int64)

    def place(self, column: float, row: float) -> tuple[float, float]:
        """What lies at a cell of it."""
        there = self._whole.moved(column + 0.5 - self.COLUMNS / 2, row + 0.5 - self.ROWS / 2)
        return there.x, there.y

    def draw(self, canvas: Canvas, left: int, top: int, window: Window, looks: tuple[int, int]) -> None:
        """With an edge, into the canvas; `looks`: of the stars and the edge, and of the window's frame."""
        plain, framed = looks
        bar = "─" * self.COLUMNS
        canvas.words(left, top, f"┌{bar}┐", plain)
        canvas.words(left, top + self.ROWS + 1, f"└{bar}┘", plain)
        small = Canvas(self.COLUMNS, self.ROWS, 255)
        small.dots(self._across, self._down, 0)
        small.dots(*self._frame(window, canvas), 1)
        small.settle()
        for row in range(self.ROWS):
            canvas.words(left, top + 1 + row, "│" + " " * self.COLUMNS + "│", plain)
            canvas.codes[top + 1 + row, left + 1 : left + 1 + self.COLUMNS] = small.codes[row]
            looks_there = np.where(small.looks[row] > 0, framed, plain)
            canvas.looks[top + 1 + row, left + 1 : left + 1 + self.COLUMNS] = looks_there

    def _frame(self, window: Window, canvas: Canvas) -> tuple[Ints, Ints]:
        """The dots of the window's edge, cut to the inset."""
        wide, tall = canvas.columns * window.dot, 2 * canvas.rows * window.dot
        xs = np.array([window.x - wide, window.x + wide], dtype=np.float32)
        ys = np.array([window.y + tall, window.y - tall], dtype=np.float32)
        across, down = self._at(xs, ys)
        (left, right), (top, bottom) = (
            np.clip(across, 0, 2 * self.COLUMNS - 1).tolist(),
            np.clip(down, 0, 4 * self.ROWS - 1).tolist(),
        )
        along, up = np.arange(left, right + 1), np.arange(top, bottom + 1)
        return (
            np.concatenate((along, along, np.full_like(up, left), np.full_like(up, right))),
            np.concatenate((np.full_like(along, top), np.full_like(along, bottom), up, up)),
        )
