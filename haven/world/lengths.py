"""Units of length on a map, and which of them can be turned into one another."""

from __future__ import annotations

from haven.world.glyphs import LY_PER_VOXEL

LY: dict[str, float] = {
    "ly": 1.0,
    "pc": 3.261563777,  # IAU 2015 resolution B2: 648,000 / pi astronomical units; a light year is a Julian year
    "kpc": 3261.563777,
    "au": 1.0 / 63241.077,
    "voxels": LY_PER_VOXEL,
}
"""Light years in one of each."""
WORDS: dict[str, str] = {
    **dict.fromkeys(("ly", "lys", "light year", "light years", "lightyear", "lightyears", "lichtjahr"), "ly"),
    **dict.fromkeys(("lichtjahre", "lichtjahren", "lj"), "ly"),
    **dict.fromkeys(("pc", "pcs", "parsec", "parsecs", "parsek"), "pc"),
    **dict.fromkeys(("kpc", "kiloparsec", "kiloparsecs"), "kpc"),
    **dict.fromkeys(("au", "astronomical unit", "astronomical units", "ae", "astronomische einheiten"), "au"),
    **dict.fromkeys(("voxel", "voxels"), "voxels"),
    **dict.fromkeys(("unit", "units", "u", "map unit", "map units", "einheit", "einheiten"), "units"),
}
"""How people write them, folded."""


def convert(value: float, given: str, wanted: str) -> float | None:
    """The length in the wanted unit; None where the two have nothing in common, as map units and light years."""
    if given == wanted:
        return value
    if given not in LY or wanted not in LY:
        return None
    return value * LY[given] / LY[wanted]


def written(value: float, unit: str) -> str:
    """`4.157 pc`: three decimals below 100, one above, no trailing zeros."""
    digits = f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}"
    return f"{digits.rstrip('0').rstrip('.')} {unit}".strip()
