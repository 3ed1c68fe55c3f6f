"""The map in cells: links in braille, a coloured mark a system, names where there is room; a tap chooses a system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from haven.world.atlas import Floats
from haven.world.maps.scene import Dot, Scene
from haven.world.maps.themes import DARK
from kiosk.plain import line

BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a braille cell, by row and column of its 4 times 2 points."""
MARKS = "●■◆▲"
STEP, ZOOM = 0.25, 1.6
"""How far a pan goes, as a share of what is seen; how much nearer a zoom comes."""
NEAREST, FARTHEST = 200.0, 2.0
"""Against the whole map."""
NAMES = 300
"""Systems in sight whose names are tried; they stand by rank."""
MOST_LINKS = 3_000
"""Links in sight that are drawn, the shortest first; more would be a grey ground."""
REACH = 3.0
"""Cells between a finger and the system that it meant."""
GROUND = Style(bgcolor=DARK.ground)
LINK = Style(color=DARK.link, bgcolor=DARK.ground)
NAME = Style(color=DARK.text, bgcolor=DARK.ground)
OUTSIDE = Style(color=DARK.nothing, bgcolor=DARK.ground)
CHOSEN = Style(color=DARK.ground, bgcolor="#ffd479", bold=True)
CLASSES = tuple(Style(color=colour, bgcolor=DARK.ground, bold=True) for colour in DARK.classes)


@dataclass
class Cell:
    text: str
    style: Style


class StarMap(Widget, can_focus=False):
    """Draws a scene; `pan` and `zoom` move what is seen of it, nothing is computed anew."""

    class Chosen(Message):
        def __init__(self, dot: Dot) -> None:
            super().__init__()
            self.dot = dot

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._scene: Scene | None = None
        self._chosen = ""
        self._x = self._y = 0.0
        self._near = 1.0
        self._rows: list[list[Cell | None]] = []
        self._places: list[tuple[int, int, Dot]] = []
        self._spots: Floats = np.empty((0, 2))
        self._links: Floats = np.empty((0, 4))

    def show(self, scene: Scene) -> None:
        """Another state of the map; what part is seen stays as it is."""
        first, self._scene = self._scene is None, scene
        self._spots = np.array([(dot.x, dot.y) for dot in scene.dots], dtype=np.float64).reshape(-1, 2)
        links = np.array(scene.links, dtype=np.float64).reshape(-1, 4)
        self._links = links[np.argsort(np.hypot(*(links[:, 2:] - links[:, :2]).T), kind="stable")]
        if first:
            self.whole()
        self._draw()

    def whole(self) -> None:
        """See all of it."""
        if self._scene is not None:
            (x0, y0), (x1, y1) = self._scene.low, self._scene.high
            self._x, self._y, self._near = (x0 + x1) / 2, (y0 + y1) / 2, 1.0
            self._draw()

    def pan(self, right: int, up: int) -> None:
        wide, high = self._seen()
        self._x += right * STEP * wide
        self._y += up * STEP * high
        self._draw()

    def zoom(self, nearer: bool) -> None:
        self._near = min(NEAREST, max(1 / FARTHEST, self._near * (ZOOM if nearer else 1 / ZOOM)))
        self._draw()

    def choose(self, id: str) -> None:
        """Mark a system."""
        self._chosen = id
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        found = sorted(((x - event.x) ** 2 + (2 * (y - event.y)) ** 2, dot.id, dot) for x, y, dot in self._places)
        if found and found[0][0] <= REACH**2:
            self.choose(found[0][1])
            self.post_message(self.Chosen(found[0][2]))

    def render_line(self, y: int) -> Strip:
        if y >= len(self._rows):
            return Strip([Segment(" " * self.size.width, GROUND)])
        cells = self._rows[y]
        return Strip([Segment(cell.text, cell.style) if cell else Segment(" ", GROUND) for cell in cells])

    def _unit(self) -> float:
        """The map's units in one column; a row has twice as many."""
        assert self._scene is not None
        (x0, y0), (x1, y1) = self._scene.low, self._scene.high
        columns, rows = max(self.size.width, 1), max(self.size.height, 1)
        return max((x1 - x0) / columns, (y1 - y0) / (2 * rows), 1e-12) / self._near

    def _seen(self) -> tuple[float, float]:
        return self._unit() * self.size.width, self._unit() * 2 * self.size.height

    def _draw(self) -> None:
        if self._scene is None or not self.size:
            return
        self._rows = [[None] * self.size.width for _ in range(self.size.height)]
        self._lines()
        self._dots(self._scene)
        self._names()
        self.refresh()

    def _at(self, spots: Floats, columns: int = 1, rows: int = 1) -> Floats:
        """Columns and rows of places on the map, so many times finer than cells."""
        unit = self._unit()
        across = (self.size.width / 2 + (spots[:, 0] - self._x) / unit) * columns
        down = (self.size.height / 2 - (spots[:, 1] - self._y) / (2 * unit)) * rows
        return np.column_stack((across, down))

    def _lines(self) -> None:
        """Links as braille points, two across and four down a cell; only what lies in sight is walked along."""
        points: dict[tuple[int, int], int] = {}
        wide, high = self.size.width * 2 - 1, self.size.height * 4 - 1
        ends = np.hstack((self._at(self._links[:, :2], 2, 4), self._at(self._links[:, 2:], 2, 4)))
        low, most = np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])
        near = np.all((most >= 0) & (low <= (wide, high)), axis=1)
        for a, b, c, d in ends[near][:MOST_LINKS].tolist():
            clipped = _clipped(a, b, c, d, wide, high)
            if clipped is None:
                continue
            a, b, c, d = clipped
            steps = max(int(max(abs(c - a), abs(d - b))), 1)
            for step in range(steps + 1):
                x, y = int(a + (c - a) * step / steps), int(b + (d - b) * step / steps)
                points[x // 2, y // 4] = points.get((x // 2, y // 4), 0) | BITS[y % 4][x % 2]
        for (x, y), bits in points.items():
            self._rows[y][x] = Cell(chr(0x2800 + bits), LINK)

    def _dots(self, scene: Scene) -> None:
        """Of several systems in one cell the last is seen: it stands out most."""
        cells = np.floor(self._at(self._spots)).astype(np.int64)
        seen = np.flatnonzero(np.all((cells >= 0) & (cells < (self.size.width, self.size.height)), axis=1))[::-1]
        _, tops = np.unique(cells[seen, 1] * self.size.width + cells[seen, 0], return_index=True)
        self._places = [(int(cells[row][0]), int(cells[row][1]), scene.dots[row]) for row in seen[tops].tolist()]
        for x, y, dot in self._places:
            has_class = dot.inside and dot.group >= 0
            style = CLASSES[dot.group % len(CLASSES)] if has_class else OUTSIDE
            mark = MARKS[dot.group % len(MARKS)] if has_class else "·"
            self._rows[y][x] = Cell(mark, CHOSEN if dot.id == self._chosen else style)

    def _names(self) -> None:
        """The chosen one first, then by rank; right of the mark, else left of it, else not."""
        ranked = sorted(self._places, key=lambda one: (one[2].id != self._chosen, one[2].rank, one[2].name))
        for x, y, dot in ranked[:NAMES]:
            name = line(dot.name, 24)
            for start in (x + 2, x - 1 - len(name)):
                if self._is_free(y, start - 1, start + len(name) + 1, x):
                    for at, letter in enumerate(name, start):
                        self._rows[y][at] = Cell(letter, NAME)
                    break

    def _is_free(self, y: int, start: int, end: int, own: int) -> bool:
        """Links may be written over, marks and letters not."""
        if start < 0 or end > self.size.width:
            return False
        row = self._rows[y]
        return all(at == own or row[at] is None or row[at].style is LINK for at in range(start, end))  # type: ignore[union-attr]


def _clipped(
    a: float, b: float, c: float, d: float, wide: float, high: float
) -> tuple[float, float, float, float] | None:
    """The part of a line from (a, b) to (c, d) that is in sight (Liang and Barsky 1984)."""
    first, last, across, down = 0.0, 1.0, c - a, d - b
    for step, room in ((-across, a), (across, wide - a), (-down, b), (down, high - b)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None
    return a + first * across, b + first * down, a + last * across, b + last * down
