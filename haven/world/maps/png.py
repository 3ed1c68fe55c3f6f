"""A sheet as PNG, with Pillow: drawn twice as large and made smaller, for smooth edges."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from haven.world.maps.lettering import lettered
from haven.world.maps.sheet import Line, Mark, Sheet, Words
from haven.world.maps.svg import corners
from haven.world.maps.themes import Shape

FINE = 2
"""Pixels drawn for each pixel kept, along each side."""
DASH, PAUSE = 3.0, 5.0


def draw(sheet: Sheet) -> bytes:
    """The file; takes about a second for a sheet of 1,200 by 900, so call it in a thread."""
    image = Image.new("RGB", (sheet.width * FINE, sheet.height * FINE), sheet.theme.ground)
    pen = ImageDraw.Draw(image)
    for line in sheet.lines:
        if line.colour == sheet.theme.grid:
            _line(pen, line)
    pen.rectangle([FINE * side for side in sheet.panel], fill=sheet.theme.panel)
    for line in sheet.lines:
        if line.colour != sheet.theme.grid:
            _line(pen, line)
    for colour, points in sheet.points.items():
        for right in range(-2, 2):
            for down in range(-2, 2):
                pen.point([(FINE * x + right, FINE * y + down) for x, y in points], fill=colour)
    for mark in sheet.marks:
        _mark(pen, mark)
    for words in sheet.words:
        _words(pen, words)
    small = image.resize((sheet.width, sheet.height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=False)
    return file.getvalue()


def _line(pen: ImageDraw.ImageDraw, line: Line) -> None:
    points = [(FINE * x, FINE * y) for x, y in line.points]
    width = max(1, round(FINE * line.width))
    if not line.dashed:
        pen.line(points, fill=line.colour, width=width, joint="curve")
        return
    (x1, y1), (x2, y2) = points[0], points[-1]
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    at = 0.0
    while at < length:
        end = min(at + FINE * DASH, length)
        one = (x1 + (x2 - x1) * at / length, y1 + (y2 - y1) * at / length)
        two = (x1 + (x2 - x1) * end / length, y1 + (y2 - y1) * end / length)
        pen.line([one, two], fill=line.colour, width=width)
        at = end + FINE * PAUSE


def _mark(pen: ImageDraw.ImageDraw, mark: Mark) -> None:
    x, y, radius = FINE * mark.x, FINE * mark.y, FINE * mark.radius
    edge = mark.edge or mark.colour
    match mark.shape:
        case Shape.CIRCLE:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=mark.colour, outline=edge, width=FINE)
        case Shape.SQUARE:
            side = radius * 0.9
            pen.rectangle((x - side, y - side, x + side, y + side), fill=mark.colour, outline=edge, width=FINE)
        case _:
            points = [(FINE * left, FINE * top) for left, top in corners(mark)]
            pen.polygon(points, fill=mark.colour, outline=edge, width=FINE)


def _words(pen: ImageDraw.ImageDraw, words: Words) -> None:
    text, font = lettered(words.text, words.size * FINE)
    pen.text(
        (FINE * words.left, FINE * (words.top + words.size * 0.9)),
        text,
        fill=words.colour,
        font=font,
        anchor="ls",
        stroke_width=2 * FINE if words.halo else 0,
        stroke_fill=words.halo or None,
    )
