"""A sheet as SVG: text escaped, no script, no link to anything outside."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from haven.quoting import clean
from haven.world.maps.sheet import Line, Mark, Sheet, Words
from haven.world.maps.themes import Shape

FONT = "'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
REACH = 1.15
"""A triangle and a diamond look as large as a circle where they reach a little farther."""


def draw(sheet: Sheet) -> bytes:
    """The document in UTF-8."""
    return "\n".join(_parts(sheet)).encode()


def _parts(sheet: Sheet) -> Iterator[str]:
    theme = sheet.theme
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sheet.width}" height="{sheet.height}" '
        f'viewBox="0 0 {sheet.width} {sheet.height}" role="img" font-family="{FONT}">'
    )
    yield f"<title>{_text(sheet.title)}</title>"
    yield f'<rect width="100%" height="100%" fill="{theme.ground}"/>'
    yield from (_line(line) for line in sheet.lines if line.colour == theme.grid)
    left, top, right, bottom = sheet.panel
    yield f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" fill="{theme.panel}"/>'
    yield from (_line(line) for line in sheet.lines if line.colour != theme.grid)
    for colour, points in sheet.points.items():
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
        yield f'<path d="{dots}" stroke="{colour}" stroke-width="2.2" stroke-linecap="round" fill="none"/>'
    yield from map(_mark, sheet.marks)
    yield from map(_words, sheet.words)
    yield "</svg>\n"


def _text(text: str) -> str:
    """Safe between tags: no control character, which XML has no way to hold."""
    return escape("".join(letter for letter in clean(text) if letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF))


def _line(line: Line) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    dashes = ' stroke-dasharray="3 5"' if line.dashed else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="{line.width:g}"{dashes} '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _mark(mark: Mark) -> str:
    name = f"<title>{_text(mark.name)}</title>" if mark.name else ""
    edge = f'fill="{mark.colour}" stroke="{mark.edge or mark.colour}" stroke-width="1"'
    match mark.shape:
        case Shape.CIRCLE:
            shape = f'<circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{mark.radius:.1f}" {edge}>{name}</circle>'
        case Shape.SQUARE:
            side = mark.radius * 0.9
            box = f'x="{mark.x - side:.1f}" y="{mark.y - side:.1f}" width="{2 * side:.1f}" height="{2 * side:.1f}"'
            shape = f"<rect {box} {edge}>{name}</rect>"
        case _:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners(mark))
            shape = f'<polygon points="{points}" {edge}>{name}</polygon>'
    return f"<g data-id={quoteattr(_text(mark.id))}>{shape}</g>" if mark.id else shape


def corners(mark: Mark) -> tuple[tuple[float, float], ...]:
    """Of a diamond or a triangle."""
    reach = mark.radius * REACH
    if mark.shape is Shape.DIAMOND:
        return ((mark.x, mark.y - reach), (mark.x + reach, mark.y), (mark.x, mark.y + reach), (mark.x - reach, mark.y))
    low = mark.y + reach * 0.7
    return ((mark.x, mark.y - reach), (mark.x + reach, low), (mark.x - reach, low))


def _words(words: Words) -> str:
    """Every viewer has another font: `textLength` keeps the text as wide as it was measured."""
    halo = f' paint-order="stroke" stroke="{words.halo}" stroke-width="3" stroke-linejoin="round"' if words.halo else ""
    length = f' textLength="{words.width:.1f}" lengthAdjust="spacingAndGlyphs"' if words.text else ""
    return (
        f'<text x="{words.left:.1f}" y="{words.top + words.size * 0.9:.1f}" font-size="{words.size}" '
        f'fill="{words.colour}"{halo}{length}>{_text(words.text)}</text>'
    )
