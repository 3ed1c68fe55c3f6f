"""What became of records between two moments, counted where they lie: an import of ten thousand is a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from haven.store.world import Op, Read

Became = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a record all in all, whose the last word was, and its newest version that holds data."""

    thing: str
    became: Became
    by: str
    version: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """How many versions somebody wrote with one outcome; `approved`: of what others proposed."""

    by: str
    done: Op | Literal["approved"]
    count: int


_WITHIN = "thing_version v join world_write w on w.id = v.write where w.at between ?1 and ?2"


async def fates(read: Read, first: float, last: float) -> list[Fate]:
    """Of every record that was written between two moments, in the order of writing.

    One that was added and changed since is an added one; one that was added and removed since never was.
    """
    rows = await read(
        f"with ends as (select v.thing, min(v.version) as first, max(v.version) as last, min(v.rowid) as place"
        f" from {_WITHIN} group by v.thing)"
        " select ends.thing, began.op, ended.op, w.by_name, ends.last from ends"
        " join thing_version began on began.thing = ends.thing and began.version = ends.first"
        " join thing_version ended on ended.thing = ends.thing and ended.version = ends.last"
        " join world_write w on w.id = ended.write order by ends.place",
        (first, last),
    )
    found = []
    for thing, began, ended, by, version in rows:
        if ended == "removed":
            if began != "added":
                found.append(Fate(thing, "removed", by, version - 1))
        else:
            found.append(
                Fate(thing, "added" if "added" in (began, ended) or ended == "restored" else "changed", by, version)
            )
    return found


async def wrote(read: Read, first: float, last: float) -> list[Wrote]:
    """Who wrote how much between two moments."""
    rows = await read(
        f"select w.by_name, v.op, count(*) from {_WITHIN} group by 1, 2"
        f" union all select w.approved_by, 'approved', count(*) from {_WITHIN} and w.approved_by <> '' group by 1, 2",
        (first, last),
    )
    return [Wrote(*row) for row in rows]


async def data_of(read: Read, fates: Iterable[Fate]) -> dict[str, str]:
    """The records of these as JSON, as they were then, by id."""
    given = json.dumps([(one.thing, one.version) for one in fates])
    rows = await read(
        "select v.thing, v.data from json_each(?) given join thing_version v"
        " on v.thing = given.value ->> 0 and v.version = given.value ->> 1 where v.data <> ''",
        (given,),
    )
    return {row[0]: row[1] for row in rows}
