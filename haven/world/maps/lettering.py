"""The letters of a map: the font that Pillow brings along, so that every machine measures and draws the same.

That font (a small part of Aileron) has no letters beyond ASCII. A text that needs others is drawn with a font of the
system where one is found, and otherwise with the plain letters beneath the accents.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from PIL import ImageFont

from haven.quoting import clean

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
OF_THE_SYSTEM = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "đ": "d", "…": "..."})


@cache
def bundled(size: int) -> Font:
    return ImageFont.load_default(size)


@cache
def of_the_system(size: int) -> Font | None:
    """The first font with more letters that this machine has; None where there is none."""
    for name in OF_THE_SYSTEM:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


def lettered(text: str, size: int) -> tuple[str, Font]:
    """The text as it can be drawn, and the font for it."""
    shown = "".join(letter for letter in clean(text) if letter.isprintable())
    if shown.isascii():
        return shown, bundled(size)
    plain = unicodedata.normalize("NFKD", shown.translate(_PLAIN))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = of_the_system(size)
    if found is not None:
        return shown, found
    return plain.encode("ascii", "replace").decode(), bundled(size)


@lru_cache(maxsize=32_768)
def text_width(text: str, size: int) -> float:
    """In pixels."""
    shown, font = lettered(text, size)
    return float(font.getlength(shown))
