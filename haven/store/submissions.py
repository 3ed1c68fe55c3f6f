"""What people have submitted to the world lately: for rules about spam. Imports count as one act and are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from haven.store.database import Database

MOST = 5_000


@dataclass(frozen=True, slots=True)
class Submission:
    """One record that somebody proposed or wrote."""

    at: float
    by_id: str
    by: str
    kind: str
    text: str
    """Its longest own words."""


async def since(database: Database, at: float) -> list[Submission]:
    """Records proposed, and those written directly, from the moment `at` on; the newest 5,000."""
    drafts = await database.rows(
        "select at, by_id, by_name, things from world_draft where at >= ? and tool <> 'import'"
        " order by at desc limit ?",
        (at, MOST),
    )
    written = await database.rows(
        "select world_write.at, by_id, by_name, thing, data from thing_version"
        " join world_write on write = world_write.id"
        " where world_write.at >= ? and op = 'added' and approved_by = '' and tool <> 'import'"
        " order by world_write.at desc limit ?",
        (at, MOST),
    )
    found = [
        Submission(row["at"], row["by_id"], row["by_name"], str(thing.get("kind", "")), _words(thing))
        for row in drafts
        for thing in _new(row["things"])
    ]
    for row in written:
        kind = row["thing"].partition("-")[0]
        found.append(Submission(row["at"], row["by_id"], row["by_name"], kind, _words(json.loads(row["data"]))))
    return found


async def backlog(database: Database) -> int:
    """How many drafts wait for a decision."""
    row = await database.row("select count(*) from world_draft where state = 'open'")
    return int(row[0]) if row else 0


async def discoveries_since(database: Database, at: float) -> tuple[int, float | None]:
    """How many discoveries came into the world from then on, and when the first of all did; None: there is none."""
    row = await database.row(
        "select sum(world_write.at >= ?) as lately, min(world_write.at) as first from thing_version"
        " join world_write on write = world_write.id where op = 'added' and thing like 'discovery-%'",
        (at,),
    )
    return (int(row["lately"] or 0), row["first"]) if row else (0, None)


def _new(things: str) -> Iterator[dict[str, Any]]:
    """The records of a draft that are not changes of known ones."""
    return (thing for thing in json.loads(things) if str(thing.get("id", "")).startswith("new-"))


def _words(thing: dict[str, Any]) -> str:
    return max((str(thing.get(field) or "") for field in ("text", "notes", "name")), key=len)
