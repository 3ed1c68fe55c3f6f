"""What to do next for the world's records: the biggest gain in points first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from haven.world.gazetteer import Gazetteer
from haven.world.quality.grading import Missing, grades, letter


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

    A system that lacks much has one job a record, so that one visit is one line.
    """
    jobs: list[Job] = []
    for graded in grades(gazetteer, region=region, person=person):
        system = gazetteer.things[graded.id]
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
    jobs.sort(key=lambda job: (-job.gain, job.system, job.name))
    return jobs[:limit]
