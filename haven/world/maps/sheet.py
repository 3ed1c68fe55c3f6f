"""A sheet: a scene laid out in pixels, with its labels, grid, scale bar and legend. What draws it adds nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from haven.errors import BadInput
from haven.world.lengths import convert, written
from haven.world.maps import labels
from haven.world.maps.lettering import text_width
from haven.world.maps.scene import Scene, View
from haven.world.maps.themes import NAMED, SHAPES, Shape, Theme

LEAST, MOST = 320, 4_000
"""Pixels of a side; the largest picture takes half a gigabyte while it is drawn."""
HEAD, FOOT, EDGE = 56, 34, 24
LEGEND = 200
MANY = 3_000
"""More dots than this are drawn as points of one size."""
LABELS = 250
"""Labels that are tried among so many dots."""
PAD = 5.0
"""Pixels between one label and the next."""
LONGEST = 34
"""Characters of a label; a longer name is cut."""


@dataclass(frozen=True)
class Mark:
    """A dot."""

    x: float
    y: float
    radius: float
    colour: str
    shape: Shape
    id: str = ""
    name: str = ""
    edge: str = ""


@dataclass(frozen=True)
class Line:
    points: tuple[tuple[float, float], ...]
    colour: str
    width: float
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """Text whose box begins at `left`, `top` and is `width` wide."""

    text: str
    left: float
    top: float
    size: int
    width: float
    colour: str
    halo: str = ""


@dataclass(frozen=True)
class Sheet:
    """`points` are marks too many for shapes: position by colour."""

    width: int
    height: int
    title: str
    theme: Theme
    panel: tuple[float, float, float, float]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    words: tuple[Words, ...]
    points: dict[str, list[tuple[float, float]]]


class _Plan:
    """Where the map's units lie on the sheet."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.left, self.top = float(EDGE), float(HEAD)
        self.right, self.bottom = float(width - LEGEND - EDGE), float(height - FOOT - EDGE)
        wide, high = scene.high[0] - scene.low[0], scene.high[1] - scene.low[1]
        self.scale = min((self.right - self.left) / wide, (self.bottom - self.top) / high)
        self._x = (self.left + self.right - wide * self.scale) / 2 - scene.low[0] * self.scale
        self._y = (self.top + self.bottom + high * self.scale) / 2 + scene.low[1] * self.scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self._x + x * self.scale, self._y - y * self.scale

    def units(self, left: float, top: float) -> tuple[float, float]:
        return (left - self._x) / self.scale, (self._y - top) / self.scale


def lay_out(scene: Scene, theme: Theme, width: int = 1_200, height: int = 900) -> Sheet:
    """The sheet of a scene. Raises BadInput for a size that is too small to read or too large to hold."""
    if not (LEAST <= width <= MOST and LEAST <= height <= MOST):
        raise BadInput(f"A map is {LEAST} to {MOST:,} pixels wide and high.", "Name another size.")
    plan = _Plan(scene, width, height)
    marks, points = _marks(scene, theme, plan)
    lines = [*_grid(scene, theme, plan), *_links(scene, theme, plan)]
    text = [*_labels(scene, theme, plan, marks), *_title(scene, theme, width, height)]
    key_marks, key_words = _legend(scene, theme, width)
    scale_lines, scale_words = _scale_bar(scene, theme, plan, width, height)
    panel = (float(width - LEGEND), 0.0, float(width), float(height))
    every = (*lines, *scale_lines)
    return Sheet(
        width, height, scene.title, theme, panel, every, (*marks, *key_marks), (*text, *key_words, *scale_words), points
    )


def _colour(group: int, scene: Scene, theme: Theme, inside: bool = True) -> tuple[str, Shape]:
    """By the place in the legend; a legend that names colours gets these colours."""
    if group < 0:
        return theme.nothing, SHAPES[0]
    shape = SHAPES[group % len(SHAPES)]
    named = NAMED.get(scene.legend[group].casefold())
    if not inside:
        return theme.nothing, shape
    return named or theme.classes[group % len(theme.classes)], shape


def _marks(scene: Scene, theme: Theme, plan: _Plan) -> tuple[list[Mark], dict[str, list[tuple[float, float]]]]:
    points: dict[str, list[tuple[float, float]]] = {}
    if len(scene.dots) > MANY:
        for dot in sorted(scene.dots, key=lambda dot: dot.group):  # what has a colour lies on top
            points.setdefault(_colour(dot.group, scene, theme, dot.inside)[0], []).append(plan.at(dot.x, dot.y))
        return [], points
    crowd = 1.0 if len(scene.dots) < 150 else 0.75 if len(scene.dots) < 800 else 0.5
    found = []
    for dot in scene.dots:
        colour, shape = _colour(dot.group, scene, theme, dot.inside)
        x, y = plan.at(dot.x, dot.y)
        radius = (3.6 + 1.3 * math.sqrt(dot.weight)) * crowd * (1.25 if theme.bold else 1.0)
        if not dot.inside:
            radius *= 0.6
        found.append(Mark(x, y, radius, colour, shape, dot.id, dot.name, theme.edge))
    return found, points


def _labels(scene: Scene, theme: Theme, plan: _Plan, marks: list[Mark]) -> list[Words]:
    size = 14 if len(scene.dots) < 60 else 12 if len(scene.dots) < 400 else 11
    order = sorted(
        (place for place, dot in enumerate(scene.dots) if dot.inside),
        key=lambda place: (scene.dots[place].rank, -scene.dots[place].weight, scene.dots[place].name),
    )
    wanted, shown = [], {}
    for place in order[: labels.MOST if marks else LABELS]:
        dot = scene.dots[place]
        name = dot.name if len(dot.name) <= LONGEST else f"{dot.name[: LONGEST - 3].rstrip()}..."
        x, y = plan.at(dot.x, dot.y)
        shown[place] = name
        radius = marks[place].radius if marks else 1.5
        wanted.append(labels.Wanted(place, x, y, radius, text_width(name, size) + PAD, size * 1.15))
    taken = [(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius) for one in marks]
    room = (plan.left, plan.top, plan.right, plan.bottom)
    lines = [(*plan.at(one[0], one[1]), *plan.at(one[2], one[3])) for one in scene.links]
    lines += [(*plan.at(*one), *plan.at(*two)) for one, two in pairwise(scene.route)]
    about = [
        one for one in wanted if scene.dots[one.key].rank == 0
    ]  # what the map is about has its name over dots, too
    placed = labels.place(about, (), room, lines)
    taken += [(one.left, one.top, one.left + one.width, one.top + one.height) for one in placed]
    placed += labels.place([one for one in wanted if scene.dots[one.key].rank], taken, room, lines)
    return [Words(shown[one.key], one.left, one.top, size, one.width - PAD, theme.text, theme.halo) for one in placed]


def _links(scene: Scene, theme: Theme, plan: _Plan) -> list[Line]:
    thick = 1.6 if theme.bold else 1.1
    dashed = len(scene.links) <= labels.MOST_LINES
    found = [Line((plan.at(one[0], one[1]), plan.at(one[2], one[3])), theme.link, thick, dashed) for one in scene.links]
    if len(scene.route) > 1:
        points = tuple(plan.at(x, y) for x, y in scene.route)
        found += [Line(points, theme.ground, 6.0), Line(points, theme.route, 2.6)]
    return found


def nice(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20, ... that is not above the value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def _grid(scene: Scene, theme: Theme, plan: _Plan) -> list[Line]:
    step = nice((scene.high[0] - scene.low[0]) / 5)
    left, top = plan.units(plan.left, plan.top)
    right, bottom = plan.units(plan.right, plan.bottom)
    found = []
    for count in range(math.ceil(left / step), math.floor(right / step) + 1):
        x, _ = plan.at(count * step, 0)
        found.append(Line(((x, plan.top), (x, plan.bottom)), theme.grid, 1.6 if count == 0 else 0.8))
    for count in range(math.ceil(bottom / step), math.floor(top / step) + 1):
        _, y = plan.at(0, count * step)
        found.append(Line(((plan.left, y), (plan.right, y)), theme.grid, 1.6 if count == 0 else 0.8))
    return found


def _title(scene: Scene, theme: Theme, width: int, height: int) -> list[Words]:
    seen = "from above (x to the right, y up)" if scene.view is View.TOP else "from the side (x to the right, z up)"
    inside = sum(dot.inside for dot in scene.dots)
    below = f"{inside:,} system{'s' if inside != 1 else ''}, seen {seen}"
    room = width - LEGEND - 2 * EDGE
    found = [
        _words(scene.title, EDGE, 10, 22, theme.text, room),
        _words(below, EDGE, 36, 12, theme.muted, room),
    ]
    first, rest = _broken(" ".join(scene.notes), 11, room)
    lines = [(first, height - 30), (rest, height - 16)] if rest else [(first, height - 24)]
    return [*found, *(_words(line, EDGE, top, 11, theme.muted, room) for line, top in lines if line)]


def _broken(text: str, size: int, room: float) -> tuple[str, str]:
    """As many whole words as have room, and the rest."""
    pieces = text.split(" ")
    fits = next((count for count in range(len(pieces), 0, -1) if text_width(" ".join(pieces[:count]), size) <= room), 1)
    return " ".join(pieces[:fits]), " ".join(pieces[fits:])


def _words(text: str, left: float, top: float, size: int, colour: str, room: float) -> Words:
    """Text, cut where it has no room."""
    shown = text
    while shown and text_width(shown, size) > room:
        shown = f"{shown.removesuffix('...')[:-1]}..." if len(shown) > 4 else ""
    return Words(shown, left, top, size, text_width(shown, size), colour)


def _legend(scene: Scene, theme: Theme, width: int) -> tuple[list[Mark], list[Words]]:
    left, top, room = width - LEGEND + 16, 18.0, LEGEND - 32
    marks: list[Mark] = []
    text = [_words(scene.legend_title.replace("_", " ").capitalize(), left, top, 14, theme.text, room)]
    entries = [(value, place) for place, value in enumerate(scene.legend)]
    if any(dot.group < 0 for dot in scene.dots):
        entries.append(("not recorded", -1))
    for value, place in entries:
        top += 26
        colour, shape = _colour(place, scene, theme)
        marks.append(Mark(left + 7, top + 8, 6, colour, shape, edge=theme.edge))
        text.append(_words(value, left + 22, top + 1, 13, theme.text, room - 22))
    if scene.dots and len(scene.dots) <= MANY:
        top += 40
        text.append(_words("Size: planets recorded", left, top, 11, theme.muted, room))
    if scene.links:
        top += 20
        text.append(_words("Lines: recorded links", left, top, 11, theme.muted, room))
    return marks, text


def _scale_bar(scene: Scene, theme: Theme, plan: _Plan, width: int, height: int) -> tuple[list[Line], list[Words]]:
    """How long a round number of units is on the sheet; in light years as well where the unit has some."""
    units = nice((LEGEND - 48) / plan.scale)
    pixels = units * plan.scale
    left, top = float(width - LEGEND + 16), float(height - 40)
    lines = [
        Line(((left, top), (left + pixels, top)), theme.text, 2.0),
        Line(((left, top - 4), (left, top + 4)), theme.text, 2.0),
        Line(((left + pixels, top - 4), (left + pixels, top + 4)), theme.text, 2.0),
    ]
    turned = convert(units, scene.unit, "ly") if scene.unit != "ly" else None
    below = f"{units:,g} {scene.unit}" + (f" = {written(turned, 'ly')}" if turned is not None else "")
    return lines, [_words(below, left, top + 9, 12, theme.text, LEGEND - 24)]
