"""`haven world grade, audit, todo`: how good the records are, and what to do next. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from haven.app import House
from haven.commands.session import Json, in_house, out, print_json, print_table
from haven.commands.world import world_app

if TYPE_CHECKING:  # `haven world show` imports this file as well
    from haven.world.gazetteer import Gazetteer
    from haven.world.quality.grading import Grade

T = TypeVar("T")
SHOWN = 3
"""Missing fields that a line of a list names."""
In = Annotated[str, typer.Option("--region", help="Only of this region.")]
Of = Annotated[str, typer.Option("--person", help="Only of systems that this person discovered.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


def _look(question: Callable[[Gazetteer], T]) -> T:
    return in_house(lambda house: house.cartographer.look(question))


@world_app.command()
def grade(
    which: Annotated[str, typer.Argument(help="A system, by id or name; all of them where none is named.")] = "",
    region: In = "",
    person: Of = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """How complete systems are: S, A, B or C, with the points of each part and what is missing."""
    from haven.world.quality.grading import grades

    if which:
        _one(in_house(lambda house: _graded(house, which)), as_json)
        return
    found = _look(lambda gazetteer: grades(gazetteer, region=region, person=person))
    if as_json:
        print_json([asdict(one) for one in found[:limit]])
        return
    table = Table("grade", "points", "system", "most is gained by", box=None, pad_edge=False)
    for one in found[:limit]:
        gains = ", ".join(f"{gap.field} of {gap.name}" for gap in one.missing[:SHOWN])
        table.add_row(one.letter, f"{one.points:g}", one.name, gains)
    if found:
        print_table(table)
    counted = Counter(one.letter for one in found)
    told = ", ".join(f"{counted[letter]:,} {letter}" for letter in "SABC" if counted[letter])
    more = f" {len(found) - limit:,} more: --limit shows them." if len(found) > limit else ""
    out.print(f"{told}.{more}" if found else "There is no such system.")


async def _graded(house: House, which: str) -> Grade:
    from haven.world.quality.grading import grade as graded
    from haven.world.schema import Kind, System

    thing = (await house.world.one(which, Kind.SYSTEM)).thing

    def work(gazetteer: Gazetteer) -> Grade:
        system = gazetteer.system_of(thing)
        return graded(system or System(name=thing.name), gazetteer.below(system) if system else [])

    return await house.cartographer.look(work)


def _one(found: Grade, as_json: bool) -> None:
    from haven.world.quality.grading import WEIGHTS

    if as_json:
        print_json(asdict(found))
        return
    out.print(f"{found.name}: grade {found.letter}, {found.points:g} of 100 points")
    for part, points in found.parts.items():
        out.print(f"  {part}: {points:g} of {WEIGHTS[part]}")
    for one in found.missing:
        out.print(f"  +{one.gain:.1f}  {one.field} of {one.name}")


@world_app.command()
def audit(
    only: Annotated[list[str] | None, typer.Option(help="outlier, duplicate or contradiction; again for more.")] = None,
    region: In = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """What contradicts itself, may be there twice, or is far from all others; each with what to do."""
    from haven.errors import BadInput
    from haven.world.quality.audit import audit as audited
    from haven.world.quality.finding import Oddity

    unknown = [word for word in only or () if word not in tuple(Oddity)]
    if unknown:
        raise BadInput(f"An audit has no {unknown[0]!r}.", f"It has: {', '.join(Oddity)}.")
    found = _look(lambda gazetteer: audited(gazetteer, only=[Oddity(word) for word in only or ()], region=region))
    if as_json:
        print_json([asdict(one) for one in found[:limit]])
        return
    for one in found[:limit]:
        out.print(f"{one.oddity}: {one.text}\n    {one.mend}")
    counted = Counter(one.oddity for one in found)
    told = ", ".join(f"{count:,} {oddity}{'s' if count > 1 else ''}" for oddity, count in counted.items())
    more = f" {len(found) - limit:,} more: --limit shows them." if len(found) > limit else ""
    out.print(f"Found: {told}. Nothing was changed.{more}" if found else "Nothing looks wrong.")


@world_app.command()
def todo(region: In = "", person: Of = "", limit: Limit = 20, as_json: Json = False) -> None:
    """What to fill in next: the biggest gain in points first."""
    from haven.world.quality.todo import alike
    from haven.world.quality.todo import todo as jobs_of

    found = _look(lambda gazetteer: jobs_of(gazetteer, region=region, person=person, limit=len(gazetteer.things) + 1))
    if as_json:
        print_json([asdict(one) for one in found[:limit]])
        return
    groups = alike(found)
    for group in groups[:limit]:
        names = [f"{job.name} in {job.system}" if job.name != job.system else job.name for job in group]
        more = f" and {len(names) - SHOWN:,} more like them" if len(names) > SHOWN else ""
        out.print(f"+{group[0].gain:g}  {', '.join(names[:SHOWN])}{more} ({group[0].grade})")
        out.print(f"    {', '.join(group[0].fields)}")
    if len(groups) > limit:
        out.print(f"{len(groups) - limit:,} more lines: --limit shows them.")
    if not found:
        out.print("Nothing is missing.")
