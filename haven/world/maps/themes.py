"""The colours of a map: one palette that colour-blind people can tell apart, on dark, light and high-contrast ground.

The palette is Okabe and Ito's (2008, "Color Universal Design"); every class also has a shape of its own, so that no
reader depends on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"


class Shape(StrEnum):
    CIRCLE = "circle"
    SQUARE = "square"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"


@dataclass(frozen=True)
class Theme:
    """All colours are `#RRGGBB`. `classes` are the colours of the first, second, ... class."""

    name: str
    ground: str
    panel: str
    grid: str
    text: str
    muted: str
    halo: str
    """Around letters, so that they stand out from lines."""
    link: str
    route: str
    edge: str
    """Around dots."""
    nothing: str
    """Dots of no class, and those outside of what the map is about."""
    classes: tuple[str, ...]
    bold: bool = False
    """Larger dots and thicker lines."""


DARK = Theme(
    name="dark",
    ground="#0D1321",
    panel="#161F33",
    grid="#222D45",
    text="#EDF1F7",
    muted="#93A1B8",
    halo="#0D1321",
    link="#46557A",
    route="#FFFFFF",
    edge="#0D1321",
    nothing="#66738C",
    classes=(SKY, ORANGE, GREEN, PURPLE, YELLOW, VERMILLION, "#4C9BE8"),
)
LIGHT = Theme(
    name="light",
    ground="#FFFFFF",
    panel="#F3F5F8",
    grid="#E3E7EE",
    text="#1B2330",
    muted="#5B6778",
    halo="#FFFFFF",
    link="#B3BDCC",
    route="#1B2330",
    edge="#39424F",
    nothing="#A9B2BF",
    classes=(BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW),
)
CONTRAST = Theme(
    name="contrast",
    ground="#000000",
    panel="#000000",
    grid="#3A3A3A",
    text="#FFFFFF",
    muted="#E0E0E0",
    halo="#000000",
    link="#9A9A9A",
    route="#FFFFFF",
    edge="#FFFFFF",
    nothing="#BDBDBD",
    classes=(YELLOW, SKY, ORANGE, "#FFFFFF", PURPLE, GREEN, VERMILLION),
    bold=True,
)
THEMES: dict[str, Theme] = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST)}
NAMED: dict[str, str] = {
    "yellow": YELLOW,
    "red": VERMILLION,
    "blue": "#3E9BE0",
    "green": GREEN,
    "orange": ORANGE,
    "purple": PURPLE,
    "white": "#F4F4F4",
    "black": "#5A6478",
    "class o": "#3E7FE0",
    "class b": "#3E9BE0",
    "class a": "#A9D6F5",
    "class f": "#F4F4F4",
    "class g": YELLOW,
    "class k": ORANGE,
    "class m": VERMILLION,
}
"""What is called by a colour is drawn in it, and stars by their spectral class as astronomers do."""
SHAPES = (Shape.CIRCLE, Shape.SQUARE, Shape.DIAMOND, Shape.TRIANGLE)
