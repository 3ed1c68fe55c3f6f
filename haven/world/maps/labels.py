"""Places labels beside dots so that none covers another: the important first, always the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CELL = 64.0
"""Pixels: labels that could meet share a cell of this size or a neighbouring one."""
GAP = 3.0
"""Pixels between a dot and its label."""
MOST = 1_500
"""So many dots are tried; what has no room after them is left without a label."""

MOST_LINES = 400
"""With more lines than this, labels don't try to keep off them."""

Line = tuple[float, float, float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Wanted:
    """A label for the dot at x, y of that radius; its text takes `width` by `height` pixels."""

    key: int
    x: float
    y: float
    radius: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """Where the label's box begins (left, top)."""

    key: int
    left: float
    top: float
    width: float
    height: float


class Occupied:
    """Boxes that are taken, found by the cells they touch."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Box]] = defaultdict(list)

    def add(self, box: Box) -> None:
        for cell in _cells(box):
            self._cells[cell].append(box)

    def free(self, box: Box) -> bool:
        return not any(_meet(box, other) for cell in _cells(box) for other in self._cells.get(cell, ()))


def place(wanted: Sequence[Wanted], taken: Sequence[Box], room: Box, lines: Sequence[Line] = ()) -> list[Placed]:
    """The labels that have room, in the order in which they are wanted; inside `room`, off the boxes `taken`.

    They keep off the `lines` (x, y to x, y) as well where they can.
    """
    lines = lines if len(lines) <= MOST_LINES else ()
    occupied = Occupied()
    for box in taken:
        occupied.add(box)
    found = []
    for one in wanted[:MOST]:
        boxes = [(left, top, left + one.width, top + one.height) for left, top in _spots(one)]
        free = [box for box in boxes if _within(box, room) and occupied.free(box)]
        best = min(free, key=lambda box: sum(_crosses(line, box) for line in lines), default=None)
        if best is not None:
            occupied.add(best)
            found.append(Placed(one.key, best[0], best[1], one.width, one.height))
    return found


def _crosses(line: Line, box: Box) -> bool:
    """Whether a line touches a box (Liang and Barsky 1984)."""
    x, y, wide, high = line[0], line[1], line[2] - line[0], line[3] - line[1]
    first, last = 0.0, 1.0
    for step, room in ((-wide, x - box[0]), (wide, box[2] - x), (-high, y - box[1]), (high, box[3] - y)):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    return first <= last


def _spots(one: Wanted) -> Iterator[tuple[float, float]]:
    """Right of the dot first, as cartographers prefer (Imhof 1975), then left, above, below and the corners."""
    away = one.radius + GAP
    middle = one.y - one.height / 2
    centre = one.x - one.width / 2
    right, left = one.x + away, one.x - away - one.width
    above, below = one.y - away - one.height, one.y + away
    yield from ((right, middle), (left, middle), (centre, above), (centre, below))
    slant = away * 0.7
    yield from ((one.x + slant, one.y - slant - one.height), (one.x + slant, one.y + slant))
    yield from ((one.x - slant - one.width, one.y - slant - one.height), (one.x - slant - one.width, one.y + slant))


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    for column in range(int(box[0] // CELL), int(box[2] // CELL) + 1):
        for row in range(int(box[1] // CELL), int(box[3] // CELL) + 1):
            yield column, row


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _within(box: Box, room: Box) -> bool:
    return box[0] >= room[0] and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]
