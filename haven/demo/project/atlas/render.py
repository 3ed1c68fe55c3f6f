"""The map as pixels: a small canvas, and drawing systems on it."""

from __future__ import annotations

from atlas.systems import LIMITS, Atlas, System

BACKGROUND = (5, 6, 15)
MARGIN = 8


class Canvas:
    """A picture in memory: rows of red, green and blue bytes."""

    def __init__(self, width: int, height: int, background: tuple[int, int, int] = BACKGROUND) -> None:
        if width < 1 or height < 1:
            raise ValueError("a canvas needs at least one pixel")
        self.width = width
        self.height = height
        self.pixels = bytearray(bytes(background) * (width * height))

    def get(self, x: int, y: int) -> tuple[int, int, int]:
        """The colour of one pixel."""
        at = 3 * (y * self.width + x)
        return self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]

    def put(self, x: int, y: int, colour: tuple[int, int, int]) -> None:
        """Colour one pixel; outside the canvas nothing happens."""
        if 0 <= x < self.width and 0 <= y < self.height:
            at = 3 * (y * self.width + x)
            self.pixels[at : at + 3] = bytes(colour)

    def dot(self, x: int, y: int, radius: int, colour: tuple[int, int, int]) -> None:
        """A filled circle."""
        for row in range(-radius, radius + 1):
            for column in range(-radius, radius + 1):
                if row * row + column * column <= radius * radius:
                    self.put(x + column, y + row, colour)


def place(system: System, width: int, height: int) -> tuple[int, int]:
    """Where a system lies on a picture of that size, as column and row; north is up."""
    across = (system.x + LIMITS["x"]) / (2 * LIMITS["x"])
    up = (system.y + LIMITS["y"]) / (2 * LIMITS["y"])
    column = MARGIN + round(across * (width - 1 - 2 * MARGIN))
    row = MARGIN + round((1 - up) * (height - 1 - 2 * MARGIN))
    return column, row


def star_rgb(star: str) -> tuple[int, int, int]:
    """The colour of a star class as red, green and blue."""
    if star == "yellow":
        return (255, 214, 102)
    if star == "red":
        return (255, 107, 107)
    if star == "blue":
        return (116, 185, 255)
    if star == "green":
        return (85, 239, 196)
    return (190, 144, 255)


def size(system: System) -> int:
    """The radius of a system's dot in pixels: one more for every two planets."""
    return 2 + min(len(system.planets) // 2, 3)


def draw(atlas: Atlas, width: int = 640, height: int = 480) -> Canvas:
    """The whole map."""
    canvas = Canvas(width, height)
    for system in atlas.systems:
        column, row = place(system, width, height)
        canvas.dot(column, row, size(system), star_rgb(system.star))
    return canvas
