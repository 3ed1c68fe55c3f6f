"""An atlas: the systems of one frame with their positions as numbers, and the systems that have none, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from haven.errors import BadInput
from haven.world.glyphs import Glyphs
from haven.world.lengths import convert
from haven.world.schema import Point, System

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Atlas:
    """`xyz` has a row a system, in `unit`s of the `frame`; `unplaced` are systems that have no position anywhere."""

    frame: str
    unit: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    xyz: Floats
    unplaced: tuple[tuple[str, str], ...] = ()
    """Id and name."""
    elsewhere: int = 0
    """How many systems lie in other frames only."""
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> dict[str, int]:
        return {id: row for row, id in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def point(self, id: str) -> Floats:
        """Where a system is. Raises BadInput where it has no position in this frame."""
        row = self.rows.get(id)
        if row is None:
            name = dict(self.unplaced).get(id, "That system")
            raise BadInput(f"{name} has no position on the map {self.frame!r}, so nothing can be measured from it.")
        found: Floats = self.xyz[row]
        return found

    @property
    def left_out(self) -> str:
        """Which systems no distance can be given for, in words; "" where there are none."""
        parts = []
        if count := len(self.unplaced):
            named = ", ".join(name for _, name in self.unplaced[:3])
            more = f" and {count - 3:,} more" if count > 3 else ""
            parts.append(f"{count:,} {'has' if count == 1 else 'have'} no position and so no distance ({named}{more})")
        if self.elsewhere:
            verb = "lies" if self.elsewhere == 1 else "lie"
            parts.append(f"{self.elsewhere:,} {verb} on another map, which can't be compared with this one")
        return "; ".join(parts)


def positions(system: System) -> list[Point]:
    """Where a system is: as recorded, and by its glyphs in the voxels of its galaxy."""
    found = [system.position] if system.position else []
    if system.glyphs and system.galaxy and not any(point.frame.startswith("galaxy:") for point in found):
        try:
            glyphs = Glyphs.parse(system.glyphs)
        except BadInput:
            return found
        frame = f"galaxy:{system.galaxy}"
        found.append(Point(x=glyphs.x, y=glyphs.y, z=glyphs.z, frame=frame, unit="voxels"))
    return found


def frames(systems: Iterable[System]) -> Counter[str]:
    """How many systems lie in each frame; the fullest first by `most_common`."""
    return Counter(point.frame for system in systems for point in positions(system))


def chart(systems: Sequence[System], frame: str) -> Atlas:
    """The atlas of a frame. A position in a unit that can't be turned into the frame's own counts as none."""
    placed: list[tuple[System, Point]] = []
    unplaced: list[tuple[str, str]] = []
    elsewhere = 0
    for system in systems:
        points = positions(system)
        here = next((point for point in points if point.frame == frame), None)
        if here is not None:
            placed.append((system, here))
        elif points:
            elsewhere += 1
        else:
            unplaced.append((system.id, system.name))
    unit = Counter(point.unit for _, point in placed).most_common(1)[0][0] if placed else "units"
    kept: list[System] = []
    rows: list[tuple[float, float, float]] = []
    for system, point in placed:
        if (scale := convert(1.0, point.unit, unit)) is None:
            unplaced.append((system.id, system.name))
            continue
        kept.append(system)
        rows.append((point.x * scale, point.y * scale, point.z * scale))
    return Atlas(
        frame=frame,
        unit=unit,
        ids=tuple(system.id for system in kept),
        names=tuple(system.name for system in kept),
        xyz=np.array(rows, dtype=np.float64).reshape(-1, 3),
        unplaced=tuple(unplaced),
        elsewhere=elsewhere,
        links={system.id: system.links for system in systems if system.links},
    )
