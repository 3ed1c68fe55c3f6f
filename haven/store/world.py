"""The world's records: what is true now, every version of before, and who wrote it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from haven.store.database import Row, Transaction, now
from haven.store.transaction import Values

Op = Literal["added", "changed", "removed", "restored"]


class Read(Protocol):
    """A way to read: `Database.rows` outside of a transaction, `Transaction.execute_fetchall` inside of one."""

    def __call__(self, sql: str, values: Values = ()) -> Awaitable[list[Row]]: ...


@dataclass(frozen=True)
class Author:
    """Who writes, from which face and with which tool; who approved it, where it was a draft of somebody else's."""

    id: str
    name: str
    face: str
    tool: str
    approved_by: str = ""
    approved_by_id: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """What of a record is looked for by column. `names`: folded, the record's own name first, then its aliases."""

    id: str
    kind: str
    name: str
    names: tuple[str, ...]
    data: str
    parent: str = ""
    position: tuple[float | None, float | None, float | None] = (None, None, None)
    frame: str = ""
    glyphs: str = ""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: `data` is the record as JSON, "" for a removal; `at` is seconds since 1970."""

    thing: str
    version: int
    op: Op
    data: str
    write: int
    at: float
    by_id: str
    by: str
    tool: str
    approved_by: str


_VERSION = (
    "select v.thing, v.version, v.op, v.data, v.write, w.at, w.by_id, w.by_name as by, w.tool, w.approved_by"
    " from thing_version v join world_write w on w.id = v.write"
)
_NOW = f"{_VERSION} join thing t on t.id = v.thing and t.version = v.version"
_GIVEN = "(select value from json_each(?))"


async def current(read: Read, ids: Iterable[str]) -> dict[str, VersionRow]:
    """The records of these ids as they are now; those that are not there are left out."""
    rows = await read(f"{_NOW} where t.id in {_GIVEN}", (_json(ids),))
    return {row["thing"]: _version(row) for row in rows}


async def texts(
    read: Read, kinds: Sequence[str] = (), parent: str | None = None, limit: int = -1
) -> list[tuple[str, str]]:
    """Id and JSON of every record, or of those of these kinds and of this parent, by name."""
    wanted, values = ["1"], list[Any]()
    if kinds:
        wanted.append(f"t.kind in {_GIVEN}")
        values.append(_json(kinds))
    if parent is not None:
        wanted.append("t.parent = ?")
        values.append(parent)
    rows = await read(
        "select t.id, v.data from thing t join thing_version v on v.thing = t.id and v.version = t.version"
        f" where {' and '.join(wanted)} order by t.name, t.id limit ?",
        [*values, limit],
    )
    return [(row[0], row[1]) for row in rows]


async def named(read: Read, folded: str, kinds: Sequence[str] = ()) -> list[VersionRow]:
    """Those whose folded name or alias is this one; the names come before the aliases."""
    sql = f"{_NOW} join thing_name n on n.thing = t.id where n.folded = ?1"
    only = " and t.kind in (select value from json_each(?2))" if kinds else ""
    values = (folded, _json(kinds)) if kinds else (folded,)
    return [_version(row) for row in await read(f"{sql}{only} order by n.main desc, t.name, t.id", values)]


async def namesakes(read: Read, folded: Iterable[str], glyphs: Iterable[str]) -> list[VersionRow]:
    """Systems that bear one of these names themselves (no alias), or one of these eleven glyphs."""
    by_name = f"select n.thing from thing_name n where n.main and n.folded in {_GIVEN}"
    by_glyphs = f"select id from thing where glyphs <> '' and glyphs in {_GIVEN}"
    sql = f"{_NOW} where t.kind = 'system' and t.id in ({by_name} union {by_glyphs})"
    return [_version(row) for row in await read(sql, (_json(folded), _json(glyphs)))]


async def kinds_of(read: Read, ids: Iterable[str]) -> dict[str, str]:
    """The kind of each of these ids that is there."""
    rows = await read(f"select id, kind from thing where id in {_GIVEN}", (_json(ids),))
    return {row["id"]: row["kind"] for row in rows}


async def below(read: Read, ids: Iterable[str]) -> list[str]:
    """These and the planets, moons and stations below them; discoveries stand by themselves."""
    rows = await read(
        f"with recursive part (id) as (select id from thing where id in {_GIVEN}"
        " union select thing.id from thing join part on thing.parent = part.id where thing.kind <> 'discovery')"
        " select id from part",
        (_json(ids),),
    )
    return [row["id"] for row in rows]


async def placed(read: Read, frame: str) -> list[tuple[str, str, float, float, float]]:
    """Id, name, x, y and z of every record with a position in that frame, by id."""
    rows = await read("select id, name, x, y, z from thing where frame <> '' and frame = ? order by id", (frame,))
    return [tuple(row) for row in rows]


async def counts(read: Read) -> dict[str, int]:
    """How many records of each kind there are."""
    return dict(tuple(row) for row in await read("select kind, count(*) from thing group by kind order by kind"))


async def frames(read: Read) -> dict[str, int]:
    """The frames that positions are in, and how many records each has; the fullest first."""
    rows = await read("select frame, count(*) from thing where frame <> '' group by frame order by 2 desc, 1")
    return dict(tuple(row) for row in rows)


async def history(read: Read, id: str) -> list[VersionRow]:
    """Every version of one record, the first one first."""
    return [_version(row) for row in await read(f"{_VERSION} where v.thing = ? order by v.version", (id,))]


async def last_versions(read: Read, ids: Iterable[str]) -> dict[str, int]:
    """The number of the newest version of each, also of what is removed."""
    sql = f"select thing, max(version) from thing_version where thing in {_GIVEN} group by thing"
    return dict(tuple(row) for row in await read(sql, (_json(ids),)))


async def removed(read: Read, write: int | None = None) -> list[VersionRow]:
    """What is removed (by that write), each as it was before, the last removed first."""
    rows = await read(
        f"{_VERSION} join thing_version gone on gone.thing = v.thing and gone.version = v.version + 1"
        " where gone.op = 'removed' and (?1 is null or gone.write = ?1)"
        " and not exists (select 1 from thing where thing.id = gone.thing)"
        " and gone.version = (select max(version) from thing_version last where last.thing = gone.thing)"
        " order by gone.rowid desc",
        (write,),
    )
    return [_version(row) for row in rows]


async def removed_ids(read: Read) -> frozenset[str]:
    """The ids of what is removed."""
    sql = "select distinct thing from thing_version where op = 'removed' and thing not in (select id from thing)"
    return frozenset(row[0] for row in await read(sql))


async def written(read: Read, write: int) -> list[VersionRow]:
    """All that one write made, in the order of its writing."""
    rows = await read(f"{_VERSION} where v.write = ? order by v.rowid", (write,))
    return [_version(row) for row in rows]


async def changed_since(read: Read, write: int) -> list[str]:
    """The ids of what later writes added, changed, removed or restored."""
    rows = await read("select distinct thing from thing_version where write > ?", (write,))
    return [row["thing"] for row in rows]


async def writers(read: Read) -> list[str]:
    """The names of all who ever wrote."""
    return [row[0] for row in await read("select distinct by_name from world_write order by 1")]


async def added_by(read: Read, names: Iterable[str]) -> list[str]:
    """The ids of what people of these names wrote first and is there now, by name."""
    sql = (
        "select t.id from thing t join thing_version v on v.thing = t.id and v.version = 1"
        f" join world_write w on w.id = v.write where w.by_name in {_GIVEN} order by t.name, t.id"
    )
    return [row[0] for row in await read(sql, (_json(names),))]


async def newest_write(read: Read) -> int:
    [row] = await read("select coalesce(max(id), 0) from world_write")
    return int(row[0])


class Write(NamedTuple):
    """One act of one person: its number, and its moment in seconds since 1970."""

    number: int
    at: float


async def begin(tx: Transaction, author: Author) -> Write:
    """A new write."""
    at = now()
    cursor = await tx.execute(
        "insert into world_write (at, by_id, by_name, face, tool, approved_by, approved_by_id)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (at, author.id, author.name, author.face, author.tool, author.approved_by, author.approved_by_id),
    )
    return Write(cursor.lastrowid or 0, at)


async def put(tx: Transaction, write: int, records: Sequence[tuple[Columns, int, Op]]) -> None:
    """Make these true now, each with the number of its new version."""
    await tx.executemany(
        "insert into thing_version (thing, version, write, op, data) values (?, ?, ?, ?, ?)",
        [(one.id, version, write, op, one.data) for one, version, op in records],
    )
    await tx.executemany(
        "insert into thing (id, kind, name, parent, version, x, y, z, frame, glyphs)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set name = excluded.name,"
        " parent = excluded.parent, version = excluded.version, x = excluded.x, y = excluded.y, z = excluded.z,"
        " frame = excluded.frame, glyphs = excluded.glyphs",
        [
            (one.id, one.kind, one.name, one.parent, version, *one.position, one.frame, one.glyphs)
            for one, version, _ in records
        ],
    )
    await tx.executemany(
        "delete from thing_name where thing = ?", [(one.id,) for one, number, _ in records if number > 1]
    )
    await tx.executemany(
        "insert or ignore into thing_name (folded, thing, main) values (?, ?, ?)",
        [(folded, one.id, not place) for one, _, _ in records for place, folded in enumerate(one.names)],
    )


async def remove(tx: Transaction, write: int, versions: Mapping[str, int]) -> None:
    """Take these away; each gets the version of that number, which holds no data."""
    await tx.executemany(
        "insert into thing_version (thing, version, write, op, data) values (?, ?, ?, 'removed', '')",
        [(id, version, write) for id, version in versions.items()],
    )
    await tx.execute(f"delete from thing where id in {_GIVEN}", (_json(versions),))


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values))


def _version(row: Row) -> VersionRow:
    return VersionRow(*row)
