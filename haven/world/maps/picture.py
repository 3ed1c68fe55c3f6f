"""A map from a wish to a file: gathered, laid out and drawn in one go, off the event loop."""

from __future__ import annotations

from enum import StrEnum

from haven.errors import BadInput
from haven.world.gazetteer import Gazetteer
from haven.world.maps.scene import Wish, scene
from haven.world.maps.themes import THEMES


class Format(StrEnum):
    PNG = "png"
    SVG = "svg"


def picture(
    gazetteer: Gazetteer,
    wish: Wish,
    *,
    format: Format = Format.PNG,
    theme: str = "dark",
    width: int = 1_200,
    height: int = 900,
) -> bytes:
    """The file. Takes up to a second here and a few on a Raspberry Pi: call it in a thread.

    Raises NotFound and BadInput where there is nothing to draw, no such theme, or no such size.
    """
    from haven.world.maps import png, svg  # Pillow comes with the first picture: it takes memory that few need
    from haven.world.maps.sheet import lay_out

    if theme not in THEMES:
        raise BadInput(f"There is no theme {theme!r}.", f"Choose one of: {', '.join(THEMES)}.")
    sheet = lay_out(scene(gazetteer, wish), THEMES[theme], width, height)
    return png.draw(sheet) if format is Format.PNG else svg.draw(sheet)
