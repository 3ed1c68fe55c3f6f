"""Pictures that are kept beside the tests: small ones, and how far another one may differ from what is kept."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops

OFTEN, RARE = 16, 32
"""Colours of a kept picture: the most frequent ones, and some for what is small and bright."""
STRONG, MOST_DIFFERENT = 96, 0.0005
"""Another version of Chromium draws the edges of letters a little differently: so much of a picture may differ by more
than this of 255. A few other words are more."""


def small(picture: Image.Image) -> bytes:
    """As a WebP of few colours, those of grounds among them as they are: letters and dots stay sharp."""
    whole = picture.convert("RGB")
    grounds = [colour for _, colour in sorted(whole.getcolors(1 << 24) or [], reverse=True)[:OFTEN]]
    rare = whole.quantize(RARE, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in grounds for value in colour] + rare[: 3 * RARE])
    data = io.BytesIO()
    flat = whole.quantize(palette=palette, dither=Image.Dither.NONE)
    flat.convert("RGB").save(data, "WEBP", lossless=True, method=4, exact=True)
    return data.getvalue()


def unlike(golden: Path, taken: Path) -> str:
    """How a picture differs from the one that is kept; "" where nobody would see it."""
    if not golden.exists():
        return "there is no picture of it yet"
    if golden.read_bytes() == taken.read_bytes():
        return ""
    before, after = (Image.open(one).convert("L") for one in (golden, taken))
    if before.size != after.size:
        return f"{before.size} is now {after.size}"
    changed = ImageChops.difference(before, after).point(lambda value: 255 * (value > STRONG)).histogram()[255]
    share = changed / (before.width * before.height)
    return f"{share:.2%} of it" if share > MOST_DIFFERENT else ""
