"""One frame of the map: systems, links, the route, names that don't cover each other, the scale and the inset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from textual.geometry import Region

from haven.world.lengths import written
from haven.world.maps.sheet import nice
from kiosk.plain import line
from kiosk.widgets.stars.canvas import Canvas, Floats, Ints, cells, walked
from kiosk.widgets.stars.shown import CLASS, COLOURED, LINK, PLAIN, Inset, Shown
from kiosk.widgets.stars.window import Window

NAME = CLASS + COLOURED + 1
ROUTE, STOP, EDGE, FRAME, CHOSEN, BEFORE = range(NAME + 1, NAME + 7)
"""Places in the palette behind the classes; those from CHOSEN on have a ground of their own."""
CELLS_A_MARK = 14
"""Where each system in sight has so many cells, all are marks; else dots, and the most important are marks."""
MARKED, CANDIDATES = 60, 2_000
BLOCK = 12, 2
"""Columns and rows of which one system is a mark, in a crowd: so the names spread over all of it."""
CELLS_A_NAME, CROWDED_NAME = 55, 90
"""A name covers what lies below it, and in a crowd more does."""
LONGEST = 24
"""Characters of a name."""
LINK_DOTS, ROUTE_DOTS = 5_000, 40_000
"""More dots of links than this would be a grey ground; the shortest are drawn."""
REACH = 3.0
"""Columns between a finger and the system that it meant; a row is two."""
SEEN_FIRST = 1.0
"""Columns by which what has a mark is nearer to a finger than what is one dot of many."""
SCALE = 14
"""Columns of the scale bar, at most."""


@dataclass(frozen=True)
class Pins:
    """Rows of the sky that stand out: the chosen system, the one before it, the stops of a route, the present one."""

    chosen: int | None = None
    before: int | None = None
    stops: tuple[int, ...] = ()
    stop: int | None = None

    def first(self) -> Iterator[int]:
        """Whose names come before all others."""
        yield from (one for one in (self.chosen, self.stop, self.before) if one is not None)
        yield from self.stops


@dataclass
class Drawn:
    """A frame, and what a finger may hit in it."""

    canvas: Canvas
    is_crowd: bool = False
    marked: set[int] = field(default_factory=set)
    names: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Row of cells, first column, the column behind the last, row of the sky."""
    inset: tuple[int, int] | None = None
    """Column and row of its corner."""

    def in_inset(self, column: float, row: float) -> tuple[float, float] | None:
        """The cell of the inset that lies there; None beside it."""
        if self.inset is None:
            return None
        across, down = column - self.inset[0], row - self.inset[1]
        if not (0 <= across < Inset.COLUMNS + 2 and 0 <= down < Inset.ROWS + 2):
            return None
        return min(max(across - 1, 0), Inset.COLUMNS - 1), min(max(down - 1, 0), Inset.ROWS - 1)


class Chart:
    """Draws what is shown through a window of so many cells."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.inset = Inset(shown)

    def draw(
        self,
        window: Window,
        columns: int,
        rows: int,
        pins: Pins,
        corner: tuple[bool, bool] | None = (True, True),
        covered: Region | None = None,
    ) -> Drawn:
        """`corner`: of the inset, whether right and whether below; None for no inset. No name is put on what is
        `covered`.
        """
        canvas = Canvas(columns, rows, CHOSEN)
        drawn = Drawn(canvas)
        seen, across, down = self._in_sight(window, columns, rows)
        self._lines(canvas, window)
        canvas.dots(across, down, self.shown.looks[seen])
        if len(pins.stops) > 1:
            ends = [(*self.shown.point(one), *self.shown.point(two)) for one, two in pairwise(pins.stops)]
            canvas.dots(*self._walked(np.array(ends, dtype=np.float32), window, canvas, ROUTE_DOTS), ROUTE)
        canvas.settle()
        some = self._marks(drawn, seen, across, down)
        self._pins(canvas, window, pins)
        self._scale(canvas, window)
        if corner and columns > 2 * Inset.COLUMNS and rows > 2 * Inset.ROWS:
            right, below = corner
            drawn.inset = (columns - Inset.COLUMNS - 2) * right, (rows - Inset.ROWS - 2) * below
            self.inset.draw(canvas, *drawn.inset, window, (EDGE, FRAME))
        if covered:
            canvas.taken[covered.y : covered.bottom, covered.x : covered.right] = True
        self._names(drawn, window, pins, some)
        return drawn

    def hit(self, drawn: Drawn, window: Window, column: float, row: float) -> int | None:
        """The system that a finger meant: whose name or mark it touched, else the nearest in reach."""
        for at, start, end, of in drawn.names:
            if at == int(row) and start <= column < end:
                return of
        canvas, shown = drawn.canvas, self.shown
        x, y = (one[shown.first :] for one in shown.places)
        scale = 1 / (2 * window.dot)
        dx = (x - window.x) * scale + (canvas.columns / 2 - column - 0.5)
        dy = (window.y - y) * scale + (canvas.rows - 2 * row - 1)
        away = np.hypot(dx, dy)
        near = np.flatnonzero(away <= REACH)
        if not len(near):
            return None
        rows = shown.rows[shown.first :][near]
        ranks = [float(away[at]) - SEEN_FIRST * (int(of) in drawn.marked) for at, of in zip(near, rows, strict=True)]
        return int(rows[int(np.argmin(ranks))])

    def nearest(self, window: Window) -> int | None:
        """The system nearest to the middle; None where the filter keeps none."""
        shown = self.shown
        x, y = (one[shown.first :] for one in shown.places)
        return int(shown.rows[shown.first + int(np.argmin(np.hypot(x - window.x, y - window.y)))]) if len(x) else None

    def _in_sight(self, window: Window, columns: int, rows: int) -> tuple[Ints, Ints, Ints]:
        """Which systems are in sight, in the order of drawing, and their dots."""
        x, y = self.shown.places
        scale = np.float32(1 / window.dot)
        across = (x - np.float32(window.x)) * scale + np.float32(columns)
        down = (np.float32(window.y) - y) * scale + np.float32(2 * rows)
        inside = (across >= 0) & (across < 2 * columns) & (down >= 0) & (down < 4 * rows)
        seen = np.flatnonzero(inside)
        if len(seen) == len(x):
            return seen, across.astype(np.int64), down.astype(np.int64)
        return seen, across[seen].astype(np.int64), down[seen].astype(np.int64)

    def _lines(self, canvas: Canvas, window: Window) -> None:
        if len(lines := self.shown.lines):
            canvas.dots(*self._walked(lines, window, canvas, LINK_DOTS), LINK)

    def _walked(self, ends: Floats, window: Window, canvas: Canvas, most: int) -> tuple[Ints, Ints]:
        middle = np.array([canvas.columns, 2 * canvas.rows] * 2, dtype=np.float32)
        turn = np.array([1, -1, 1, -1], dtype=np.float32) / np.float32(window.dot)
        ends = (ends - np.array([window.x, window.y] * 2, dtype=np.float32)) * turn + middle
        wide, tall = 2 * canvas.columns, 4 * canvas.rows
        low, high = np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])
        near = (low[:, 0] < wide) & (high[:, 0] >= 0) & (low[:, 1] < tall) & (high[:, 1] >= 0)
        return walked(ends[near], wide, tall, most)

    def _marks(self, drawn: Drawn, seen: Ints, across: Ints, down: Ints) -> list[tuple[int, int, int]]:
        """Marks of all, or of the most important of each block; their rows and cells, the most important first."""
        canvas = drawn.canvas
        kept = len(seen) - int(np.searchsorted(seen, self.shown.first))
        drawn.is_crowd = is_crowd = kept > canvas.columns * canvas.rows // CELLS_A_MARK
        count = min(kept, CANDIDATES) if is_crowd else kept
        if not count:
            return []
        some, columns, rows = seen[-count:], across[-count:] >> 1, down[-count:] >> 2
        wide, tall = BLOCK if is_crowd else (1, 1)
        blocks = (rows // tall) * canvas.columns + columns // wide
        # Of a block the last counts: np.unique finds the first of the reversed.
        _, tops = np.unique(blocks[::-1], return_index=True)
        shown = np.sort(count - 1 - tops)[-MARKED if is_crowd else 0 :]
        looks = self.shown.looks[some[shown]]
        canvas.marks(columns[shown], rows[shown], self.shown.codes[looks], looks)
        of = self.shown.rows[some[shown]]
        return list(zip(of[::-1].tolist(), columns[shown][::-1].tolist(), rows[shown][::-1].tolist(), strict=True))

    def _scale(self, canvas: Canvas, window: Window) -> None:
        length = nice(SCALE * 2 * window.dot)
        columns = max(2, round(length / (2 * window.dot)))
        text = f"├{'─' * (columns - 2)}┤ {written(length, self.shown.sky.atlas.unit)}"
        if canvas.rows > 4 and len(text) < canvas.columns // 2:
            canvas.words((canvas.columns - len(text)) // 2, canvas.rows - 1, text, PLAIN, room=1)

    def _cell(self, canvas: Canvas, window: Window, of: int) -> tuple[int, int] | None:
        x, y = self.shown.point(of)
        column = int(np.floor((x - window.x) / (2 * window.dot) + canvas.columns / 2))
        row = int(np.floor((window.y - y) / (4 * window.dot) + canvas.rows / 2))
        return (column, row) if 0 <= column < canvas.columns and 0 <= row < canvas.rows else None

    def _pins(self, canvas: Canvas, window: Window, pins: Pins) -> None:
        """Marks of what stands out, however crowded it is there."""
        for of in reversed(list(dict.fromkeys(pins.first()))):
            if (cell := self._cell(canvas, window, of)) is not None:
                look = _look(of, pins)
                mark = "◉" if look in (CHOSEN, STOP) else "◎"
                canvas.words(*cell, mark, look)

    def _names(self, drawn: Drawn, window: Window, pins: Pins, some: list[tuple[int, int, int]]) -> None:
        """Pins first, then the most important; right of the mark, else left of it, above, below, else none."""
        canvas, sky = drawn.canvas, self.shown.sky
        drawn.marked = {of for of, _, _ in some}
        pinned = list(dict.fromkeys(pins.first()))
        cells_of = [(of, cell) for of in pinned if (cell := self._cell(canvas, window, of)) is not None]
        places = [(of, *cell) for of, cell in cells_of if drawn.in_inset(*cell) is None]
        room = max(6, canvas.columns * canvas.rows // (CROWDED_NAME if drawn.is_crowd else CELLS_A_NAME))
        places += [one for one in some[: 3 * room] if one[0] not in set(pinned)]
        for of, column, row in places:
            if len(drawn.names) >= room + len(pinned):
                break
            look = _look(of, pins)
            name = line(sky.name(of), LONGEST)
            text = f" {name} " if look >= CHOSEN else name
            width = len(cells(text))
            sides = ((column + 2, row), (column - 1 - width, row), (column - width // 2, row - 1))
            for start, at in (*sides, (column - width // 2, row + 1)):
                if canvas.is_free(start, at, width):
                    canvas.words(start, at, text, look, room=1)
                    drawn.names.append((at, start, start + width, of))
                    break


def _look(of: int, pins: Pins) -> int:
    if of == pins.chosen:
        return CHOSEN
    if of == pins.stop or of in pins.stops:
        return STOP
    return BEFORE if of == pins.before else NAME
