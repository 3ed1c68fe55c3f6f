"""A route that is followed on the map, stop by stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from haven.world import space
from haven.world.gazetteer import Gazetteer
from haven.world.lengths import written
from kiosk.plain import line


@dataclass(frozen=True)
class Course:
    """`legs` are the lengths between the stops, in `unit`; `stop` is the present one, counted from 0."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    legs: tuple[float, ...]
    unit: str
    stop: int = 0

    @property
    def id(self) -> str:
        return self.ids[self.stop]

    @property
    def is_there(self) -> bool:
        return self.stop == len(self.ids) - 1

    @property
    def words(self) -> str:
        """Which stop of how many, the next one, and how far is left."""
        here = f"Stop {self.stop + 1} of {len(self.ids)}: {line(self.names[self.stop], 24)}"
        if self.is_there:
            return f"{here}\nYou are there\n{written(sum(self.legs), self.unit)} in all"
        left = written(sum(self.legs[self.stop :]), self.unit)
        leg = written(self.legs[self.stop], self.unit)
        return f"{here}\n{leg} to {line(self.names[self.stop + 1], 20)}\n{left} to go"

    def moved(self, by: int) -> Course:
        return replace(self, stop=min(max(self.stop + by, 0), len(self.ids) - 1))

    def at_stop(self, id: str) -> Course:
        return replace(self, stop=self.ids.index(id))

    def said(self, id: str) -> str:
        """What stop a system is; "" for none."""
        return f"Stop {self.ids.index(id) + 1} of {len(self.ids)}" if id in self.ids else ""


def planned(gazetteer: Gazetteer, ids: Sequence[str], frame: str) -> Course:
    """The course over these systems, measured on a map."""
    atlas = gazetteer.atlas(frame)
    known = [id for id in ids if id in atlas.rows]
    legs = tuple(space.distance(atlas, one, other) for one, other in pairwise(known))
    return Course(tuple(known), tuple(gazetteer.things[id].name for id in known), legs, atlas.unit)
