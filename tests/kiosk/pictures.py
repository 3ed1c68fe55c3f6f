"""A kept look as a picture: SVG, drawn cell by cell as a terminal does, so that no font makes gaps or moves columns."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len

from tests.kiosk.looks import Look, cells

WIDTH, HEIGHT = 8, 17
"""Of a cell, in pixels."""
SIZE, BASE, MARGIN = 13.2, 13, 8
"""Of the letters, where they stand in their cell, and around it all."""
FONT = "DejaVu Sans Mono,Menlo,Consolas,monospace"
EIGHTHS = {chr(0x2580 + number): number for number in range(1, 9)}
"""Blocks that fill a cell from below."""
SIDES = {chr(0x2590 - number): number for number in range(1, 9)}
"""And from the left."""
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
BRAILLE = 0x2800
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille character."""
LINES = {
    "│": "ns",
    "─": "we",
    "╭": "se",
    "╮": "sw",
    "╰": "ne",
    "╯": "nw",
    "┌": "se",
    "┐": "sw",
    "└": "ne",
    "┘": "nw",
    "├": "nse",
    "┤": "nsw",
    "┬": "wes",
    "┴": "wen",
    "┼": "nswe",
    "╴": "w",
    "╵": "n",
    "╶": "e",
    "╷": "s",
}
"""Which ways a line leads from the middle of its cell."""
ENDS = {"n": (0.5, 0), "s": (0.5, 1), "w": (0, 0.5), "e": (1, 0.5)}
LATIN = range(0x21, 0x250)
"""Letters that a font for terminals has as wide as a cell."""


@dataclass(frozen=True)
class Style:
    """How a run of cells is drawn."""

    ink: str
    ground: str
    marks: frozenset[str]

    @classmethod
    def of(cls, named: str) -> Style:
        ink, _, ground, *marks = named.split(" ")
        if "reverse" in marks:
            ink, ground = ground, ink
        return cls(ink, ground, frozenset(marks))


def drawn(look: Look, theme: str, title: str) -> str:
    """One theme of it."""
    number = look.themes.index(theme)
    rows = [[Style.of(one[number]) for one in row] for row in look.styles]
    width, height = (MARGIN * 2 + size for size in (WIDTH * len(rows[0]), HEIGHT * len(rows)))
    paper = rows[0][0].ground
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{html.escape(title)}</title>",
        f"<style>text{{font:{SIZE}px {FONT};white-space:pre}}.m{{text-anchor:middle}}"
        ".b{font-weight:bold}.u{text-decoration:underline}.s{fill:none;stroke-width:1.3}</style>",
        f'<rect width="{width}" height="{height}" rx="6" fill="{paper}"/>',
        f'<g transform="translate({MARGIN} {MARGIN})">',
        *_grounds(rows, paper),
    ]
    for y, (text, styles) in enumerate(zip(look.letters, rows, strict=True)):
        parts += _row(text, styles, y)
    return "\n".join([*parts, "</g></svg>"]) + "\n"


def _grounds(rows: list[list[Style]], paper: str) -> Iterator[str]:
    """A rectangle for each run of cells of one ground; as high as it goes on below."""
    open_ones: dict[tuple[int, int, str], int] = {}
    for y in range(len(rows) + 1):
        runs = set(_runs(rows[y])) if y < len(rows) else set()
        for run in [one for one in open_ones if one not in runs]:
            (x, length, ground), top = run, open_ones.pop(run)
            box = f'x="{x * WIDTH}" y="{top * HEIGHT}" width="{length * WIDTH}" height="{(y - top) * HEIGHT}"'
            if ground != paper:
                yield f'<rect {box} fill="{ground}" shape-rendering="crispEdges"/>'
        for run in sorted(runs):
            open_ones.setdefault(run, y)


def _runs(row: list[Style]) -> Iterator[tuple[int, int, str]]:
    at = 0
    for ground, run in groupby(one.ground for one in row):
        length = len([*run])
        yield at, length, ground
        at += length


def _row(text: str, styles: list[Style], y: int) -> Iterator[str]:
    """Runs of plain letters as they are; what a font may have wider or narrower, sign by sign."""
    placed = [(x, one, styles[x]) for x, one in cells(text)]
    for (style, plain), run in groupby(placed, key=lambda one: (one[2], ord(one[1]) in LATIN or one[1] == " ")):
        found = [(x, one) for x, one, _ in run]
        if plain:
            yield from _words("".join(one for _, one in found), found[0][0], y, style)
        else:
            yield from _signs(found, y, style)


def _words(text: str, x: int, y: int, style: Style) -> Iterator[str]:
    words = text.strip(" ")
    if not words:
        return
    x += len(text) - len(text.lstrip(" "))
    place = f'x="{x * WIDTH}" y="{y * HEIGHT + BASE}" textLength="{len(words) * WIDTH}"'
    yield f'<text {place}{_class(style)} fill="{style.ink}">{html.escape(words, quote=False)}</text>'


def _signs(found: list[tuple[int, str]], y: int, style: Style) -> Iterator[str]:
    boxes, lines = "", ""
    for x, one in found:
        left, top, code = x * WIDTH, y * HEIGHT, ord(one)
        if one in EIGHTHS:
            high = HEIGHT * EIGHTHS[one] / 8
            boxes += f"M{left} {top + HEIGHT - high:g}h{WIDTH}v{high:g}h-{WIDTH}z"
        elif one in SIDES:
            boxes += f"M{left} {top}h{SIDES[one]}v{HEIGHT}h-{SIDES[one]}z"
        elif one == "▀":
            boxes += f"M{left} {top}h{WIDTH}v{HEIGHT / 2:g}h-{WIDTH}z"
        elif BRAILLE < code < BRAILLE + 256:
            for bit, (column, row) in enumerate(DOTS):
                if code - BRAILLE >> bit & 1:
                    boxes += f"M{left + 1 + 4 * column} {top + 1.2 + 4.2 * row:g}h2v2h-2z"
        elif one in LINES:
            for way in LINES[one]:
                across, down = ENDS[way]
                lines += f"M{left + WIDTH / 2:g} {top + HEIGHT / 2:g}L{left + across * WIDTH:g} {top + down * HEIGHT:g}"
        elif one in SHADES:
            box = f'x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}"'
            yield f'<rect {box} fill="{style.ink}" opacity="{SHADES[one]}"/>'
        else:
            middle = left + WIDTH * cell_len(one) / 2
            place = f'x="{middle:g}" y="{top + BASE}" class="m{" b" * ("bold" in style.marks)}"'
            yield f'<text {place} fill="{style.ink}">{html.escape(one, quote=False)}</text>'
    if boxes:
        yield f'<path d="{boxes}" fill="{style.ink}" shape-rendering="crispEdges"/>'
    if lines:
        yield f'<path d="{lines}" stroke="{style.ink}" class="s"/>'


def _class(style: Style) -> str:
    found = [name[0] for name in ("bold", "underline") if name in style.marks]
    return f' class="{" ".join(found)}"' if found else ""
