"""Every record of the world as its JSON, in portions that don't hold up other readers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from haven.store.database import Database

PORTION = 2_000

_ALL = (
    "select t.id, v.data from thing t join thing_version v on v.thing = t.id and v.version = t.version"
    f" where t.id > ? order by t.id limit {PORTION}"
)


async def portions(database: Database) -> AsyncIterator[list[tuple[str, str]]]:
    """Id and JSON of every record, by id."""
    last = ""
    while rows := await database.rows(_ALL, (last,)):
        last = rows[-1]["id"]
        yield [(row["id"], row["data"]) for row in rows]


async def moment(database: Database, write: int) -> float:
    """When that write was made, in seconds since 1970; 0 where there is none: another world, or an older one."""
    row = await database.row("select at from world_write where id = ?", (write,))
    return float(row["at"]) if row else 0.0
