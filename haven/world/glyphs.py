"""Portal glyphs: twelve hex digits P-SSS-YY-ZZZ-XXX that say planet, system and region of a No Man's Sky galaxy.

The three axes are two's complement, 8 bits for y and 12 for x and z, with the galaxy's centre at 0.
A region is a cube of 400 light years: the community's standard figure, from the No Man's Sky wiki ("Region").
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from haven.errors import BadInput

LY_PER_VOXEL = 400.0
"""Edge of one region (voxel) in light years."""
BLACK_HOLE, ATLAS = 0x079, 0x07A
NORMAL, GLASS, PURPLE = range(0x001, 0x300), 0x3E8, range(0x3E9, 0x42A)

_FORM = "Portal glyphs are twelve hex digits, P-SSS-YY-ZZZ-XXX, as in 60720193DFA9."
_SHAPE = re.compile(r"([0-9A-F])([0-9A-F]{3})([0-9A-F]{2})([0-9A-F]{3})([0-9A-F]{3})")
_LOOK = re.compile(r"\b[0-9A-F](?:[- ]?[0-9A-F]{3})[- ]?[0-9A-F]{2}[- ]?[0-9A-F]{3}[- ]?[0-9A-F]{3}\b", re.IGNORECASE)


class Class(StrEnum):
    """What the system's number (SSS) says about it."""

    NORMAL = "normal"
    BLACK_HOLE = "black hole"
    ATLAS = "Atlas station"
    GLASS = "glass"
    PURPLE = "purple"
    UNLISTED = "unlisted"


@dataclass(frozen=True, order=True)
class Glyphs:
    """One address. `x` and `z` are -2047 to 2047, `y` is -127 to 127, in voxels; `system` is SSS, `planet` is P."""

    planet: int
    system: int
    x: int
    y: int
    z: int

    def __post_init__(self) -> None:
        """Raises BadInput with every value that no address has."""
        wrong = [
            sentence
            for bad, sentence in (
                (not 0 <= self.planet <= 0xF, "the planet (P) is one digit, 0 to F"),
                (not 0 < self.system <= 0xFFF, "the system (SSS) is 001 to FFF, never 000"),
                (not -127 <= self.y <= 127, "y (YY) is -127 to 127, never 80"),
                (not -2047 <= self.z <= 2047, "z (ZZZ) is -2047 to 2047, never 800"),
                (not -2047 <= self.x <= 2047, "x (XXX) is -2047 to 2047, never 800"),
            )
            if bad
        ]
        if wrong:
            raise BadInput(f"There is no such portal address: {'; '.join(wrong)}.", _FORM)

    @classmethod
    def parse(cls, text: str) -> Glyphs:
        """Read an address; dashes and blanks between its parts don't matter. Raises BadInput."""
        match = _SHAPE.fullmatch(re.sub(r"[-\s:]", "", text).upper())
        if match is None:
            raise BadInput(f"{text[:40]!r} is no portal address.", _FORM)
        planet, system, y, z, x = (int(digits, 16) for digits in match.groups())
        return cls(planet, system, _signed(x, 12), _signed(y, 8), _signed(z, 12))

    @classmethod
    def found_in(cls, text: str) -> Glyphs | None:
        """The first address that stands in a text; None where there is none or no valid one."""
        for match in _LOOK.finditer(text):
            if any(letter.isdigit() for letter in match[0]):
                try:
                    return cls.parse(match[0])
                except BadInput:
                    continue
        return None

    @property
    def text(self) -> str:
        """The twelve digits."""
        return f"{self.planet:X}{self.system_text}"

    @property
    def system_text(self) -> str:
        """The last eleven digits, which all planets of the system share."""
        return f"{self.system:03X}{self.region_text}"

    @property
    def region_text(self) -> str:
        """The last eight digits, which all systems of the region share."""
        return f"{self.y & 0xFF:02X}{self.z & 0xFFF:03X}{self.x & 0xFFF:03X}"

    @property
    def dashed(self) -> str:
        """`P-SSS-YY-ZZZ-XXX`."""
        digits = self.text
        return "-".join((digits[0], digits[1:4], digits[4:6], digits[6:9], digits[9:]))

    @property
    def kind(self) -> Class:
        special = {BLACK_HOLE: Class.BLACK_HOLE, ATLAS: Class.ATLAS, GLASS: Class.GLASS}
        if self.system in special:
            return special[self.system]
        if self.system in PURPLE:
            return Class.PURPLE
        return Class.NORMAL if self.system in NORMAL else Class.UNLISTED

    def same_system(self, other: Glyphs) -> bool:
        """Whether both lead to one system, in the same galaxy and reality: all but the planet agree."""
        return self.system_text == other.system_text

    def voxels_to(self, other: Glyphs) -> float:
        return math.dist((self.x, self.y, self.z), (other.x, other.y, other.z))

    def light_years_to(self, other: Glyphs) -> float:
        """From the centre of one region to the centre of the other."""
        return self.voxels_to(other) * LY_PER_VOXEL

    @property
    def light_years_to_centre(self) -> float:
        return math.hypot(self.x, self.y, self.z) * LY_PER_VOXEL


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
