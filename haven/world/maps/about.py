"""What a person is told of a system that was chosen on a map, and where on which map it lies."""

from __future__ import annotations

from dataclasses import dataclass

from haven.world import space
from haven.world.atlas import positions
from haven.world.gazetteer import Gazetteer
from haven.world.lengths import written
from haven.world.quality.grading import grade
from haven.world.schema import Kind, System, noun

LISTED = (("region", "Region"), ("star", "Star"), ("lifeform", "Life"), ("conflict", "Conflict"))


@dataclass(frozen=True)
class About:
    """`facts` are labels and values; `distance` is how far it is from another system, in words, "" for none."""

    id: str
    name: str
    frame: str
    """The map on which it lies; "" where it has no position."""
    facts: tuple[tuple[str, str], ...]
    distance: str = ""


def about(gazetteer: Gazetteer, text: str, other: str = "", frame: str = "") -> About:
    """The system that an id or name means, or in which that lies; `other` is the id of one it is measured from.

    `frame` is the map that is looked at; where it does not lie there, another one. Raises NotFound, and BadInput where
    several are called so.
    """
    system = gazetteer.system_called(text)
    frames = [point.frame for point in positions(system)]
    lies = frame if frame in frames else next(iter(frames), "")
    return About(
        system.id, system.name, lies, tuple(_facts(gazetteer, system)), _distance(gazetteer, system, other, lies)
    )


def _facts(gazetteer: Gazetteer, system: System) -> list[tuple[str, str]]:
    found = [(label, value) for field, label in LISTED if (value := getattr(system, field))]
    economy = ", ".join(part for part in (system.economy, system.economy_level) if part)
    found.insert(2, ("Economy", economy or "not recorded"))
    below = gazetteer.below(system)
    counts = [(kind, sum(one.kind is kind for one in below)) for kind in (Kind.PLANET, Kind.MOON)]
    said = [f"{count} {noun(kind, count)}" for kind, count in counts if count or kind is Kind.PLANET]
    graded = grade(system, below)
    return [*found, ("Worlds", ", ".join(said)), ("Grade", f"{graded.letter}, {graded.points:.0f} of 100 points")]


def _distance(gazetteer: Gazetteer, system: System, other: str, frame: str) -> str:
    atlas = gazetteer.atlas(frame) if frame else None
    if atlas is None or other == system.id or other not in atlas.rows or system.id not in atlas.rows:
        return ""
    return f"{written(space.distance(atlas, system.id, other), atlas.unit)} from {gazetteer.things[other].name}"
