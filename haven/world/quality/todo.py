"""What to do next for the world's records: the biggest gain in points first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from haven.world.gazetteer import Gazetteer
from haven.world.quality.grading import Missing, grades, letter
from haven.world.schema import System

SKY = "sun"
"""The frame of the real sky, in parsecs from the sun."""


@dataclass(frozen=True)
class Job:
    """What one visit to a record can fill in. `gain` is in points of its system, `grade` as `B to A` or `B`."""

    id: str
    name: str
    system: str
    region: str
    person: str
    fields: tuple[str, ...]
    gain: float
    grade: str


def todo(gazetteer: Gazetteer, *, region: str = "", person: str = "", limit: int = 20) -> list[Job]:
    """Jobs by their gain; only in a region, or only in systems that a person discovered.

    A system that lacks much has one job a record, so that one visit is one line. What nobody can visit comes last: the
    stars of the real sky, as catalogues have them.
    """
    jobs: list[Job] = []
    far: set[str] = set()
    for graded in grades(gazetteer, region=region, person=person):
        system = gazetteer.things[graded.id]
        if isinstance(system, System) and system.position is not None and system.position.frame == SKY:
            far |= {one.id for one in graded.missing}
        by_record: dict[str, list[Missing]] = defaultdict(list)
        for one in graded.missing:
            by_record[one.id].append(one)
        for id, missing in by_record.items():
            gain = round(sum(one.gain for one in missing), 1)
            better = letter(min(100.0, graded.points + gain))
            steps = graded.letter if better == graded.letter else f"{graded.letter} to {better}"
            fields = tuple(one.field for one in missing)
            where = getattr(system, "region", "")
            jobs.append(Job(id, missing[0].name, graded.name, where, system.discovered_by, fields, gain, steps))
    jobs.sort(key=lambda job: (job.id in far, -job.gain, job.system, job.name))
    return jobs[:limit]


def alike(jobs: Sequence[Job]) -> list[list[Job]]:
    """Those that lack the same, for the same gain, together; in the order of the first of each."""
    groups: dict[tuple[float, str, tuple[str, ...]], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.gain, job.grade, job.fields), []).append(job)
    return list(groups.values())
